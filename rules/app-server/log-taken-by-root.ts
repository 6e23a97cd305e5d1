import { posix } from 'node:path'
import type { CronJob } from '../../parsers/cron/read-crontab.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { clientsOf } from '../django/_clients.ts'
import { rotatedLogs } from '../django/_rotated-logs.ts'
import { jobsOfRoot } from './_crontabs.ts'
import { behindNginx, serviceUnit, WSGI } from './_examples.ts'

const tree = (
  line: string,
  {
    handler = '"class": "logging.handlers.TimedRotatingFileHandler", "when": "midnight"',
    path = 'etc/cron.d/shop',
  } = {},
): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi'), {
    'etc/shop/manage.py': '',
    'etc/shop/shop/__init__.py': '',
    'etc/shop/shop/wsgi.py': WSGI,
    'etc/shop/shop/settings.py': conf`
      ALLOWED_HOSTS = ["*"]
      LOGGING = {
          "version": 1,
          "handlers": {"file": {${handler}, "filename": "/var/log/shop/shop.log"}},
          "root": {"handlers": ["file"]},
      }
    `,
    [path]: conf`
      SHELL=/bin/sh
      ${line}
    `,
  })
const COMMAND = 'cd /etc/shop && /usr/bin/python3 manage.py remind'

export default defineRule({
  summary: 'cron runs manage.py as root, which takes the log of the application away',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Every `manage.py` sets up the same `LOGGING`. Where the one that cron starts as root is the first to rotate the file, or to make it, the new file is root’s with mode 644. The application, which runs as another user, does not start any more: `ValueError: Unable to configure handler`, `PermissionError: [Errno 13] Permission denied`.',
  remedy: 'Let cron run it as the user of the application, and give the file back once with `chown`',
  references: [
    'https://docs.python.org/3/library/logging.handlers.html#timedrotatingfilehandler',
    'https://manpages.debian.org/stable/cron/crontab.5.en.html',
  ],
  unproven: 'The live tests start no cron, and wait for no midnight',
  bad: [
    { title: 'a table of cron.d', files: tree(`30 5 * * * «root» ${COMMAND}`) },
    {
      title: 'a path, and a size at which it is rotated',
      files: tree('*/5 * * * * «root» /usr/bin/python3 /etc/shop/manage.py remind >/dev/null 2>&1', {
        handler: '"class": "logging.handlers.RotatingFileHandler", "maxBytes": 1000000, "backupCount": 5',
        path: 'etc/crontab',
      }),
    },
    {
      title: 'the table of root',
      files: tree(`30 5 * * * «${COMMAND}»`, { path: 'var/spool/cron/crontabs/root' }),
    },
  ],
  good: [
    { title: 'the user of the application', files: tree(`30 5 * * * www-data ${COMMAND}`) },
    {
      title: 'root, who becomes that user',
      files: tree(`30 5 * * * root sudo -u www-data sh -c '${COMMAND}'`),
    },
    {
      title: 'an owner that is given afterwards',
      files: tree(`30 5 * * * root ${COMMAND}; chown www-data /var/log/shop/*`),
    },
    { title: 'other settings', files: tree(`30 5 * * * root ${COMMAND} --settings=shop.cron`) },
    { title: 'another project', files: tree(`30 5 * * * root ${COMMAND.replace('/etc/shop', '/srv/blog')}`) },
    {
      title: 'a file that nothing but logrotate changes',
      files: tree(`30 5 * * * root ${COMMAND}`, {
        handler: '"class": "logging.handlers.WatchedFileHandler"',
      }),
    },
    {
      title: 'an application of root',
      files: Object.fromEntries(
        Object.entries(tree(`30 5 * * * root ${COMMAND}`)).map(([path, text]) => [
          path,
          text.replace('User=www-data', 'User=root'),
        ]),
      ),
    },
  ],
  *check(deployment) {
    const byMachine = new Map(
      deployment.machines.map(machine => [machine, managed(jobsOfRoot(machine.files))]),
    )
    if ([...byMachine.values()].every(jobs => jobs.length === 0)) return
    for (const { settings, machine, account } of clientsOf(deployment)) {
      const [own] = settings.files
      if (machine.container !== null || account === null || /^(?:root|0)$|[$%{\0\uFFFD]/.test(account))
        continue
      const jobs = (byMachine.get(machine) ?? []).filter(
        ({ home }) =>
          own !== undefined && isBelow(own, home) && machine.files.kind(`${home}/manage.py`) === 'file',
      )
      const log =
        jobs.length === 0 ? undefined : rotatedLogs(settings).find(({ path }) => path.startsWith('/'))
      if (log === undefined) continue
      for (const { job } of jobs)
        yield {
          at: (job.user ?? job.command).at,
          message: `\`manage.py\` as root rotates \`${log.path}\`, and the new file is root’s: the application as \`${account}\` may not open it`,
          label: 'not the user of the application',
          related: [{ at: log.at, message: 'the file of both' }],
          help: `Let cron run it as \`${account}\``,
        }
    }
  },
})

interface Managed {
  readonly job: CronJob
  /** The directory of its `manage.py`. */
  readonly home: string
}

/** What becomes another user, says other settings, or cares for the owner of what it writes. */
const CARES =
  /\b(?:sudo|su|runuser|setuidgid|chpst|gosu|setpriv|chown|chmod|umask|setfacl)\b|--settings|DJANGO_SETTINGS_MODULE/
const MANAGE = /(?:^|\s)((?:[\w./-]*\/)?manage\.py)\s+\w/

function managed(jobs: readonly CronJob[]): readonly Managed[] {
  return jobs.flatMap(job => {
    const { text } = job.command
    const [, script] = MANAGE.exec(text) ?? []
    if (script === undefined || CARES.test(text)) return []
    const [, directory] = /(?:^|[;&]\s*)cd\s+(\/[\w./-]+)\s*(?:&&|;)/.exec(text) ?? []
    if (!script.startsWith('/') && directory === undefined) return []
    const path = posix.resolve(directory ?? '/', script)
    return [{ job, home: cleanPath(posix.dirname(path)) }]
  })
}
