import { givenVariables } from '../../parsers/compose/given-variables.ts'
import type { CaddyAddress, Caddyfile } from '../../parsers/caddy/caddyfile.ts'
import { readCaddyfile } from '../../parsers/caddy/read-caddyfile.ts'
import type { PublishedPort } from '../../parsers/compose/compose.ts'
import type { Place } from '../../parsers/text/source.ts'
import { caddyfilesOf, hasTls } from '../../src/deployment/caddy-fronts.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import { haproxyFronts } from '../../src/deployment/haproxy-fronts.ts'
import type { Connection, Deployment, Machine, Target } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxiedServer, tlsServer } from '../_examples.ts'
import { tlsInFront } from '../forwarded-headers/_tls-in-front.ts'

const WITH_NGINX = tlsServer(conf`
  location / {
      proxy_pass http://127.0.0.1:8085;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-Proto $scheme;
  }
`)

/** Caddy in a container, and what stands in front of it. */
const tree = (
  caddyfile: string,
  { front = WITH_NGINX, service = 'ports: ["127.0.0.1:8085:80"]' } = {},
): Record<string, string> => ({
  'etc/nginx/sites-enabled/shop.conf': front,
  'docker-compose.yml': conf`
    services:
      caddy:
        image: caddy:2
        volumes: ["./Caddyfile:/etc/caddy/Caddyfile:ro"]
        ${service}
  `,
  Caddyfile: caddyfile,
})

const site = (address: string, options = ''): string => conf`
  ${options}
  ${address} {
      reverse_proxy app:3000
  }
`

/** Caddy with labels for the proxy of another container. */
const labelled = (caddyfile: string, service: string): Record<string, string> => {
  const { Caddyfile = '', 'docker-compose.yml': compose = '' } = tree(caddyfile, { service })
  return { Caddyfile, 'docker-compose.yml': compose }
}

const TRAEFIK = conf`
  labels:
    - traefik.enable=true
    - traefik.http.routers.shop.rule=Host(\`example.org\`)
    - traefik.http.routers.shop.tls.certresolver=le
`

export default defineRule({
  summary: 'Caddy expects TLS from a proxy that connects to it in plain HTTP',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The address of a site that has a name and no `http://` makes Caddy serve the site with TLS, and redirect what comes to its port 80 to https, whatever `X-Forwarded-Proto` says. Behind a proxy that terminates TLS it gets plain HTTP alone: browsers are sent back to where they come from, until they stop with ERR_TOO_MANY_REDIRECTS. At a port that is part of the address it answers 400, Client sent an HTTP request to an HTTPS server.',
  remedy: 'Write `http://` before the address of the site, and name the proxy in `trusted_proxies`',
  references: [
    'https://caddyserver.com/docs/automatic-https#activation',
    'https://caddyserver.com/docs/caddyfile/concepts#addresses',
    'https://caddyserver.com/docs/caddyfile/options#trusted-proxies',
  ],
  unproven: 'The live tests have no Caddy; Caddy 2.6 redirects and refuses so',
  bad: [
    { title: 'nginx of the host in front', files: tree(site('«example.org»')) },
    { title: 'for any name', files: tree(site('«localhost»')) },
    {
      title: 'another port for plain HTTP',
      files: tree(site('«example.org»', '{\n    http_port 8080\n}'), {
        service: 'ports: ["127.0.0.1:8085:8080"]',
      }),
    },
    {
      title: 'beside a site of plain HTTP for another name',
      files: tree(
        conf`
          «example.org» {
              reverse_proxy app:3000
          }
          http://status.example.org {
              respond ok
          }
        `,
      ),
    },
    {
      title: 'a port of its own, that speaks TLS alone',
      files: tree(site('«example.org:8080»'), {
        front: proxiedServer('', '127.0.0.1:8085'),
        service: 'ports: ["127.0.0.1:8085:8080"]',
      }),
    },
    {
      title: 'the port for https',
      files: tree(site('«example.org»'), { service: 'ports: ["127.0.0.1:8085:443"]' }),
    },
    { title: 'Traefik in front', files: labelled(site('«example.org»'), TRAEFIK) },
    {
      title: 'nginx-proxy in front',
      files: labelled(
        site('«https://example.org»'),
        conf`
          environment:
            VIRTUAL_HOST: example.org
            LETSENCRYPT_HOST: example.org
        `,
      ),
    },
  ],
  good: [
    { title: 'plain HTTP for this name', files: tree(site('http://example.org')) },
    { title: 'plain HTTP for every name', files: tree(site(':80')) },
    { title: 'both', files: tree(site('http://example.org, https://example.org')) },
    { title: 'no automatic HTTPS', files: tree(site('example.org', '{\n    auto_https off\n}')) },
    {
      title: 'no redirects',
      files: tree(site('example.org', '{\n    auto_https disable_redirects\n}')),
    },
    {
      title: 'TLS to the port for https',
      files: tree(site('example.org'), {
        front: WITH_NGINX.replace('http://', 'https://'),
        service: 'ports: ["127.0.0.1:8085:443"]',
      }),
    },
    {
      title: 'plain HTTP from clients, who find the site by https elsewhere',
      files: tree(site('example.org'), { front: proxiedServer('', '127.0.0.1:8085') }),
    },
    {
      title: 'nginx that brings what an authority asks for',
      files: tree(site('example.org'), {
        front: WITH_NGINX.replace('location /', 'location /.well-known/acme-challenge/'),
      }),
    },
    { title: 'an address that a variable has', files: tree(site('{$SITE}')) },
    {
      title: 'an address that the compose file has',
      files: tree(site('{$SITE:example.org}'), {
        service: conf`
          ports: ["127.0.0.1:8085:80"]
          environment:
            SITE: http://example.org
        `,
      }),
    },
    { title: 'sites of other files', files: tree(site('example.org', 'import sites/*')) },
    { title: 'Traefik before plain HTTP', files: labelled(site('http://example.org'), TRAEFIK) },
    {
      title: 'Traefik that speaks TLS to it',
      files: labelled(
        site('example.org'),
        conf`
          labels:
            - traefik.http.routers.shop.rule=Host(\`example.org\`)
            - traefik.http.routers.shop.tls.certresolver=le
            - traefik.http.services.shop.loadbalancer.server.port=443
            - traefik.http.services.shop.loadbalancer.server.scheme=https
        `,
      ),
    },
  ],
  *check(deployment) {
    for (const machine of deployment.machines) {
      const [source] = caddyfilesOf(machine)
      const file = source === undefined ? null : readCaddyfile(source)
      if (file === null || !file.complete) continue
      for (const arrival of arrivalsAt(deployment, machine)) {
        const refused = refusedAt(file, machine, arrival)
        const address = refused ?? redirectedAt(file, machine, arrival)
        if (address === null) continue
        const isLoop = refused === null
        const { by, port, at } = arrival
        yield {
          at: address.at,
          message: isLoop
            ? `Caddy redirects plain HTTP to https, and ${by}, which terminates TLS, sends it nothing else: ERR_TOO_MANY_REDIRECTS`
            : `Caddy speaks TLS on port ${port}, and ${by} connects to it in plain HTTP: 400 Client sent an HTTP request to an HTTPS server`,
          label: isLoop ? 'with automatic HTTPS' : 'with TLS',
          related: [{ at, message: 'plain HTTP from here' }],
          ...(isLoop || address.port !== null
            ? address.host === null
              ? {}
              : propose('Serve it in plain HTTP', 'unsafe', [
                  replacePlace(address.at, `http://${address.text.replace(/^https:\/\//, '')}`),
                ])
            : { help: 'Connect with `https://`, or serve the site at `http://…` and connect to port 80' }),
        }
      }
    }
  },
})

/** A way by which requests in plain HTTP come to Caddy. */
interface Arrival {
  /** The port of Caddy. */
  readonly port: number
  /** The names by which clients ask; null where nobody knows. */
  readonly names: readonly string[] | null
  /** True where clients speak TLS with the proxy. */
  readonly tls: boolean
  readonly by: string
  readonly at: Place
}

function* arrivalsAt(deployment: Deployment, machine: Machine): Iterable<Arrival> {
  for (const connection of deployment.connections.all) {
    const target = connection.targets.find(each => each.machine === machine)
    if (target === undefined || !connection.protocol.known || connection.protocol.value !== 'http') continue
    const port = portOfCaddy(target, connection, machine)
    const { server, tls, names, hasNamesAlone, host, paths, url } = frontLine(connection)
    if (port === null || paths?.taken.startsWith('/.well-known/') === true) continue
    yield { port, names: hasNamesAlone && host === 'client' ? names : null, tls, by: server, at: url }
  }
  const { container } = machine
  if (container === null) return
  for (const { server } of haproxyFronts(deployment)) {
    const port = server.port === null ? null : publishedAs(container.service.ports, server.port)
    if (port !== null) yield { port, names: null, tls: true, by: 'HAProxy', at: server.at }
  }
  const front = tlsInFront(deployment, machine)
  const port = front === null ? null : portOfLabels(machine)
  if (front !== null && port !== null && front.proxy !== 'Caddy')
    yield { port, names: null, tls: true, by: front.proxy, at: front.at }
}

/** Where a connection arrives; on one machine another server may have the usual port of plain HTTP. */
function portOfCaddy(target: Target, { from }: Connection, { container }: Machine): number | null {
  if (target.to.kind === 'listener' || target.port === null) return null
  if (container === null) return target.machine === from.machine && target.port !== 80 ? target.port : null
  return target.local === true ? publishedAs(container.service.ports, target.port) : target.port
}

/** The port of the container behind one of the host. */
function publishedAs(ports: readonly PublishedPort[], port: number): number | null {
  for (const { published, target, protocol } of ports) {
    if (published?.known !== true || !target.known || (protocol.known && protocol.value !== 'tcp')) continue
    const offset = port - published.value.first
    if (offset >= 0 && port <= published.value.last) return target.value.first + offset
  }
  return null
}

/** The port to which Traefik or nginx-proxy connects: of those that the image has, the lowest; null where it speaks TLS. */
function portOfLabels({ container }: Machine): number | null {
  const { labels = [], complete = false } = container?.service ?? {}
  const told = [
    ...labels.filter(({ name }) => /\.loadbalancer\.server\.(?:port|scheme)$/i.test(name)),
    ...givenVariables(container?.service).filter(({ name }) => /^VIRTUAL_(?:PORT|PROTO)$/.test(name)),
  ]
  if (!complete || told.length > 1) return null
  const [only] = told
  if (only === undefined) return 80
  return only.value?.known === true && /^\d+$/.test(only.value.value) ? Number(only.value.value) : null
}

/** The address of a site that is served with TLS at the very port. */
function refusedAt(file: Caddyfile, { container }: Machine, { port }: Arrival): CaddyAddress | null {
  const addresses = file.sites.flatMap(each => each.addresses)
  const own = addresses.filter(each => (each.port ?? (each.host === null ? null : file.httpsPort)) === port)
  const [first] = own
  return first !== undefined && own.every(each => each.host !== '' && hasTls(each, container)) ? first : null
}

/** The address of a site that is served with TLS, where Caddy redirects what comes in plain HTTP. */
function redirectedAt(
  file: Caddyfile,
  { container }: Machine,
  { port, tls, names }: Arrival,
): CaddyAddress | null {
  if (!tls || !file.redirects || port !== file.httpPort) return null
  const addresses = file.sites.flatMap(each => each.addresses)
  const secure = addresses.filter(each => each.host !== '' && hasTls(each, container))
  const meant = secure.find(({ host }) => names?.some(name => isHostFor(host, name)) === true)
  const others = addresses.filter(each => !secure.includes(each))
  // A site of plain HTTP takes what comes for its name.
  if (others.length === 0) return meant ?? secure[0] ?? null
  const isTaken = others.some(
    ({ host, tls: hasOwn }) =>
      hasOwn !== false || host === null || host === '' || names?.some(name => isHostFor(host, name)) === true,
  )
  return isTaken ? null : (meant ?? null)
}

function isHostFor(host: string | null, name: string): boolean {
  return host === name || (host?.startsWith('*.') === true && name.endsWith(host.slice(1)))
}
