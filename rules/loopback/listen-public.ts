import { listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import type { Deployment, NginxConnection, Listener, Target } from '../../src/deployment/model.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const NGINX = conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto $scheme;
      }
  }
`
const SITE = conf`
  <VirtualHost *:9000>
      ServerName example.org
      SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on
      DocumentRoot /srv/www
  </VirtualHost>
`

export default defineRule({
  summary: 'The backend answers the whole network, not only nginx',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 7.5,
  since: '0.1.0',
  why: 'Whoever reaches Apache directly walks past nginx: no TLS, no access rules, no limits, and every forwarded header is theirs to forge.',
  remedy: 'Bind Apache to the address that nginx connects to: `Listen 127.0.0.1:9000`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mpm_common.html#listen'],
  bad: [
    {
      title: 'a bare port',
      files: { 'nginx.conf': NGINX, 'ports.conf': conf`Listen «9000»`, 'site.conf': SITE },
    },
    {
      title: 'every version 4 address',
      files: { 'nginx.conf': NGINX, 'ports.conf': conf`Listen «0.0.0.0:9000»`, 'site.conf': SITE },
    },
  ],
  good: [
    {
      title: 'loopback',
      files: { 'nginx.conf': NGINX, 'ports.conf': conf`Listen 127.0.0.1:9000`, 'site.conf': SITE },
    },
    {
      title: 'nginx on another machine',
      files: {
        'nginx.conf': NGINX.replace('127.0.0.1', '10.0.0.7'),
        'ports.conf': conf`Listen 9000`,
        'site.conf': SITE,
      },
    },
    {
      title: 'a container of its own',
      files: {
        'nginx.conf': NGINX.replace('127.0.0.1', 'app'),
        'ports.conf': conf`Listen 9000`,
        'site.conf': SITE,
      },
    },
    {
      title: 'public on purpose',
      files: {
        'nginx.conf': NGINX,
        'ports.conf': conf`Listen 9000`,
        'site.conf': SITE,
        '.auditrc': conf`
          facts:
            publicListeners: ["9000"]
        `,
      },
    },
    {
      title: 'a port that nginx does not use',
      files: {
        'nginx.conf': NGINX,
        'ports.conf': conf`
          Listen 127.0.0.1:9000
          Listen 8080
        `,
        'site.conf': SITE,
      },
    },
  ],
  *check(deployment) {
    const { facts } = deployment
    const byPort = targetsByPort(deployment.connections.http)
    for (const listener of listenersOfKind(deployment, 'apache')) {
      if (listener.loopback !== false || listener.port === null) continue
      const onPort = (byPort.get(listener.port) ?? []).filter(
        ({ connection }) => connection.from.machine === listener.program.machine,
      )
      if (onPort.length === 0 || !onPort.every(({ target }) => isLoopbackTarget(target))) continue
      const reached = onPort.filter(
        ({ target: { to } }) => to.kind === 'listener' && to.listener === listener,
      )
      const [first] = reached
      if (first === undefined) continue
      const written = formatEndpoint(listener)
      if (facts.publicListeners.some(each => each === `${listener.port}` || each === written)) continue
      const trusts = trustsBehind(deployment, listener)
      yield {
        at: listener.at,
        severity: trusts.length > 0 ? 'error' : 'warning',
        message: `Apache listens on port ${listener.port} of ${describe(listener)}, though only nginx on this machine talks to it${trusts.length > 0 ? ', and it trusts the headers that nginx would set' : ''}`,
        label: 'reachable past nginx',
        related: [
          { at: first.target.at, message: 'nginx connects here' },
          ...trusts.slice(0, 1).map(({ at }) => ({ at, message: 'anyone may send this header' })),
        ],
        help: `Write \`Listen ${first.target.written}\` in Apache; nginx stays as it is`,
        ...bindToLoopback(listener, reached),
      }
    }
  },
})

interface Aimed {
  readonly connection: NginxConnection
  readonly target: Target
}

function targetsByPort(connections: readonly NginxConnection[]): ReadonlyMap<number, readonly Aimed[]> {
  const byPort = new Map<number, Aimed[]>()
  const seen = new Set<Target>()
  for (const connection of connections) {
    for (const target of connection.targets) {
      if (target.port === null || seen.has(target)) continue
      seen.add(target)
      const known = byPort.get(target.port)
      if (known === undefined) byPort.set(target.port, [{ connection, target }])
      else known.push({ connection, target })
    }
  }
  return byPort
}

function isLoopbackTarget({ addresses, local }: Target): boolean {
  return local === true && addresses.every(address => address.kind !== 'ip' || isLoopbackIp(address.ip))
}

function isLoopbackIp(ip: string): boolean {
  return ip === '::1' || ip.startsWith('127.') || ip === '0.0.0.0' || ip === '::'
}

function trustsBehind(deployment: Deployment, listener: Listener) {
  return deployment.virtualHosts
    .filter(({ addresses }) => addresses.some(({ port }) => port === null || port === listener.port))
    .flatMap(host => deployment.trustsOf(host))
}

function describe({ address }: Listener): string {
  return address.kind === 'ip' && address.wildcard ? 'every address' : formatEndpoint({ address, port: null })
}

/** Only where all connections go to one address, which the new line then covers. */
function bindToLoopback(listener: Listener, reached: readonly Aimed[]) {
  const hosts = new Set(reached.map(({ target }) => formatEndpoint({ address: target.address, port: null })))
  const [host] = hosts
  if (host === undefined || hosts.size !== 1 || listener.others.length > 0) return {}
  const text = /^(?:127\.[\d.]+|\[::1\])$/.test(host) ? `${host}:${listener.port}` : null
  return propose('Listen on loopback alone', 'unsafe', [
    text === null ? null : replacePlace(listener.at, text),
  ])
}
