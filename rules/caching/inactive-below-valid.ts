import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { parseTime } from '../../src/servers/nginx/validate/numbers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { type CacheValid, cacheValid } from './_cache-valid.ts'
import { cachedConnections } from './_cached-connections.ts'

const nginx = (path: string, ...valid: readonly string[]): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    ${path}
    ${nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_cache pictures;
          add_header X-Cache $upstream_cache_status always;
          ${valid.join('\n')}
      }
    `)}
  `),
})

export default defineRule({
  summary: 'A cache drops what it is told to keep longer',
  severity: 'warning',
  otherSeverities: {
    info: 'where answers are to be kept for less than a day, or `inactive` is written',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`inactive` is how long an answer may lie in the cache without being asked for: ten minutes where nothing is written. It is removed then, however long `proxy_cache_valid` would have it, and what few clients ask for is made anew each time.',
  remedy: 'Write `inactive=` into `proxy_cache_path`, as long as the longest `proxy_cache_valid`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_path'],
  bad: [
    {
      title: 'a month, and nothing is said of inactive',
      files: nginx(
        '«proxy_cache_path» /var/cache/pictures keys_zone=pictures:1m max_size=1g;',
        'proxy_cache_valid 404 1m;',
        'proxy_cache_valid 200 30d;',
      ),
    },
    {
      title: 'an hour: advice',
      files: nginx(
        '«proxy_cache_path» /var/cache/pictures keys_zone=pictures:1m;',
        'proxy_cache_valid any 1h;',
      ),
    },
    {
      title: 'the longest of two locations',
      files: {
        'site.conf': conf`
          «uwsgi_cache_path» /var/cache/pages keys_zone=pages:1m;
          server {
              listen 80;
              server_name example.org;
              include uwsgi_params;
              uwsgi_cache pages;
              uwsgi_cache_key $scheme$request_method$host$request_uri;
              location / {
                  uwsgi_pass 127.0.0.1:9000;
                  uwsgi_cache_valid 5m;
              }
              location /archive/ {
                  uwsgi_pass 127.0.0.1:9000;
                  uwsgi_cache_valid 7d;
              }
          }
        `,
      },
    },
    {
      title: 'an inactive of an hour, and a week: advice',
      files: nginx(
        'proxy_cache_path /var/cache/pictures keys_zone=pictures:1m «inactive=60m»;',
        'proxy_cache_valid 200 1w;',
      ),
    },
  ],
  good: [
    {
      title: 'as long as answers are kept',
      files: nginx(
        'proxy_cache_path /var/cache/pictures keys_zone=pictures:1m max_size=1g inactive=30d;',
        'proxy_cache_valid 404 1m;',
        'proxy_cache_valid 200 30d;',
      ),
    },
    {
      title: 'pages that are kept for minutes',
      files: nginx(
        'proxy_cache_path /var/cache/pictures keys_zone=pictures:1m;',
        'proxy_cache_valid 200 10m;',
        'proxy_cache_valid 301 1d;',
      ),
    },
    {
      title: 'a little less than that',
      files: nginx(
        'proxy_cache_path /var/cache/pictures keys_zone=pictures:1m inactive=20h;',
        'proxy_cache_valid 200 1d;',
      ),
    },
    {
      title: 'what the backend says of each answer',
      files: nginx('proxy_cache_path /var/cache/pictures keys_zone=pictures:1m;', ''),
    },
    {
      title: 'a time that a template fills in',
      files: {
        'site.conf.j2': nginx(
          'proxy_cache_path /var/cache/pictures keys_zone=pictures:1m {{ cache_options }};',
          'proxy_cache_valid 200 30d;',
        )['etc/nginx/nginx.conf']!,
      },
    },
  ],
  *check(deployment) {
    for (const { connection, kind, zone } of cachedConnections(deployment, 'cache')) {
      const { server, block } = connection
      const path = pathOfZone(server.configuration, `${kind}_cache_path`, zone.args[0]?.value ?? '')
      if (path === null || path.args.some(({ value }) => isUnknownWord(value))) continue
      const written = path.args.findLastIndex(({ value }) => value.startsWith('inactive='))
      const text = path.args[written]?.value.slice('inactive='.length) ?? null
      const inactive = text === null ? BY_DEFAULT : parseTime(text, true)
      const inForce = effective(server.configuration, block, `${kind}_cache_valid`)
      const longest = inForce.known ? longestOf(inForce.value.directives.map(cacheValid)) : null
      if (inactive === null || inactive === 0 || longest === null) continue
      if (longest.milliseconds < WELL_ABOVE * inactive) continue
      yield {
        at: written === -1 ? namePlace(path) : argumentPlace(path, written),
        ...((written !== -1 || longest.milliseconds < DAY) && { severity: 'info' as const }),
        message: `an answer that nobody asks for during ${text ?? '10 minutes, the default of `inactive`,'} is removed, though it is to be kept for ${longest.time}`,
        label: 'dropped earlier',
        related: [
          {
            at: argumentPlace(longest.line, longest.line.args.length - 1),
            message: 'how long it would hold',
          },
        ],
      }
    }
  },
})

const DAY = 86_400_000
/** What nginx takes where no `inactive` is written. */
const BY_DEFAULT = 600_000
/** Of times that lie near each other nobody loses much. */
const WELL_ABOVE = 2

function pathOfZone(
  { occurrences }: NginxConfiguration,
  directive: string,
  zone: string,
): NginxDirective | null {
  const own = (occurrences.get(directive) ?? []).filter(({ args }) =>
    args.some(({ value }) => value.startsWith(`keys_zone=${zone}:`)),
  )
  return own[0] ?? null
}

/** How long pages are kept at the most: redirects and errors are made again at little cost. */
function longestOf(
  lines: readonly CacheValid[],
): { readonly line: NginxDirective; readonly time: string; readonly milliseconds: number } | null {
  const kept = lines.flatMap(({ line, statuses, time }) => {
    const milliseconds = time === null ? null : parseTime(time, true)
    const isOfPages = statuses.includes('200') || statuses.includes('any')
    return time === null || milliseconds === null || !isOfPages ? [] : [{ line, time, milliseconds }]
  })
  return kept.length === 0 ? null : kept.reduce((a, b) => (b.milliseconds > a.milliseconds ? b : a))
}
