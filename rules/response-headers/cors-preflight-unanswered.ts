import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { matchedPlace, type Source } from '../../parsers/text/source.ts'
import type { AppServerProgram, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everyFileBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { type AddedHeader, addedHeaders } from './_added-headers.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          ${lines}
          proxy_pass http://127.0.0.1:8099;
          proxy_set_header Host $host;
      }
    `),
  )
const ADDED = 'add_header Access-Control-Allow-Origin https://shop.example.com always;'

/** What systemd starts, so that the live server does, too. */
const application = (lines: string): Record<string, string> => ({
  'etc/systemd/system/api.service': conf`
    [Service]
    WorkingDirectory=/srv/api
    ExecStart=/usr/bin/node server.js
  `,
  'srv/api/package.json': '{ "dependencies": { "express": "^4.19.2" } }\n',
  'srv/api/server.js': conf`
    const express = require('express');
    const app = express();
    app.use(express.json());
    ${lines}
    app.listen(8099, '127.0.0.1');
  `,
})
const PUT = "app.put('/basket/:id', (req, res) => res.json(req.body));"
const marked = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      text.replace('Access-Control-Allow-Origin https', '«Access-Control-Allow-Origin» https'),
    ]),
  )

export default defineRule({
  summary: 'Nobody answers the request by which browsers ask in advance',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Before a script of another site sends JSON, an `Authorization` header, or `PUT` and `DELETE`, its browser sends `OPTIONS`, and goes on only where the answer names all of that in `Access-Control-Allow-Headers` and `Access-Control-Allow-Methods`. With `Access-Control-Allow-Origin` alone, only what any page may send without asking arrives: `Response to preflight request doesn’t pass access control check`.',
  remedy:
    'Answer `OPTIONS` in nginx: `if ($request_method = OPTIONS) { add_header Access-Control-Allow-Origin …; add_header Access-Control-Allow-Headers "Authorization, Content-Type"; add_header Access-Control-Allow-Methods "GET, POST, PUT, DELETE"; return 204; }`, or leave all of it to the application',
  references: [
    'https://fetch.spec.whatwg.org/#cors-preflight-fetch',
    'https://expressjs.com/en/resources/middleware/cors.html',
  ],
  bad: [
    {
      title: 'a route for PUT',
      files: marked({ 'etc/nginx/nginx.conf': nginx(ADDED), ...application(PUT) }),
    },
    {
      title: 'a token of every request',
      files: marked({
        'etc/nginx/nginx.conf': nginx(ADDED),
        ...application(conf`
          app.use((req, res, next) => {
            if (req.headers.authorization === undefined) return res.status(401).end();
            next();
          });
          app.get('/basket', (req, res) => res.json([]));
        `),
      }),
    },
  ],
  good: [
    {
      title: 'nginx answers',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ${ADDED}
          if ($request_method = OPTIONS) {
              add_header Access-Control-Allow-Origin https://shop.example.com;
              add_header Access-Control-Allow-Headers "Authorization, Content-Type";
              add_header Access-Control-Allow-Methods "GET, PUT";
              return 204;
          }
        `),
        ...application(PUT),
      },
    },
    {
      title: 'nginx names the headers in every answer',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ${ADDED}
          add_header Access-Control-Allow-Headers "Authorization, Content-Type" always;
          add_header Access-Control-Allow-Methods "GET, PUT" always;
        `),
        ...application(PUT),
      },
    },
    {
      title: 'the application answers, in another file',
      files: {
        'etc/nginx/nginx.conf': nginx(ADDED),
        ...application(PUT),
        'srv/api/middleware/origins.js':
          "module.exports = (req, res, next) => { res.set('Access-Control-Allow-Headers', 'Content-Type'); next(); };\n",
      },
    },
    {
      title: 'what any page may ask for',
      files: {
        'etc/nginx/nginx.conf': nginx(ADDED),
        ...application("app.get('/basket', (req, res) => res.json([]));"),
      },
    },
  ],
  *check(deployment) {
    const said = new Set<AddedHeader['directive']>()
    for (const connection of deployment.connections.http) {
      const origin = originAlone(connection)
      if (origin === null || said.has(origin)) continue
      const need = connection.targets.map(target => needOf(serverBehind(target))).find(each => each !== null)
      const path = pathsInto(connection.block)[0]
      if (need == null || path === undefined) continue
      const answer = askServer(deployment, connection.server, path, { request: { method: 'OPTIONS' } })
      if (answer?.end.kind !== 'pass') continue
      said.add(origin)
      yield {
        at: argumentPlace(origin, 0),
        message: `\`OPTIONS\` goes to Express, which answers it without \`Access-Control-Allow-Headers\` and \`Access-Control-Allow-Methods\`: no script of another site can send ${need.what}`,
        related: [{ at: need.at, message: 'browsers ask in advance' }],
      }
    }
  },
})

/** The one header of CORS that nginx adds to what a backend answers; null where it adds others, or this for its own site. */
function originAlone({ server, block }: NginxConnection): AddedHeader['directive'] | null {
  const added = addedHeaders(server.configuration, block) ?? []
  if (added.some(({ name }) => /^access-control-allow-(?:headers|methods)$/.test(name))) return null
  const origin = added.find(({ name }) => name === 'access-control-allow-origin')
  const host = /^https?:\/\/([^/:]+)/.exec(origin?.value ?? '')?.[1]
  return origin === undefined || server.names.some(({ name }) => name === host) ? null : origin.directive
}

/** Where a program of Express takes what browsers ask for in advance, and says so nowhere; null for all others. */
function needOf(program: AppServerProgram | null) {
  if (program === null || program.server.program !== 'node' || !program.server.settings.has('express'))
    return null
  const [entry] = program.server.sources
  if (entry === undefined) return null
  const { container, files } = program.machine
  const sources = scriptsBelow(container?.files ?? files, posix.dirname(entry.path))
  if (sources === null || [entry, ...sources].some(speaksOfCors)) return null
  for (const { what, pattern } of NEEDS) {
    const match = pattern.exec(entry.code)
    if (match === null) continue
    const at = matchedPlace(entry, match)
    return { at, what: what ?? `\`${match[1]?.toUpperCase()}\`` }
  }
  return null
}

/** What scripts of another site may send only after they asked; the method is the first group. */
const NEEDS: readonly { readonly what: string | null; readonly pattern: RegExp }[] = [
  {
    what: 'an `Authorization` header',
    pattern:
      /\bheaders\.authorization\b|\bheaders\[\s*['"]authorization['"]|\.(?:header|get)\(\s*['"]authorization['"]/i,
  },
  { what: null, pattern: /\b(?:app|api|server|\w*router)\.(put|patch|delete)\(\s*['"`]\//i },
]

/** True for a script, or a list of packages, that may answer `OPTIONS`. */
function speaksOfCors({ text }: Source): boolean {
  return /access-control-allow|apollo|graphql|http-proxy|proxy-middleware|parse-server|feathers|strapi|\bcors\b|\boptions['"]|\.options\s*\(|\.all\s*\(|@nestjs\//i.test(
    text.replace(/\bmode\s*:\s*['"]cors['"]/g, ''),
  )
}

const scriptsBelow = memoByKey((files: FileSystem, home: string): readonly Source[] | null => {
  const found = everyFileBelow(files, home, {
    levels: 5,
    most: 300,
    skipped: /^(?:node_modules|bower_components|public|static|dist|build|\..*|tests?|__tests__|docs?)$/,
    isWanted: name => /^package\.json$|\.[cm]?[jt]s$/.test(name),
  })
  return found?.flatMap(path => sourceAt(files, path) ?? []) ?? null
})
