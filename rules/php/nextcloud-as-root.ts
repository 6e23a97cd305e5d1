import { posix } from 'node:path'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { phpPool, phpSite } from './_examples.ts'
import { type RootJob, rootJobs, rootOfUnit } from './_started-by-root.ts'

const tree = (files: Record<string, string>): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('', ''),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(''),
  ...files,
})
const cron = (line: string): Record<string, string> => tree({ 'etc/cron.d/nextcloud': `${line}\n` })
const unit = (lines: string, command = 'cron.php'): Record<string, string> =>
  tree({
    'etc/systemd/system/nextcloudcron.service': conf`
      [Service]
      ${lines}
      ExecStart=/usr/bin/php -f /var/www/nextcloud/${command}
    `,
    'etc/systemd/system/nextcloudcron.timer': '[Timer]\nOnUnitActiveSec=5min\n',
  })

export default defineRule({
  summary: 'Root runs the jobs of Nextcloud, which only the owner of its configuration may',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`cron.php` and `occ` ask who owns `config/config.php`, and that is the user of PHP-FPM or Apache. For anybody else, root too, they end at once: `Console has to be executed with the user that owns the file config/config.php`. No job runs, cron mails it to nobody, and the page for administrators says that the last one was hours ago.',
  remedy:
    'Run them as the user of PHP: `www-data` in the column of `/etc/cron.d`, `User=www-data` of a unit, or `sudo -u www-data`',
  references: [
    'https://docs.nextcloud.com/server/latest/admin_manual/configuration_server/background_jobs_configuration.html',
    'https://docs.nextcloud.com/server/latest/admin_manual/occ_command.html',
  ],
  unproven: 'The live tests have no Nextcloud',
  bad: [
    { title: 'in /etc/cron.d', files: cron('*/5 * * * * «root» php -f /var/www/nextcloud/cron.php') },
    {
      title: 'a command of occ',
      files: cron('30 2 * * * «root» cd /var/www/nextcloud && php occ preview:pre-generate'),
    },
    {
      title: 'the crontab of root',
      files: tree({
        'var/spool/cron/crontabs/root':
          '*/5 * * * * «/usr/bin/php8.2 /var/www/nextcloud/cron.php >/dev/null 2>&1»\n',
      }),
    },
    {
      title: 'a unit without a user',
      files: tree({
        'etc/systemd/system/nextcloudcron.service': conf`
          [Service]
          ExecStart=«/usr/bin/php» -f /var/www/nextcloud/cron.php
        `,
      }),
    },
    { title: 'a unit that says so', files: unit('User=«root»') },
  ],
  good: [
    { title: 'the user of PHP', files: cron('*/5 * * * * www-data php -f /var/www/nextcloud/cron.php') },
    { title: 'sudo', files: cron('*/5 * * * * root sudo -u www-data php -f /var/www/nextcloud/cron.php') },
    {
      title: 'su',
      files: cron('*/5 * * * * root su -s /bin/sh www-data -c "php /var/www/nextcloud/cron.php"'),
    },
    { title: 'another application', files: cron('*/5 * * * * root php -f /var/www/shop/cron.php') },
    {
      title: 'a container',
      files: cron('*/5 * * * * root docker exec -u www-data nextcloud php /var/www/nextcloud/cron.php'),
    },
    { title: 'a unit with a user', files: unit('User=www-data') },
    { title: 'a unit of an account that a drop-in has', files: unit('DynamicUser=yes') },
  ],
  *check(deployment) {
    for (const { machine, text, directory, at } of startedByRoot(deployment)) {
      const path = nextcloudIn(text, directory, machine)
      if (path === null) continue
      yield {
        at,
        message: `Nextcloud runs \`${path}\` for the owner of \`config/config.php\` alone, which root is not: Console has to be executed with the user that owns the file`,
        label: 'root',
      }
    }
  },
})

interface StartedByRoot extends RootJob {
  readonly machine: Machine
}

/** What cron and systemd start as root, on machines of their own. */
function* startedByRoot(deployment: Deployment): Iterable<StartedByRoot> {
  for (const machine of deployment.machines) {
    if (machine.container !== null) continue
    for (const job of rootJobs(machine)) yield { machine, ...job }
  }
  for (const started of deployment.commands) {
    const { machine, words, rest, directory } = started
    const at = machine.container === null && rest === null ? rootOfUnit(started) : null
    if (at === null) continue
    yield {
      machine,
      text: words.map(({ text }) => text).join(' '),
      directory: directory?.known === true ? directory.value : null,
      at,
    }
  }
}

/** What becomes another user, or asks a program elsewhere. */
const OTHERWISE =
  /\b(?:sudo|su|runuser|setuidgid|chpst|gosu|su-exec|setpriv|docker|podman|kubectl|curl|wget)\b/
const RUNS = /(?:^|\s)((?:[\w./-]*\/)?)(cron\.php|occ)(?=\s|$)/

/** The path of `cron.php` or `occ` that a command runs, where it surely is Nextcloud’s. */
function nextcloudIn(text: string, directory: string | null, { files }: Machine): string | null {
  const [, before = '', script = ''] = RUNS.exec(text) ?? []
  if (script === '' || OTHERWISE.test(text) || (!before.startsWith('/') && directory === null)) return null
  if (script === 'cron.php' && !/(?:^|[\s/])php[\d.]*\s/.test(text)) return null
  const home = posix.resolve(directory ?? '/', before)
  const isOwn = /nextcloud/i.test(home) || files.kind(posix.join(home, 'occ')) === 'file'
  return isOwn ? posix.join(home, script) : null
}
