import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { realIpSources } from '../../src/deployment/outer-proxies.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { geos } from '../../src/servers/nginx/queries/geo.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import type { NginxServer } from '../../src/deployment/model.ts'

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
  why: 'Only this machine reaches the server, so that every request comes from the address of the proxy in front; or the key is a plain text, the same for everybody, as is the `1` of a `geo` that was to say who is limited. All clients share one limit: a few of them use it up, and the others get 503.',
  remedy:
    'Write `set_real_ip_from` with the address of the proxy, and `real_ip_header X-Forwarded-For;`; write the key as a variable, `$binary_remote_addr`',
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
  ],
  good: [
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
  *check({ nginx, servers }) {
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
          if (server === undefined || !isBehindLoopback(server) || realIpSources(server).length > 0) continue
          const name = (
            directive.args.find(({ value }) => value.startsWith('zone=')) ?? directive.args[0]
          )?.value.replace(/^zone=/, '')
          const defined = name === undefined ? undefined : zoneOf(configuration, zone, name)
          if (defined === undefined || !/^\$(?:binary_)?remote_addr$/.test(defined.args[0]?.value ?? ''))
            continue
          yield {
            at: argumentPlace(defined, 0),
            message: `\`${defined.args[0]?.value}\` is the address of the proxy in front, so all clients share the limit \`${name}\``,
            label: 'one address for all',
            related: [
              { at: namePlace(directive), message: 'limited here' },
              ...server.listens.slice(0, 1).map(({ at }) => ({ at, message: 'only this machine connects' })),
            ],
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
