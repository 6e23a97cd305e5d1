import { serverIndex } from '../../src/deployment/build/servers.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { matchesEveryPath } from '../nginx/_hidden-patterns.ts'

const site = (line: string, names = 'example.org'): string => conf`
  server {
      listen 80;
      server_name ${names};
      ${line}
  }
  server {
      listen 443 ssl;
      server_name ${names};
      ssl_certificate /etc/ssl/a.pem;
      ssl_certificate_key /etc/ssl/a.key;
      root /srv/www;
  }
`

export default defineRule({
  summary: 'A redirect to TLS leads every page to the start page',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The URL of the redirect has no path: whoever follows a link to `http://example.org/page?id=2` is sent to the start page, and search engines take all old addresses for one.',
  remedy: 'Write `return 301 https://$host$request_uri;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return'],
  bad: [
    { title: 'the name alone', files: { 'nginx.conf': site('return 301 «https://$server_name»;') } },
    {
      title: 'in a location, by its name',
      files: {
        'nginx.conf': site(
          conf`
            location / {
                return 302 «https://www.example.org/»;
            }
          `,
          'example.org www.example.org',
        ),
      },
    },
    {
      title: 'a rewrite of every path',
      files: { 'nginx.conf': site('rewrite ^(.*)$ «https://example.org/» permanent;') },
    },
  ],
  good: [
    { title: 'with the request', files: { 'nginx.conf': site('return 301 https://$host$request_uri;') } },
    {
      title: 'the path by a capture',
      files: { 'nginx.conf': site('rewrite ^/(.*)$ https://example.org/$1 permanent;') },
    },
    { title: 'another site', files: { 'nginx.conf': site('return 301 https://example.net/;') } },
    {
      title: 'one page',
      files: {
        'nginx.conf': site(conf`
          location = /old {
              return 301 https://example.org/;
          }
          location / {
              return 301 https://example.org$request_uri;
          }
        `),
      },
    },
    {
      title: 'for some requests',
      files: {
        'nginx.conf': site(conf`
          if ($http_user_agent ~ bot) {
              return 301 https://example.org/;
          }
          return 301 https://example.org$request_uri;
        `),
      },
    },
  ],
  *check({ nginx, servers }) {
    const byDirective = serverIndex(servers)
    for (const { occurrences } of nginx) {
      for (const name of ['return', 'rewrite']) {
        for (const directive of occurrences.get(name) ?? []) {
          const host = hostAlone(directive)
          if (host === null || !isForEveryPath(directive)) continue
          const home = enclosingServer(directive)
          const server = home === null ? undefined : byDirective.get(home)
          if (server === undefined || !isOwnName(server, host)) continue
          const at = argumentPlace(directive, 1)
          yield {
            at,
            message: `every page is redirected to \`https://${host}/\`, without its path${keepsQuery(directive) ? '' : ' and query'}`,
            label: 'no `$request_uri`',
            ...propose('Keep path and query', 'unsafe', [
              name === 'return' ? replacePlace(at, `https://${host}$request_uri`) : null,
            ]),
          }
        }
      }
    }
  },
})

/** The host of a redirect to TLS that has no path; null for every other line. */
function hostAlone({ name, args }: NginxDirective): string | null {
  const [first, second, flag] = args
  if (first === undefined || second === undefined) return null
  if (name === 'return' ? !/^30[12378]$/.test(first.value) : !matchesEveryPath(first.value)) return null
  if (flag !== undefined && flag.value !== 'permanent' && flag.value !== 'redirect') return null
  return (
    /^https:\/\/([\w.-]+|\$(?:host|server_name|http_host|ssl_server_name))\/?\??$/.exec(second.value)?.[1] ??
    null
  )
}

/** `rewrite` puts the query behind what holds no question mark. */
function keepsQuery({ name, args }: NginxDirective): boolean {
  return name === 'rewrite' && !(args[1]?.value ?? '').includes('?')
}

/** True for a line of a server itself, or of its `location /`, in front of which nothing else answers. */
function isForEveryPath(directive: NginxDirective): boolean {
  const { parent } = directive
  if (parent === null) return false
  if (parent.name === 'location') {
    const { modifier, name } = readLocation(parent)
    if (name !== '/' || modifier === '=' || modifier.startsWith('~')) return false
  } else if (parent.name !== 'server') return false
  const first = parent.children.find(({ name }) => name === 'return' || name === 'rewrite')
  return first === directive
}

/** True where a server that speaks no TLS has the name itself, with `www.` or without. */
function isOwnName({ listens, names }: NginxServer, host: string): boolean {
  if (listens.length === 0 || listens.some(({ tls, port }) => tls || port !== 80)) return false
  if (host.startsWith('$')) return true
  const bare = host.toLowerCase().replace(/^www\./, '')
  return names.some(({ name, exact }) => exact && name.toLowerCase().replace(/^www\./, '') === bare)
}
