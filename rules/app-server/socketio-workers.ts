import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { REQUIRES_SOCKET_IO } from './_socketio.ts'

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
    { title: 'python-socketio', files: asgi('--workers «4»') },
    { title: 'the cluster of PM2', files: node('instances: «4»', CHAT) },
    {
      title: 'a process of PM2 for each processor',
      files: node("instances: «'max'», exec_mode: 'cluster'", CHAT),
    },
    { title: 'the cluster of Node.js', files: node('', CLUSTER('', '«cluster.fork»()')) },
  ],
  good: [
    { title: 'one worker', files: flask('-w 1') },
    { title: 'one worker, which gunicorn has by itself', files: flask('') },
    { title: 'no Socket.IO', files: flask('-w 4', 'sockets = None') },
    {
      title: 'clients that begin with the WebSocket',
      files: flask('-w 4', 'socketio = SocketIO(app, transports=["websocket"])'),
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
      const cluster = clusterOf(program)
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
      if (!program.isSeen || server.development || server.workers?.known !== true || server.workers.value < 2)
        continue
      const made = socketIoOf(program, deployment)
      if (made === null) continue
      yield {
        at: server.workers.at ?? server.at,
        message: `${programName(program)} gives the requests of one client to any of ${server.workers.value} workers, and one of them alone knows its session of Socket.IO: 400 Invalid session`,
        label: 'more than one',
        related: [{ at: made, message: 'Socket.IO' }],
      }
    }
  },
})

/** Where a script with Socket.IO becomes several processes of one port, and nothing keeps clients at theirs. */
function clusterOf({ server, pm2 }: AppServerProgram): { readonly at: Place; readonly made: Place } | null {
  if (server.program !== 'node') return null
  for (const source of server.sources) {
    const { code } = source
    const made = REQUIRES_SOCKET_IO.exec(code)
    if (made === null || /sticky|transports/.test(code)) continue
    const fork = /^(?!\s*\/\/).*?\bcluster\.fork(?=\()/m.exec(code)
    const many = pm2 !== undefined && !pm2.forks && pm2.instances?.known === true && pm2.instances.value > 1
    const end = fork === null ? 0 : fork.index + fork[0].length
    const at = many ? pm2.instances.at : fork && { source, start: end - 'cluster.fork'.length, end }
    if (at === null) continue
    return { at, made: { source, start: made.index, end: made.index + made[0].length } }
  }
  return null
}

/** Where the module makes a server of Socket.IO that answers to requests of HTTP. */
function socketIoOf(program: AppServerProgram, deployment: Deployment): Place | null {
  const script = deployment.moduleOf(program)?.script ?? null
  if (script === null) return null
  for (const [name, callee] of script.made) {
    if (!/^(?:(?:flask_socketio\.)?SocketIO|socketio\.(?:Async)?Server)$/.test(callee)) continue
    const place = script.bound.get(name)
    if (place === undefined || placeText(place).includes('transports')) continue
    return place
  }
  return null
}
