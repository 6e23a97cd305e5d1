import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { headerLinesOf } from './_header-lines.ts'

const METHODS = 'Access-Control-Allow-Methods "GET, POST, PUT, DELETE, OPTIONS"'
const ORIGIN = 'Access-Control-Allow-Origin "https://shop.example.org"'

const apache = (methods: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPass / http://127.0.0.1:8099/
          Header always set ${ORIGIN}
          Header always set ${METHODS}
          <Location />
              <LimitExcept ${methods}>
                  «Require all denied»
              </LimitExcept>
          </Location>
      </VirtualHost>
    `.replace(/[«»]/g, mark => (methods === 'GET POST' ? mark : '')),
    ['headers', 'proxy', 'proxy_http'],
  )
const nginx = (methods: string): string =>
  nginxMain(
    nginxServer(conf`
      add_header ${ORIGIN} always;
      add_header ${METHODS} always;
      location / {
          ${methods}
          proxy_pass http://127.0.0.1:8099;
      }
    `),
  )

export default defineRule({
  summary: 'The server refuses a method that its own CORS header permits',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Before a `PUT` or `DELETE` of another origin the browser asks with `OPTIONS`. Where the server answers that with 403 or 405, or the method itself, the request is never made, and the browser says `Response to preflight request doesn’t pass access control check`.',
  remedy:
    'Permit the methods of `Access-Control-Allow-Methods`, and `OPTIONS`, where access is limited by method',
  references: [
    'https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS#preflighted_requests',
    'https://httpd.apache.org/docs/2.4/mod/core.html#limitexcept',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#limit_except',
  ],
  bad: [
    { title: 'LimitExcept', files: { 'etc/apache2/apache2.conf': apache('GET POST') } },
    {
      title: 'limit_except',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          limit_except GET POST {
              «deny» all;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the same methods in LimitExcept',
      files: { 'etc/apache2/apache2.conf': apache('GET POST PUT DELETE OPTIONS') },
    },
    {
      title: 'the same methods in limit_except',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          limit_except GET POST PUT DELETE OPTIONS {
              deny all;
          }
        `),
      },
    },
    { title: 'no limit', files: { 'etc/nginx/nginx.conf': nginx('') } },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['limit', 'limitexcept', 'allowmethods'])) {
      for (const line of headerLinesOf(asked)) {
        if (line.valueAt === null) continue
        yield* refusals(permitted(line.name, line.value), line.valueAt, method =>
          inApache(deployment, asked, method),
        )
      }
    }
    for (const server of deployment.servers) {
      if (!server.configuration.occurrences.has('limit_except')) continue
      for (const line of directivesByServer(server.configuration, 'add_header').get(server.directive) ?? []) {
        const methods = permitted(line.args[0]?.value ?? '', line.args[1]?.value ?? null)
        if (methods.length === 0 || line.parent === null) continue
        const path = pathsInto(line.parent)[0]
        if (path === undefined) continue
        yield* refusals(methods, argumentPlace(line, 1), method => inNginx(deployment, server, path, method))
      }
    }
  },
})

/** Methods that a browser asks for in advance, of a list of permitted ones, and that by which it asks; none of others. */
function permitted(name: string, value: string | null): readonly string[] {
  if (value === null || name.toLowerCase() !== 'access-control-allow-methods') return []
  const listed = value.toUpperCase().match(/\b(?:PUT|PATCH|DELETE)\b/g) ?? []
  return listed.length === 0 ? [] : ['OPTIONS', ...new Set(listed)]
}

/** A refusal, and the line that makes it. */
interface Refusal {
  readonly status: number
  readonly at: Place | null
}

function* refusals(methods: readonly string[], header: Place, ask: (method: string) => Refusal | null) {
  // What nobody may read is closed, and not by method.
  if (methods.length === 0 || ask('GET') !== null) return
  for (const method of methods) {
    const refusal = ask(method)
    if (refusal === null) continue
    yield {
      at: refusal.at ?? header,
      message: `\`${method}\` is answered with ${refusal.status}, and \`Access-Control-Allow-Methods\` permits ${method === 'OPTIONS' ? 'methods for which browsers send it first' : 'it'}`,
      related: refusal.at === null ? [] : [{ at: header, message: 'permits it' }],
    }
    return
  }
}

function inApache(deployment: Deployment, asked: AskedHost, method: string): Refusal | null {
  const { end } = askHost(deployment, asked, '/', { method })
  return end.kind === 'response' && isRefusal(end.status) ? { status: end.status, at: end.at } : null
}

function inNginx(deployment: Deployment, server: NginxServer, path: string, method: string): Refusal | null {
  const end = askServer(deployment, server, path, { request: { method } })?.end
  return end?.kind === 'response' && isRefusal(end.status) ? { status: end.status, at: end.at } : null
}

function isRefusal(status: number): boolean {
  return status === 403 || status === 405
}
