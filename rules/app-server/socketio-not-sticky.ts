import { posix } from 'node:path'
import { matchedPlace, type Place } from '../../parsers/text/source.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { ApacheConnection, Connection, NginxConnection } from '../../src/deployment/model.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, TextMap } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
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

const balancer = (lines = '', options = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <Proxy «balancer://chat»>
          BalancerMember http://127.0.0.1:3001${options}
          BalancerMember http://127.0.0.1:3002
          ${lines}
      </Proxy>
      <VirtualHost *:80>
          ServerName example.org
          ProxyPass /socket.io/ balancer://chat/socket.io/ upgrade=websocket
      </VirtualHost>
    `,
    ['headers', 'proxy', 'proxy_http', 'proxy_balancer', 'lbmethod_byrequests', 'slotmem_shm'],
  ),
  'srv/chat/server.js': SCRIPT,
})

export default defineRule({
  summary: 'A proxy gives the requests of one session of Socket.IO to several servers',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A client of Socket.IO begins with several requests of HTTP, and its session is in the memory of the server that answered the first. nginx gives each request to the next server of an `upstream`, and Apache to the next member of a balancer: the other one answers with 400, `Session ID unknown`, and the client begins again, for ever. An adapter for Redis does not change that: it carries messages, not sessions.',
  remedy:
    '`ip_hash` or `hash $remote_addr consistent` in the `upstream`; `stickysession=` and a `route=` of each member in Apache',
  references: [
    'https://socket.io/docs/v4/using-multiple-nodes/',
    'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#ip_hash',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy_balancer.html#stickyness',
  ],
  unproven: 'The live tests have no library of Socket.IO',
  bad: [
    { title: 'the path of Socket.IO', files: tree('«chat»') },
    { title: 'all of the site', files: tree('«chat»', '/') },
    { title: 'a balancer of Apache', files: balancer() },
    { title: 'a method of the balancer that counts', files: balancer('ProxySet lbmethod=byrequests') },
  ],
  good: [
    {
      title: 'a balancer whose sessions stick',
      files: balancer('ProxySet stickysession=ROUTEID', ' route=1'),
    },
    { title: 'a member that only stands in for the other', files: balancer('', ' status=+H') },
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
    for (const connection of connections.all) {
      const group = 'server' in connection ? groupOfNginx(connection) : groupOfApache(connection)
      const [, second] = group?.members ?? []
      const made = group === null || second === undefined ? null : socketIoBehind(connection)
      if (group === null || second === undefined || made === null) continue
      const line = frontLine(connection)
      yield {
        at: group.at,
        message: `${line.server} gives the requests of one client to ${group.members.length} servers in turn, and one of them alone knows its session of Socket.IO: 400 Session ID unknown`,
        label: 'no server for each client',
        related: [
          { at: second, message: 'another server' },
          { at: line.url, message: `${line.server} proxies to it here` },
          { at: made, message: 'Socket.IO' },
        ],
        help:
          line.server === 'nginx'
            ? 'Add `ip_hash;`'
            : 'Give each member a `route=`, and write `ProxySet stickysession=ROUTEID` and `Header add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; path=/" env=BALANCER_ROUTE_CHANGED`',
      }
    }
  },
})

/** Servers that take the requests in turn. */
interface Group {
  /** Its name. */
  readonly at: Place
  readonly members: readonly Place[]
}

function groupOfNginx({ upstream, pass }: NginxConnection): Group | null {
  if (upstream === null || upstream.args.length === 0 || pass.name !== 'proxy_pass') return null
  const isPlain = upstream.children.every(({ name }) =>
    /^(?:server|least_conn|keepalive\w*|zone|random)$/.test(name),
  )
  const servers = upstream.children.filter(
    ({ name, args }) => name === 'server' && !args.some(({ value }) => /^(?:backup|down)$/.test(value)),
  )
  return isPlain
    ? { at: argumentPlace(upstream, 0), members: servers.map(each => argumentPlace(each, 0)) }
    : null
}

/** A balancer, where no line of the server says of any that its sessions stick. */
function groupOfApache({
  from: { configuration },
  written,
  protocol,
  targets,
}: ApacheConnection): Group | null {
  if (!/^balancer:/i.test(written) || !protocol.known || protocol.value !== 'http') return null
  if (speaksOfSessions(configuration)) return null
  const byPlace = membersByPlace(configuration)
  const lines = targets.flatMap(({ at }) => byPlace.get(at.source, at.start) ?? [])
  const section = lines[0]?.parent ?? null
  if (section?.name !== 'Proxy' || lines.length !== targets.length) return null
  // A hot standby, a spare and one that is disabled take none of the turns.
  const members = lines.filter(
    ({ args }) => !args.some(({ value }) => /^(?:status=\+?.*[dhrs]|lbset=)/i.test(value)),
  )
  return { at: argumentPlace(section, 0), members: members.map(each => argumentPlace(each, 0)) }
}

const membersByPlace = memo(({ occurrences }: ApacheConfiguration): TextMap<ApacheDirective> => {
  const found = new TextMap<ApacheDirective>()
  for (const line of occurrences.get('balancermember') ?? [])
    found.add(line.source, argumentPlace(line, 0).start, line)
  return found
})

const speaksOfSessions = memo(({ occurrences }: ApacheConfiguration): boolean =>
  ['proxypass', 'proxyset', 'balancermember', 'proxypassmatch'].some(name =>
    occurrences
      .get(name)
      ?.some(({ args }) => args.some(({ value }) => /^stickysession|heartbeat/i.test(value))),
  ),
)

/** Where the application behind an upstream, and no other, makes a server of Socket.IO. */
function socketIoBehind(connection: Connection): Place | null {
  const { from, targets } = connection
  const path =
    'server' in connection ? connection.block.args.map(({ value }) => value).join(' ') : connection.path
  const isItsPath = path?.includes('/socket.io') === true
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
  return matchedPlace(first, match)
}
