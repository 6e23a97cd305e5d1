import { posix } from 'node:path'
import { type Crontab, type CronWord, readCrontab } from '../../parsers/cron/read-crontab.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type CrontabFile, crontabsOf, isGivenByName } from '../../src/deployment/crontabs.ts'
import type { Deployment, Machine, Program } from '../../src/deployment/model.ts'
import { isDebian } from '../_debian.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { hasCronOfDebian, tablesOfPlaybook } from './_debian-cron.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const machine = (
  crontab: string,
  name = 'shop',
  files: Record<string, string> = {},
): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application'), {
    'etc/debian_version': '12.11\n',
    [`etc/cron.d/${name}`]: crontab,
    ...files,
  })
const MANAGE = { 'etc/shop/manage.py': 'import django\n' }

const playbook = (task: string, installer = 'apt'): Record<string, string> => ({
  'roles/shop/tasks/main.yml': conf`
    - name: nginx
      ansible.builtin.${installer}:
        name: nginx
    - name: each night
      ${task}
  `,
  'roles/shop/files/nginx/nginx.conf': nginxMain(nginxServer('root /srv/shop;')),
})

export default defineRule({
  summary: 'cron does not read a file, or starts its commands elsewhere',
  severity: 'error',
  otherSeverities: { warning: 'where `PATH` is the text `$PATH`, so that programs elsewhere are not found' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Debian’s cron passes over a file of `/etc/cron.d` whose name has a dot, run-parts over a script of `/etc/cron.daily` with one, and cron over all lines of one that ends without a line feed. It takes `PATH=$PATH:/opt/bin` as it is written, so no program is found in the directories that were meant. And it starts a command in the home directory of the account, not in that of the project: `No such file or directory`. Nobody sees any of it: sessions are not cleared, backups not written.',
  remedy:
    'Give the file a name without a dot and a last line feed, write `PATH` out, and begin the command with `cd /srv/shop &&`',
  references: [
    'https://manpages.debian.org/bookworm/cron/crontab.5.en.html',
    'https://manpages.debian.org/bookworm/cron/cron.8.en.html',
  ],
  unproven: 'The live tests start no cron',
  bad: [
    {
      title: 'the directory of the project',
      files: machine('@daily www-data python3 «manage.py» clearsessions\n', 'shop', MANAGE),
    },
    { title: 'a name with a dot', files: machine('0 3 * * * «root» /usr/bin/true\n', 'shop.cron') },
    {
      title: 'no last line feed',
      files: machine('0 3 * * * root /usr/bin/true\n0 4 * * * root «/usr/bin/false»'),
    },
    {
      title: 'a script for every day with a dot in its name',
      files: {
        ...machine('0 3 * * * root /usr/bin/true\n'),
        'etc/cron.daily/clearsessions.sh': '«#!/bin/sh»\nexec /usr/bin/true\n',
      },
    },
    {
      title: 'a path that nothing fills in',
      files: machine('PATH=«$PATH»:/usr/local/bin\n0 3 * * * root certbot renew\n'),
    },
    {
      title: 'a name with a dot that a playbook gives',
      files: playbook(conf`
        ansible.builtin.copy:
          src: renew
          dest: «/etc/cron.d/example.org»
      `),
    },
    {
      title: 'the same by the module for cron',
      files: playbook(conf`
        ansible.builtin.cron:
          name: renew
          hour: 3
          user: root
          job: certbot renew
          cron_file: «certbot.cron»
      `),
    },
  ],
  good: [
    {
      title: 'the name that a playbook gives, with others for other files',
      files: playbook(conf`
        ansible.builtin.copy:
          src: renew.cron
          dest: /etc/cron.d/renew
      `),
    },
    {
      title: 'a name in which a playbook replaces the dots',
      files: playbook(conf`
        ansible.builtin.cron:
          name: renew
          job: certbot renew
          cron_file: "renew-{{ site | replace('.', '_') }}"
      `),
    },
    {
      title: 'a file that a playbook takes away',
      files: playbook(conf`
        ansible.builtin.cron:
          name: renew
          state: absent
          cron_file: certbot.cron
      `),
    },
    {
      title: 'a playbook for Red Hat',
      files: playbook(
        conf`
          ansible.builtin.copy:
            src: renew
            dest: /etc/cron.d/example.org
        `,
        'dnf',
      ),
    },
    {
      title: 'account, absolute paths',
      files: machine(
        conf`
          # m h dom mon dow user command
          PATH=/usr/local/bin:/usr/bin:/bin
          */5 * * * * www-data /usr/bin/python3 /etc/shop/manage.py clearsessions
          0 3 * * * root python3 /etc/shop/manage.py dumpdata > /srv/shop-$(date +\\%F).json
        `,
      ),
    },
    {
      title: 'the directory first',
      files: machine('@daily www-data cd /etc/shop && python3 manage.py clearsessions\n', 'shop', MANAGE),
    },
    {
      title: 'a home of which nobody knows what it is',
      files: machine('@daily shop python3 manage.py clearsessions\n', 'shop', MANAGE),
    },
    {
      title: 'a system whose cron reads every name',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application'), {
        'etc/cron.d/shop.cron': '0 3 * * * root /usr/bin/true\n',
      }),
    },
    {
      title: 'a script for every day, one that rests, and data',
      files: {
        ...machine('0 3 * * * root /usr/bin/true\n'),
        'etc/cron.daily/clearsessions': '#!/bin/sh\nexec /usr/bin/true\n',
        'etc/cron.daily/old.disabled': '#!/bin/sh\nexec /usr/bin/true\n',
        'etc/cron.daily/.placeholder': '# DO NOT EDIT OR REMOVE\n',
      },
    },
    {
      title: 'a template that a playbook installs under a name',
      files: {
        'roles/shop/templates/crontab.j2': conf`
          PATH=/usr/bin:/bin
          0 3 * * * root {{ shop_home }}/bin/nightly
        `,
        'roles/shop/tasks/main.yml': conf`
          - name: nginx, cron and the shop
            ansible.builtin.apt:
              name: [nginx, cron]
          - name: the nightly run
            ansible.builtin.template:
              src: crontab.j2
              dest: /etc/cron.d/shop-nightly
              mode: '0644'
        `,
        'roles/shop/templates/shop.service.j2': serviceUnit('/usr/bin/gunicorn shop.wsgi:application'),
        'roles/shop/files/nginx/nginx.conf': nginxMain('include /etc/nginx/sites-enabled/*;'),
        'roles/shop/files/nginx/sites-enabled/shop': nginxServer('root /srv/shop;'),
      },
    },
    {
      title: 'a template at its place',
      files: machine('0 3 * * * root {{ shop_home }}/bin/nightly\n', 'shop.j2'),
    },
    {
      title: 'the table of supercronic',
      files: {
        ...machine('0 3 * * * /usr/bin/true\n', 'shop.cron'),
        Dockerfile: conf`
          FROM debian:12
          COPY etc/cron.d/shop.cron /srv/shop.cron
          CMD ["supercronic", "/srv/shop.cron"]
        `,
      },
    },
    {
      title: 'the crontab of an account',
      files: {
        ...machine('0 3 * * * root /usr/bin/true\n'),
        'var/spool/cron/crontabs/shop': '0 3 * * * /usr/bin/true\n',
      },
    },
  ],
  *check(deployment) {
    const { machines, programs } = deployment
    const seen = new Set<Source>()
    for (const machine of machines) {
      const { files } = machine
      for (const table of crontabsOf(files)) {
        const { source, user } = table
        if (seen.has(source)) continue
        seen.add(source)
        const crontab = readCrontab(source, user === null)
        const isOfDebian = hasCronOfDebian(deployment, machine)
        const [first, ...others] = ofFile(table, crontab, isOfDebian)
        if (first !== undefined && !(user === null && isGivenByName(deployment, table.path)))
          yield* [first, ...others]
        for (const job of crontab.jobs) {
          const account = job.user?.text ?? user
          const home = account === null ? null : homeOf(files, account)
          if (home !== null) yield* elsewhere(machine, programs, job.command, home)
        }
      }
      yield* unnamedForRunParts(files, seen)
    }
    yield* ofPlaybooks(deployment)
  },
})

/** What a playbook installs under such a name, on machines of Debian. */
function* ofPlaybooks(deployment: Deployment): Iterable<RuleFinding> {
  const [machine] = deployment.machines.filter(({ container }) => container === null)
  if (machine === undefined) return
  // What a placeholder fills in may be any word.
  for (const source of deployment.setups() ?? [])
    for (const { name, at } of tablesOfPlaybook(source))
      if (/[^\w\uE000-\uF8FF-]/.test(name) && hasCronOfDebian(deployment, machine)) yield passedOver(name, at)
}

function passedOver(name: string, at: Place): RuleFinding {
  return {
    at,
    message: `Debian’s cron reads no file whose name has more than letters, digits, \`-\` and \`_\`, so it passes over \`${name}\``,
    label: 'never run',
    help: `Call the file \`${name.replace(/\.[^.]*$/, '').replaceAll(/[^\w-]/g, '-')}\``,
  }
}

const PERIODS = ['hourly', 'daily', 'weekly', 'monthly']

/**
 * Scripts that run-parts passes over for their names.
 *
 * @see https://manpages.debian.org/bookworm/debianutils/run-parts.8.en.html
 */
function* unnamedForRunParts(files: FileSystem, seen: Set<Source>): Iterable<RuleFinding> {
  if (!isDebian(files)) return
  for (const directory of PERIODS.map(each => `/etc/cron.${each}`)) {
    for (const { name, kind } of files.list(directory) ?? []) {
      const source =
        kind === 'file' && IS_PROGRAM.test(name) ? sourceAt(files, posix.join(directory, name)) : null
      if (source === null || seen.has(source) || !source.text.startsWith('#!')) continue
      seen.add(source)
      const end = source.text.search(/\r?\n|$/)
      yield {
        at: { source, start: 0, end },
        message: `cron starts the scripts of \`${directory}\` by run-parts, which takes no name with more than letters, digits, \`-\` and \`_\`, so it passes over \`${name}\``,
        label: 'never run',
        help: `Call the file \`${name.replace(/\.[^.]*$/, '').replaceAll(/[^\w-]/g, '-')}\``,
      }
    }
  }
}

/** A name that run-parts passes over, and that no editor or package has given to what is meant to rest. */
const IS_PROGRAM = /^[\w-]+(?:\.[\w-]+)*\.(?:sh|bash|py|pl|rb|php|cron)$/

function* ofFile(
  { path: place, isTemplate, source, user }: CrontabFile,
  { jobs, variables }: Crontab,
  isOfDebian: boolean,
): Iterable<RuleFinding> {
  const [first] = jobs
  const last = jobs.at(-1)
  const name = posix.basename(place)
  if (first === undefined || last === undefined) return
  const isNamed = /^[\w-]+$/.test(name) || isTemplate
  if (user === null && posix.dirname(place) !== '/etc' && !isNamed && isOfDebian)
    yield passedOver(name, first.user?.at ?? first.command.at)
  else if (user === null && !source.text.endsWith('\n') && isOfDebian)
    yield {
      at: last.command.at,
      message:
        'the last line has no line feed at its end, so cron passes over all of them: Missing newline before EOF, this crontab file will be ignored',
      label: 'no line feed behind it',
    }
  const path = variables.find(({ name, value }) => name === 'PATH' && /\$\{?PATH\b/.test(value.text))
  const index = path?.value.text.search(/\$\{?PATH\}?/) ?? -1
  if (path !== undefined && index !== -1)
    yield {
      at: part(path.value, index, /^\$\{?PATH\}?/.exec(path.value.text.slice(index))?.[0].length ?? 0),
      severity: 'warning' as const,
      message:
        'cron takes a value as it is written, so no program is found in the directories that `$PATH` had',
      label: 'not filled in',
      help: 'Write the directories out: `/usr/local/bin:/usr/bin:/bin`',
    }
}

function part({ at }: CronWord, start: number, length: number): Place {
  return { ...at, start: at.start + start, end: at.start + start + length }
}

/** A script that lies in the directory of an application, and is looked for in the account's own. */
function* elsewhere(machine: Machine, programs: Iterable<Program>, command: CronWord, home: string) {
  if (/\bcd\b|--chdir|\benv\b|-C\b/.test(command.text)) return
  const match = /(?<=^|\s)(?!\/|-)[\w./-]+\.(?:py|sh)(?=\s|$)/.exec(command.text)
  if (match === null) return
  const { files } = machine
  for (const program of programs) {
    if (program.kind !== 'app-server' || program.machine !== machine) continue
    const directory = program.server.directory ?? program.directory
    if (directory?.known !== true || directory.value === home) continue
    if (files.kind(posix.join(directory.value, match[0])) !== 'file') continue
    if (files.kind(posix.join(home, match[0])) !== null) continue
    yield {
      at: part(command, match.index, match[0].length),
      confidence: 'medium' as const,
      message: `cron starts it in \`${home}\`, where no \`${match[0]}\` is: No such file or directory`,
      label: `relative to \`${home}\``,
      help: `Begin with \`cd ${directory.value} &&\``,
    }
    return
  }
}

/** The home directory of an account, where it is the same everywhere or its line is in the audit. */
function homeOf(files: FileSystem, account: string): string | null {
  const passwd = files.kind('/etc/passwd') === 'file' ? sourceAt(files, '/etc/passwd') : null
  const line = passwd?.text.split('\n').find(each => each.startsWith(`${account}:`))
  if (line !== undefined) return line.split(':')[5] ?? null
  return account === 'root' ? '/root' : account === 'www-data' && isDebian(files) ? '/var/www' : null
}
