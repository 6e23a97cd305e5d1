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
  summary: 'A file or a directory is called `off`, `stdout` or the like',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`error_log` cannot be turned off, nor `access_log` on, and `stderr` is a word of `error_log` alone: any other is the name of a file below the directory that nginx was built with, and the log that is expected elsewhere, or in `docker logs`, is not written. `proxy_temp_path off` makes a directory of that name and puts the temporary files there.',
  remedy:
    'Write `error_log /dev/null;`, `access_log /dev/stdout;`, or name the file of the log; for temporary files `proxy_max_temp_file_size 0;`',
  references: ['https://nginx.org/en/docs/ngx_core_module.html#error_log'],
  unproven: 'The file lies below the directory that nginx was built for, which the tests leave alone',
  bad: [
    { title: 'errors turned off', files: { 'nginx.conf': site('error_log «off»;') } },
    { title: 'requests turned on', files: { 'nginx.conf': site('access_log «on»;') } },
    { title: 'requests to the output', files: { 'nginx.conf': site('access_log «stdout» combined;') } },
    { title: 'errors to the output', files: { 'nginx.conf': site('error_log «stdout» warn;') } },
    { title: 'no temporary files', files: { 'nginx.conf': site('proxy_temp_path «off»;') } },
    { title: 'bodies in memory', files: { 'nginx.conf': site('client_body_temp_path «off»;') } },
    { title: 'requests to nowhere', files: { 'nginx.conf': site('access_log «none»;') } },
  ],
  good: [
    { title: 'errors to nowhere', files: { 'nginx.conf': site('error_log /dev/null;') } },
    {
      title: 'directories, and what takes `off`',
      files: {
        'nginx.conf': site(conf`
          proxy_temp_path /var/cache/nginx/off 1 2;
          proxy_store off;
          proxy_max_temp_file_size 0;
        `),
      },
    },
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
      for (const name of TEMPORARY)
        for (const directive of occurrences.get(name) ?? []) {
          const word = directive.args[0]?.value ?? ''
          if (!SWITCH.test(word)) continue
          yield {
            at: argumentPlace(directive, 0),
            message: `\`${name} ${word}\` makes a directory with the name \`${word}\`, and temporary files are written there`,
            label: 'the name of a directory',
            help: name.startsWith('client')
              ? 'name a directory: nginx writes bodies there that `client_body_buffer_size` does not hold'
              : `name a directory, or write \`${name.replace('temp_path', 'max_temp_file_size')} 0;\``,
          }
        }
    }
  },
})

/** Directives that name a directory, and know no word that turns them off. */
const TEMPORARY = [
  'proxy_temp_path',
  'fastcgi_temp_path',
  'uwsgi_temp_path',
  'scgi_temp_path',
  'client_body_temp_path',
]
const SWITCH = /^(?:on|off|none)$/

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
