import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  )

export default defineRule({
  summary: '`try_files` of the server is never tried, because `location /` takes every request',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'No location inherits `try_files`. That of a server is for requests that no location takes, and `location /` leaves none: files are not looked for, or the fallback is never asked.',
  remedy: 'Move the line into `location /`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'a fallback that is never asked',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          «try_files» $uri /index.html;
          location / {
              add_header X-Served-By web1;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'in the location',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              try_files $uri /index.html;
          }
        `),
      },
    },
    {
      title: 'requests that no location takes',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          try_files $uri @app;
          location /api/ {
              proxy_pass http://127.0.0.1:9000;
          }
          location = / {
              return 302 /start;
          }
          location @app {
              proxy_pass http://127.0.0.1:9001;
          }
        `),
      },
    },
    {
      title: 'the location has a line of its own',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          try_files $uri =404;
          location / {
              try_files $uri /index.html;
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const line of occurrences.get('try_files') ?? []) {
        const { parent } = line
        if (parent?.name !== 'server' || line.context !== 'server') continue
        const all = childrenNamed(parent, 'location').find(location => {
          const { modifier, name } = readLocation(location)
          return name === '/' && (modifier === '' || modifier === '^~')
        })
        if (all === undefined || childrenNamed(all, 'try_files').length > 0) continue
        yield {
          at: namePlace(line),
          message:
            '`location /` takes every request, and inherits no `try_files`, so this line is never tried',
          label: 'never tried',
          related: [{ at: argumentPlace(all, all.args.length - 1), message: 'takes every request' }],
        }
      }
    }
  },
})
