import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { cachedConnections } from './_cached-connections.ts'

const nginx = (lines: string, directory = 'empty'): string =>
  nginxMain(conf`
    proxy_cache_path /var/cache/${directory} keys_zone=pages:1m;
    ${nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_cache pages;
          add_header X-Cache $upstream_cache_status;
          ${lines}
      }
    `)}
  `)

export default defineRule({
  summary: 'A cache in which nothing is ever kept',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx keeps an answer only where it buffers it, and only for as long as the backend or `proxy_cache_valid` says. Without either, every request goes to the backend, and the cache stays empty.',
  remedy:
    'Leave `proxy_buffering` on where answers are to be kept, and say for how long: `proxy_cache_valid 200 10m;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid',
  ],
  bad: [
    {
      title: 'answers that are not buffered',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_cache_valid 200 10m;
          «proxy_buffering off»;
        `),
      },
    },
    {
      title: 'what the backend says of it ignored, and nothing else said',
      files: {
        'etc/nginx/nginx.conf': nginx('«proxy_ignore_headers» X-Accel-Expires Expires Cache-Control;'),
      },
    },
  ],
  good: [
    {
      title: 'buffered, and kept for ten minutes',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            proxy_cache_valid 200 10m;
            proxy_ignore_headers X-Accel-Expires Expires Cache-Control;
          `,
          'pages',
        ),
      },
    },
    {
      title: 'as long as the backend says',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_ignore_headers Vary;') },
    },
    {
      title: 'a stream inside a server that keeps everything else',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          proxy_cache_path /var/cache/nginx keys_zone=pages:1m;
          ${nginxServer(conf`
            proxy_cache pages;
            proxy_cache_valid 200 10m;
            location /events {
                proxy_pass http://127.0.0.1:9000;
                proxy_buffering off;
            }
          `)}
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { connection, kind, zone } of cachedConnections(deployment, 'cache')) {
      const { block } = connection
      const { configuration } = connection.server
      const related = [{ at: namePlace(zone), message: 'the cache' }]
      const buffering = effective(configuration, block, `${kind}_buffering`)
      const line = buffering.known ? buffering.value.directives[0] : undefined
      if (line?.args[0]?.value.toLowerCase() === 'off' && !isInside(line.parent, zone.parent)) {
        const end = argumentPlace(line, 0)
        yield {
          at: { ...namePlace(line), end: end.end },
          message: `answers are not buffered, so \`${kind}_cache\` keeps none of them`,
          related,
        }
        continue
      }
      const valid = effective(configuration, block, `${kind}_cache_valid`)
      const ignored = effective(configuration, block, `${kind}_ignore_headers`)
      const ignoring = ignored.known ? ignored.value.directives : []
      const names = new Set(ignoring.flatMap(({ args }) => args.map(({ value }) => value.toLowerCase())))
      const [first] = ignoring
      if (first === undefined || !valid.known || valid.value.directives.length > 0) continue
      if (!names.has('cache-control') || !names.has('expires')) continue
      yield {
        at: namePlace(first),
        confidence: names.has('x-accel-expires') ? 'high' : 'medium',
        message: `what the backend says of how long an answer holds is ignored, and no \`${kind}_cache_valid\` says it, so nothing is kept`,
        related,
      }
    }
  },
})

/** True where a block stands somewhere inside of another one. */
function isInside(block: NginxDirective | null, outer: NginxDirective | null): boolean {
  for (let at = block?.parent ?? null; block !== null && at !== outer; at = at.parent)
    if (at === null) return false
  return block !== outer
}
