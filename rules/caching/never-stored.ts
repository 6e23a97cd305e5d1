import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { phpPool } from '../php/_examples.ts'
import { cachedConnections } from './_cached-connections.ts'
import { sessionOfEveryPage } from './_session-of-page.ts'

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

/** PHP behind a cache, whose front controller begins with some lines. */
const php = (lines: string, more = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    fastcgi_cache_path /var/cache/nginx keys_zone=pages:1m;
    ${nginxServer(conf`
      root /srv/www/public;
      location / {
          try_files $uri /index.php$is_args$args;
      }
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php8.2-fpm.sock;
          fastcgi_cache pages;
          fastcgi_cache_valid 200 5m;
          ${more}
      }
    `)}
  `),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'srv/www/public/index.php': conf`
    <?php
    require __DIR__ . '/../src/bootstrap.php';
    echo 'page';
  `,
  'srv/www/src/bootstrap.php': conf`
    <?php
    ${lines}
  `,
})

export default defineRule({
  summary: 'A cache in which nothing is ever kept',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx keeps an answer only where it buffers it, and only for as long as the backend or `proxy_cache_valid` says. Without either, every request goes to the backend, and the cache stays empty. A session of PHP brings `Set-Cookie` and `Cache-Control: no-store`, either of which forbids to keep the page.',
  remedy:
    'Leave `proxy_buffering` on where answers are to be kept, and say for how long: `proxy_cache_valid 200 10m;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid',
    'https://www.php.net/manual/en/function.session-cache-limiter.php',
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
    { title: 'PHP that begins a session for everybody', files: php('«session_start»();') },
  ],
  good: [
    {
      title: 'PHP that begins a session for who has one',
      files: php(conf`
        if (isset($_COOKIE[session_name()])) {
            session_start();
        }
      `),
    },
    {
      title: 'a session that forbids no cache',
      files: php(conf`
        session_cache_limiter('');
        session_start();
      `),
    },
    {
      title: 'headers of the session that are ignored',
      files: php('session_start();', 'fastcgi_ignore_headers Cache-Control Expires Set-Cookie;'),
    },
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
      const session = kind === 'fastcgi' ? sessionOfEveryPage(deployment, connection) : null
      if (session !== null) {
        const heeded = effectiveAtHand(configuration, block, 'fastcgi_ignore_headers')
        if (!heeded.known || heeded.value.directives.length > 0) continue
        yield {
          at: session,
          message:
            'PHP begins a session for every request, and sends `Set-Cookie` and `Cache-Control: no-store` with it, so `fastcgi_cache` keeps no page',
          label: 'also for who has none',
          related,
          help: 'Begin it where one is needed: `if (isset($_COOKIE[session_name()])) session_start();`, and at the login',
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
