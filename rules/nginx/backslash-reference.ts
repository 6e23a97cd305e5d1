import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { sedReference } from '../_sed-references.ts'
import { locationRewritings, rewritings } from './_rewritings.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(nginxServer(lines)),
})

export default defineRule({
  summary: 'A group is inserted with a backslash, as in sed',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx inserts the group of an expression for `$1`. It sends `\\1` as it stands, so every page leads to the same URL.',
  remedy: 'Write `$1`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite'],
  bad: [
    {
      title: 'in a `rewrite`',
      files: nginx(conf`rewrite ^/blog/(.*)$ «https://blog.example.org/\1» permanent;`),
    },
    {
      title: 'in a location by an expression',
      files: nginx(conf`
        location ~ ^/user/([0-9]+)/([a-z]+)$ {
            return 301 «/users/\1?tab=\2»;
        }
      `),
    },
  ],
  good: [
    {
      title: 'a dollar sign',
      files: nginx(conf`rewrite ^/blog/(.*)$ https://blog.example.org/$1 permanent;`),
    },
    {
      title: 'a reference within the expression',
      files: nginx(conf`rewrite ^/(.)\1$ /twice/$1 permanent;`),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations)
      for (const rewriting of [...rewritings(configuration), ...locationRewritings(configuration)]) {
        const finding = sedReference(rewriting, digit => `\`\\${digit}\` itself`)
        if (finding !== null) yield finding
      }
  },
})
