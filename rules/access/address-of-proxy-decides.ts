import { containerFront } from '../../src/deployment/container-front.ts'
import { connectedSocket } from '../../src/deployment/connected-address.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, NginxConnection, NginxServer } from '../../src/deployment/model.ts'
import { connectionReachedBy } from '../../src/deployment/requests/connection-reached-by.ts'
import { locationPath } from '../../src/deployment/requests/location-path.ts'
import { realIpSources } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { haproxyBefore } from '../../src/deployment/haproxy-before.ts'
import { keepsAddressOfPeer, proxyInFront } from '../../src/deployment/proxy-in-front.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  type IpScope,
  isLoopbackNetwork,
  networkContains,
  parseIp,
  parseNetwork,
  scopeOf,
  scopeOfNetwork,
} from '../../src/servers/addresses/ip.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective, effectiveValue } from '../../src/servers/nginx/queries/effective.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const tree = (lines: string, outer = '', listen = '127.0.0.1:8081'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen ${listen};
        server_name example.org;
        root /srv/www;
        ${outer}
        location /reports/ {
            ${lines}
        }
    }
  `),
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPreserveHost On
          ProxyPass / http://127.0.0.1:8081/
      </VirtualHost>
    `,
    ['proxy', 'proxy_http'],
  ),
  'srv/www/reports/index.html': 'report',
})
const behindNginx = (lines: string, inner = '', outer = 'location /'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        ${outer} {
            proxy_pass http://127.0.0.1:8081;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
        }
    }
    server {
        listen 127.0.0.1:8081;
        server_name example.org;
        root /srv/www;
        ${inner}
        location /reports/ {
            ${lines}
        }
    }
  `),
  'srv/www/reports/index.html': 'report',
})
const behindCloudflare = (list: string, outer = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    ${outer}
    server {
        listen 80;
        server_name example.org;
        location /reports/ {
            ${list}
            deny all;
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header X-Real-IP $http_cf_connecting_ip;
        }
    }
  `),
})
const behindContainer = (list: string, { front = '', lines = '' } = {}): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      edge:
        image: traefik:v3.1
        ports: ["443:443"]
      web:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
        ${front}
  `,
  'site.conf': conf`
    server {
        listen 80;
        root /usr/share/nginx/html;
        ${lines}
        location /reports/ {
            ${list}
        }
    }
  `,
})
const ROUTER = 'labels: ["traefik.http.routers.web.rule=Host(`example.org`)"]'
const OFFICE = conf`
  allow «198.51.100.0/24»;
  deny all;
`

const behindHaproxy = (lines: string, inner = '', address = '10.30.0.11:80'): Record<string, string> => ({
  'lb/haproxy.cfg': conf`
    defaults
        mode http
        option forwardfor

    frontend www
        bind :80
        bind :443 ssl crt /etc/haproxy/certs/
        default_backend web

    backend web
        server web1 ${address} check
  `,
  'web/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
        ${inner}
        location /admin/ {
            ${lines}
        }
    }
  `),
})

export default defineRule({
  summary: 'nginx decides by the address of the client, and knows that of the proxy in front alone',
  severity: 'error',
  otherSeverities: {
    warning: 'where lines tell that a proxy on another machine, or in another container, is in front',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Nothing but the proxy in front of it connects to a server that listens on loopback, so for nginx every request comes from 127.0.0.1; behind Cloudflare, a load balancer or a proxy in another container it comes from theirs. A list that names addresses of clients then rejects every request, or none; one that allows this machine grants access to every client of the proxy in front.',
  remedy:
    'Let nginx take the address from the proxy: `set_real_ip_from 127.0.0.1;`, or the addresses of the proxy, and `real_ip_header X-Forwarded-For;`, or `CF-Connecting-IP` for Cloudflare',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_realip_module.html',
    'https://nginx.org/en/docs/http/ngx_http_access_module.html',
  ],
  bad: [
    {
      title: 'the address of an office, behind the HAProxy of another machine',
      files: behindHaproxy('allow «198.51.100.0/28»;\nallow 203.0.113.17;\ndeny all;'),
    },
    { title: 'nobody gets in', files: tree(OFFICE) },
    {
      title: 'nobody is kept out',
      files: tree(conf`
        deny «203.0.113.7»;
        allow all;
      `),
    },
    {
      title: 'a page for this machine, behind another server of nginx',
      files: behindNginx(conf`
        allow «127.0.0.1»;
        deny all;
      `),
    },
    {
      title: 'the office, behind Cloudflare',
      files: behindCloudflare('allow «198.51.100.7»;'),
    },
    { title: 'the office, behind Traefik', files: behindContainer(OFFICE, { front: ROUTER }) },
    {
      title: 'the office, behind nginx-proxy',
      files: behindContainer(OFFICE, { front: 'environment: { VIRTUAL_HOST: example.org }' }),
    },
  ],
  good: [
    {
      title: 'HAProxy, whose word is taken',
      files: behindHaproxy(
        'allow 203.0.113.17;\ndeny all;',
        'set_real_ip_from 10.30.0.5;\nreal_ip_header X-Forwarded-For;',
      ),
    },
    {
      title: 'HAProxy before other ports',
      files: behindHaproxy('allow 203.0.113.17;\ndeny all;', '', '10.30.0.11:8080'),
    },
    {
      title: 'the network in which HAProxy is',
      files: behindHaproxy('allow 10.30.0.0/24;\ndeny all;'),
    },
    {
      title: 'behind Traefik, which says who the client is',
      files: behindContainer(OFFICE, {
        front: ROUTER,
        lines: 'set_real_ip_from 172.16.0.0/12;\nreal_ip_header X-Forwarded-For;',
      }),
    },
    {
      title: 'behind Traefik: a network that may be that of Docker',
      files: behindContainer('allow 172.16.0.0/12;\ndeny all;', { front: ROUTER }),
    },
    {
      title: 'a port that is published beside Traefik',
      files: behindContainer(OFFICE, { front: `ports: ["8080:80"]\n${ROUTER}` }),
    },
    { title: 'a container with nothing in front', files: behindContainer(OFFICE) },
    {
      title: 'behind Cloudflare: its own networks, and a network of the load balancer',
      files: behindCloudflare(conf`
        allow 173.245.48.0/20;
        allow 103.21.244.0/22;
        allow 10.20.0.0/16;
      `),
    },
    {
      title: 'behind Cloudflare, whose addresses a file names',
      files: behindCloudflare('allow 198.51.100.7;', 'include /opt/cloudflare.conf;'),
    },
    {
      title: 'a page for this machine, and the client is known',
      files: behindNginx(
        conf`
          allow 127.0.0.1;
          deny all;
        `,
        conf`
          set_real_ip_from 127.0.0.1;
          real_ip_header X-Forwarded-For;
        `,
      ),
    },
    {
      title: 'a page for this machine that the server in front does not ask for',
      files: behindNginx(
        conf`
          allow 127.0.0.1;
          deny all;
        `,
        '',
        'location /shop/',
      ),
    },
    {
      title: 'the proxy says who the client is',
      files: tree(
        OFFICE,
        conf`
          set_real_ip_from 127.0.0.1;
          real_ip_header X-Forwarded-For;
          real_ip_recursive on;
        `,
      ),
    },
    {
      title: 'the proxy itself is among the addresses',
      files: tree(conf`
        allow 127.0.0.1;
        allow 198.51.100.0/24;
        deny all;
      `),
    },
    { title: 'the network connects too', files: tree(OFFICE, '', '8081') },
    {
      title: 'or a password',
      files: tree(conf`
        satisfy any;
        auth_basic "Reports";
        auth_basic_user_file /etc/nginx/htpasswd;
        ${OFFICE}
      `),
    },
    { title: 'nobody at all', files: tree('deny all;') },
  ],
  *check(deployment) {
    const { nginx, servers } = deployment
    const byDirective = serverIndex(servers)
    for (const configuration of nginx) {
      const blocks = new Set<NginxDirective>()
      for (const name of ['allow', 'deny']) {
        for (const { parent } of configuration.occurrences.get(name) ?? []) {
          if (parent === null || blocks.has(parent)) continue
          blocks.add(parent)
          const home = enclosingServer(parent)
          const server = home === null ? undefined : byDirective.get(home)
          if (server === undefined || realIpSources(server).length > 0) continue
          const found = decides(configuration, parent)
          if (!isBehindLoopback(server)) {
            if (found === null || !keepsAddressOfPeer(server, parent)) continue
            const inner = containerFront(deployment, server) ?? haproxyBefore(deployment, server)
            const front = inner ?? proxyInFront(server)
            // Networks of the Internet may be those of a proxy there.
            if (front === null || !found.list.every(inner === null ? isOneClient : isOfClients)) continue
            yield {
              at: argumentPlace(found.line, 0),
              severity: 'warning',
              confidence: 'medium',
              message: `requests come from the addresses of ${front.name}, so this list ${found.lets ? 'lets none of them in' : 'keeps none of them out'}`,
              related: [{ at: front.at, message: front.told }],
            }
            continue
          }
          if (found === null) {
            const open = opensToProxied(deployment, server, parent)
            if (open !== null)
              yield {
                at: argumentPlace(open.line, 0),
                message:
                  'every request comes from 127.0.0.1, the server in front, so this list keeps nobody out',
                related: [{ at: argumentPlace(open.pass, 0), message: 'proxied here' }],
              }
            continue
          }
          const [listen] = server.listens
          yield {
            at: argumentPlace(found.line, 0),
            message: `every request comes from 127.0.0.1, the proxy in front, so this list ${found.lets ? 'lets nobody in' : 'keeps nobody out'}`,
            related: listen === undefined ? [] : [{ at: listen.at, message: 'only this machine connects' }],
          }
        }
      }
    }
  },
})

/** True where every socket is one of loopback's addresses, and no line of its own says who the client is. */
function isBehindLoopback({ listens }: NginxServer): boolean {
  return (
    listens.length > 0 &&
    listens.every(
      ({ loopback, address, proxyProtocol }) => loopback === true && address.kind === 'ip' && !proxyProtocol,
    )
  )
}

/** The list of addresses that decides alone; null where another question may let somebody in, or it is not known. */
function accessOf(configuration: NginxConfiguration, block: NginxDirective) {
  const list = effective(configuration, block, 'allow')
  if (!list.known || !list.value.complete) return null
  const satisfy = effectiveValue(configuration, block, 'satisfy', 'all')
  return satisfy.known && satisfy.value !== 'any' ? list.value : null
}

/** The first line of a list that names addresses, none of which is the proxy's; null for any other list. */
function decides(configuration: NginxConfiguration, block: NginxDirective) {
  const list = accessOf(configuration, block)
  if (list === null) return null
  const { directives } = list
  const line = directives.find(({ args }) => args[0]?.value !== 'all')
  const end = directives.find(({ args }) => args[0]?.value === 'all')
  const foreign = directives.filter(each => each !== end)
  if (line === undefined || !foreign.every(isForeign)) return null
  if (line.name === 'allow') return end?.name === 'deny' ? { line, list: foreign, lets: true } : null
  return end?.name === 'deny' ? null : { line, list: foreign, lets: false }
}

const LOOPBACK = ['127.0.0.1', '::1'].map(parseIp).filter(ip => ip !== null)

/** True for an address or network of other machines; false also for what nobody can tell. */
function isForeign({ args }: NginxDirective): boolean {
  const network = parseNetwork(args[0]?.value ?? '')
  return network !== null && !LOOPBACK.some(ip => networkContains(network, ip))
}

/** True for one address of the Internet. */
function isOneClient({ args }: NginxDirective): boolean {
  const ip = parseIp(args[0]?.value ?? '')
  return ip !== null && CLIENTS.has(scopeOf(ip))
}

/** True for an address or a network of the Internet. */
function isOfClients({ args }: NginxDirective): boolean {
  const network = parseNetwork(args[0]?.value ?? '')
  const scope = network === null ? null : scopeOfNetwork(network)
  return scope !== null && CLIENTS.has(scope)
}

const CLIENTS: ReadonlySet<IpScope> = new Set(['public', 'documentation'])

/** The line of a location's list by which this machine gets in, and the pass by which every client comes from it. */
function opensToProxied(deployment: Deployment, server: NginxServer, block: NginxDirective) {
  const { configuration } = server
  if (block.name !== 'location') return null
  const { directives } = accessOf(configuration, block) ?? { directives: [] }
  const end = directives.findIndex(({ args }) => args[0]?.value === 'all')
  const line = directives.slice(0, Math.max(end, 0)).find(isLoopbackLine)
  if (line === undefined || line.parent !== block || line.name !== 'allow') return null
  if (directives[end]?.name !== 'deny') return null
  const path = locationPath(block)
  if (path === null || path === '/') return null
  for (const connection of connectionsByServer(deployment).get(server.directive) ?? [])
    if (connectionReachedBy(deployment, connection, path)) return { line, pass: connection.pass }
  return null
}

/** True for loopback's own address or network. */
function isLoopbackLine({ args }: NginxDirective): boolean {
  const network = parseNetwork(args[0]?.value ?? '')
  return network !== null && isLoopbackNetwork(network) && LOOPBACK.some(ip => networkContains(network, ip))
}

/** The connections of nginx that ask a server of nginx, by a name that selects it. */
const connectionsByServer = memo(({ connections }: Deployment) => {
  const found = new Map<NginxDirective, NginxConnection[]>()
  for (const connection of connections.http) {
    for (const asked of serversAsked(connection)) {
      const others = found.get(asked)
      if (others === undefined) found.set(asked, [connection])
      else others.push(connection)
    }
  }
  return found
})

/** The servers that a connection asks, whichever of its names is sent. */
function serversAsked({ targets, hostsSent }: NginxConnection): ReadonlySet<NginxDirective> {
  const servers = new Set<NginxDirective>()
  if (!hostsSent.known) return servers
  for (const target of targets) {
    const { to } = target
    if (to.kind !== 'listener' || to.listener.kind !== 'nginx') continue
    const { configuration } = to.listener.program
    const selected = hostsSent.value.map(host => {
      const server = selectServer(configuration, { ...connectedSocket(target), host })
      return server.known ? server.value.server : null
    })
    const [first] = selected
    if (first !== undefined && first !== null && selected.every(each => each === first)) servers.add(first)
  }
  return servers
}
