import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'

const RULE = conf`
  SecRule ARGS "@detectSQLi" "id:942100,phase:2,block,t:none,msg:'SQL Injection'"
`

export default defineRule({
  summary: 'A rule of ModSecurity is removed before it is there',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`SecRuleRemoveById` removes what stands above it. Where the rules are included below, there is nothing to remove yet, and the rule goes on to refuse requests: 403.',
  remedy: 'Write it behind the line that includes the rules, or in the virtual host',
  references: [
    'https://github.com/owasp-modsecurity/ModSecurity/wiki/Reference-Manual-(v2.x)#SecRuleRemoveById',
    'https://coreruleset.org/docs/2-how-crs-works/2-3-false-positives-and-tuning/',
  ],
  unproven: 'The live tests have no mod_security',
  bad: [
    {
      title: 'above the rules',
      files: {
        'security.conf': conf`
          ServerTokens Prod
          SecRuleEngine On
          SecRuleRemoveById «942100»
          ${RULE}
        `,
      },
    },
  ],
  good: [
    {
      title: 'below the rules',
      files: {
        'security.conf': conf`
          ServerTokens Prod
          SecRuleEngine On
          ${RULE}
          SecRuleRemoveById 942100
        `,
      },
    },
    {
      title: 'rules that stand elsewhere',
      files: {
        'security.conf': conf`
          ServerTokens Prod
          SecRuleEngine On
          SecRuleRemoveById 942100
        `,
      },
    },
    {
      title: 'in a virtual host, which has the rules of the server',
      files: {
        'security.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              SecRuleRemoveById 942100
          </VirtualHost>
          ${RULE}
        `,
      },
    },
    {
      title: 'removed while a request is handled',
      files: {
        'security.conf': conf`
          SecRule REQUEST_URI "@beginsWith /wiki" "id:1000,phase:1,pass,nolog,ctl:ruleRemoveById=942100"
          ${RULE}
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const { occurrences, top } of apache) {
      if (!occurrences.has('secruleremovebyid')) continue
      const first = new Map<string, number>()
      for (const [index, { name, args }] of top.entries()) {
        const actions = name === 'SecRule' || name === 'SecAction' ? (args.at(-1)?.value ?? '') : ''
        const [, id] = /(?:^|[\s,])id:'?(\d+)/.exec(actions) ?? []
        if (id !== undefined && !first.has(id)) first.set(id, index)
      }
      for (const [index, directive] of top.entries()) {
        if (directive.name !== 'SecRuleRemoveById') continue
        for (const [position, { value }] of directive.args.entries()) {
          const at = first.get(value)
          const rule = at === undefined || at < index ? undefined : top[at]
          if (rule === undefined) continue
          yield {
            at: argumentPlace(directive, position),
            message: `rule ${value} stands below, so there is nothing to remove yet, and it stays`,
            label: 'removes nothing',
            related: [{ at: argumentPlace(rule, rule.args.length - 1), message: 'the rule' }],
          }
        }
      }
    }
  },
})
