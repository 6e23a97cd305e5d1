import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { named } from '../../src/servers/nginx/queries/scope.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      location /admin/ {
          ${lines}
      }
  }
`

export default defineRule({
  summary: '`allow` or `deny` stands behind one for `all`, and is never reached',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The first `allow` or `deny` that matches decides. Behind `deny all` an `allow` lets nobody in, and behind `allow all` a `deny` keeps nobody out.',
  remedy: 'Move the line for `all` to the end',
  references: ['https://nginx.org/en/docs/http/ngx_http_access_module.html'],
  bad: [
    {
      title: 'allowed when all are denied already',
      files: {
        'nginx.conf': site(conf`
          deny all;
          allow «192.0.2.0/24»;
        `),
      },
    },
    {
      title: 'denied when all are allowed already',
      files: {
        'nginx.conf': site(conf`
          allow all;
          deny «192.0.2.66»;
        `),
      },
    },
  ],
  good: [
    {
      title: 'all come last',
      files: {
        'nginx.conf': site(conf`
          allow 192.0.2.0/24;
          deny all;
        `),
      },
    },
    {
      title: 'said twice',
      files: {
        'nginx.conf': site(conf`
          deny all;
          deny 192.0.2.66;
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      const blocks = new Set<NginxDirective>()
      for (const name of ['allow', 'deny'])
        for (const { parent } of occurrences.get(name) ?? []) if (parent !== null) blocks.add(parent)
      for (const block of blocks) {
        if (named(block.children, 'allow').length === 0 || named(block.children, 'deny').length === 0)
          continue
        const rules = block.children.filter(child => child.name === 'allow' || child.name === 'deny')
        const all = rules.findIndex(rule => rule.args[0]?.value === 'all')
        const decider = rules[all]
        if (decider === undefined) continue
        for (const rule of rules.slice(all + 1)) {
          if (rule.name === decider.name) continue
          yield {
            at: argumentPlace(rule, 0),
            message: `\`${rule.name} ${rule.args[0]?.value}\` stands behind \`${decider.name} all\`, which has decided for every address`,
            label: 'never reached',
            related: [{ at: namePlace(decider), message: 'matches first' }],
          }
        }
      }
    }
  },
})
