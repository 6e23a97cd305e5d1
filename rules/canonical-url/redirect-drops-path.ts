import { serverIndex } from '../../src/deployment/build/servers.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace, writtenText } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
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
  summary: 'A redirect leads every page to the start page',
  severity: 'warning',
  otherSeverities: { info: 'where it leads from other names to a site of the same configuration' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The URL of the redirect has no path: whoever follows a link to `http://example.org/page?id=2` is sent to the start page, and search engines take all old addresses for one.',
  remedy: 'Write `return 301 https://$host$request_uri;`, or the new name before `$request_uri`',
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
    {
      title: 'the same name that a template fills in',
      files: { 'nginx.conf.template': site('return 301 «https://${DOMAIN}/»;', '${DOMAIN}') },
    },
    {
      title: '`www.` over TLS',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              server_name www.example.org;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              return 301 «https://example.org»;
          }
          ${site('return 301 https://$host$request_uri;').replace('root /srv/www;', 'root /srv/www; location / { try_files $uri $uri/ =404; }')}
        `,
      },
    },
    {
      title: 'old names, to the new one',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name old.example.net www.old.example.net;
              return 301 «https://example.org»;
          }
          ${site('return 301 https://$host$request_uri;').replace('root /srv/www;', 'root /srv/www; location / { try_files $uri $uri/ =404; }')}
        `,
      },
    },
  ],
  good: [
    {
      title: 'other names that lead to a page by itself, for a while, or with the request',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name sale.example.net;
              return 301 https://example.org/sale/;
          }
          server {
              listen 80;
              server_name next.example.net;
              return 302 https://example.org;
          }
          server {
              listen 80;
              server_name old.example.net;
              return 301 https://example.org$request_uri;
          }
          ${site('return 301 https://$host$request_uri;').replace('root /srv/www;', 'root /srv/www; location / { try_files $uri $uri/ =404; }')}
        `,
      },
    },
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
          if (server === undefined) continue
          const isOwn = isOwnName(server, host)
          const moved = isOwn || !isForGood(directive) ? null : siteNamed(servers, server, host)
          if (!isOwn && moved === null) continue
          const at = argumentPlace(directive, 1)
          yield {
            at,
            ...(moved !== null && {
              severity: isSameSite(server, host) ? 'warning' : 'info',
              related: [{ at: namePlace(moved.directive), message: 'the site, which has other pages' }],
            }),
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
function hostAlone(directive: NginxDirective): string | null {
  const { name, args } = directive
  const [first, second, flag] = args
  if (first === undefined || second === undefined) return null
  if (name === 'return' ? !/^30[12378]$/.test(first.value) : !matchesEveryPath(first.value)) return null
  if (flag !== undefined && flag.value !== 'permanent' && flag.value !== 'redirect') return null
  if (isUnknownWord(second.value)) {
    const place = argumentPlace(directive, 1)
    return FILLED_IN.exec(writtenText(place))?.[1] ?? null
  }
  return (
    /^https:\/\/([\w.-]+|\$(?:host|server_name|http_host|ssl_server_name))\/?\??$/.exec(second.value)?.[1] ??
    null
  )
}

/** A name that a template fills in, and nothing else. */
const FILLED_IN = /^https:\/\/(\$\{\w+\}|\{\{\s*[\w.]+\s*\}\})\/?$/

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
function isOwnName(server: NginxServer, host: string): boolean {
  const { listens } = server
  if (listens.length === 0 || listens.some(({ tls, port }) => tls || port !== 80)) return false
  if (/^\$\w/.test(host)) return true
  return isSameSite(server, host)
}

/** True where they differ by `www.` at most. */
function isSameSite(server: NginxServer, host: string): boolean {
  return writtenNames(server).some(name => withoutWww(name) === withoutWww(host))
}

/** The other server of a configuration that has a name over TLS, and more than one page. */
function siteNamed(servers: readonly NginxServer[], own: NginxServer, host: string): NginxServer | null {
  if (/^\$\w/.test(host)) return null
  const found = servers.find(
    server =>
      server !== own &&
      server.configuration === own.configuration &&
      server.tls &&
      !writtenNames(own).includes(host.toLowerCase()) &&
      writtenNames(server).includes(host.toLowerCase()) &&
      childrenNamed(server.directive, 'return').length === 0 &&
      childrenNamed(server.directive, 'location').some(({ children }) =>
        children.some(({ name }) => name === 'try_files' || name.endsWith('_pass')),
      ),
  )
  return found ?? null
}

function isForGood({ name, args }: NginxDirective): boolean {
  return name === 'return' ? /^30[18]$/.test(args[0]?.value ?? '') : args[2]?.value === 'permanent'
}

/** The names of a server as they are written, one that a template fills in too. */
function writtenNames({ directive }: NginxServer): readonly string[] {
  return childrenNamed(directive, 'server_name').flatMap(line =>
    line.args.map(({ value }, index) =>
      (isUnknownWord(value) ? writtenText(argumentPlace(line, index)) : value).toLowerCase(),
    ),
  )
}

function withoutWww(name: string): string {
  return name.toLowerCase().replace(/^www\./, '')
}
