import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { Machine, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseNginxNetwork } from '../../src/servers/addresses/nginx.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain } from '../_examples.ts'

const server = (listen: string, network: string, answer = 'return 200 $remote_addr;'): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      set_real_ip_from ${network};
      real_ip_header X-Forwarded-For;
      location / {
          ${answer}
      }
  }
`
const inContainer = (ports: string, network = '0.0.0.0/0'): Record<string, string> => ({
  'web/nginx.conf': nginxMain(server('80', network)),
  'compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        volumes: ["./web/nginx.conf:/etc/nginx/nginx.conf:ro"]
        ${ports}
      proxy:
        image: traefik:3
        ports: ["443:443"]
  `,
})

export default defineRule({
  summary: 'nginx takes the client address from a header that anyone may send',
  severity: 'error',
  otherSeverities: {
    warning: 'where nothing here decides by the address, and it is sent to a backend',
    info: 'where nothing but the log uses the address, or a template fills in which header it is taken from',
  },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [290, 348],
  since: '0.1.0',
  why: 'With every address trusted, a client’s own header becomes `$remote_addr`: `allow` and `deny`, rate limits, logs and what the backend is told all follow it.',
  remedy: 'List the addresses of the proxies in front of nginx, and nothing else',
  references: ['https://nginx.org/en/docs/http/ngx_http_realip_module.html#set_real_ip_from'],
  bad: [
    { title: 'every version 4 address', files: { 'nginx.conf': server('80', '«0.0.0.0/0»') } },
    { title: 'every version 6 address', files: { 'nginx.conf': server('[::]:80', '«::/0»') } },
    {
      title: 'files alone: the log is wrong',
      files: {
        'nginx.conf': conf`
          limit_req_zone $binary_remote_addr zone=asked:1m rate=1r/s;
          ${server('80', '«0.0.0.0/0»', 'root /srv/www;')}
        `,
      },
    },
    {
      title: 'a template that fills in the header',
      files: {
        'site.conf.erb': server('80', '«0.0.0.0/0»').replace('X-Forwarded-For', '<%= @real_ip_header -%>'),
      },
    },
    {
      title: 'a container whose port is published',
      files: inContainer('ports: ["80:80"]', '«0.0.0.0/0»'),
    },
  ],
  good: [
    { title: 'the network of the balancers', files: { 'nginx.conf': server('80', '10.0.0.0/8') } },
    { title: 'only this machine connects', files: { 'nginx.conf': server('127.0.0.1:8080', '0.0.0.0/0') } },
    { title: 'only a socket', files: { 'nginx.conf': server('unix:/run/nginx.sock', 'unix:') } },
    { title: 'a container that no port leads to but those of its network', files: inContainer('') },
  ],
  *check({ nginx, servers, facts, programOf }) {
    const byDirective = serverIndex(servers)
    for (const configuration of nginx) {
      if (isAmongContainers(programOf(configuration).machine)) continue
      for (const directive of configuration.occurrences.get('set_real_ip_from') ?? []) {
        const network = directive.args[0]?.value
        if (parseNginxNetwork(network ?? '')?.network.prefix !== 0) continue
        if (directive.context.startsWith('stream')) continue
        const open = openListen(directive, servers, byDirective)
        if (open === undefined) continue
        yield {
          ...(!usesAddress(configuration) || mayBeSafeHeader(configuration, directive)
            ? { severity: 'info' }
            : decidesByAddress(configuration)
              ? {}
              : { severity: 'warning' }),
          at: argumentPlace(directive, 0),
          message: `nginx takes the client’s address from a header of whoever connects, because \`${network}\` is everybody`,
          label: 'trusts every address',
          related: [{ at: open.at, message: 'the network connects here' }],
          ...(facts.outerProxies.length === 0
            ? {}
            : { help: `Write one line for each proxy: \`set_real_ip_from ${facts.outerProxies[0]};\`` }),
        }
      }
    }
  },
})

/** True where a template fills in the header: it may be one that only the proxy in front writes. */
function mayBeSafeHeader(configuration: NginxConfiguration, directive: NginxDirective): boolean {
  const { parent } = directive
  const found = parent === null ? null : effective(configuration, parent, 'real_ip_header')
  return (
    found?.known === true && found.value.directives.some(({ args }) => isUnknownWord(args[0]?.value ?? ''))
  )
}

/** True for a container that publishes no port: what connects is another one, whose address Docker gives at every start. */
function isAmongContainers({ container }: Machine): boolean {
  return container?.service.complete === true && container.service.ports.length === 0
}

/** What decides by the client's address or hands it on. */
const USERS =
  'allow deny limit_req limit_conn geo proxy_pass fastcgi_pass uwsgi_pass scgi_pass grpc_pass auth_request'.split(
    ' ',
  )
/** What counts or writes it and changes no answer; a zone without its `limit_req` counts nobody. */
const INERT = new Set(['log_format', 'access_log', 'limit_req_zone', 'limit_conn_zone'])
const ADDRESS = /\$\{?(?:binary_)?remote_addr\b|\$\{?proxy_add_x_forwarded_for\b/

/** Whether anything but a log uses the address. */
const usesAddress = memo(
  ({ occurrences }: NginxConfiguration): boolean =>
    USERS.some(name => occurrences.has(name)) ||
    [...occurrences].some(
      ([name, lines]) =>
        !INERT.has(name) && lines.some(({ args }) => args.some(({ value }) => ADDRESS.test(value))),
    ),
)

/** Whether nginx itself lets clients in, or counts them, by the address. */
const decidesByAddress = memo(({ occurrences }: NginxConfiguration): boolean =>
  DECIDING.some(name => occurrences.get(name)?.some(({ args: [first] }) => first?.value !== 'all')),
)

const DECIDING = ['allow', 'deny', 'limit_req', 'limit_conn', 'geo']

/** A socket that the directive governs and that the network reaches. */
function openListen(
  directive: NginxDirective,
  servers: readonly NginxServer[],
  byDirective: ReadonlyMap<NginxDirective, NginxServer>,
): NginxServer['listens'][number] | undefined {
  const home = enclosingServer(directive)
  const governed = home === null ? servers : [byDirective.get(home)]
  for (const server of governed) {
    const listen = server?.listens.find(({ loopback }) => loopback === false)
    if (listen !== undefined) return listen
  }
  return undefined
}
