import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment, NginxConnection, NginxServer, SentHeader } from '../../src/deployment/model.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { portComparedBehind } from './_port-compared.ts'
import type { PublishedPort } from '../../parsers/compose/compose.ts'
import type { Place } from '../../parsers/text/source.ts'

const site = (listen: string, host: string, more = ''): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host ${host};
          ${more}
      }
  }
`
const TLS = conf`
  ssl_certificate /srv/tls/a.pem;
  ssl_certificate_key /srv/tls/a.key;
`
const compose = (ports: string): string => conf`
  services:
    app:
      image: example/app
    nginx:
      image: nginx:1.27
      ports: ["${ports}"]
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
`

const django = (host: string, origins = ''): Record<string, string> => {
  const files = djangoBehindNginx({
    settings: conf`
      MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
      ${origins}
    `,
    headers: `proxy_set_header Host ${host};`,
  })
  return {
    ...files,
    'web/requirements.txt': 'Django==5.2.1\n',
    'docker-compose.yml': (files['docker-compose.yml'] ?? '').replace(
      'image: nginx:1.27\n',
      'image: nginx:1.27\n    ports: ["1337:80"]\n',
    ),
  }
}

export default defineRule({
  summary: 'The backend is not told the port that clients use',
  severity: 'info',
  otherSeverities: {
    warning:
      'where nginx terminates TLS on that port itself, where it sends the port of its container in place of it, where clients of MinIO sign the name with the port, and where Django or Rails behind it compares the `Origin` of a form with the name',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: '`$host` has no port. Where clients come by another port than 80 or 443, redirects and links of the application leave it out, and applications that compare the `Origin` of a form with the Host that they see (Django, Rails) refuse it. `$server_port` is the port on which nginx listens, which in a container is not the one that clients use.',
  remedy: 'Send `Host $http_host`, which has the port as the client wrote it',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#var_host',
    'https://docs.djangoproject.com/en/stable/ref/csrf/#how-it-works',
  ],
  bad: [
    { title: 'plain HTTP on another port', files: { 'site.conf': site('82', '«$host»') } },
    { title: 'TLS on another port', files: { 'site.conf': site('4433 ssl', '«$host»', TLS) } },
    {
      title: 'another port of the host, in front of the container',
      files: {
        'docker-compose.yml': compose('8091:80'),
        'site.conf': site('80', '«$host»').replace('127.0.0.1', 'app'),
      },
    },
    {
      title: 'MinIO, whose clients sign the port',
      files: {
        'docker-compose.yml': compose('9000:9000').replace('example/app', 'minio/minio'),
        'site.conf': site('9000', '«$host»').replace('127.0.0.1', 'app'),
      },
    },
    { title: 'Django, which compares the origin of a form', files: django('«$host»') },
    {
      title: 'Rails, which does so too',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          site('8080', '«$host»', 'proxy_set_header X-Forwarded-Proto $scheme;')
            .replace('127.0.0.1:9000', 'unix:/srv/crm/shared/puma.sock')
            .replace('server_name', 'root /srv/crm/current/public;\n    server_name'),
        ),
        'srv/crm/current/config/application.rb': conf`
          module Crm
            class Application < Rails::Application
              config.load_defaults 7.1
            end
          end
        `,
      },
    },
    {
      title: 'Django that trusts an origin, by which clients may come',
      files: django('«$host»', 'CSRF_TRUSTED_ORIGINS = ["https://example.org"]'),
    },
    {
      title: 'the port of the container',
      files: {
        'docker-compose.yml': compose('8091:80'),
        'site.conf': site('80', '«$host:$server_port»').replace('127.0.0.1', 'app'),
      },
    },
    {
      title: 'the header that the application reads in its place',
      files: {
        'site.conf': site('8443 ssl', '$http_host', `${TLS}\nproxy_set_header X-Forwarded-Host «$host»;`),
      },
    },
  ],
  good: [
    { title: 'Django is told the port', files: django('$http_host') },
    { title: 'the Host as it was written', files: { 'site.conf': site('82', '$http_host') } },
    { title: 'the port beside it', files: { 'site.conf': site('82', '$host:$server_port') } },
    {
      title: 'a header for the port',
      files: { 'site.conf': site('82', '$host', 'proxy_set_header X-Forwarded-Port $server_port;') },
    },
    { title: 'the usual port', files: { 'site.conf': site('80', '$host') } },
    { title: 'both', files: { 'site.conf': site('80;\n    listen 8080', '$host') } },
    {
      title: 'a proxy in front, which says what the client used',
      files: {
        'site.conf': site('8080', '$host', 'proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;'),
      },
    },
    {
      title: 'loopback, where a proxy of this machine is in front',
      files: { 'site.conf': site('127.0.0.1:8080', '$host') },
    },
    {
      title: 'the usual port of the host',
      files: {
        'docker-compose.yml': compose('80:8080'),
        'site.conf': site('8080', '$host').replace('127.0.0.1', 'app'),
      },
    },
    {
      title: 'the port of the container, which is that of the host',
      files: {
        'docker-compose.yml': compose('8091:8091'),
        'site.conf': site('8091', '$host:$server_port').replace('127.0.0.1', 'app'),
      },
    },
    {
      title: 'the port of an image, which is run by a file that names it alone',
      files: {
        'site.conf': site('8080', '$host'),
        Dockerfile: 'FROM nginx:1.27\nCOPY site.conf /etc/nginx/templates/shop.conf\n',
      },
    },
    {
      title: 'the port of an image with a main file, which compose runs by its name',
      files: {
        'image/nginx.conf': nginxMain('include /etc/nginx/conf.d/*.conf;'),
        'image/default.conf': site('8443 ssl', '$host', TLS),
        'image/Dockerfile': conf`
          FROM nginx:1.27
          COPY nginx.conf /etc/nginx/
          COPY default.conf /etc/nginx/conf.d/
        `,
        'docker-compose.yml': conf`
          services:
            shop:
              image: example/nginx:1.27
              ports: ["443:8443"]
        `,
      },
    },
    {
      title: 'the port of a template',
      files: { 'site.conf.j2': site('8008', '$host').replace('example.org', '{{ name }}') },
    },
    {
      title: 'a port that is published on loopback',
      files: {
        'docker-compose.yml': compose('127.0.0.1:8091:80'),
        'site.conf': site('80', '$host').replace('127.0.0.1', 'app'),
      },
    },
  ],
  *check(deployment) {
    const { connections, programOf } = deployment
    for (const connection of connections.http) {
      const lost = lostPort(connection)
      if (lost === null) continue
      const { server } = connection
      const port = outerPort(server, programOf(server.configuration).machine.container?.service.ports ?? null)
      if (port === null || hasOuterProxy(connection)) continue
      const inner = lost.value.endsWith('$server_port') ? (server.listens[0]?.port ?? null) : null
      if (lost.value.endsWith('$server_port') && (inner === null || inner === port.number)) continue
      const at = argumentPlace(lost.directive, 1)
      const compared = portComparedBehind(deployment, connection, lost)
      const isHarmful = isEdge(server) || inner !== null || isSigned(connection) || compared !== null
      if (!isHarmful && mayBePublishedOtherwise(server, deployment)) continue
      const told = inner === null ? 'a name without it' : `\`:${inner}\``
      const what = `\`${lost.directive.args[0]?.value} ${lost.value}\` tells ${compared?.name ?? 'the backend'} ${told}`
      yield {
        at,
        severity: isHarmful ? ('warning' as const) : ('info' as const),
        message: `clients come by port ${port.number}, and ${what}${isSigned(connection) ? ', which is not what clients of MinIO signed: SignatureDoesNotMatch' : ''}${compared === null ? '' : `, so it ${compared.says}`}`,
        label: inner === null ? 'no port' : 'the port of the container',
        related: [{ at: port.at, message: 'this port' }, ...(compared?.related ?? [])],
        ...propose('Send the Host as the client wrote it', 'unsafe', [replacePlace(at, '$http_host')]),
      }
    }
  },
})

/** The header that the application takes its name from, where it has no port: `X-Forwarded-Host` wins where it is sent. */
function lostPort({ headers }: NginxConnection): SentHeader | null {
  const { written } = headers
  if (written.some(({ name, state }) => name === 'x-forwarded-port' && state !== 'cleared')) return null
  const forwarded = written.findLast(({ name }) => name === 'x-forwarded-host')
  const header = forwarded ?? written.findLast(({ name }) => name === 'host')
  return header !== undefined && /^\$(?:host|\{host\}|server_name)(?::\$server_port)?$/.test(header.value)
    ? header
    : null
}

/** True for lines that an image or an installer puts behind a port that nobody sees here. */
function mayBePublishedOtherwise({ configuration, directive }: NginxServer, deployment: Deployment): boolean {
  const { container } = deployment.programOf(configuration).machine
  if (container !== null) return container.isAlone
  // A directory of the repository stands for `/etc/nginx` where it holds a main file: its sites keep their own paths.
  const { source } = directive
  return !source.path.startsWith('/etc/') && (source.template || deployment.containers().length > 0)
}

/** True for an installed nginx that terminates TLS, with no sign of another port in front of it. */
function isEdge({ tls, configuration, listens }: NginxServer): boolean {
  const isInstalled = configuration.main?.path.startsWith('/etc/') === true
  return tls && isInstalled && listens.every(({ port }) => port !== 8443)
}

/** True where clients sign the name that they ask for, with its port. */
function isSigned({ targets }: NginxConnection): boolean {
  return targets.some(
    ({ machine, port }) =>
      port === 9000 && /^(?:quay\.io\/|bitnami\/)?minio(?:\/minio)?$/.test(machine?.container?.base ?? ''),
  )
}

interface OuterPort {
  readonly number: number
  readonly at: Place
}

/** The one port by which clients come, where that is not the usual one of its scheme. */
function outerPort(server: NginxServer, published: readonly PublishedPort[] | null): OuterPort | null {
  if (server.listens.length === 0) return null
  let found: OuterPort | null = null
  for (const { port, tls, loopback, at } of server.listens) {
    if (port === null || loopback !== false) return null
    const outer = published === null ? { number: port, at } : publishedAs(port, published)
    if (outer === null || outer.number === (tls ? 443 : 80)) return null
    if (found !== null && found.number !== outer.number) return null
    found = outer
  }
  return found
}

/** Null where it is not published to the network, or as several ports. */
function publishedAs(port: number, published: readonly PublishedPort[]): OuterPort | null {
  const own = published.filter(({ target }) => target.known && holdsPort(target.value, port))
  const [only] = own
  if (only === undefined || own.length > 1 || only.published?.known !== true || only.hostIp !== null)
    return null
  const { first, last } = only.published.value
  return first === last ? { number: first, at: only.at } : null
}

/** True where something in front of nginx is asked what the client used. */
function hasOuterProxy({ server, headers }: NginxConnection): boolean {
  const { occurrences } = server.configuration
  if (occurrences.has('set_real_ip_from') || occurrences.has('real_ip_header')) return true
  if (server.listens.some(({ proxyProtocol }) => proxyProtocol)) return true
  return (
    headers.written.some(({ value }) => /\$\{?http_(?:x_forwarded|cf_|x_real)/.test(value)) ||
    (occurrences.get('map') ?? []).some(({ args }) => /http_x_forwarded/.test(args[0]?.value ?? ''))
  )
}
