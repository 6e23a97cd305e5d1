import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const site = (line: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${line}
  }
`

export default defineRule({
  summary: 'A log is written to a file that is called `on` or `off`',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`error_log` cannot be turned off, nor `access_log` on: the word is taken for the name of a file, below the directory that nginx was built with, and the log that is expected elsewhere is not written.',
  remedy: 'Write `error_log /dev/null;`, or name the file of the log',
  references: ['https://nginx.org/en/docs/ngx_core_module.html#error_log'],
  unproven: 'The file lies below the directory that nginx was built for, which the tests leave alone',
  bad: [
    { title: 'errors turned off', files: { 'nginx.conf': site('error_log «off»;') } },
    { title: 'requests turned on', files: { 'nginx.conf': site('access_log «on»;') } },
  ],
  good: [
    { title: 'errors to nowhere', files: { 'nginx.conf': site('error_log /dev/null;') } },
    { title: 'requests turned off', files: { 'nginx.conf': site('access_log off;') } },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const [name, words] of [
        ['error_log', ['on', 'off']],
        ['access_log', ['on']],
      ] as const) {
        for (const directive of occurrences.get(name) ?? []) {
          const word = directive.args[0]?.value ?? ''
          if (!(words as readonly string[]).includes(word)) continue
          const at = argumentPlace(directive, 0)
          yield {
            at,
            message: `\`${name} ${word}\` writes to a file with the name \`${word}\``,
            label: 'the name of a file',
            ...(name === 'error_log' && word === 'off'
              ? propose('Write it nowhere', 'unsafe', [replacePlace(at, '/dev/null')])
              : {}),
          }
        }
      }
    }
  },
})
