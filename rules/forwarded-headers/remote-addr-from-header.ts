import { memo } from '../../parsers/collections/memo.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment, NginxConnection, Program } from '../../src/deployment/model.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { proxyInFront } from '../../src/deployment/proxy-in-front.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { mapValues, maps } from '../../src/servers/nginx/queries/maps.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { phpPool } from '../php/_examples.ts'

const php = (params: string, head = '', lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    head,
    nginxServer(conf`
      root /srv/www;
      ${lines}
      location ~ \.php$ {
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_param REQUEST_METHOD $request_method;
          fastcgi_param REMOTE_ADDR $remote_addr;
          ${params}
          fastcgi_pass unix:/run/php/php8.2-fpm.sock;
      }
    `),
  ]),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})
const behind = (ports: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      front:
        image: traefik:3.4
        ports: ["80:80"]
      web:
        image: nginx:1.28
        ${ports}
        volumes:
          - ./web.conf:/etc/nginx/conf.d/default.conf
      app:
        image: python:3.13
        command: uwsgi --socket :3031 --module app
  `,
  'web.conf': nginxServer(conf`
    location / {
        include uwsgi_params;
        uwsgi_param REMOTE_ADDR «$http_x_forwarded_for»;
        uwsgi_pass app:3031;
    }
  `),
})

export default defineRule({
  summary: 'The application takes a header of the client for the address of the client',
  severity: 'warning',
  confidence: 'medium',
  securitySeverity: 5.3,
  cwe: [348, 290],
  since: '0.1.0',
  why: '`REMOTE_ADDR` is the address that connects, and applications trust it: they lock out, count, and let in by it. Set from a header it is what the client writes there, for everybody who reaches nginx without the proxy that sets the header, and empty where nobody sends it. `X-Forwarded-For` begins with what the client wrote even behind a proxy, which adds to it.',
  remedy:
    'Pass `$remote_addr`, and let nginx take it from the header of the proxy alone: `set_real_ip_from` with its address, and `real_ip_header`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_realip_module.html',
    'https://www.rfc-editor.org/rfc/rfc3875#section-4.1.8',
  ],
  bad: [
    {
      title: 'the address that a proxy may have sent',
      files: php('fastcgi_param REMOTE_ADDR «$http_x_real_ip»;'),
    },
    {
      title: 'beside a file of the server that is not here',
      files: php('fastcgi_param REMOTE_ADDR «$http_x_real_ip»;', '', 'include /opt/shop/custom.conf;'),
    },
    {
      title: 'a list of addresses',
      files: php('fastcgi_param REMOTE_ADDR «$proxy_add_x_forwarded_for»;'),
    },
    {
      title: 'the first of the list, by a map',
      files: php(
        'fastcgi_param REMOTE_ADDR «$client»;',
        conf`
          map $http_x_forwarded_for $client {
              default $remote_addr;
              "~^([^,]+)" $1;
          }
        `,
      ),
    },
    { title: 'a container whose port is published', files: behind('ports: ["8080:80"]') },
  ],
  good: [
    {
      title: 'the address that connects',
      files: php('fastcgi_param HTTP_X_REAL_IP $http_x_real_ip;'),
    },
    {
      title: 'the address that realip takes from the proxy',
      files: php(
        'fastcgi_param REMOTE_ADDR $http_x_real_ip;',
        '',
        conf`
          set_real_ip_from 192.0.2.0/24;
          real_ip_header X-Real-IP;
        `,
      ),
    },
    {
      title: 'the proxy alone is let in',
      files: php(
        'fastcgi_param REMOTE_ADDR $http_x_real_ip;',
        '',
        conf`
          allow 192.0.2.1;
          deny all;
        `,
      ),
    },
    {
      title: 'a proxy of this machine alone connects',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 127.0.0.1:8080;
              location / {
                  scgi_param REMOTE_ADDR $http_x_real_ip;
                  scgi_pass 127.0.0.1:4000;
              }
          }
        `),
      },
    },
    {
      title: 'a file that may let in the proxies alone',
      files: php('fastcgi_param REMOTE_ADDR $http_x_real_ip;', '', 'include /opt/shop/from-proxies.conf;'),
    },
    { title: 'a container that only others of its network reach', files: behind('') },
    {
      title: 'the address that connects is what stands last',
      files: php(conf`
        fastcgi_param REMOTE_ADDR $http_x_real_ip;
        fastcgi_param REMOTE_ADDR $remote_addr;
      `),
    },
    {
      title: 'a map of the address that connects',
      files: php(
        'fastcgi_param REMOTE_ADDR $client;',
        conf`
          geo $is_proxy {
              default 0;
              192.0.2.1 1;
          }
          map $is_proxy $client {
              0 $remote_addr;
              1 $http_x_real_ip;
          }
        `,
      ),
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      const line = addressParam(connection)
      if (line === null) continue
      const { configuration } = connection.server
      const header = headerIn(configuration, line.args[1]?.value ?? '')
      if (header === null || !isReached(deployment, connection)) continue
      const at = argumentPlace(line, 1)
      yield {
        at,
        message: `whoever connects without the proxy that sets \`${header}\` writes it, and so chooses the \`REMOTE_ADDR\` that the application sees`,
        label: 'written by the client',
        related: [{ at: namePlace(connection.pass), message: 'told to the application' }],
        ...propose('Pass the address that connects', 'unsafe', [replacePlace(at, '$remote_addr')]),
      }
    }
  },
})

/** The line by which an application is told the address: of several the last one counts. */
function addressParam({ server: { configuration }, block, pass }: NginxConnection): NginxDirective | null {
  const name = pass.name.replace('_pass', '_param')
  if (!/^(?:fastcgi|uwsgi|scgi)_param$/.test(name)) return null
  const params = effectiveAtHand(configuration, block, name)
  if (!params.known) return null
  const line = params.value.directives.findLast(({ args }) => args[0]?.value === 'REMOTE_ADDR')
  if (line?.parent == null) return null
  const { children } = line.parent
  const isOverridden =
    hasUnreadInclude(configuration, line.parent, name) &&
    children.slice(children.indexOf(line)).some(({ name: other }) => other === 'include')
  return isOverridden ? null : line
}

const FORGED =
  /^(?:http_(?:x_forwarded_for|x_real_ip|x_client_ip|client_ip|true_client_ip|x_cluster_client_ip)|proxy_add_x_forwarded_for)$/

/** The header of the client that a value is made of; null for any other, and where something else decides. */
function headerIn(configuration: NginxConfiguration, value: string): string | null {
  const [name, ...others] = variableNames(value)
  if (name === undefined || others.length > 0 || !/^\$\{?\w+\}?$/.test(value)) return null
  if (FORGED.test(name)) return headerOf(name)
  const map = maps(configuration).get(name)
  const [source = ''] = map === undefined ? [] : variableNames(map.source)
  if (map === undefined || !FORGED.test(source)) return null
  const passesOn = mapValues(map).some(text =>
    variableNames(text).some(each => each === source || /^\d$/.test(each)),
  )
  return passesOn ? headerOf(source) : null
}

function headerOf(variable: string): string {
  const words = variable.replace(/^http_|^proxy_add_/, '').split('_')
  return words
    .map(word => (word === 'ip' ? 'IP' : `${word.charAt(0).toUpperCase()}${word.slice(1)}`))
    .join('-')
}

/** True where clients may connect to the server themselves, as far as the files tell. */
function isReached(deployment: Deployment, { server, from, reachable }: NginxConnection): boolean {
  if (reachable !== true || !takesClients(deployment, server) || proxyInFront(server) !== null) return false
  const { container } = from.machine
  if (container !== undefined && container !== null && container.service.ports.length === 0) return false
  return !programsConnectedTo(deployment).has(from)
}

const programsConnectedTo = memo(
  ({ connections }: Deployment): ReadonlySet<Program> =>
    new Set(
      connections.all.flatMap(({ targets }) =>
        targets.flatMap(({ to }) => (to.kind === 'listener' ? [to.listener.program] : [])),
      ),
    ),
)
