import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { PASSES, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'

const site = (location: string): string => conf`
  upstream app {
      server 127.0.0.1:9000;
  }
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      try_files $uri @app;
      ${location}
      location @app {
          proxy_pass http://app;
          proxy_set_header Host $host;
      }
  }
`

/** What answers a request by itself, so that no fallback is missed. */
const ANSWERS = new Set([
  ...PASSES,
  'return',
  'rewrite',
  'try_files',
  'alias',
  'root',
  'stub_status',
  'empty_gif',
  'autoindex',
  'deny',
  'error_page',
  'internal',
  'flv',
  'mp4',
  'perl',
  'js_content',
  'if',
  'index',
])
/** Directories and endings of files that lie on the disk or nowhere. */
const STATIC =
  /static|media|assets|img|image|css|js|font|favicon|robots|well-known|upload|download|\.(?:\w+\||\w+\)?\$?$)|\\\./i

export default defineRule({
  summary: 'A location does not inherit the fallback to the application',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: '`try_files` is never inherited: a location that sets no more than a header answers with files alone, and every page of the application below it is a 404.',
  remedy: 'Repeat `try_files` in the location',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'a location that only adds a header',
      files: {
        'nginx.conf': site(conf`
          «location» /account {
              add_header Cache-Control no-store;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'repeated',
      files: {
        'nginx.conf': site(
          conf`
            location /account {
                add_header Cache-Control no-store;
                try_files $uri @app;
            }
          `,
        ),
      },
    },
    {
      title: 'files alone, on purpose',
      files: {
        'nginx.conf': site(conf`
          location /static/ {
              expires 30d;
          }
        `),
      },
    },
    {
      title: 'endings of files',
      files: {
        'nginx.conf': site(conf`
          location ~* \.(css|js|png)$ {
              expires 30d;
          }
        `),
      },
    },
    {
      title: 'an answer of its own',
      files: {
        'nginx.conf': site(
          conf`
            location /account {
                proxy_pass http://app;
                proxy_set_header Host $host;
            }
          `,
        ),
      },
    },
  ],
  *check({ nginx, servers }) {
    if (!nginx.some(({ occurrences }) => occurrences.get('try_files')?.some(isOfServer))) return
    for (const { configuration, directive } of servers) {
      const fallback = fallbackOf(directive)
      if (fallback === null) continue
      for (const location of childrenNamed(directive, 'location')) {
        if (!losesFallback(configuration, location)) continue
        const last = fallback.args.length - 1
        yield {
          at: namePlace(location),
          per: 'servers',
          message: often =>
            `\`location ${readLocation(location).name}\` does not inherit \`try_files\`${often}, so what is no file here is a 404 and never reaches \`${fallback.args[last]?.value}\``,
          label: 'without the fallback',
          related: [{ at: argumentPlace(fallback, last), message: 'the fallback of the server' }],
        }
      }
    }
  },
})

function isOfServer({ parent }: NginxDirective): boolean {
  return parent?.name === 'server'
}

/** The server's `try_files`, where its last argument proxies to a named location. */
function fallbackOf(server: NginxDirective): NginxDirective | null {
  const directive = server.children.find(({ name }) => name === 'try_files')
  return directive?.args.at(-1)?.value.startsWith('@') === true ? directive : null
}

function losesFallback(configuration: NginxConfiguration, location: NginxDirective): boolean {
  const { modifier, name } = readLocation(location)
  if (modifier === '@' || STATIC.test(name) || name === '/') return false
  if (hasUnreadInclude(configuration, location)) return false
  return !location.children.some(
    ({ name }) => ANSWERS.has(name) || name === 'location' || /_by_lua/.test(name),
  )
}
