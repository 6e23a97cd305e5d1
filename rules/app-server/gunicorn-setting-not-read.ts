import { GUNICORN_OPTIONS } from '../../parsers/app-server/gunicorn-options.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Source } from '../../parsers/text/source.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { looseGunicorn } from './_loose-gunicorn.ts'

const project = (settings: string): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn -c /etc/shop/gunicorn.conf.py shop.wsgi:application'), {
    'etc/shop/gunicorn.conf.py': conf`
      bind = "127.0.0.1:8000"
      ${settings}
    `,
  })

/** A repository in whose image a script starts gunicorn. */
const lying = (settings: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM python:3.12
    COPY . .
    ENTRYPOINT ["./entrypoint.sh"]
    CMD ["shop.wsgi:application"]
  `,
  'entrypoint.sh': 'exec "$@" --config /gunicorn_conf.py\n',
  'nginx/site.conf': proxiedServer('', '127.0.0.1:8000'),
  'gunicorn_conf.py': settings,
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
    { title: 'the word of an option', files: project('«pid» = "/run/shop/shop.pid"') },
    {
      title: 'a file that a script names',
      files: lying(conf`
        import os

        bind = "unix:/run/shop/shop.sock"
        «pid» = "/run/shop/shop.pid"
        if os.environ.get("SHOP_LOGS"):
            «access_log_file» = "-"
      `),
    },
    {
      title: 'a file beside an image whose entry point is called after nothing',
      files: {
        Dockerfile: 'FROM python:3.12\nCOPY . .\nENTRYPOINT ["./shop-image.sh"]\n',
        'shop-image.sh': 'exec gunicorn --config /gunicorn_conf.py "$@"\n',
        'nginx/site.conf': proxiedServer('', '127.0.0.1:8000'),
        'gunicorn_conf.py': conf`
          bind = "unix:/run/shop/shop.sock"
          «pid» = "/run/shop/shop.pid"
        `,
      },
    },
    { title: 'capitals', files: project('«WORKERS» = 4') },
  ],
  good: [
    {
      title: 'settings, and a function that gunicorn calls',
      files: project('workers = 4\non_starting = None'),
    },
    { title: 'a variable of the module', files: project('worker = 4\nworkers = worker * 2 + 1') },
    {
      title: 'names inside of a function and of a call, and a module of another kind',
      files: {
        ...lying(conf`
          bind = "unix:/run/shop/shop.sock"
          raw_env = dict(
              worker=4,
          )

          def when_ready(server):
              pid = 4
        `),
        'deploy/gunicorn.py': 'worker = 4\n',
      },
    },
    { title: 'a variable of another kind', files: project('cores = 4\nregion = "eu"') },
  ],
  *check(deployment) {
    for (const { server } of programsOfKind(deployment, 'app-server')) {
      if (server.program !== 'gunicorn') continue
      const names = new Set(server.settings.keys())
      for (const [name, { at }] of server.settings) {
        const source = server.sources.find(each => each === at?.source)
        if (source !== undefined) yield* notRead(name, names, source)
      }
    }
    for (const { source, names } of looseGunicorn(deployment))
      for (const name of names) yield* notRead(name, names, source)
  },
})

/** A name that is written once in a configuration, and that stands for another one. */
function* notRead(name: string, names: ReadonlySet<string>, source: Source): Iterable<RuleFinding> {
  const meant = meantBy(name)
  if (meant === null || names.has(meant)) return
  const [first, ...others] = withoutComments(source.code).matchAll(
    new RegExp(`(?<![\\w./-])${name}(?![\\w./-])`, 'g'),
  )
  if (first === undefined || others.length > 0) return
  yield {
    at: { source, start: first.index, end: first.index + name.length },
    message: `gunicorn has no setting \`${name}\`, and passes over this line`,
    label: 'not read',
    help: `Write \`${meant}\``,
  }
}

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
  ['pid', 'pidfile'],
  ['pid_file', 'pidfile'],
  ['access_log', 'accesslog'],
  ['access_log_file', 'accesslog'],
  ['error_log', 'errorlog'],
  ['error_log_file', 'errorlog'],
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
