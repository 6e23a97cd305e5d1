import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { containerFront } from '../../src/deployment/container-front.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { realIpSources } from '../../src/deployment/outer-proxies.ts'
import { haproxyBefore } from '../../src/deployment/haproxy-before.ts'
import { keepsAddressOfPeer, proxyInFront } from '../../src/deployment/proxy-in-front.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { geos } from '../../src/servers/nginx/queries/geo.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { nginxMain } from '../_examples.ts'

const site = (lines: string, listen = '127.0.0.1:8080'): string => conf`
  limit_req_zone «$binary_remote_addr» zone=login:10m rate=1r/s;
  server {
      listen ${listen};
      server_name example.org;
      root /srv/www;
      ${lines}
      location /login {
          limit_req zone=login;
      }
  }
`
/** A whole configuration: what of it stands elsewhere could take the address from the proxy. */
const whole = (lines: string, inLocation: string, outer = ''): string =>
  nginxMain([
    outer,
    conf`
      limit_req_zone «$binary_remote_addr» zone=login:10m rate=1r/s;
      server {
          listen 80;
          server_name example.org;
          ${lines}
          location /login {
              limit_req zone=login;
              proxy_pass http://127.0.0.1:9000;
              ${inLocation}
          }
      }
    `,
  ])
const CLOUDFLARE = 'proxy_set_header X-Real-IP $http_cf_connecting_ip;'
const BY_SCHEME = conf`
  if ($http_x_forwarded_proto = http) {
      return 301 https://$host$request_uri;
  }
`
const inContainer = (service: string, lines = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
        ${service}
  `,
  'site.conf': site(lines, '80'),
})
const TRAEFIK = 'labels: ["traefik.http.routers.web.rule=Host(`example.org`)"]'
const exempting = (key: string): string => conf`
  geo $limited {
      default 1;
      10.0.0.0/8 0;
  }
  map $limited $limit_key {
      0 "";
      1 $binary_remote_addr;
  }
  limit_req_zone ${key} zone=login:10m rate=1r/s;
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      set_real_ip_from 127.0.0.1;
      real_ip_header X-Forwarded-For;
      location /login {
          limit_req zone=login;
      }
  }
`

export default defineRule({
  summary: 'A limit counts all clients as one',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Where a proxy or Cloudflare is in front, every request comes from its address, as it does where only this machine reaches the server; or the key is a plain text, the same for everybody, as is the `1` of a `geo` that was to say who is limited. All clients share one limit: a few of them use it up, and the others get 503.',
  remedy:
    'Write `set_real_ip_from` with the addresses of the proxy, and `real_ip_header X-Forwarded-For;`, or `CF-Connecting-IP` for Cloudflare; write the key as a variable, `$binary_remote_addr`',
  references: ['https://nginx.org/en/docs/http/ngx_http_realip_module.html'],
  bad: [
    { title: 'behind a proxy on the same machine', files: { 'nginx.conf': site('') } },
    {
      title: 'a variable without its sign',
      files: {
        'nginx.conf': conf`
          limit_req_zone «binary_remote_addr» zone=login:1m rate=1r/s;
          server {
              listen 80;
              server_name example.org;
              location /login {
                  limit_req zone=login;
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
    {
      title: 'the variable that says who is limited',
      files: { 'nginx.conf': exempting('«$limited»') },
    },
    {
      title: 'behind Traefik',
      files: inContainer(TRAEFIK),
    },
    {
      title: 'behind Cloudflare, as a header says',
      files: { 'etc/nginx/nginx.conf': whole('', CLOUDFLARE) },
    },
    {
      title: 'behind a load balancer that terminates TLS',
      files: { 'etc/nginx/nginx.conf': whole(BY_SCHEME, 'proxy_set_header Host $host;') },
    },
    {
      title: 'a server that asks for the certificate of Cloudflare',
      files: {
        'etc/nginx/nginx.conf': whole(
          conf`
            listen 443 ssl;
            ssl_certificate /etc/ssl/example.org.pem;
            ssl_certificate_key /etc/ssl/example.org.key;
            ssl_client_certificate /etc/ssl/cloudflare-origin-pull.pem;
            ssl_verify_client on;
          `,
          '',
        ),
      },
    },
  ],
  good: [
    {
      title: 'behind Traefik, which says who the client is',
      files: inContainer(TRAEFIK, 'set_real_ip_from 172.16.0.0/12;\nreal_ip_header X-Forwarded-For;'),
    },
    {
      title: 'a container to which clients connect themselves',
      files: inContainer(`ports: ["80:80"]\n${TRAEFIK}`),
    },
    {
      title: 'the client’s address is taken from Cloudflare, in the file of its addresses too',
      files: {
        'etc/nginx/nginx.conf': whole('', CLOUDFLARE, 'include conf.d/*.conf;'),
        'etc/nginx/conf.d/cloudflare.conf': conf`
          set_real_ip_from 173.245.48.0/20;
          real_ip_header CF-Connecting-IP;
        `,
      },
    },
    {
      title: 'a file of addresses that is not here',
      files: {
        'etc/nginx/nginx.conf': whole('', CLOUDFLARE, 'include /opt/cloudflare/addresses.conf;'),
      },
    },
    {
      title: 'a redirect by the scheme of nginx itself, and a page by that of a proxy',
      files: {
        'etc/nginx/nginx.conf': whole(
          conf`
            if ($scheme != https) {
                return 301 https://$host$request_uri;
            }
            if ($http_x_forwarded_proto = http) {
                return 403;
            }
          `,
          '',
        ),
      },
    },
    {
      title: 'a fragment, whose main file may take the address from Cloudflare',
      files: { 'nginx.conf': site(CLOUDFLARE, '80') },
    },
    {
      title: 'the client’s address is taken from the proxy',
      files: {
        'nginx.conf': site(conf`
          set_real_ip_from 127.0.0.1;
          real_ip_header X-Forwarded-For;
        `),
      },
    },
    {
      title: 'the address of those that are limited',
      files: { 'nginx.conf': exempting('$limit_key') },
    },
    { title: 'clients connect themselves', files: { 'nginx.conf': site('', '80') } },
  ],
  *check(deployment) {
    const { nginx, servers } = deployment
    const byDirective = serverIndex(servers)
    for (const configuration of nginx) {
      for (const zone of ['limit_req_zone', 'limit_conn_zone']) {
        for (const line of configuration.occurrences.get(zone) ?? []) {
          const key = line.args[0]?.value ?? ''
          const shared = sharedValue(configuration, key)
          if (shared !== null)
            yield {
              at: argumentPlace(line, 0),
              message: `\`${key}\` is \`${shared.args[0]?.value}\` for every client that no entry names, so all of them share one limit`,
              label: 'one text for all',
              related: [{ at: namePlace(shared), message: 'the same for everybody' }],
              help: 'Make the key by a `map`: `1 $binary_remote_addr;`, and `""` for those without a limit',
            }
          if (!/^(?:(?:binary_)?remote_addr|http_x_(?:forwarded_for|real_ip)|realip_remote_addr)$/.test(key))
            continue
          yield {
            at: argumentPlace(line, 0),
            message: `\`${key}\` is a plain text without its \`$\`, so all clients share one limit`,
            label: 'one text for all',
          }
        }
      }
      for (const [use, zone] of [
        ['limit_req', 'limit_req_zone'],
        ['limit_conn', 'limit_conn_zone'],
      ] as const) {
        for (const directive of configuration.occurrences.get(use) ?? []) {
          const home = enclosingServer(directive)
          const server = home === null ? undefined : byDirective.get(home)
          const front = server === undefined ? null : frontOf(deployment, server, directive)
          if (front === null) continue
          const name = (
            directive.args.find(({ value }) => value.startsWith('zone=')) ?? directive.args[0]
          )?.value.replace(/^zone=/, '')
          const defined = name === undefined ? undefined : zoneOf(configuration, zone, name)
          if (defined === undefined || !/^\$(?:binary_)?remote_addr$/.test(defined.args[0]?.value ?? ''))
            continue
          yield {
            at: argumentPlace(defined, 0),
            message: `\`${defined.args[0]?.value}\` is the address of ${front.name}, so ${front.sharing} share the limit \`${name}\``,
            label: 'one address for many clients',
            related: [{ at: namePlace(directive), message: 'limited here' }, ...front.related],
          }
        }
      }
    }
  },
})

/** The `default` of a `geo`, or of a `map` of one, that gives every ordinary client the same key; null for any other. */
function sharedValue(configuration: NginxConfiguration, key: string): NginxDirective | null {
  const name = /^\$\{?(\w+)\}?$/.exec(key)?.[1]?.toLowerCase() ?? ''
  const map = maps(configuration).get(name)
  const geo = geos(configuration).get(name)
  const isOfAddress =
    map?.complete === true && geos(configuration).has(map.source.replace(/[${}]/g, '').toLowerCase())
  const fallback =
    geo?.directive.children.find(child => child.name === 'default') ??
    (isOfAddress ? (map?.fallback ?? null) : null)
  const value = fallback?.args[0]?.value ?? ''
  return fallback === null || value === '' || value.includes('$') || isUnknownWord(value) ? null : fallback
}

interface Front {
  readonly name: string
  readonly sharing: string
  readonly related: readonly { readonly at: Place; readonly message: string }[]
}

/** Whose address every request has where the limit stands; null where clients connect themselves, or nobody knows. */
function frontOf(deployment: Deployment, server: NginxServer, limit: NginxDirective): Front | null {
  if (realIpSources(server).length > 0) return null
  if (isBehindLoopback(server))
    return {
      name: 'the proxy in front',
      sharing: 'all clients',
      related: server.listens.slice(0, 1).map(({ at }) => ({ at, message: 'only this machine connects' })),
    }
  const front =
    containerFront(deployment, server) ?? haproxyBefore(deployment, server) ?? proxyInFront(server)
  if (front === null || limit.parent === null || !keepsAddressOfPeer(server, limit.parent)) return null
  return {
    name: front.name,
    sharing: 'the clients that come through it',
    related: [{ at: front.at, message: front.told }],
  }
}

/** True where every socket is one of loopback, or a file. */
function isBehindLoopback({ listens }: NginxServer): boolean {
  return listens.length > 0 && listens.every(({ loopback }) => loopback === true)
}

function zoneOf(
  { occurrences }: NginxConfiguration,
  directive: string,
  name: string,
): NginxDirective | undefined {
  return occurrences
    .get(directive)
    ?.find(({ args }) =>
      args.some(({ value }) => value.startsWith(`zone=${name}:`) || value === `zone=${name}`),
    )
}
