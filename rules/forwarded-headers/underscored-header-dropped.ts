import { memo } from '../../parsers/collections/memo.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { AppServerProgram, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, header: string): string =>
  nginxMain([
    lines,
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:3000;
          proxy_set_header Host $host;
          ${header}
      }
    `),
  ])

const node = (condition: string, lines = '', header = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx(lines, header),
  'etc/systemd/system/orders.service': conf`
    [Service]
    WorkingDirectory=/srv/orders
    ExecStart=/usr/bin/node server.js
  `,
  'srv/orders/server.js': conf`
    const http = require('http')
    http.createServer((req, res) => {
      res.statusCode = ${condition} === 'secret' ? 200 : 401
      res.end()
    }).listen(3000, '127.0.0.1')
  `,
})
const fastapi = (scheme: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx('', ''),
  'etc/systemd/system/orders.service': conf`
    [Service]
    WorkingDirectory=/srv/orders
    ExecStart=/usr/bin/uvicorn --port 3000 app:app
  `,
  'srv/orders/app.py': conf`
    from fastapi import FastAPI, Header, Security
    from fastapi.security import APIKeyHeader

    app = FastAPI()
    ${scheme}

    @app.get("/orders")
    def orders(key: str = Security(scheme)):
        return []
  `,
})

const flask = (lines: string): Record<string, string> => ({
  'deploy/nginx.conf': nginxServer(conf`
    ${lines}
    location / {
        proxy_pass http://127.0.0.1:5000;
        proxy_set_header Host $host;
    }
  `),
  'deploy/meters.service': conf`
    [Service]
    WorkingDirectory=/srv/meters
    ExecStart=/usr/bin/gunicorn -b 127.0.0.1:5000 meters:app
  `,
  'meters.py': conf`
    from flask import Flask, abort, request

    app = Flask(__name__)

    @app.post("/readings")
    def readings():
        if request.headers.get("${lines === '' ? '«device_token»' : 'device_token'}") != "secret":
            abort(401)
        return "", 204
  `,
})

export default defineRule({
  summary: 'An application reads a header with an underscore in its name, which nginx drops',
  severity: 'warning',
  otherSeverities: { info: 'where nginx sends it again, which serves clients that write a dash' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx takes a header whose name has a `_` for an invalid one, and drops it without a word above the log level `info`: the application never sees it, and answers 401 or 403 to everybody.',
  remedy:
    'Give the header a dash, `X-Api-Key`; or write `underscores_in_headers on;` in `http`, where it holds for all servers of a socket',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#underscores_in_headers',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#ignore_invalid_headers',
  ],
  bad: [
    { title: 'a script for Node.js', files: node("req.headers[«'api_key'»]") },
    {
      title: 'sent again from the variable that stays empty',
      files: node("req.headers[«'api_key'»]", '', 'proxy_set_header api_key $http_api_key;'),
    },
    { title: 'as a property', files: node('req.headers.«api_key»') },
    { title: 'FastAPI', files: fastapi('scheme = APIKeyHeader(name="«access_token»")') },
    {
      title: 'FastAPI: a parameter whose underscores are kept',
      files: fastapi(
        'def scheme(«api_key»: str = Header(..., convert_underscores=False)):\n    return api_key',
      ),
    },
    {
      title: 'FastAPI: the same as an annotation',
      files: fastapi(
        'def scheme(\n    «api_key»: Annotated[str | None, Header(convert_underscores=False)] = None,\n):\n    return api_key',
      ),
    },
    {
      title: 'Starlette',
      files: fastapi('def scheme(request: Request):\n    return request.headers.get("«api_key»")'),
    },
    { title: 'Flask, behind a server of which the main file is not here', files: flask('') },
  ],
  good: [
    { title: 'Flask, and a server that lets it through', files: flask('underscores_in_headers on;') },
    { title: 'a dash', files: node("req.headers['api-key']") },
    { title: 'let through', files: node("req.headers['api_key']", 'underscores_in_headers on;') },
    { title: 'nothing is invalid', files: node("req.headers['api_key']", 'ignore_invalid_headers off;') },
    {
      title: 'a header that nginx sends itself',
      files: node("req.headers['client_name']", '', 'proxy_set_header client_name $ssl_client_s_dn;'),
    },
    {
      title: 'read with a dash, too',
      files: node("(req.headers['api_key'] || req.headers['api-key'])"),
    },
    {
      title: 'a header of the answer of somebody else',
      files: node("(answer.headers['api_key'])"),
    },
    {
      title: 'FastAPI: a parameter whose underscores become dashes',
      files: fastapi('def scheme(api_key: str = Header(), other: str = Query()):\n    return api_key'),
    },
    { title: 'FastAPI with a dash', files: fastapi('scheme = APIKeyHeader(name="X-API-Key")') },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const { configuration } = connection.server
      const { headers } = connection
      if (headers.open || ALLOWING.some(name => mayAllow(configuration, name))) continue
      for (const target of connection.targets) {
        const program = serverBehind(target)
        if (program === null) continue
        for (const [name, at] of underscoredHeaders(deployment, program)) {
          const sent = headers.written.filter(header => header.name === name)
          const own = `$http_${name.replaceAll('-', '_')}`
          if (sent.some(({ value }) => value.toLowerCase().replace(/[{}]/g, '') !== own)) continue
          const [line] = sent
          yield {
            at,
            // A client may send it with a dash, which the same variable has.
            ...(line !== undefined && { severity: 'info' as const }),
            // The main file, which is not here, may let them through for all.
            ...(configuration.main === null && { confidence: 'medium' as const }),
            message:
              line === undefined
                ? `nginx drops the header \`${name}\` of clients for its underscore, so the application never gets it`
                : `nginx drops the header \`${name}\` of clients for its underscore, so \`${own}\` is empty for all that do not send it with a dash, \`${name.replaceAll('_', '-')}\``,
            label: line === undefined ? 'never there' : 'empty',
            related: [
              line === undefined
                ? { at: namePlace(connection.pass), message: 'proxied here' }
                : { at: namePlace(line.directive), message: 'sent without a value' },
            ],
          }
        }
      }
    }
  },
})

/** Either lets such names through, be it in another server of the socket. */
const ALLOWING = ['underscores_in_headers', 'ignore_invalid_headers']

function mayAllow(configuration: NginxConnection['server']['configuration'], name: string): boolean {
  return configuration.occurrences.has(name) || mayHoldUnread(configuration, name)
}

function underscoredHeaders(deployment: Deployment, program: AppServerProgram): readonly [string, Place][] {
  const { headersRead } = program.server
  const found = [...headersRead].filter(
    ([name, { source }]) =>
      name.includes('_') && !source.code.toLowerCase().includes(name.replaceAll('_', '-')),
  )
  const module = deployment.moduleOf(program)?.source
  return module == null || module === 'missing' ? found : [...found, ...keysOf(module)]
}

/**
 * FastAPI: `APIKeyHeader(name="access_token")`, `Header(alias="api_key")`, and a parameter with
 * `Header(convert_underscores=False)`, by itself or in `Annotated[…]`; Starlette: `request.headers["api_key"]`.
 */
const KEYS: readonly RegExp[] = [
  /\bAPIKeyHeader\(\s*(?:name\s*=\s*)?["'](?<name>[\w-]*_[\w-]*)["']/g,
  /\bHeader\([^()]*\balias\s*=\s*["'](?<name>[\w-]*_[\w-]*)["']/g,
  /\b(?<name>[A-Za-z]\w*_\w+)\s*:[^=(),]*(?:=\s*|\bAnnotated\[[^()=]*,\s*)Header\([^()]*\bconvert_underscores\s*=\s*False/g,
  /\brequest\.headers(?:\.get\(|\[)\s*["'](?<name>[\w-]*_[\w-]*)["']/g,
]
/**
 * Flask reads a header with dashes by the same name; but who writes it so has clients that send it so. Of others, whose
 * names stand for both, nothing is said.
 */
const KEEPS_UNDERSCORES = /^\s*(?:from|import)\s+(?:fastapi|starlette|flask)\b/m

const keysOf = memo((source: Source): readonly [string, Place][] => {
  if (!KEEPS_UNDERSCORES.test(source.text)) return []
  const code = withoutComments(source.text)
  return KEYS.flatMap(pattern => [...code.matchAll(pattern)]).flatMap(({ 0: whole, index, groups }) => {
    const name = groups?.name ?? ''
    if (code.toLowerCase().includes(name.toLowerCase().replaceAll('_', '-'))) return []
    const start = index + whole.indexOf(name)
    return [[name.toLowerCase(), { source, start, end: start + name.length }] as [string, Place]]
  })
})
