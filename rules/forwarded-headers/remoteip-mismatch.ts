import { argumentPlace as nginxArgumentPlace } from '../../src/deployment/places.ts'
import type { ApacheHost, Deployment, NginxConnection, ReachedHost } from '../../src/deployment/model.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { isInNetwork } from '../../src/servers/apache/queries/client-address.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain, nginxMain } from '../_examples.ts'
import { loopbackWay } from './_loopback-way.ts'
import { NGINX_BEFORE_APACHE } from './_examples.ts'

const REPEATING = nginxMain(conf`
  server {
      listen 80;
      listen 443 ssl;
      server_name example.org;
      ssl_certificate /etc/ssl/example.org.pem;
      ssl_certificate_key /etc/ssl/example.org.key;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For «$http_x_forwarded_for»;
      }
  }
`)

const files = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:9000
      LogFormat "%a %r" client
      CustomLog /var/log/apache2/access.log client
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['remoteip'],
  ),
})

const composed = (proxies: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        ports: ["80:80"]
        volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
      apache:
        image: httpd:2.4
        volumes: ["./httpd.conf:/usr/local/apache2/conf/httpd.conf:ro"]
  `,
  'nginx.conf': conf`
    server {
        listen 80;
        server_name example.org;
        location / {
            resolver 127.0.0.11;
            set $apache http://apache:80;
            proxy_pass $apache;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
        }
    }
  `,
  'httpd.conf': apacheMain(
    conf`
      Listen 80
      RemoteIPHeader X-Forwarded-For
      RemoteIPInternalProxy ${proxies}
      LogFormat "%a %r" client
      CustomLog /proc/self/fd/1 client
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /usr/local/apache2/htdocs
      </VirtualHost>
    `,
    ['remoteip'],
  ),
})

export default defineRule({
  summary: 'mod_remoteip does not take the client’s address from what nginx sends',
  severity: 'warning',
  otherSeverities: {
    error: 'where Apache waits for the PROXY protocol and answers every request with 400',
    info: 'where nginx repeats the header of the client in plain HTTP alone, so that a proxy may stand before it',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Logs, `Require ip` and the application see 127.0.0.1 for every client: mod_remoteip believes the proxies of its list alone, and reads the one header that it is told of. A header that nginx does not write, or writes as it came, is of the client’s own making.',
  remedy:
    'Write `RemoteIPHeader X-Forwarded-For` and `RemoteIPInternalProxy 127.0.0.1`, as nginx connects and sends',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html'],
  bad: [
    {
      title: 'another proxy is trusted',
      files: files(conf`
        RemoteIPHeader X-Forwarded-For
        RemoteIPInternalProxy «203.0.113.9»
      `),
    },
    {
      title: 'another header is read',
      files: files(conf`
        RemoteIPHeader «X-Real-IP»
        RemoteIPInternalProxy 127.0.0.1
      `),
    },
    {
      title: 'the header of the client, as it came',
      files: {
        ...files(conf`
          RemoteIPHeader X-Forwarded-For
          RemoteIPInternalProxy 127.0.0.1
        `),
        'etc/nginx/nginx.conf': REPEATING,
      },
    },
    { title: 'nginx in another container', files: composed('«127.0.0.1»') },
    { title: 'the PROXY protocol, which nginx does not speak', files: files('RemoteIPProxyProtocol «On»') },
  ],
  good: [
    {
      title: 'the proxy and the header of nginx',
      files: files(conf`
        RemoteIPHeader X-Forwarded-For
        RemoteIPInternalProxy 10.0.0.0/8 127.0.0.0/8
      `),
    },
    { title: 'the network of nginx in another container', files: composed('172.28.5.0/24') },
    {
      title: 'a list in a file',
      files: files(conf`
        RemoteIPHeader X-Forwarded-For
        RemoteIPInternalProxy 10.0.0.1
        RemoteIPInternalProxyList conf/proxies.txt
      `),
    },
    {
      title: 'a header that the proxy before nginx writes',
      files: files(conf`
        RemoteIPHeader CF-Connecting-IP
        RemoteIPTrustedProxy 127.0.0.1
      `),
    },
  ],
  *check(deployment) {
    if (!deployment.apache.some(({ occurrences }) => NAMES.some(name => occurrences.has(name)))) return
    for (const host of deployment.apacheHosts) {
      const held = NAMES.filter(name => linesOf(host, name).length > 0)
      if (held.length === 0) continue
      const connection = loopbackWay(deployment, host)
      if (connection === null) {
        yield* ofContainers(deployment, host)
        continue
      }
      const related = [{ at: nginxArgumentPlace(connection.pass, 0), message: 'nginx connects here' }]
      const protocol = linesOf(host, 'remoteipproxyprotocol').at(-1)
      if (protocol?.args[0]?.value.toLowerCase() === 'on' && !isExcepted(host))
        yield {
          at: argumentPlace(protocol, 0),
          severity: 'error' as const,
          message: 'Apache waits for the PROXY protocol, which `proxy_pass` does not speak, and answers 400',
          related,
        }
      const header = linesOf(host, 'remoteipheader').at(-1)
      if (header === undefined) continue
      const list = listWithoutLoopback(host)
      if (list !== null)
        yield {
          at: argumentPlace(list, 0),
          message: 'nginx connects from 127.0.0.1, which is no proxy of this list, so its header is not read',
          related,
          ...propose('Trust nginx', 'unsafe', [
            list.args.length === 1 ? replacePlace(argumentPlace(list, 0), '127.0.0.1') : null,
          ]),
        }
      else yield* repeated(deployment, connection, header.args[0]?.value ?? '')
      if (list === null && isUnsent(connection, header.args[0]?.value ?? ''))
        yield {
          at: argumentPlace(header, 0),
          message: `nginx sends no \`${header.args[0]?.value}\`, so every client is 127.0.0.1, or who it says it is`,
          related,
        }
    }
  },
})

/** Of nginx in another container, whose address is none of loopback. */
function* ofContainers(deployment: Deployment, host: ApacheHost): Iterable<RuleFinding> {
  const reached = deployment.connections.reaching(host)
  const [first] = reached
  const own = deployment.programOf(host.configuration).machine
  const isElsewhere = ({ certain, connection: { from } }: ReachedHost): boolean =>
    certain && from.machine.container !== null && from.machine !== own
  if (first === undefined || own.container === null || !reached.every(isElsewhere)) return
  const list = onlyList(host, value => /^(?:127\.[\d./]+|::1(?:\/\d+)?|localhost)$/i.test(value))
  if (list === null || linesOf(host, 'remoteipheader').length === 0) return
  yield {
    at: argumentPlace(list, 0),
    message:
      'nginx is in another container and connects from the address that it has on their network, which is no proxy of this list: its header is not read',
    related: [{ at: nginxArgumentPlace(first.connection.pass, 0), message: 'nginx connects here' }],
    help: 'Name the network of the containers, such as `RemoteIPInternalProxy 172.16.0.0/12`',
  }
}

const LISTS = ['remoteipinternalproxy', 'remoteiptrustedproxy']
const NAMES = ['remoteipproxyprotocol', 'remoteipheader']

/** The lines of a virtual host and of the main server. */
function linesOf({ configuration, directive }: ApacheHost, name: string): readonly ApacheDirective[] {
  const byHost = directivesByHost(configuration, name)
  return [...(byHost.get(null) ?? []), ...(byHost.get(directive) ?? [])]
}

function isExcepted({ configuration: { occurrences } }: ApacheHost): boolean {
  return occurrences.has('remoteipproxyprotocolexceptions')
}

/** The one list of proxies, where loopback is surely none of them. */
function listWithoutLoopback(host: ApacheHost): ApacheDirective | null {
  return onlyList(host, value => isSettled(value) && isInNetwork('127.0.0.1', value) === false)
}

/** The one list of proxies, where all that is in it is of a kind. */
function onlyList(host: ApacheHost, isOfKind: (value: string) => boolean): ApacheDirective | null {
  const { configuration } = host
  const { executed = [] } = configuration
  const isList = (name: string): boolean => /^remoteip(?:internal|trusted)proxylist$/i.test(name)
  if (!isWhole(configuration) || executed.some(({ name }) => isList(name))) return null
  if ([...configuration.occurrences.keys()].some(isList)) return null
  const lines = LISTS.flatMap(name => linesOf(host, name))
  const [first] = lines
  const isOne = lines.every(({ args }) => args.every(({ value }) => isOfKind(value)))
  return first !== undefined && isOne ? first : null
}

/** A header that nginx passes on as the client sent it, where clients connect to nginx itself. */
function* repeated(deployment: Deployment, connection: NginxConnection, header: string) {
  const { server, headers } = connection
  const name = header.toLowerCase()
  const written = headers.written.find(each => each.name === name)
  if (written?.state !== 'passed' || !takesClients(deployment, server)) return
  yield {
    at: nginxArgumentPlace(written.directive, 1),
    ...(!server.tls && { severity: 'info' as const }),
    message: `nginx repeats what the client says of its address, and mod_remoteip believes \`${header}\``,
    related: [{ at: nginxArgumentPlace(connection.pass, 0), message: 'nginx connects here' }],
    ...propose('Say what nginx saw', 'unsafe', [
      replacePlace(nginxArgumentPlace(written.directive, 1), '$remote_addr'),
    ]),
  }
}

/** True where no line of nginx writes the header, and it is one that proxies in front of nginx do not have of their own. */
function isUnsent({ headers: { written, open } }: NginxConnection, header: string): boolean {
  const name = header.toLowerCase()
  return (
    !open && /^x-(?:forwarded-for|real-ip|client-ip)$/.test(name) && !written.some(each => each.name === name)
  )
}
