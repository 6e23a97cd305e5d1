import { groupBy } from '../../parsers/collections/group-by.ts'
import {
  SOCKET_IO_PATH,
  type SocketIoClient,
  socketIoServerPath,
} from '../../parsers/javascript/socket-io.ts'
import { type Place, placeText, type Source } from '../../parsers/text/source.ts'
import type {
  ApacheHost,
  AppServerProgram,
  Connection,
  Deployment,
  NginxServer,
} from '../../src/deployment/model.ts'
import { hostIn } from '../../src/deployment/fronts-of.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { ClientRequest, RequestStep } from '../../src/deployment/requests/answer.ts'
import { MISSING, requestsToHost, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { clientsBeside } from '../_socketio-clients.ts'

interface Parts {
  /** The call of the page. */
  readonly page: string
  readonly path?: string
  readonly target?: string
  /** What the server is given besides that of HTTP. */
  readonly options?: string
  readonly lines?: string
}

const tree = ({
  page,
  path = '/board/',
  target = 'http://127.0.0.1:3000/',
  options = '',
  lines = '',
}: Parts) => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/school;
      location ${path} {
          proxy_pass ${target};
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection upgrade;
      }
      ${lines}
    `),
  ),
  'etc/systemd/system/board.service': serviceUnit('/usr/bin/node server.js'),
  'etc/shop/server.js': conf`
    const express = require('express')
    const app = express()
    app.use(express.static('public'))
    const server = require('http').createServer(app)
    const { Server } = require('socket.io')
    const io = new Server(server${options})
    io.on('connection', socket => socket.on('line', line => socket.broadcast.emit('line', line)))
    server.listen(3000, '127.0.0.1')
  `,
  'etc/shop/public/index.html': conf`
    <!doctype html>
    <script src="socket.io/socket.io.js"></script>
    <script src="board.js"></script>
  `,
  'etc/shop/public/board.js': conf`
    const socket = ${page}
    socket.on('line', draw)
  `,
})
const OWN = "io({ path: '/board/socket.io/' })"

const flask = (page: string, lines: string, target = 'http://127.0.0.1:8000/'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/school;
      location /board/ {
          proxy_pass ${target};
      }
    `),
  ),
  'etc/systemd/system/board.service': serviceUnit(
    '/usr/bin/gunicorn --worker-class eventlet -b 127.0.0.1:8000 board:app',
  ),
  'etc/shop/board.py': conf`
    from flask import Flask
    from flask_socketio import SocketIO

    app = Flask(__name__)
    ${lines}
  `,
  'etc/shop/templates/index.html': conf`
    <script src="https://cdn.socket.io/4.7.5/socket.io.min.js"></script>
    <script>
      const socket = ${page};
    </script>
  `,
})

export default defineRule({
  summary: 'A client of Socket.IO requests a path that does not lead to its server',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Socket.IO has a path of its own, `/socket.io/` at the root of the host, wherever the page lies: `io()` in a page of `/board/` asks for `/socket.io/?EIO=4&transport=polling`, and what stands behind the host in the URL of `io(…)` is the name of a namespace. Where the proxy passes only `/board/` on, or another path arrives than the server waits for, the answer is 404, again and again, and no message ever arrives.',
  remedy:
    'Tell the client the path by which the proxy leads to the server, `io({ path: "/board/socket.io/" })`, or proxy `location /socket.io/` too',
  references: [
    'https://socket.io/docs/v4/client-options/#path',
    'https://socket.io/docs/v4/server-options/#path',
    'https://socket.io/docs/v4/reverse-proxy/',
  ],
  unproven: 'The live tests have no library of Socket.IO',
  bad: [
    { title: 'a page below a path, and Socket.IO at the root', files: tree({ page: '«io»()' }) },
    {
      title: 'an application of one page at the root, which is on the server alone',
      files: {
        ...tree({ page: '«io»(window.location.origin)' }),
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/school;
            location /api/ {
                proxy_pass http://127.0.0.1:3000;
            }
            location / {
                try_files $uri $uri/ /index.html;
            }
          `),
        ),
      },
    },
    {
      title: 'a path in the URL, which names a namespace',
      files: tree({ page: "«io»('http://example.org/board', { transports: ['websocket'] })" }),
    },
    {
      title: 'a path behind the origin of the page, which names one too',
      files: tree({ page: "«io»(window.location.origin + '/board')" }),
    },
    {
      title: 'the same in a template',
      files: tree({ page: '«io»(`${window.location.origin}/board`)' }),
    },
    {
      title: 'a path that the proxy does not take away',
      files: tree({ page: "io('/', { path: «'/board/socket.io/'» })", target: 'http://127.0.0.1:3000' }),
    },
    {
      title: 'a path that the proxy takes away, and the server waits for',
      files: tree({
        page: "io({ path: «'/board/socket.io'» })",
        options: ", { cors: { origin: '*' }, path: '/board/socket.io' }",
      }),
    },
    {
      title: 'a path of the page alone',
      files: tree({ page: "io({ path: «'/live'» })", path: '/', target: 'http://127.0.0.1:3000' }),
    },
    {
      title: 'a path of the server alone',
      files: tree({
        page: '«io»()',
        path: '/',
        target: 'http://127.0.0.1:3000',
        options: ", { path: '/live' }",
      }),
    },
    { title: 'Flask-SocketIO', files: flask('«io»()', 'socketio = SocketIO(app)') },
  ],
  good: [
    { title: 'the path of the proxy', files: tree({ page: OWN }) },
    {
      title: 'a location of its own',
      files: tree({
        page: 'io()',
        lines: conf`
          location /socket.io/ {
              proxy_pass http://127.0.0.1:3000;
          }
        `,
      }),
    },
    {
      title: 'the path on both sides, as it comes',
      files: tree({ page: OWN, target: 'http://127.0.0.1:3000', options: ", { path: '/board/socket.io' }" }),
    },
    { title: 'all of the site', files: tree({ page: 'io()', path: '/', target: 'http://127.0.0.1:3000' }) },
    {
      title: 'another server that Socket.IO may be behind',
      files: tree({
        page: 'io()',
        lines: conf`
          location / {
              proxy_pass http://127.0.0.1:4000;
          }
        `,
      }),
    },
    { title: 'a client of another host', files: tree({ page: "io('https://live.example.net')" }) },
    { title: 'a URL that a variable has', files: tree({ page: 'io(URL_OF_SERVER)' }) },
    { title: 'options that a variable has', files: tree({ page: 'io(options)' }) },
    { title: 'options of the server that a variable has', files: tree({ page: OWN, options: ', options' }) },
    {
      title: 'a page without the library, where the name is something else',
      files: {
        ...tree({ page: 'io()' }),
        'etc/shop/public/index.html': '<script src="board.js"></script>\n',
      },
    },
    {
      title: 'Flask-SocketIO by the path of the proxy',
      files: flask(OWN, 'socketio = SocketIO(app)'),
    },
    {
      title: 'Flask-SocketIO at a path of its own',
      files: flask(OWN, "socketio = SocketIO(app, path='/board/socket.io')", 'http://127.0.0.1:8000'),
    },
    {
      title: 'Flask-SocketIO at a path of its own, by the older name of the argument',
      files: flask(OWN, "socketio = SocketIO(app, resource='/board/socket.io')", 'http://127.0.0.1:8000'),
    },
  ],
  *check(deployment) {
    const { programs, connections } = deployment
    if (!programs.some(({ kind }) => kind === 'app-server')) return
    const ways = groupBy(
      [...connections.http, ...connections.apache].filter(({ targets }) => targets.length > 0),
      ({ targets }) => serverBehind(targets[0]!),
    )
    for (const [program, passes] of ways) {
      const server = program === null ? null : socketIoOf(deployment, program)
      if (program === null || server === null || passes.some(tellsPrefix)) continue
      for (const client of clientsBeside(program, server.source)) {
        const message = faultOf(deployment, { program, passes, server, client })
        if (message === null) continue
        const [pass] = passes
        yield {
          at: client.at,
          message,
          related: [
            {
              at: argumentPlace(pass!.pass, pass!.pass.args.length > 1 ? 1 : 0),
              message: 'the way to Socket.IO',
            },
            { at: server.at, message: `answers at \`${server.path}/\`` },
          ],
        }
      }
    }
  },
})

interface SocketIo {
  readonly source: Source
  readonly at: Place
  readonly path: string
}

/** The one server of Socket.IO that a program makes, where its path is known. */
function socketIoOf(deployment: Deployment, program: AppServerProgram): SocketIo | null {
  const { server } = program
  if (server.program !== 'node') return ofPython(deployment, program)
  const made = server.sources.flatMap(source => {
    const path = /['"]socket\.io['"]/.test(source.code) ? socketIoServerPath(source) : null
    return path === null ? [] : [{ source, path }]
  })
  const [first, ...others] = made
  if (first === undefined || others.length > 0 || !first.path.known) return null
  const { source, path } = first
  const start = source.code.search(/['"]socket\.io['"]/)
  return { source, at: { source, start, end: start + "'socket.io'".length }, path: path.value }
}

/** Flask-SocketIO, which takes the path with or without a slash in front. */
function ofPython(deployment: Deployment, program: AppServerProgram): SocketIo | null {
  // A prefix of the environment is taken from the path before the application sees it.
  if (program.server.rootPath !== null || program.environment('SCRIPT_NAME') !== null) return null
  const { script = null, source = null } = deployment.moduleOf(program) ?? {}
  if (script === null || source === null || source === 'missing') return null
  const made = [...script.made].filter(([, callee]) => /^(?:flask_socketio\.)?SocketIO$/.test(callee))
  const [first, ...others] = made
  const at = first === undefined ? undefined : script.bound.get(first[0])
  if (at === undefined || others.length > 0) return null
  const call = placeText(at)
  if (/DispatcherMiddleware|ProxyFix|wsgi_app|\binit_app\([^)]*path/.test(source.code)) return null
  const path = /\b(?:path|resource)\s*=\s*(['"])\/?([\w./-]*?)\/?\1/.exec(call)?.[2]
  if (path === undefined && /\b(?:path|resource)\s*=|\*\*/.test(call)) return null
  return { source, at, path: path === undefined ? SOCKET_IO_PATH : `/${path}` }
}

/** Headers from which an application may put the prefix in front again, or take it away. */
function tellsPrefix(pass: Connection): boolean {
  return 'headers' in pass && pass.headers.written.some(({ name }) => /script[-_]name|prefix/.test(name))
}

interface Asked {
  readonly program: AppServerProgram
  /** What leads to it. */
  readonly passes: readonly Connection[]
  readonly server: SocketIo
  readonly client: SocketIoClient
}

/** What becomes of the requests of a client, where none of them reaches the server; null where one may. */
function faultOf(deployment: Deployment, { program, passes, server, client }: Asked): string | null {
  if (!client.path.known) return null
  const path = client.path.value
  let words: string | null = null
  // A name is asked for that no file has, so that it does not matter whether a root is in the audit.
  const target = `${path}/${MISSING}`
  for (const site of sitesOf(deployment, passes)) {
    const requests =
      'virtualHost' in site
        ? requestsToHost(deployment, site, target)
        : requestsToServer(deployment, site, target)
    for (const request of requests) {
      if (client.host !== null && !isHost(client.host.known ? client.host.value : '', request)) continue
      const { end, steps } = probe(deployment, request)
      switch (end.kind) {
        case 'redirect':
          continue
        case 'unknown':
        case 'status':
        case 'file':
          if (end.kind === 'unknown' ? !endsInFiles(steps) : end.status !== 404 && end.status !== 200)
            return null
          words ??= `the client requests \`${path}/?EIO=4&transport=polling\`, and nothing proxies that to Socket.IO`
          continue
        case 'backend': {
          const arrived = end.uri?.replace(/^(?:unix:[^|]*\|)?\w+:\/\/[^/]*/, '')
          if (serverBehind(end.target) !== program || arrived === undefined) return null
          if (arrived.startsWith(`${server.path}/`)) return null
          words ??= `the client requests \`${path}/\`, which the proxy passes on as \`${arrived.replace(MISSING, '')}\`, and Socket.IO answers at \`${server.path}/\` alone: 404`
          continue
        }
        default:
          return null
      }
    }
  }
  return words
}

/** True where it is not known alone which of some files is there, in a location that has nothing else to answer with. */
function endsInFiles(steps: readonly RequestStep[]): boolean {
  const location = steps.findLast(({ directive }) => directive?.name === 'location')?.directive
  return (
    location != null &&
    (location.children ?? []).every(
      ({ name, args }) =>
        OF_FILES.test(name) &&
        (name !== 'try_files' || args.every(({ value }) => /^\$uri\/?$|^=404$|\.html?$/.test(value))),
    )
  )
}

/** What a location has that answers with files alone, whose pages are no answers of Socket.IO either. */
const OF_FILES =
  /^(?:root|alias|index|try_files|expires|add_header|access_log|log_not_found|autoindex|gzip\w*|etag|charset)$/

function isHost(host: string, { host: name, port, scheme }: ClientRequest): boolean {
  const [given, number] = host.split(':')
  return given === name && (number === undefined || Number(number) === port || scheme === 'https')
}

/** The sites that passes stand in, each once. */
function sitesOf(
  deployment: Deployment,
  passes: readonly Connection[],
): ReadonlySet<NginxServer | ApacheHost> {
  return new Set(
    passes.flatMap(pass =>
      'server' in pass ? pass.server : (hostIn(deployment, pass.from.configuration, pass.host) ?? []),
    ),
  )
}
