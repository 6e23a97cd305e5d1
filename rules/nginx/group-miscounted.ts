import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { groupMiscounted } from '../_counted-groups.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { rewritings } from './_rewritings.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(nginxServer(lines)),
})

export default defineRule({
  summary: 'A group inside of another one is inserted where the next one is meant',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Groups are counted by their opening parentheses, those inside of others too. In `((a|b)-[0-9]+)/item/([0-9]+)` the number behind `item/` is `$3`, and `$2` is `a` or `b`.',
  remedy: 'Insert the group that is meant, or write `(?:…)` for a group that is not inserted',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite'],
  bad: [
    {
      title: 'a choice inside of the first group',
      files: nginx(
        'rewrite ^/votes/((up|down)-[0-9]+)/member/([0-9]+)$ «/votes/show?vote=$1&member=$2» redirect;',
      ),
    },
  ],
  good: [
    {
      title: 'each group by its number',
      files: nginx(
        'rewrite ^/votes/((up|down)-[0-9]+)/member/([0-9]+)$ /votes/show?vote=$1&member=$3 redirect;',
      ),
    },
    {
      title: 'the inner group alone, and a rest that is left out',
      files: nginx(conf`
        rewrite ^/(?:(en|de)/)?about$ /about?language=$1 last;
        rewrite ^/list/((up|down)-[0-9]+)(/.*)?$ /list?vote=$1&kind=$2 last;
        rewrite ^/all/((up|down)-[0-9]+)/(.*)$ /all?vote=$1&kind=$2 last;
      `),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations)
      for (const rewriting of rewritings(configuration)) {
        const finding = groupMiscounted(rewriting)
        if (finding !== null) yield finding
      }
  },
})
