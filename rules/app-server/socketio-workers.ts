import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { REQUIRES_SOCKET_IO, socketIoOfPython } from './_socketio.ts'
import { mayBeginWithWebSocket } from '../_socketio-clients.ts'
import { loadedScripts } from './_loaded-scripts.ts'
import { clusterOf } from './_node-cluster.ts'
import { hasSeveralWorkers } from './_several-workers.ts'

const flask = (words: string, lines = 'socketio = SocketIO(app)'): Record<string, string> =>
  behindNginx(serviceUnit(`/usr/bin/gunicorn -k eventlet ${words} -b 127.0.0.1:8000 chat:app`), {
    'etc/shop/chat.py': conf`
      from flask import Flask
      from flask_socketio import SocketIO
      app = Flask(__name__)
      ${lines}
    `,
  })
const asgi = (words: string): Record<string, string> =>
  behindNginx(serviceUnit(`/usr/bin/uvicorn ${words} --port 8000 chat:app`), {
    'etc/shop/chat.py': conf`
      import socketio
      server = socketio.AsyncServer(async_mode="asgi")
      app = socketio.ASGIApp(server)
    `,
  })

/** Flask-SocketIO in a package, which a factory gives the application. */
const factory = (
  words: string,
  lines = 'socketio.init_app(app, cors_allowed_origins="*")',
  more: Record<string, string> = {},
): Record<string, string> =>
  behindNginx(serviceUnit(`/usr/bin/gunicorn -k eventlet ${words} -b 127.0.0.1:8000 wsgi:app`), {
    'etc/shop/wsgi.py': conf`
      from chat import create_app
      app = create_app()
    `,
    'etc/shop/chat/__init__.py': conf`
      from flask import Flask
      from .extensions import socketio
      def create_app():
          app = Flask(__name__)
          ${lines}
          return app
    `,
    'etc/shop/chat/extensions.py': conf`
      from flask_socketio import SocketIO
      socketio = SocketIO()
    `,
    ...more,
  })

const node = (starter: string, script: string): Record<string, string> => ({
  'nginx/site.conf': proxiedServer('', '127.0.0.1:3001'),
  ...(starter !== '' && {
    'ecosystem.config.js': conf`
      module.exports = {
        apps: [{ name: 'chat', script: './server.js', ${starter}, env: { PORT: 3001 } }],
      }
    `,
  }),
  'package.json': '{ "scripts": { "start": "node server.js" } }\n',
  'server.js': script,
})
const CHAT = conf`
  const server = require('http').createServer()
  const io = require('socket.io')(server)
  server.listen(process.env.PORT || 3001)
`
const CLUSTER = (lines = '', fork = 'cluster.fork()'): string => conf`
  const cluster = require('cluster')
  ${lines}
  if (cluster.isPrimary) {
    for (let each = 0; each < 4; each++) ${fork}
  } else {
    const server = require('http').createServer()
    require('socket.io')(server)
    server.listen(3001)
  }
`

export default defineRule({
  summary: 'Socket.IO runs in several workers, and each request reaches any of them',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A client of Socket.IO begins with several requests of HTTP, and its session is in the memory of the worker that answered the first. gunicorn, uvicorn and their like, and the cluster of Node.js and PM2, give each connection to any worker: the next one answers with 400, `Invalid session`, and the client begins again, for ever. A message queue does not change that.',
  remedy:
    'Start several servers of one worker each, every one on a port of its own, and `ip_hash` in the `upstream` of nginx; and a message queue between them',
  references: [
    'https://flask-socketio.readthedocs.io/en/latest/deployment.html#gunicorn-web-server',
    'https://python-socketio.readthedocs.io/en/stable/server.html#scalability-notes',
    'https://socket.io/docs/v4/using-multiple-nodes/#enabling-sticky-session',
  ],
  unproven: 'The live tests have no library of Socket.IO',
  bad: [
    { title: 'Flask-SocketIO', files: flask('-w «4»') },
    {
      title: 'Flask-SocketIO with a message queue',
      files: flask('-w «4»', 'socketio = SocketIO(app, message_queue="redis://127.0.0.1")'),
    },
    { title: 'Flask-SocketIO that a factory gives the application', files: factory('-w «4»') },
    {
      title: 'a multiple of the processors',
      files: factory('', undefined, {
        'etc/shop/gunicorn.conf.py': conf`
          import multiprocessing
          workers = «multiprocessing.cpu_count() * 2 + 1»
        `,
      }),
    },
    { title: 'python-socketio', files: asgi('--workers «4»') },
    {
      title: 'python-socketio in front of Django',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn -w «4» -b 127.0.0.1:8000 shop.wsgi'), {
        'etc/shop/shop/wsgi.py': conf`
          import socketio
          from django.core.wsgi import get_wsgi_application
          from chat.views import sio
          application = get_wsgi_application()
          application = socketio.WSGIApp(sio, application)
        `,
        'etc/shop/chat/views.py': conf`
          import socketio
          sio = socketio.Server(async_mode="threading")
        `,
      }),
    },
    { title: 'the cluster of PM2', files: node('instances: «4»', CHAT) },
    {
      title: 'a process of PM2 for each processor',
      files: node("instances: «'max'», exec_mode: 'cluster'", CHAT),
    },
    { title: 'the cluster of Node.js', files: node('', CLUSTER('', '«cluster.fork»()')) },
    {
      title: 'a gateway of NestJS, which is in a script of its own',
      files: {
        ...node(
          "instances: «'max'», exec_mode: 'cluster'",
          conf`
          const { NestFactory } = require('@nestjs/core')
          const { ChatGateway } = require('./chat.gateway')
          NestFactory.create(ChatGateway).then(app => app.listen(3001))
        `,
        ),
        'chat.gateway.ts': conf`
          import { WebSocketGateway } from '@nestjs/websockets'
          @WebSocketGateway({ cors: true })
          export class ChatGateway {}
        `,
      },
    },
  ],
  good: [
    { title: 'one worker', files: flask('-w 1') },
    { title: 'one worker, which gunicorn has by itself', files: flask('') },
    { title: 'no Socket.IO', files: flask('-w 4', 'sockets = None') },
    {
      title: 'clients that begin with the WebSocket',
      files: flask('-w 4', 'socketio = SocketIO(app, transports=["websocket"])'),
    },
    {
      title: 'pages that connect by the WebSocket alone',
      files: factory('-w 4', undefined, {
        'etc/shop/chat/static/chat.js': "const socket = io({ transports: ['websocket'] })\n",
      }),
    },
    {
      title: 'a factory that may leave it out',
      files: factory('-w 4', 'if app.config.get("LIVE"):\n    socketio.init_app(app)'),
    },
    {
      title: 'one that only sends messages by the queue',
      files: flask('-w 4', 'socketio = SocketIO(message_queue="redis://127.0.0.1")'),
    },
    { title: 'one process of PM2', files: node('instances: 1', CHAT) },
    {
      title: 'processes of PM2 that each open a port of their own',
      files: node("instances: 2, exec_mode: 'fork', increment_var: 'PORT'", CHAT),
    },
    { title: 'a cluster without Socket.IO', files: node('instances: 4', CHAT.replace('socket.io', 'ws')) },
    {
      title: 'a primary that keeps clients at their worker',
      files: node('', CLUSTER("const { setupMaster } = require('@socket.io/sticky')")),
    },
    {
      title: 'workers of PM2 whose clients stay with them',
      files: node('instances: 4', `require('@socket.io/sticky')\n${CHAT}`),
    },
    {
      title: 'a cluster whose clients begin with the WebSocket',
      files: node('instances: 4', CHAT.replace('(server)', "(server, { transports: ['websocket'] })")),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server, pm2 } = program
      const cluster = withSocketIo(program)
      if (cluster !== null) {
        yield {
          at: cluster.at,
          message: `${pm2 === undefined ? 'the cluster' : 'PM2'} gives the requests of one client to any of its processes, and one of them alone knows its session of Socket.IO: 400 Session ID unknown`,
          label: 'more than one',
          related: [{ at: cluster.made, message: 'Socket.IO' }],
          help: 'Have a primary with `@socket.io/sticky`, or start processes that each open a port of their own behind `ip_hash`',
        }
        continue
      }
      if (!program.isSeen || server.development || !hasSeveralWorkers(program)) continue
      const made = socketIoOfPython(deployment, program)
      if (made === null || mayBeginWithWebSocket(program, made.module)) continue
      const { workers } = server
      yield {
        at: workers?.at ?? server.at,
        message: `${programName(program)} gives the requests of one client to any of ${workers?.known === true ? `${workers.value} workers` : 'its workers'}, and one of them alone knows its session of Socket.IO: 400 Invalid session`,
        label: 'more than one',
        related: [{ at: made.at, message: 'Socket.IO' }],
      }
    }
  },
})

/** Where a script with Socket.IO becomes several processes of one port, and nothing keeps clients at theirs. */
function withSocketIo(program: AppServerProgram): { readonly at: Place; readonly made: Place } | null {
  const at = clusterOf(program)
  if (at === null) return null
  const scripts = loadedScripts(program)
  if (scripts.some(({ code }) => /transports|\bWsAdapter\b/.test(code))) return null
  const made = scripts.map(socketIoIn).find(place => place !== null) ?? null
  const [own] = program.server.sources
  return made === null || own === undefined || mayBeginWithWebSocket(program, own) ? null : { at, made }
}

function socketIoIn(source: Source): Place | null {
  const made = REQUIRES_SOCKET_IO.exec(source.code) ?? GATEWAY_OF_NEST.exec(source.code)
  return made === null ? null : { source, start: made.index, end: made.index + made[0].length }
}

/** NestJS answers it with Socket.IO, where no adapter of another library is given. */
const GATEWAY_OF_NEST = /^@WebSocketGateway(?=\()/m
