import type { Place } from '../../parsers/text/source.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { proxiesTakenForClients, realIpSources } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatNetwork, type IpNetwork, networksMeet } from '../../src/servers/addresses/ip.ts'
import { parseNginxNetwork } from '../../src/servers/addresses/nginx.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'

const limited = (lines = '', listen = '127.0.0.1:8080'): string => conf`
  limit_req_zone «$binary_remote_addr» zone=pages:1m rate=1r/m;
  server {
      listen ${listen};
      server_name example.org;
      ${lines}
      location / {
          limit_req zone=pages;
          root /srv/www;
      }
  }
`
const proxies = (list: string): Record<string, string> => ({
  '.auditrc': conf`
    facts:
      outerProxies: [${list}]
  `,
})
const TRUSTED = conf`
  set_real_ip_from 127.0.0.1;
  real_ip_header X-Forwarded-For;
`

export default defineRule({
  summary: 'nginx takes the proxy in front of it for the client',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 4.3,
  cwe: [291],
  since: '0.1.0',
  why: 'Where `set_real_ip_from` does not cover the proxy, `$remote_addr` is the proxy’s address: all clients share one limit, `allow` grants access to everyone or no one, and the backend and the logs never learn who came.',
  remedy: 'Name the proxy with `set_real_ip_from`, and its header with `real_ip_header`',
  references: ['https://nginx.org/en/docs/http/ngx_http_realip_module.html'],
  bad: [
    {
      title: 'one limit for all clients',
      files: { 'nginx.conf': limited(), ...proxies('127.0.0.1') },
    },
    {
      title: 'another proxy is trusted',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              set_real_ip_from «10.0.0.0/8»;
              real_ip_header X-Forwarded-For;
              root /srv/www;
          }
        `,
        ...proxies('192.0.2.0/24'),
      },
    },
    {
      title: 'a location for the own network, of which the proxy is',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location /admin/ {
                  allow «10.0.0.0/8»;
                  deny all;
              }
          }
        `,
        ...proxies('10.0.0.5'),
      },
    },
    {
      title: 'the backend is told the address of the proxy',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  proxy_pass http://127.0.0.1:9000;
                  proxy_set_header Host $host;
                  proxy_set_header X-Real-IP «$remote_addr»;
              }
          }
        `,
        ...proxies('192.0.2.7'),
      },
    },
  ],
  good: [
    {
      title: 'the proxy is trusted',
      files: { 'nginx.conf': limited(TRUSTED), ...proxies('127.0.0.1') },
    },
    {
      title: 'clients connect themselves',
      files: { 'nginx.conf': limited('', '80') },
    },
    {
      title: 'a proxy that does not get to this socket',
      files: { 'nginx.conf': limited('', '80'), ...proxies('127.0.0.1') },
    },
    {
      title: 'a part of the named network is trusted, in which the proxies may be',
      files: {
        'nginx.conf': limited('set_real_ip_from 192.0.2.7;', '80'),
        ...proxies('192.0.2.0/24'),
      },
    },
    {
      title: 'nobody but the proxies may connect',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              allow 192.0.2.0/24;
              deny all;
              root /srv/www;
          }
        `,
        ...proxies('192.0.2.0/24'),
      },
    },
    {
      title: 'a limit that counts by something else',
      files: {
        'nginx.conf': limited('', '80').replace('$binary_remote_addr', '$http_x_forwarded_for'),
        ...proxies('192.0.2.7'),
      },
    },
  ],
  *check(deployment) {
    const { facts, servers } = deployment
    if (facts.outerProxies.length === 0) return
    for (const server of servers) {
      const missed = proxiesTakenForClients(facts, server)
      const [proxy] = missed
      if (proxy === undefined) continue
      const [source] = realIpSources(server)
      const name = formatNetwork(proxy)
      if (source !== undefined) {
        yield {
          at: argumentPlace(source, 0),
          message: `nginx takes the proxy \`${name}\` for the client, because no \`set_real_ip_from\` covers it`,
          label: 'another address',
        }
        continue
      }
      for (const { at, message, label } of uses(deployment, server, missed, name))
        yield { at, message, label }
    }
  },
})

interface Use {
  readonly at: Place
  readonly message: string
  readonly label: string
}

/** Where a server decides or says something by the client's address. */
function* uses(
  { connections }: Deployment,
  server: NginxServer,
  missed: readonly IpNetwork[],
  name: string,
): Iterable<Use> {
  for (const zone of limitZones(server)) {
    yield {
      at: argumentPlace(zone, 0),
      message: `\`${zone.name}\` counts all clients of the proxy \`${name}\` as one, because it is its address that nginx sees`,
      label: 'the address of the proxy',
    }
  }
  for (const allow of linesIn(server, 'allow')) {
    // What holds for the whole server is there to let nobody in but the proxies.
    if (allow.parent === server.directive || allow.parent?.name === 'http') continue
    const network = parseNginxNetwork(allow.args[0]?.value ?? '')?.network
    if (network === undefined || !missed.some(proxy => networksMeet(proxy, network))) continue
    yield {
      at: argumentPlace(allow, 0),
      message: `\`allow ${allow.args[0]?.value}\` grants access to everyone who comes through the proxy \`${name}\``,
      label: 'the proxy is one of them',
    }
  }
  for (const { headers } of connections.httpOf(server)) {
    for (const header of headers.written) {
      if (!ADDRESS_HEADERS.has(header.name) || header.value !== '$remote_addr') continue
      yield {
        at: argumentPlace(header.directive, 1),
        message: `nginx sends the backend the address of the proxy \`${name}\` as that of the client`,
        label: 'the address of the proxy',
      }
    }
  }
}

const ADDRESS_HEADERS: ReadonlySet<string> = new Set(['x-real-ip', 'x-forwarded-for', 'x-client-ip'])

const LIMITS = [
  { use: 'limit_req', zone: 'limit_req_zone' },
  { use: 'limit_conn', zone: 'limit_conn_zone' },
]

/** The zones that count by address and that some limit of the server uses. */
function limitZones(server: NginxServer): readonly NginxDirective[] {
  const { occurrences } = server.configuration
  return LIMITS.flatMap(({ use, zone }) => {
    const used = new Set(linesIn(server, use).flatMap(({ args }) => args.map(({ value }) => zoneName(value))))
    return (occurrences.get(zone) ?? []).filter(
      ({ args }) =>
        /\$(?:binary_)?remote_addr\b/.test(args[0]?.value ?? '') &&
        args.slice(1).some(({ value }) => value.startsWith('zone=') && used.has(zoneName(value))),
    )
  })
}

/** `zone=pages:1m`, `zone=pages` and `pages` are one name. */
function zoneName(value: string): string {
  return value.replace(/^zone=/, '').replace(/:.*$/, '')
}

/** Those of a server and of the blocks in it, and those of http. */
function linesIn({ configuration, directive }: NginxServer, name: string): readonly NginxDirective[] {
  const byServer = directivesByServer(configuration, name)
  return [...(byServer.get(null) ?? []), ...(byServer.get(directive) ?? [])]
}
