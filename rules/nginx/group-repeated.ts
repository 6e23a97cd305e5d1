import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { groupRepeated } from '../_repeated-groups.ts'
import { rewritings } from './_rewritings.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(nginxServer(lines)),
})

export default defineRule({
  summary: 'A group that is repeated is inserted, and holds the last character alone',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A group that is repeated holds what it took last. `([a-z-])+` takes one letter at a time, so that of `/world/france` it holds `e`, and the client is sent to a page of that name.',
  remedy: 'Repeat inside of the group: `([a-z-]+)`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite'],
  bad: [
    {
      title: 'the letters of a name',
      files: nginx('rewrite «^/land/([a-z-])+$» /country/$1 redirect;'),
    },
    {
      title: 'a group with a name',
      files: nginx(String.raw`rewrite «^/item/(?<number>\d)+/?$» /items?number=$number redirect;`),
    },
    {
      title: 'anything, in a group that captures nothing',
      files: nginx('rewrite «^/old(?:/(.)*)?$» https://old.example.org/$1 redirect;'),
    },
  ],
  good: [
    {
      title: 'repeated inside of the group',
      files: nginx('rewrite ^/land/([a-z-]+)$ /country/$1 redirect;'),
    },
    {
      title: 'not inserted, the last of several parts, and beside the whole',
      files: nginx(conf`
        rewrite ^/land/([a-z-])+$ /countries redirect;
        rewrite ^/docs(/[a-z]+)+$ /page$1 redirect;
        rewrite ^/picture/((\d)+)$ /shard$2/$1 redirect;
        rewrite ^/photo/(\d)+$ /shard$1$uri last;
        rewrite ^/part/(\d)?$ /parts/$1 redirect;
      `),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations)
      for (const rewriting of rewritings(configuration)) {
        const finding = groupRepeated(rewriting)
        if (finding !== null) yield finding
      }
  },
})
