import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Place } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { brings } from '../../src/deployment/containers/brought-files.ts'
import type { ApacheListener, Deployment, Machine, Target } from '../../src/deployment/model.ts'
import { listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint, isLoopback } from '../../src/servers/address.ts'
import { frontedHosts } from './_fronted-hosts.ts'

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
  otherSeverities: { error: 'where Apache trusts a header that nginx would set' },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [1327],
  since: '0.1.0',
  why: 'Whoever reaches Apache directly bypasses nginx: no TLS, no access rules, no limits, and forwarded headers can be forged.',
  remedy: 'Bind Apache to the address that nginx connects to: `Listen 127.0.0.1:9000`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mpm_common.html#listen'],
  bad: [
    {
      title: 'a bare port',
      files: { 'nginx.conf': NGINX, 'ports.conf': conf`Listen «9000»`, 'site.conf': SITE },
    },
    {
      title: 'an address of the network beside loopback',
      files: {
        'nginx.conf': NGINX,
        'ports.conf': conf`
          Listen 127.0.0.1:9000
          Listen «10.0.0.7:9000»
        `,
        'site.conf': SITE,
      },
    },
    {
      title: 'another port that the same virtual host has',
      files: {
        'nginx.conf': NGINX,
        'ports.conf': conf`
          Listen 127.0.0.1:9000
          Listen «8080»
        `,
        'site.conf': SITE.replace('*:9000', '*:9000 *:8080'),
      },
    },
    {
      title: 'an image with both, which exposes both ports',
      files: {
        Dockerfile: conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y nginx apache2 supervisor
          COPY docker/nginx.conf /etc/nginx/nginx.conf
          COPY docker/ports.conf /etc/apache2/ports.conf
          COPY docker/site.conf /etc/apache2/sites-enabled/site.conf
          EXPOSE 80 9000
        `,
        'docker/nginx.conf': NGINX,
        'docker/ports.conf': conf`Listen «9000»`,
        'docker/site.conf': SITE,
      },
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
      title: 'a container with nginx, of which the port of Apache is not published',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: .
              ports: ["80:80"]
        `,
        Dockerfile: conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y nginx apache2
          COPY nginx.conf /etc/nginx/nginx.conf
          COPY ports.conf /etc/apache2/ports.conf
          COPY site.conf /etc/apache2/sites-enabled/site.conf
        `,
        'nginx.conf': NGINX,
        'ports.conf': 'Listen 9000\n',
        'site.conf': SITE,
      },
    },
    {
      title: 'an image with both, which exposes the port of nginx alone',
      files: {
        Dockerfile: conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y nginx apache2 supervisor
          COPY docker/nginx.conf /etc/nginx/nginx.conf
          COPY docker/ports.conf /etc/apache2/ports.conf
          COPY docker/site.conf /etc/apache2/sites-enabled/site.conf
          EXPOSE 80
        `,
        'docker/nginx.conf': NGINX,
        'docker/ports.conf': 'Listen 9000\n',
        'docker/site.conf': SITE,
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
    {
      title: 'another site on the other address',
      files: {
        'nginx.conf': NGINX,
        'ports.conf': conf`
          Listen 127.0.0.1:9000
          Listen 10.0.0.7:9000
        `,
        'site.conf': SITE.replace('*:9000', '127.0.0.1:9000') + SITE.replace('*:9000', '10.0.0.7:9000'),
      },
    },
    {
      title: 'a virtual host on another port too, which trusts no header',
      files: {
        'nginx.conf': NGINX,
        'ports.conf': conf`
          Listen 127.0.0.1:9000
          Listen 8080
        `,
        'site.conf': conf`
          <VirtualHost *:9000 *:8080>
              ServerName example.org
              DocumentRoot /srv/www
          </VirtualHost>
        `,
      },
    },
  ],
  *check(deployment) {
    const { connections, facts } = deployment
    const onPorts = groupBy(aims(deployment), ({ target }) => target.port)
    for (const listener of listenersOfKind(deployment, 'apache')) {
      const { port } = listener
      const { machine } = listener.program
      if (listener.loopback !== false || port === null || isInside(machine, port)) continue
      if (machine.container === null && isOfImage(deployment, listener, port)) continue
      const written = formatEndpoint(listener)
      if (facts.publicListeners.some(each => each === `${port}` || each === written)) continue
      // Another machine may have to get there.
      if (connections.to(listener).some(({ from }) => from.machine !== machine)) continue
      const onPort = (onPorts.get(port) ?? [])
        .filter(({ from }) => from === machine)
        .map(({ target }) => target)
      if (!onPort.every(isLoopbackTarget)) continue
      const reached = onPort.filter(({ to }) => to.kind === 'listener' && to.listener === listener)
      const [first] = reached
      const bypass =
        first === undefined ? bypassOf(deployment, listener) : bypassed(deployment, listener, first)
      if (bypass === null) continue
      const { target, trust } = bypass
      yield {
        at: listener.at,
        severity: trust === null ? 'warning' : 'error',
        confidence: first === undefined ? 'medium' : 'high',
        message: `Apache listens on port ${port} of ${describe(listener)}, though only nginx on this machine talks to it${first === undefined ? `, at ${target.written}` : ''}${trust === null ? '' : ', and it trusts the headers that nginx would set'}`,
        label: 'reachable past nginx',
        related: [
          { at: target.at, message: 'nginx connects here' },
          ...(trust === null ? [] : [{ at: trust, message: 'anyone may send this header' }]),
        ],
        help:
          first === undefined
            ? `Remove this line: nginx needs only \`Listen ${target.written}\``
            : `Write \`Listen ${target.written}\` in Apache; nginx stays as it is`,
        ...bindToLoopback(listener, reached),
      }
    }
  },
})

/** True for a port of a container that nobody publishes, which no client reaches. */
function isInside({ container }: Machine, port: number): boolean {
  if (container === null) return false
  return !container.service.ports.some(({ target }) => !target.known || holdsPort(target.value, port))
}

/** True for a line of an image that does not expose its port: whoever runs it publishes what it exposes. */
function isOfImage(deployment: Deployment, { at }: ApacheListener, port: number): boolean {
  return deployment.containers().some(container => {
    const exposes = container.image?.exposes ?? []
    const isExposed = exposes.some(each => !each.port.known || holdsPort(each.port.value, port))
    return container.isAlone && !isExposed && brings(container, at.source.path)
  })
}

/** Each target of nginx once, and the machine that connects to it. */
function aims({ connections }: Deployment): readonly { readonly from: Machine; readonly target: Target }[] {
  const seen = new Map<Target, Machine>()
  for (const { from, targets } of connections.http)
    for (const target of targets) if (!seen.has(target)) seen.set(target, from.machine)
  return [...seen].map(([target, from]) => ({ from, target }))
}

/** How a client gets to a site without nginx. */
interface Bypass {
  /** Where nginx connects to the site. */
  readonly target: Target
  /** A header that the site believes; null where it believes none. */
  readonly trust: Place | null
}

function bypassed(deployment: Deployment, { port, program }: ApacheListener, target: Target): Bypass {
  const hosts = deployment.virtualHosts.filter(
    ({ configuration, addresses }) =>
      configuration === program.configuration &&
      addresses.some(address => address.port === null || address.port === port),
  )
  return { target, trust: hosts.flatMap(host => deployment.trustsOf(host))[0]?.at ?? null }
}

/**
 * A socket that nginx does not connect to, where the site answers that it does connect to. On another port that may
 * be meant so, unless the site believes headers that nginx alone may set.
 */
function bypassOf(deployment: Deployment, listener: ApacheListener): Bypass | null {
  const sites = frontedHosts(deployment, listener).filter(({ targets }) => targets.every(isLoopbackTarget))
  let beside: Bypass | null = null
  for (const { targets, trust } of sites) {
    const [any] = targets
    const target = targets.find(({ port }) => port === listener.port) ?? any
    if (target === undefined) continue
    if (trust !== null) return { target, trust }
    if (target.port === listener.port) beside ??= { target, trust }
  }
  return beside
}

function isLoopbackTarget({ addresses, local }: Target): boolean {
  return (
    local === true &&
    addresses.every(address => isLoopback(address) !== false || (address.kind === 'ip' && address.wildcard))
  )
}

function describe({ address }: ApacheListener): string {
  return address.kind === 'ip' && address.wildcard ? 'every address' : formatEndpoint({ address, port: null })
}

/** Only where all connections go to one address, which the new line then covers. */
function bindToLoopback(listener: ApacheListener, reached: readonly Target[]) {
  const hosts = new Map(reached.map(({ address }) => [formatEndpoint({ address, port: null }), address]))
  const [only] = hosts
  if (only === undefined || hosts.size !== 1 || listener.others.length > 0) return {}
  const [host, address] = only
  const text = address.kind === 'ip' && isLoopback(address) === true ? `${host}:${listener.port}` : null
  return propose('Listen on loopback alone', 'unsafe', [
    text === null ? null : replacePlace(listener.at, text),
  ])
}
