import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (line: string): string => nginxMain(nginxServer(line))

export default defineRule({
  summary: '`~` at the beginning of a path is not the home of an account',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A shell replaces `~`, nginx does not: `~/site` is the directory `~` below the one that nginx was built with, or of its main file, and nothing is found there.',
  remedy: 'Write the whole path: `/home/name/site`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#root'],
  bad: [
    { title: 'the files of a site', files: { 'etc/nginx/nginx.conf': nginx('root «~/site/public»;') } },
    {
      title: 'an account that is named',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /static/ {
              alias «~shop/static/»;
          }
        `),
      },
    },
  ],
  good: [
    { title: 'the whole path', files: { 'etc/nginx/nginx.conf': nginx('root /home/shop/site/public;') } },
    {
      title: 'a URL with a tilde, and a pattern',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location ~ ^/~(\w+)/ {
              try_files $uri ~/index.html =404;
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const name of WITH_PATH) {
        for (const directive of occurrences.get(name) ?? []) {
          const path = directive.args[0]?.value ?? ''
          if (!/^~[\w.-]*\//.test(path)) continue
          yield {
            at: argumentPlace(directive, 0),
            message: `nginx looks for a directory \`${path.split('/')[0] ?? '~'}\`: it replaces no \`~\`, as a shell does`,
            label: 'taken as it is',
          }
        }
      }
    }
  },
})

/** Directives whose first word is a path. */
const WITH_PATH = [
  'root',
  'alias',
  'include',
  'ssl_certificate',
  'ssl_certificate_key',
  'ssl_dhparam',
  'ssl_trusted_certificate',
  'ssl_client_certificate',
  'auth_basic_user_file',
  'access_log',
  'error_log',
  'client_body_temp_path',
  'proxy_cache_path',
  'fastcgi_cache_path',
]
