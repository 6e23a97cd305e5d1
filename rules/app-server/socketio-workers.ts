import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

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

export default defineRule({
  summary: 'Socket.IO runs in several workers, and each request reaches any of them',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A client of Socket.IO begins with several requests of HTTP, and its session is in the memory of the worker that answered the first. gunicorn, uvicorn and their like give each connection to any worker: the next one answers with 400, `Invalid session`, and the client begins again, for ever. A message queue does not change that.',
  remedy:
    'Start several servers of one worker each, every one on a port of its own, and `ip_hash` in the `upstream` of nginx; and a message queue between them',
  references: [
    'https://flask-socketio.readthedocs.io/en/latest/deployment.html#gunicorn-web-server',
    'https://python-socketio.readthedocs.io/en/stable/server.html#scalability-notes',
  ],
  unproven: 'The live tests have no library of Socket.IO',
  bad: [
    { title: 'Flask-SocketIO', files: flask('-w «4»') },
    {
      title: 'Flask-SocketIO with a message queue',
      files: flask('-w «4»', 'socketio = SocketIO(app, message_queue="redis://127.0.0.1")'),
    },
    { title: 'python-socketio', files: asgi('--workers «4»') },
  ],
  good: [
    { title: 'one worker', files: flask('-w 1') },
    { title: 'one worker, which gunicorn has by itself', files: flask('') },
    { title: 'no Socket.IO', files: flask('-w 4', 'sockets = None') },
    {
      title: 'clients that begin with the WebSocket',
      files: flask('-w 4', 'socketio = SocketIO(app, transports=["websocket"])'),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server } = program
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
