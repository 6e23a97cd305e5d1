import { GUNICORN_OPTIONS } from '../../parsers/app-server/gunicorn-options.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const project = (settings: string): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn -c /etc/shop/gunicorn.conf.py shop.wsgi:application'), {
    'etc/shop/gunicorn.conf.py': conf`
      bind = "127.0.0.1:8000"
      ${settings}
    `,
  })

export default defineRule({
  summary: 'gunicorn passes over a line of its configuration',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The configuration of gunicorn is a module of Python. Names that are no settings are variables of it, and gunicorn says nothing of them: with `worker = 4` one worker runs, and with `time_out = 120` a request of 30 seconds is ended.',
  remedy: 'Write the name as the list of settings has it',
  references: ['https://docs.gunicorn.org/en/stable/settings.html'],
  bad: [
    { title: 'a letter that is missing', files: project('«worker» = 4') },
    { title: 'an underscore too many', files: project('«time_out» = 120') },
    { title: 'the name of an option', files: project('«access_logfile» = "-"') },
    { title: 'capitals', files: project('«WORKERS» = 4') },
  ],
  good: [
    {
      title: 'settings, and a function that gunicorn calls',
      files: project('workers = 4\non_starting = None'),
    },
    { title: 'a variable of the module', files: project('worker = 4\nworkers = worker * 2 + 1') },
    { title: 'a variable of another kind', files: project('cores = 4\nregion = "eu"') },
  ],
  *check(deployment) {
    for (const { server } of programsOfKind(deployment, 'app-server')) {
      if (server.program !== 'gunicorn') continue
      for (const [name, { at }] of server.settings) {
        const source = server.sources.find(each => each === at?.source)
        const meant = source === undefined ? null : meantBy(name)
        if (source === undefined || meant === null || server.settings.has(meant)) continue
        const [first, ...others] = withoutComments(source.code).matchAll(new RegExp(`\\b${name}\\b`, 'g'))
        if (first === undefined || others.length > 0) continue
        yield {
          at: { source, start: first.index, end: first.index + name.length },
          message: `gunicorn has no setting \`${name}\`, and passes over this line`,
          label: 'not read',
          help: `Write \`${meant}\``,
        }
      }
    }
  },
})

const SETTINGS: ReadonlySet<string> = new Set([
  ...GUNICORN_OPTIONS.values.values(),
  ...[...GUNICORN_OPTIONS.flags.values()].map(({ name }) => name),
  'default_proc_name',
  'secure_scheme_headers',
  'tmp_upload_dir',
  'logconfig_dict',
])

/** Names that are more than one letter away. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ['access_logfile', 'accesslog'],
  ['error_logfile', 'errorlog'],
  ['log_file', 'errorlog'],
  ['logfile', 'errorlog'],
  ['preload', 'preload_app'],
  ['daemonize', 'daemon'],
  ['pid_file', 'pidfile'],
  ['proc_title', 'proc_name'],
  ['max_request', 'max_requests'],
  ['worker', 'workers'],
  ['num_workers', 'workers'],
  ['thread', 'threads'],
])

/** The setting that is nearly this; null for a setting, and for any other word. */
function meantBy(name: string): string | null {
  if (SETTINGS.has(name) || !/^\w+$/.test(name)) return null
  const plain = name.toLowerCase().replaceAll('_', '')
  return (
    MEANT.get(name) ??
    [...SETTINGS].find(each => each.replaceAll('_', '') === plain || isOneSlipAway(each, name)) ??
    null
  )
}
