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
  summary: 'A log is written to a file that is called `off`, `stdout` or the like',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`error_log` cannot be turned off, nor `access_log` on, and `stderr` is a word of `error_log` alone: any other is the name of a file below the directory that nginx was built with, and the log that is expected elsewhere, or in `docker logs`, is not written.',
  remedy: 'Write `error_log /dev/null;`, `access_log /dev/stdout;`, or name the file of the log',
  references: ['https://nginx.org/en/docs/ngx_core_module.html#error_log'],
  unproven: 'The file lies below the directory that nginx was built for, which the tests leave alone',
  bad: [
    { title: 'errors turned off', files: { 'nginx.conf': site('error_log «off»;') } },
    { title: 'requests turned on', files: { 'nginx.conf': site('access_log «on»;') } },
    { title: 'requests to the output', files: { 'nginx.conf': site('access_log «stdout» combined;') } },
    { title: 'errors to the output', files: { 'nginx.conf': site('error_log «stdout» warn;') } },
    { title: 'requests to nowhere', files: { 'nginx.conf': site('access_log «none»;') } },
  ],
  good: [
    { title: 'errors to nowhere', files: { 'nginx.conf': site('error_log /dev/null;') } },
    { title: 'requests turned off', files: { 'nginx.conf': site('access_log off;') } },
    {
      title: 'the output by its own name, and the word that `error_log` has for it',
      files: { 'nginx.conf': site('access_log /dev/stdout combined;\nerror_log stderr warn;') },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const name of ['error_log', 'access_log'] as const) {
        const meanings = MEANT[name]
        for (const directive of occurrences.get(name) ?? []) {
          const word = directive.args[0]?.value ?? ''
          const meant = meanings.get(word)
          if (meant === undefined) continue
          const at = argumentPlace(directive, 0)
          yield {
            at,
            message: `\`${name} ${word}\` writes to a file with the name \`${word}\``,
            label: 'the name of a file',
            ...(meant === null ? {} : propose(`Write \`${meant}\``, 'unsafe', [replacePlace(at, meant)])),
          }
        }
      }
    }
  },
})

/** The words that are taken for more than the name of a file, with what says it; null where nothing does. */
const MEANT: Readonly<Record<'error_log' | 'access_log', ReadonlyMap<string, string | null>>> = {
  error_log: new Map([
    ['on', null],
    ['off', '/dev/null'],
    ['none', '/dev/null'],
    ['stdout', '/dev/stdout'],
  ]),
  access_log: new Map([
    ['on', null],
    ['none', 'off'],
    ['stdout', '/dev/stdout'],
    ['stderr', '/dev/stderr'],
  ]),
}
