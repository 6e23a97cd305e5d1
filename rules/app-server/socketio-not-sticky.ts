import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { REQUIRES_SOCKET_IO } from './_socketio.ts'

const SCRIPT = conf`
  const { Server } = require('socket.io')
  const io = new Server(Number(process.env.PORT))
  io.on('connection', socket => socket.on('say', text => io.emit('said', text)))
`
const tree = (upstream: string, location = '/socket.io/', script = SCRIPT): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    upstream ${upstream} {
        server 127.0.0.1:3001;
        server 127.0.0.1:3002;
    }
    ${nginxServer(conf`
      location ${location} {
          proxy_pass http://chat;
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection upgrade;
      }
    `)}
  `),
  'srv/chat/server.js': script,
})
const sticky = (line: string): Record<string, string> => {
  const files = tree('chat')
  return {
    ...files,
    'etc/nginx/nginx.conf': files['etc/nginx/nginx.conf']!.replace(
      'server 127.0.0.1:3001;',
      `${line}\n    server 127.0.0.1:3001;`,
    ),
  }
}

export default defineRule({
  summary: 'nginx gives the requests of one session of Socket.IO to several servers',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A client of Socket.IO begins with several requests of HTTP, and its session is in the memory of the server that answered the first. nginx gives each request to the next server of an `upstream`: the other one answers with 400, `Session ID unknown`, and the client begins again, for ever. An adapter for Redis does not change that: it carries messages, not sessions.',
  remedy: '`ip_hash` or `hash $remote_addr consistent` in the `upstream`',
  references: [
    'https://socket.io/docs/v4/using-multiple-nodes/',
    'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#ip_hash',
  ],
  unproven: 'The live tests have no library of Socket.IO',
  bad: [
    { title: 'the path of Socket.IO', files: tree('«chat»') },
    { title: 'all of the site', files: tree('«chat»', '/') },
  ],
  good: [
    { title: 'one server for a client', files: sticky('ip_hash;') },
    { title: 'one server for an address', files: sticky('hash $remote_addr consistent;') },
    {
      title: 'a server that only stands in for the other',
      files: Object.fromEntries(
        Object.entries(tree('chat')).map(([path, text]) => [path, text.replace(':3002;', ':3002 backup;')]),
      ),
    },
    {
      title: 'clients that begin with the WebSocket',
      files: tree('chat', '/', SCRIPT.replace('PORT)', "PORT), { transports: ['websocket'] }")),
    },
    {
      title: 'another application',
      files: tree('chat', '/', "require('http').createServer().listen(3001)\n"),
    },
  ],
  *check({ connections }) {
    for (const connection of connections.http) {
      const { upstream, pass } = connection
      if (upstream === null || upstream.args.length === 0) continue
      const lines = upstream.children ?? []
      const isPlain = lines.every(({ name }) => /^(?:server|least_conn|keepalive\w*|zone|random)$/.test(name))
      const servers = lines.filter(
        ({ name, args }) => name === 'server' && !args.some(({ value }) => /^(?:backup|down)$/.test(value)),
      )
      const [, second] = servers
      if (!isPlain || second === undefined) continue
      const made = socketIoBehind(connection)
      if (made === null) continue
      yield {
        at: argumentPlace(upstream, 0),
        message: `nginx gives the requests of one client to ${servers.length} servers in turn, and one of them alone knows its session of Socket.IO: 400 Session ID unknown`,
        label: 'no server for each client',
        related: [
          { at: argumentPlace(second, 0), message: 'another server' },
          { at: argumentPlace(pass, 0), message: 'nginx proxies to it here' },
          { at: made, message: 'Socket.IO' },
        ],
        help: 'Add `ip_hash;`',
      }
    }
  },
})

/** Where the application behind an upstream, and no other, makes a server of Socket.IO. */
function socketIoBehind({ from, targets, block }: NginxConnection): Place | null {
  const isItsPath = block.args.some(({ value }) => value.includes('/socket.io'))
  const containers = targets.flatMap(({ machine }) => machine?.container ?? [])
  if (containers.length === targets.length && containers.length > 0) {
    const places = containers.map(({ service, hostFiles }) => {
      const context = service.build?.context
      const source =
        context?.known === true ? sourceAt(hostFiles, posix.join(context.value, 'package.json')) : null
      const start = source?.code.indexOf('"socket.io"') ?? -1
      return source === null || start === -1 ? null : { source, start, end: start + '"socket.io"'.length }
    })
    return places.every(each => each !== null) ? places[0]! : null
  }
  const scripts = from.machine.applications?.node ?? []
  const [first] = scripts.filter(({ code }) => REQUIRES_SOCKET_IO.test(code))
  if (first === undefined || (!isItsPath && scripts.length > 1) || first.code.includes('transports'))
    return null
  if (!targets.every(({ local }) => local === true)) return null
  const match = REQUIRES_SOCKET_IO.exec(first.code)!
  return { source: first, start: match.index, end: match.index + match[0].length }
}
