import { argumentPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: 'The fallback of `try_files` does not begin with a slash',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The last argument of `try_files` is no file but a URI, and nginx goes on with it as it is written. No location but one by regular expression takes a URI without its first slash, and no file is found: what is to be answered by the start page is a 500 or 404.',
  remedy: 'Write `/index.html`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'the start page of an application',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
              try_files $uri $uri/ «index.html»;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'a URI, a named location, a status',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
              try_files $uri $uri/ /index.html;
          }
          location /a/ {
              try_files $uri @app;
          }
          location /b/ {
              try_files $uri =404;
          }
          location /c/ {
              try_files $uri $uri/index.html;
          }
          location @app {
              return 410;
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const directive of occurrences.get('try_files') ?? []) {
        const index = directive.args.length - 1
        const value = directive.args[index]?.value ?? ''
        if (index < 1 || isUnknownWord(value) || !/^[a-z0-9_.]/i.test(value)) continue
        const at = argumentPlace(directive, index)
        yield {
          at,
          message: `the fallback is the URI \`${value}\`, which does not begin with a slash, so nothing answers it`,
          ...propose('Begin the URI with a slash', 'unsafe', [replacePlace(at, `/${value}`)]),
        }
      }
    }
  },
})
