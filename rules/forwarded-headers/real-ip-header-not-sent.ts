import { memo, memoByKey } from '../../parsers/collections/memo.ts'
import type { Connection, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { realIpSources } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import { type IpNetwork, networkCovers, parseNetwork } from '../../src/servers/addresses/ip.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { hasUnreadInclude, mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { socketsOf } from '../../src/servers/nginx/queries/select-server.ts'
import { bringsLines } from '../../src/servers/nginx/template-problems.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const behindApache = (lines: string, headers = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 127.0.0.1:8081;
        server_name example.org;
        ${lines}
        real_ip_recursive on;
        return 200 $remote_addr;
    }
  `),
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPreserveHost On
          ${headers}
          ProxyPass / http://127.0.0.1:8081/
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'headers'],
  ),
})
const behindCloudflare = (header: string): Record<string, string> => ({
  'nginx.conf': conf`
    set_real_ip_from 173.245.48.0/20;
    set_real_ip_from 103.21.244.0/22;
    set_real_ip_from 2400:cb00::/32;
    ${header}
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
    }
  `,
})
const behindBalancer = (listen: string, header: string): string =>
  nginxMain(conf`
    server {
        ${listen}
        server_name example.org;
        set_real_ip_from 127.0.0.1;
        real_ip_header ${header};
        return 200 $remote_addr;
    }
  `)

export default defineRule({
  summary: 'nginx takes the address of clients from a header that the proxy in front does not send',
  severity: 'warning',
  otherSeverities: { info: 'for a list of addresses alone, beside which another file may name the header' },
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [348],
  since: '0.1.0',
  why: 'Without the header nginx keeps the address of the connection: in logs, limits and `allow` every client is the proxy. A client that sends the header itself chooses its address, for the proxy passes it on. Apache sends `X-Forwarded-For`, Cloudflare `CF-Connecting-IP` and `X-Forwarded-For`; `X-Real-IP` is what nginx sends where somebody wrote it.',
  remedy: 'Name the header that the proxy sends: `real_ip_header X-Forwarded-For;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_realip_module.html#real_ip_header',
    'https://developers.cloudflare.com/fundamentals/reference/http-headers/',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#x-headers',
  ],
  bad: [
    {
      title: 'behind Apache',
      files: behindApache(conf`
        set_real_ip_from 127.0.0.1;
        real_ip_header «X-Real-IP»;
      `),
    },
    { title: 'behind Cloudflare', files: behindCloudflare('real_ip_header «X-Real-IP»;') },
    {
      title: 'the header that nginx takes by itself',
      files: behindApache('set_real_ip_from «127.0.0.1»;'),
    },
    {
      title: 'a load balancer that a comment names',
      files: {
        'realip.conf': conf`
          # the ALB is in these subnets
          set_real_ip_from «10.20.0.0/16»;
          real_ip_recursive on;
        `,
      },
    },
    {
      title: 'a load balancer, in a template beside that of the site',
      files: {
        'templates/realip.conf.j2': conf`
          # {{ ansible_managed }}
          # the ELB of the shop
          set_real_ip_from «{{ vpc_cidr }}»;
        `,
        'templates/site.conf.j2': conf`
          server {
              listen 80;
              server_name {{ site_name }};
              {% for net in office %}
              allow {{ net }};
              {% endfor %}
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'a list of addresses of Cloudflare alone',
      files: {
        'cloudflare.conf': conf`
          # Cloudflare
          set_real_ip_from «173.245.48.0/20»;
          set_real_ip_from 2400:cb00::/32;
        `,
      },
    },
    {
      title: 'the PROXY protocol, which no socket reads',
      files: { 'etc/nginx/nginx.conf': behindBalancer('listen 80;', '«proxy_protocol»') },
    },
  ],
  good: [
    {
      title: 'a list of addresses of Cloudflare, with the header',
      files: {
        'cloudflare.conf': conf`
          set_real_ip_from 173.245.48.0/20;
          set_real_ip_from 2400:cb00::/32;
          real_ip_header CF-Connecting-IP;
        `,
      },
    },
    {
      title: 'a list of addresses of Cloudflare, and the header where it is included',
      files: {
        'cloudflare.conf': 'set_real_ip_from 173.245.48.0/20;\n',
        'site.conf': conf`
          server {
              listen 80;
              include cloudflare.conf;
              real_ip_header CF-Connecting-IP;
          }
        `,
      },
    },
    {
      title: 'a load balancer, and the header in another file',
      files: {
        'realip.conf': conf`
          # the ALB is in these subnets
          set_real_ip_from 10.20.0.0/16;
        `,
        'site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              real_ip_header X-Forwarded-For;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'a proxy of which nobody says what it is',
      files: {
        'realip.conf': conf`
          # the proxy of the data centre
          set_real_ip_from 10.20.0.0/16;
        `,
      },
    },
    {
      title: 'what Apache sends',
      files: behindApache(conf`
        set_real_ip_from 127.0.0.1;
        real_ip_header X-Forwarded-For;
      `),
    },
    {
      title: 'a header that somebody wrote',
      files: behindApache(
        conf`
          set_real_ip_from 127.0.0.1;
          real_ip_header X-Real-IP;
        `,
        'RequestHeader set X-Real-IP expr=%{REMOTE_ADDR}',
      ),
    },
    {
      title: 'a socket that reads the PROXY protocol',
      files: { 'etc/nginx/nginx.conf': behindBalancer('listen 80 proxy_protocol;', 'proxy_protocol') },
    },
    {
      title: 'the PROXY protocol, which the socket of another server is told to read',
      files: {
        'etc/nginx/nginx.conf': behindBalancer('listen 80;', 'proxy_protocol').replace(
          '    server {',
          '    server {\n        listen 80 proxy_protocol;\n        server_name example.net;\n    }\n    server {',
        ),
      },
    },
    { title: 'what Cloudflare sends', files: behindCloudflare('real_ip_header CF-Connecting-IP;') },
    {
      title: 'other proxies, too',
      files: {
        'nginx.conf': conf`
          set_real_ip_from 173.245.48.0/20;
          set_real_ip_from 10.0.0.5;
          real_ip_header X-Real-IP;
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
          }
        `,
      },
    },
  ],
  *check(deployment) {
    if (!deployment.nginx.some(({ occurrences }) => occurrences.has('set_real_ip_from'))) return
    const fronts = frontsBySocket(deployment)
    for (const server of deployment.servers) {
      const [source, ...more] = realIpSources(server)
      if (source === undefined) continue
      const found = effective(server.configuration, server.directive, 'real_ip_header')
      if (!found.known || !found.value.complete) continue
      const [line] = found.value.directives
      const header = line?.args[0]?.value ?? 'X-Real-IP'
      const front = frontThatLacks(
        [source, ...more].map(({ args }) => args[0]?.value ?? ''),
        server,
        header,
        fronts,
      )
      if (front === null) continue
      yield {
        at: argumentPlace(line ?? source, 0),
        message: `\`${header}\`${line === undefined ? ', which nginx reads by itself,' : ''} is not sent by ${front}, so every client has the address of the proxy, or the one that it sends itself`,
        label: 'a header that the proxy does not send',
      }
    }
    yield* protocolsUnread(deployment)
    yield* behindBalancers(deployment)
  },
})

/**
 * Lines for a balancer of a cloud, none of which sends `X-Real-IP`, where no line of the audit names another header.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
 */
function* behindBalancers({ nginx }: Deployment): Generator<RuleFinding> {
  if (nginx.some(({ occurrences }) => occurrences.has('real_ip_header'))) return
  for (const configuration of nginx) {
    const [line] = configuration.occurrences.get('set_real_ip_from') ?? []
    if (line === undefined || mayNameHeader(configuration, line)) continue
    const balancer = balancerAround(line)
    const front = balancer ?? listedFront(configuration)
    if (front === null) continue
    yield {
      at: argumentPlace(line, 0),
      // A list of addresses alone is included somewhere, and whoever does so may name the header there.
      ...(balancer === null && { severity: 'info' as const }),
      ...(configuration.main === null && { confidence: 'medium' as const }),
      message: `\`X-Real-IP\`, which nginx reads without \`real_ip_header\`, is not sent by ${front}, so every client has the address of the proxy, or the one that it sends itself`,
      label: 'a header that the proxy does not send',
      help: 'Add `real_ip_header X-Forwarded-For;`',
    }
  }
}

/** The service whose addresses a file lists that no main file includes: those of a server are asked about before. */
function listedFront({ main, occurrences }: NginxConfiguration): string | null {
  const lines = occurrences.get('set_real_ip_from') ?? []
  return main === null &&
    !occurrences.has('server') &&
    lines.every(({ args }) => isCloudflare(args[0]?.value ?? ''))
    ? 'Cloudflare'
    : null
}

/** A template that brings no lines of elsewhere holds what it shows. */
function mayNameHeader(configuration: NginxConfiguration, { source }: NginxDirective): boolean {
  if (configuration.main !== null) return mayHoldUnread(configuration)
  return bringsLines(source) || (configuration.unread ?? []).length > 0
}

const BALANCERS: readonly (readonly [RegExp, string])[] = [
  [
    /(?:^|[^A-Za-z])(?:ALB|ELB|AWS|alb|elb|aws)(?![A-Za-z])|elastic load balanc|application load balanc/i,
    'a load balancer of AWS',
  ],
  [/\bcloudfront\b/i, 'CloudFront'],
  [
    /(?:^|[^A-Za-z])(?:GCLB|GCP|gclb|gcp)(?![A-Za-z])|\bgoogle(?:'s)? (?:cloud )?(?:http\(?s?\)? )?load balanc/i,
    'a load balancer of Google',
  ],
  [/\bazure (?:application gateway|front ?door)\b|\bapplication gateway\b/i, 'Azure'],
]

/** The balancer that the words of a line, or of the comments right above it, name. */
function balancerAround({ source, node }: NginxDirective): string | null {
  const lines = source.text.slice(0, node.start).split('\n')
  const above = lines.slice(0, -1).reverse()
  const end = above.findIndex(line => !/^\s*(?:#|\{[%#]|set_real_ip_from\b)/.test(line))
  const own = source.text.slice(node.start).split('\n', 1)
  const text = [...above.slice(0, end === -1 ? undefined : end), ...own].join('\n')
  return BALANCERS.find(([pattern]) => pattern.test(text))?.[1] ?? null
}

/** `real_ip_header proxy_protocol` where none of the servers that it holds for has a socket that reads the protocol. */
function* protocolsUnread({ nginx, servers }: Deployment): Generator<RuleFinding> {
  const lines = new Set<NginxDirective>()
  for (const { occurrences } of nginx)
    for (const line of occurrences.get('real_ip_header') ?? [])
      if (line.args[0]?.value.toLowerCase() === 'proxy_protocol') lines.add(line)
  if (lines.size === 0) return
  const asking = new Set<NginxDirective>()
  for (const { configuration, directive } of servers) {
    const found = effective(configuration, directive, 'real_ip_header')
    const [line] = found.known ? found.value.directives : [...lines]
    if (line === undefined || !lines.has(line)) continue
    const isRead = socketsOf(configuration, directive).some(({ socket }) => socket.proxyProtocol)
    if (
      !found.known ||
      isRead ||
      hasUnreadInclude(configuration, directive) ||
      !mayTrust(configuration, directive)
    )
      lines.delete(line)
    else asking.add(line)
  }
  for (const line of lines) {
    if (!asking.has(line)) continue
    yield {
      at: argumentPlace(line, 0),
      message:
        'no `listen` of this server has `proxy_protocol`, so nginx reads no such line, and every client has the address of the proxy',
      label: 'a header that the proxy does not send',
    }
  }
}

/** Without a proxy to trust nothing is asked for, which is another rule’s. */
function mayTrust(configuration: NginxConfiguration, server: NginxDirective): boolean {
  const found = effective(configuration, server, 'set_real_ip_from')
  return found.known && found.value.directives.length > 0
}

/** By configuration and address. */
type Fronts = ReadonlyMap<NginxConfiguration, ReadonlyMap<string, readonly Connection[]>>

/** What the audit has of connections to nginx's sockets of loopback, by their address. */
function frontsBySocket(deployment: Deployment): Fronts {
  const found = new Map<NginxConfiguration, Map<string, readonly Connection[]>>()
  for (const listener of listenersOfKind(deployment, 'nginx')) {
    if (listener.loopback !== true) continue
    const { configuration } = listener.program
    const own = found.get(configuration) ?? new Map<string, readonly Connection[]>()
    own.set(formatEndpoint(listener), deployment.connections.to(listener))
    found.set(configuration, own)
  }
  return found
}

/** Who surely connects to a server and does not send a header; null where that is not known, or it is sent. */
function frontThatLacks(
  sources: readonly string[],
  { configuration, listens }: NginxServer,
  header: string,
  fronts: Fronts,
): string | null {
  const name = header.toLowerCase()
  if (name === 'x-real-ip' && sources.every(isCloudflare)) return 'Cloudflare'
  if (name === 'proxy_protocol' || !listens.every(({ loopback }) => loopback === true)) return null
  const known = listens.map(listen => fronts.get(configuration)?.get(formatEndpoint(listen)) ?? NONE)
  const first = known.find(connections => connections.length > 0)?.[0]
  if (first === undefined || known.some(connections => someMayHave(connections, name))) return null
  return 'block' in first ? 'nginx in front' : 'Apache'
}

const NONE: readonly Connection[] = []

/** Asked once of a socket, which thousands of servers may share. */
const someMayHave = memoByKey((connections: readonly Connection[], name: string): boolean =>
  connections.some(connection => mayHave(connection, name)),
)

/** True for a header that a connection sets, or may set. */
function mayHave(connection: Connection, name: string): boolean {
  if ('block' in connection) {
    const { open, written } = connection.headers
    return open || written.some(header => header.name === name && header.state !== 'cleared')
  }
  return name === 'x-forwarded-for' || headersSet(connection.from.configuration).has(name)
}

/** The words of every `RequestHeader`, lower case: names of headers among them. */
const headersSet = memo(
  ({ occurrences }: ApacheConfiguration): ReadonlySet<string> =>
    new Set(
      (occurrences.get('requestheader') ?? []).flatMap(({ args }) =>
        args.slice(0, 2).map(({ value }) => value.toLowerCase().replace(/:$/, '')),
      ),
    ),
)

/** https://www.cloudflare.com/ips/ */
const CLOUDFLARE: readonly IpNetwork[] = [
  '173.245.48.0/20',
  '103.21.244.0/22',
  '103.22.200.0/22',
  '103.31.4.0/22',
  '141.101.64.0/18',
  '108.162.192.0/18',
  '190.93.240.0/20',
  '188.114.96.0/20',
  '197.234.240.0/22',
  '198.41.128.0/17',
  '162.158.0.0/15',
  '104.16.0.0/13',
  '104.24.0.0/14',
  '104.16.0.0/12',
  '172.64.0.0/13',
  '131.0.72.0/22',
  '2400:cb00::/32',
  '2606:4700::/32',
  '2803:f800::/32',
  '2405:b500::/32',
  '2405:8100::/32',
  '2a06:98c0::/29',
  '2c0f:f248::/32',
].flatMap(text => parseNetwork(text) ?? [])

function isCloudflare(text: string): boolean {
  const network = parseNetwork(text)
  return network !== null && CLOUDFLARE.some(outer => networkCovers(outer, network))
}
