import type { Source } from '../../parsers/text/source.ts'
import { isGivenByName } from '../../src/deployment/crontabs.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { isDebian } from '../_debian.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { systemTables } from './_crontabs.ts'

const tree = (path: string, lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(nginxServer('root /srv/www;')),
  [path]: conf`
    SHELL=/bin/sh
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    # m h dom mon dow user command
    ${lines}
  `,
})

export default defineRule({
  summary: 'cron runs another command than the line means',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The lines of `/etc/crontab` and `/etc/cron.d` name an account before the command: without one, cron takes the first word of the command for it, writes `Error: bad username` to its log, and passes over the line; that of Debian passes over the whole file. And `%` ends a command, unless a backslash stands before it: what follows is the input. Certificates are not renewed, schedules of Laravel not run, and dumps not made.',
  remedy: 'Write `root` or another account before the command, and `\\%` for `%`',
  references: ['https://man7.org/linux/man-pages/man5/crontab.5.html'],
  unproven: 'The live tests start no cron',
  bad: [
    {
      title: 'a renewal without an account',
      files: tree('etc/cron.d/renew', '15 3 * * * «certbot» renew --quiet'),
    },
    {
      title: 'a path in its place',
      files: tree('etc/crontab', '*/5 * * * * «/usr/bin/php» /srv/shop/artisan schedule:run'),
    },
    {
      title: 'a table that an image has where cron looks for it',
      files: {
        ...tree('etc/cron.d/renew', '15 3 * * * «certbot» renew --quiet'),
        Dockerfile: conf`
          FROM debian:12
          COPY etc/cron.d/renew /etc/cron.d/renew
          CMD ["cron", "-f"]
        `,
      },
    },
    {
      title: 'a date',
      files: tree('etc/cron.d/dump', '0 2 * * * root pg_dump shop > /var/backups/shop-$(date +«%»F).sql'),
    },
    {
      title: 'a date in the table of a user',
      files: {
        'etc/nginx/nginx.conf': nginxMain(nginxServer('root /srv/www;')),
        'var/spool/cron/crontabs/root': conf`
          0 2 * * * tar -czf "/var/backups/www-$(date '+«%»Y').tar.gz" /srv/www
        `,
      },
    },
  ],
  good: [
    { title: 'an account', files: tree('etc/cron.d/renew', '15 3 * * * root certbot renew --quiet') },
    {
      title: 'an account that is called like a command',
      files: tree('etc/cron.d/renew', '@daily certbot /usr/bin/certbot renew'),
    },
    {
      title: 'a backslash',
      files: tree('etc/cron.d/dump', '0 2 * * * root pg_dump shop > /var/backups/shop-$(date +\\%F).sql'),
    },
    {
      title: 'the table of a user, which names none',
      files: {
        'etc/nginx/nginx.conf': nginxMain(nginxServer('root /srv/www;')),
        'var/spool/cron/crontabs/root': '15 3 * * * certbot renew --quiet\n',
      },
    },
    {
      title: 'the input of a command',
      files: tree('etc/cron.d/greet', '0 9 * * 1 root mail -s Monday team%Good morning%'),
    },
    {
      title: 'an account of this machine',
      files: {
        ...tree('etc/cron.d/renew', '15 3 * * * certbot renew-all --quiet'),
        'etc/passwd': 'certbot:x:990:990::/var/lib/certbot:/usr/sbin/nologin\n',
      },
    },
    {
      title: 'a table that supercronic is given',
      files: {
        ...tree('etc/crontab', '*/5 * * * * cd /srv/shop && php artisan schedule:run'),
        Makefile: conf`
          schedule:
          	exec supercronic -json /srv/shop/etc/crontab
        `,
      },
    },
    {
      title: 'a table that an image has elsewhere',
      files: {
        ...tree('etc/crontab', '*/5 * * * * php /srv/shop/artisan schedule:run'),
        Dockerfile: conf`
          FROM php:8.3-cli
          COPY --chown=www-data:www-data etc/crontab /srv/tasks
        `,
      },
    },
    {
      title: 'a table that is loaded for an account',
      files: {
        ...tree('etc/cron.d/renew', '15 3 * * * certbot renew --quiet'),
        'deploy.sh': conf`
          cp -r etc/cron.d /etc/
          crontab -u root /etc/cron.d/renew
        `,
      },
    },
    {
      title: 'a table that is mounted for BusyBox',
      files: {
        ...tree('etc/crontab', '15 3 * * * certbot renew --quiet'),
        'docker-compose.yml': conf`
          services:
            cron:
              image: certbot/certbot
              entrypoint: crond -f
              volumes: ['./etc/crontab:/etc/crontabs/root:ro']
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { files, container } of deployment.machines) {
      // An image may load such a file as the table of a user.
      if (container !== null) continue
      for (const path of systemTables(files)) {
        const [first, ...others] = misread(files, path, true)
        if (first !== undefined && !isGivenByName(deployment, path)) yield* [first, ...others]
      }
      for (const directory of ['/var/spool/cron', '/var/spool/cron/crontabs'])
        for (const { name, kind } of files.list(directory) ?? [])
          if (kind === 'file') yield* misread(files, `${directory}/${name}`, false)
    }
  },
})

const LINE = /^([ \t]*(?:@\w+|(?:[\d*/,\-a-zA-Z~]+[ \t]+){4}[\d*/,\-a-zA-Z~]+)[ \t]+)(\S.*)$/gm

function* misread(files: FileSystem, path: string, hasUser: boolean): Iterable<RuleFinding> {
  const source = sourceAt(files, path)
  if (source === null || source.template) return
  for (const match of source.text.matchAll(LINE)) {
    const [, schedule = '', rest = ''] = match
    const start = match.index + schedule.length
    const [word = '', blank = '', next = ''] = /^(\S+)([ \t]*)(\S*)/.exec(rest)?.slice(1) ?? []
    if (hasUser && isCommand(files, word, next)) {
      yield {
        at: { source, start, end: start + word.length },
        message: `cron takes \`${word}\` for the account that runs \`${next === '' ? 'the command' : next}\`, and passes over ${isDebian(files) ? 'the whole file' : 'the line, or, as Debian’s does, the whole file'}`,
        label: 'no account',
        help: `Write \`root ${word}\``,
      }
      continue
    }
    const command = hasUser ? word.length + blank.length : 0
    const percent = percentIn(source, start + command, start + rest.length)
    if (percent !== null)
      yield {
        at: { source, start: percent, end: percent + 1 },
        message: `the command ends here: cron reads \`%\` as the end of a line, and gives what follows to the command as its input`,
        label: 'ends the command',
        help: 'Write `\\%`',
      }
  }
}

/** What no account is called, or what nobody calls one who passes such a word to it. */
const COMMANDS =
  /^(?:certbot(?:-auto)?|acme\.sh|php[\d.]*|python[\d.]*|perl|ruby|node|npm|npx|wget|curl|bash|sh|env|cd|find|rm|cp|mv|tar|rsync|test|flock|nice|ionice|sudo|systemctl|service|docker|docker-compose|mysqldump|pg_dump|logrotate|sleep|date|echo|export|\[)$/

function isCommand(files: FileSystem, word: string, next: string): boolean {
  if (word.startsWith('/') || word.startsWith('~/') || word.startsWith('./')) return true
  if (!COMMANDS.test(word) || next === '') return false
  // The command of an account that is called so.
  if (COMMANDS.test(next) || (/^(?:certbot|node|docker|ruby)/.test(word) && next.startsWith('/')))
    return false
  const accounts = sourceAt(files, '/etc/passwd')
  return accounts === null || !accounts.text.split('\n').some(line => line.startsWith(`${word}:`))
}

/** The first `%` of a date; any other may be meant as the input of the command. */
function percentIn({ text }: Source, start: number, end: number): number | null {
  for (let at = text.indexOf('%', start); at !== -1 && at < end; at = text.indexOf('%', at + 1)) {
    if (text[at - 1] === '\\') continue
    return /\bdate\b[^)`;|&]*$/.test(text.slice(start, at)) ? at : null
  }
  return null
}
