import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseTime } from '../../src/servers/nginx/validate/numbers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { cacheValidForAll, cacheValidInForce } from './_cache-valid.ts'
import { cachedSite } from './_examples.ts'

export default defineRule({
  summary: 'The cache keeps errors, for long',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`any` is every status, also 500 and the 502 that nginx answers itself while the backend is started anew: what went wrong for a moment is what every client gets until the time is over.',
  remedy: 'Name the statuses: `proxy_cache_valid 200 301 302 1h;`, with `any 1m;` behind them at most',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid'],
  bad: [
    { title: 'every answer', files: cachedSite(['proxy_cache_valid «any 1h»;']) },
    {
      title: 'pages by themselves, and all else',
      files: cachedSite(['proxy_cache_valid 200 301 1d;', 'proxy_cache_valid «any 6h»;']),
    },
    {
      title: 'of an application by FastCGI',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          fastcgi_cache_path /var/cache/pages keys_zone=pages:1m;
          fastcgi_cache_valid «any 1d»;
          ${nginxServer(conf`
            location / {
                fastcgi_pass 127.0.0.1:9000;
                fastcgi_cache pages;
                fastcgi_cache_key $scheme$host$request_uri;
            }
          `)}
        `),
      },
    },
    {
      title: 'for all sites, in a file that the main file includes',
      files: {
        'conf.d/cache.conf': conf`
          fastcgi_cache_path /var/run/nginx-cache keys_zone=pages:50m inactive=60m;
          fastcgi_cache_key $scheme$request_method$host$request_uri;
          fastcgi_cache_valid «any 1h»;
        `,
      },
    },
    { title: 'the errors of the backend themselves', files: cachedSite(['proxy_cache_valid «500 502 1h»;']) },
  ],
  good: [
    { title: 'pages alone', files: cachedSite(['proxy_cache_valid 200 301 302 1h;'], 'others') },
    {
      title: 'for a minute',
      files: cachedSite(['proxy_cache_valid 200 1h;', 'proxy_cache_valid any 1m;'], 'others'),
    },
    {
      title: 'errors have a time of their own, in front of it',
      files: cachedSite(['proxy_cache_valid 500 502 503 504 0s;', 'proxy_cache_valid any 1h;'], 'others'),
    },
    {
      title: 'for ten minutes',
      files: cachedSite(['proxy_cache_valid 200 1h;', 'proxy_cache_valid any 10m;'], 'others'),
    },
    { title: 'what is not there', files: cachedSite(['proxy_cache_valid 404 1h;'], 'others') },
    { title: 'never', files: cachedSite(['proxy_cache_valid any 0;'], 'others') },
    {
      title: 'for all sites, beside a location that says itself how long',
      files: {
        'conf.d/cache.conf': conf`
          fastcgi_cache_path /var/run/nginx-cache keys_zone=pages:50m inactive=60m;
          fastcgi_cache_valid any 1h;
        `,
        'conf.d/site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  include fastcgi.conf;
                  fastcgi_pass 127.0.0.1:9000;
                  fastcgi_cache pages;
                  fastcgi_cache_key $scheme$host$request_uri;
                  fastcgi_cache_valid 200 5m;
              }
          }
        `,
      },
    },
    {
      title: 'for all sites, of which one keeps answers and says itself how long, and another keeps none',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          proxy_cache_path /var/cache/others keys_zone=pages:1m;
          proxy_cache_valid any 1d;
          ${nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_cache pages;
                proxy_cache_valid 200 5m;
            }
            location /api/ {
                proxy_pass http://127.0.0.1:9000;
            }
          `)}
        `),
      },
    },
  ],
  *check(deployment) {
    const all = [
      ...cacheValidInForce(deployment),
      ...deployment.nginx.flatMap(each => [...cacheValidForAll(each)]),
    ]
    for (const lines of all) {
      const named = new Set<string>()
      for (const { line, statuses, time } of lines) {
        const isAny = statuses.includes('any')
        const kept = isAny
          ? ERRORS.filter(status => !named.has(status))
          : ERRORS.filter(status => statuses.includes(status))
        for (const status of statuses) named.add(status)
        const milliseconds = time === null ? null : parseTime(time, true)
        if (kept.length === 0 || milliseconds === null || milliseconds < LONG) continue
        const first = argumentPlace(line, 0)
        yield {
          at: { ...first, end: argumentPlace(line, line.args.length - 1).end },
          message: `a ${kept.includes('502') ? '502' : kept[0]} of one moment is answered to everybody for ${time}`,
          label: 'errors too',
        }
        break
      }
    }
  },
})

/** What a backend answers while something is wrong with it. */
const ERRORS = ['500', '502', '503', '504']

/** Milliseconds from which on an error outlives any repair of the backend. */
const LONG = 1_800_000
