import type { Place } from '../../parsers/text/source.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { covers, type Endpoint, formatEndpoint, isLoopback } from '../../src/servers/address.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { effectiveDirective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { type NginxSocket, sockets } from '../../src/servers/nginx/queries/sockets.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { streamTargets } from './_stream-targets.ts'

const http = (listen: string, pass: string): string =>
  nginxMain([
    nginxServer(conf`
      location / {
          proxy_pass ${pass};
      }
    `),
    conf`
      server {
          listen 127.0.0.1:8080${listen};
          return 200 "here";
      }
    `,
  ])

const stream = (lines: string, listen: string): string => conf`
  events {
  }
  stream {
      server {
          listen 443;
          ${lines}
      }
  }
  http {
      server {
          listen 127.0.0.1:8443${listen};
          return 204;
      }
  }
`

const toApache = (line: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:8080;
      }
    `),
  ),
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:8080
      <VirtualHost 127.0.0.1:8080>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              Require all granted
          </Directory>
          ${line}
      </VirtualHost>
    `,
    ['remoteip', 'dir'],
  ),
  'srv/www/index.html': 'page',
})

export default defineRule({
  summary: 'One of two servers speaks the PROXY protocol, and the other does not',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The PROXY protocol is a line in front of the first byte of a connection. A `listen` with `proxy_protocol` drops every connection without it (`broken header while reading PROXY protocol`), and one without `proxy_protocol` takes the line for a bad request, or for a broken handshake of TLS.',
  remedy:
    'Write `proxy_protocol on` in `stream` and `proxy_protocol` in the `listen` that it leads to, or neither; give what comes by HTTP a port of its own',
  references: [
    'https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html#proxy_protocol',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#listen',
  ],
  bad: [
    {
      title: 'HTTP to a port for the PROXY protocol',
      files: { 'etc/nginx/nginx.conf': http(' proxy_protocol', '«http://127.0.0.1:8080»') },
    },
    {
      title: 'stream without it',
      files: {
        'etc/nginx/nginx.conf': stream('proxy_pass «127.0.0.1:8443»;', ' proxy_protocol'),
      },
    },
    {
      title: 'a listener without it',
      files: {
        'etc/nginx/nginx.conf': stream(
          conf`
            proxy_pass 127.0.0.1:8443;
            «proxy_protocol» on;
          `,
          '',
        ),
      },
    },
    { title: 'Apache, which waits for it', files: toApache('RemoteIPProxyProtocol «On»') },
  ],
  good: [
    { title: 'Apache, which does not wait for it', files: toApache('RemoteIPProxyProtocol Off') },
    {
      title: 'Apache, which does not wait for it on loopback',
      files: toApache(conf`
        RemoteIPProxyProtocol On
        RemoteIPProxyProtocolExceptions 127.0.0.1
      `),
    },
    {
      title: 'HTTP to a port of its own',
      files: { 'etc/nginx/nginx.conf': http('', 'http://127.0.0.1:8080') },
    },
    {
      title: 'both sides',
      files: {
        'etc/nginx/nginx.conf': stream(
          conf`
            proxy_pass 127.0.0.1:8443;
            proxy_protocol on;
          `,
          ' proxy_protocol',
        ),
      },
    },
    {
      title: 'neither, and servers elsewhere',
      files: {
        'etc/nginx/nginx.conf': stream('proxy_pass 127.0.0.1:8443;', ''),
        'etc/nginx/other.conf': '',
      },
    },
    {
      title: 'a server of another machine',
      files: {
        'etc/nginx/nginx.conf': stream(
          conf`
            proxy_pass 192.0.2.9:8443;
            proxy_protocol on;
          `,
          '',
        ),
      },
    },
  ],
  *check(deployment) {
    const { nginx: configurations, connections } = deployment
    if (deployment.apache.some(({ occurrences }) => occurrences.has('remoteipproxyprotocol')))
      yield* waitingApache(deployment)
    for (const configuration of configurations) {
      const { occurrences } = configuration
      if (!occurrences.has('stream')) continue
      for (const pass of occurrences.get('proxy_pass') ?? []) {
        if (pass.context !== 'stream server') continue
        const told = tells(configuration, pass)
        if (told === null) continue
        for (const { endpoint: target } of streamTargets(configuration, pass)) {
          const socket = socketAt(configuration, target)
          if (socket === null || socket.proxyProtocol === (told.directive !== null)) continue
          const line = listenOf(socket)
          yield {
            at: told.directive === null ? argumentPlace(pass, 0) : namePlace(told.directive),
            message:
              told.directive === null
                ? `\`listen ${formatEndpoint(target)}\` waits for the PROXY protocol, which this server does not speak`
                : `\`listen ${formatEndpoint(target)}\` does not know the PROXY protocol, and takes its line for a bad request`,
            related: line === null ? [] : [{ at: line, message: 'the listener' }],
          }
        }
      }
    }
    for (const connection of connections.all) {
      for (const { to, at } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.kind !== 'nginx') continue
        const { listener } = to
        const socket = socketTaking(listener.program.configuration, listener)
        if (socket?.proxyProtocol !== true) continue
        const line = listenOf(socket)
        yield {
          at,
          message: `\`listen ${formatEndpoint(listener)}\` waits for the PROXY protocol, which nothing speaks here: it drops the connection`,
          related: line === null ? [] : [{ at: line, message: 'the listener' }],
        }
      }
    }
  },
})

/** Virtual hosts that wait for the line, which nginx sends to no backend of HTTP. */
function* waitingApache(deployment: Deployment) {
  for (const connection of deployment.connections.http) {
    for (const { configuration, virtualHost } of certainHosts(deployment, connection)) {
      const levels = serverLevels(virtualHost)
      const line = effectiveDirective(configuration, levels, 'RemoteIPProxyProtocol')
      if (line?.args[0]?.value.toLowerCase() !== 'on') continue
      if (isException(configuration, connection)) continue
      yield {
        at: argumentPlace(line, 0),
        message:
          'Apache waits for the PROXY protocol, which nginx does not speak to backends of HTTP: it drops the connection',
        related: [{ at: argumentPlace(connection.pass, 0), message: 'nginx connects here' }],
      }
    }
  }
}

/** True where an exception may be for the address from which nginx comes. */
function isException({ occurrences }: ApacheConfiguration, { targets }: NginxConnection): boolean {
  const words = (occurrences.get('remoteipproxyprotocolexceptions') ?? []).flatMap(({ args }) => args)
  if (words.length === 0) return false
  const isLocal = targets.every(({ addresses }) => addresses.every(address => isLoopback(address) === true))
  return !isLocal || words.some(({ value }) => !/^(?:10|172|192|198|203)\./.test(value))
}

/** The `proxy_protocol on` in force; without a directive where there is none, null where that is not known. */
function tells(
  configuration: NginxConfiguration,
  pass: NginxDirective,
): { readonly directive: NginxDirective | null } | null {
  for (let level = pass.parent; level !== null; level = level.parent) {
    if (hasUnreadInclude(configuration, level)) return null
    const own = childrenNamed(level, 'proxy_protocol').at(-1)
    if (own !== undefined) return { directive: own.args[0]?.value.toLowerCase() === 'on' ? own : null }
  }
  return { directive: null }
}

/** The socket of http that surely takes the connection: by an address of this machine alone. */
function socketAt(configuration: NginxConfiguration, target: Endpoint): NginxSocket | null {
  if (target.address.kind !== 'unix' && isLoopback(target.address) !== true) return null
  return socketTaking(configuration, target)
}

function socketTaking(configuration: NginxConfiguration, target: Endpoint): NginxSocket | null {
  return (
    sockets(configuration).find(
      ({ address, port, quic, ipv6only }) =>
        !quic && covers({ address, port, ...(ipv6only !== null && { ipv6only }) }, target) === true,
    ) ?? null
  )
}

function listenOf({ servers }: NginxSocket): Place | null {
  return (servers.find(({ listen }) => listen.proxyProtocol) ?? servers[0])?.listen.at ?? null
}
