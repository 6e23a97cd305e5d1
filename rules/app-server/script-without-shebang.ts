import { posix } from 'node:path'
import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { isWrittenOut, type Source } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { keptPaths } from '../../src/deployment/kept-paths.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { siteServices } from './_site-services.ts'

const SCRIPT = conf`
  # start with the settings of this host
  . /etc/shop/venv/bin/activate
  exec gunicorn --bind 127.0.0.1:8000 shop.wsgi
`
const started = (
  script: string,
  command = '/etc/shop/bin/start.sh',
  name = 'start.sh',
): Record<string, string> => behindNginx(serviceUnit(command), { [`etc/shop/bin/${name}`]: script })
const project = (files: Readonly<Record<string, string>>): Record<string, string> => ({
  'deploy/shop.service': conf`
    [Service]
    User=shop
    WorkingDirectory=/opt/shop
    ExecStart=«/opt/shop/bin/start.sh»
  `,
  'bin/start.sh': SCRIPT,
  ...files,
})

const ofRoleOfShop = (script: string): Record<string, string> => ({
  'roles/shop/templates/shop.service.j2': conf`
    [Service]
    WorkingDirectory={{ shop_home }}
    ExecStart=«{{ shop_home }}/bin/run-shop»
  `,
  'roles/shop/templates/run-shop.j2': script,
})

export default defineRule({
  summary: 'systemd starts a script that does not begin with `#!`',
  severity: 'error',
  otherSeverities: { warning: 'where the unit goes on without the command' },
  confidence: 'high',
  since: '0.1.0',
  why: 'systemd and supervisord have the kernel start what they are given, and of a text the kernel reads in its first two bytes, `#!`, which program is meant to run it. Without them it refuses: `Exec format error`, `status=203/EXEC`, and `couldn’t exec: ENOEXEC` of supervisord. Typed into a shell the same script works, since a shell reads by itself what the kernel refuses. A blank line, a comment or a byte order mark above `#!` is as bad as none.',
  remedy:
    'Write `#!/bin/sh` as the very first line of the script, or start it by `/bin/sh /opt/shop/start.sh`',
  references: [
    'https://man7.org/linux/man-pages/man2/execve.2.html',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Process%20Exit%20Codes',
    'https://supervisord.org/subprocess.html',
  ],
  unproven: 'The live tests start neither systemd nor supervisord; execve answers ENOEXEC',
  bad: [
    { title: 'a comment first', files: started(SCRIPT, '«/etc/shop/bin/start.sh»') },
    {
      title: 'an empty line above it',
      files: started(`\n#!/bin/sh\n${SCRIPT}`, '«/etc/shop/bin/start.sh»'),
    },
    {
      title: 'an exclamation mark that lacks',
      files: started(`#/bin/bash\n${SCRIPT}`, '«/etc/shop/bin/start.sh» --fast'),
    },
    {
      title: 'a script of Python',
      files: started('import shop\n\nshop.serve()\n', '«/etc/shop/bin/serve.py»', 'serve.py'),
    },
    {
      title: 'a name without an ending',
      files: started(
        '#\n# starts the shop\nset -e\nexec gunicorn shop.wsgi\n',
        '«/etc/shop/bin/start»',
        'start',
      ),
    },
    {
      title: 'before the server',
      files: behindNginx(
        serviceUnit('/usr/bin/gunicorn shop.wsgi', 'ExecStartPre=-«/etc/shop/bin/migrate.sh»'),
        { 'etc/shop/bin/migrate.sh': 'cd /etc/shop\npython3 manage.py migrate\n' },
      ),
    },
    {
      title: 'a program of supervisord',
      files: {
        ...behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi')),
        'etc/supervisor/conf.d/queue.conf': conf`
          [program:queue]
          command=«/etc/shop/bin/queue.sh»
        `,
        'etc/shop/bin/queue.sh': 'exec python3 /etc/shop/queue.py\n',
      },
    },
    { title: 'a script of the project that is installed', files: project({}) },
    {
      title: 'a template of a role with a line of Ansible first',
      files: ofRoleOfShop(
        '# {{ ansible_managed }}\n#!/bin/sh\ncd {{ shop_home }}\nexec java -jar shop.jar\n',
      ),
    },
  ],
  good: [
    {
      title: 'a template of a role with that line second',
      files: ofRoleOfShop('#!/bin/sh\n# {{ ansible_managed }}\nexec java -jar shop.jar\n'),
    },
    {
      title: 'a comment of the template, which is not rendered',
      files: ofRoleOfShop('{# starts the shop #}\n#!/bin/sh\nexec java -jar shop.jar\n'),
    },
    { title: 'the line of the shell', files: started(`#!/bin/sh\n${SCRIPT}`) },
    { title: 'through env', files: started(`#!/usr/bin/env bash\n${SCRIPT}`) },
    { title: 'a shell that is named', files: started(SCRIPT, '/bin/bash /etc/shop/bin/start.sh') },
    { title: 'a shell that reads the line', files: started(SCRIPT, "/bin/sh -c '/etc/shop/bin/start.sh'") },
    { title: 'env, which asks a shell then', files: started(SCRIPT, '/usr/bin/env /etc/shop/bin/start.sh') },
    {
      title: 'settings that have the name of the program',
      files: started(
        '## Settings\n\nLOG_LEVEL=info\nexport HOME=/var/lib/shop\n',
        '/etc/shop/bin/start',
        'start',
      ),
    },
    {
      title: 'an empty file in place of a program',
      files: started('', '/etc/shop/bin/start', 'start'),
    },
    {
      title: 'another root',
      files: behindNginx(serviceUnit('/etc/shop/bin/start.sh', 'RootDirectory=/srv/root'), {
        'etc/shop/bin/start.sh': SCRIPT,
      }),
    },
    {
      title: 'a script that the installation writes',
      files: project({
        'deploy/shop.service': '[Service]\nExecStart=/opt/shop/bin/start.sh\n',
        'install.sh': conf`
          #!/bin/sh
          printf '%s\n' '#!/bin/sh' 'exec gunicorn shop.wsgi' > /opt/shop/bin/start.sh
        `,
      }),
    },
    {
      title: 'two scripts of the name',
      files: project({
        'deploy/shop.service': '[Service]\nExecStart=/opt/shop/bin/start.sh\n',
        'deploy/bin/start.sh': `#!/bin/sh\n${SCRIPT}`,
      }),
    },
  ],
  *check(deployment) {
    for (const command of commandsIn(deployment)) {
      const source = scriptOf(command)
      if (source === null || mayBeWritten(deployment, source)) continue
      yield findingOf(command, source)
    }
  },
})

interface Command {
  readonly by: 'systemd' | 'supervisord'
  readonly word: WrittenText
  /** True where the service goes on without it. */
  readonly isOptional: boolean
  readonly files: readonly FileSystem[]
}

function* commandsIn({ machines, commands }: Deployment): Iterable<Command> {
  for (const machine of machines) {
    if (machine.container !== null) continue
    for (const service of siteServices({ machines: [machine] })) yield* ofService(service, machine)
  }
  for (const { machine, by, words, service } of commands) {
    if (machine.container !== null) continue
    if (service !== null) yield* ofService(service, machine)
    else if (by === 'supervisord' && words[0] !== undefined)
      yield { by, word: words[0], isOptional: false, files: filesOf(machine) }
  }
}

function* ofService(service: ServiceUnit, machine: Machine): Iterable<Command> {
  if (service.unit.settings.some(({ name }) => OTHER_FILES.test(name))) return
  const { start, startPre, startPost, stop } = service
  for (const { prefix, words } of [...start, ...startPre, ...startPost, ...stop]) {
    const [word] = words
    // Behind `|` a shell of the account reads the command.
    if (word === undefined || prefix.includes('|')) continue
    const isOptional = prefix.includes('-') || stop.some(each => each.words === words)
    yield { by: 'systemd', word, isOptional, files: filesOf(machine) }
  }
}

/** What a unit says of another file system: the script that is seen here need not be the one. */
const OTHER_FILES = /^(?:RootDirectory|RootImage|BindPaths|BindReadOnlyPaths)$/

function filesOf({ files, loose }: Machine): readonly FileSystem[] {
  return loose === null ? [files] : [files, loose.files]
}

function scriptOf({ word, files }: Command): Source | null {
  const path = word.text
  if (!IS_SCRIPT.test(posix.basename(path))) return null
  const unit = placeOf(word).source.path
  if (!/^\/[\w./@+-]+$/.test(path)) return ofRole(files, unit, posix.basename(path))
  for (const each of files) {
    const own = sourceAt(each, path)
    if (own !== null) return isRefused(own) ? own : null
    const kept = keptPaths(each, unit, path).flatMap(place => sourceAt(each, place) ?? [])
    if (kept.length > 0) return kept.every(isRefused) ? kept[0]! : null
  }
  return ofRole(files, unit, posix.basename(path))
}

/** The script that a role of Ansible installs with the unit, whatever the directory on the machine is called. */
function ofRole(files: readonly FileSystem[], unit: string, name: string): Source | null {
  const directory = posix.dirname(unit)
  if (!/\/(?:templates|files)$/.test(directory)) return null
  const role = posix.dirname(directory)
  for (const each of files)
    for (const place of [`templates/${name}.j2`, `templates/${name}`, `files/${name}`]) {
      const source = sourceAt(each, posix.join(role, place))
      if (source !== null) return LATE.test(source.text) ? source : null
    }
  return null
}

const IS_SCRIPT = /^[\w@+-]+$|\.(?:sh|bash|py|rb|pl|js|php)$/

/** A text of which the kernel does not know who reads it. */
function isRefused(source: Source): boolean {
  const { text } = source
  if (text.trim() === '' || text.startsWith('#!')) return false
  // Whatever else a template is filled with, its first line is a comment then.
  if (LATE.test(text)) return true
  if (!isWrittenOut(source)) return false
  // A program, a pointer of git to a large file.
  if (/[\u0000-\u0008\uFFFD]/.test(text.slice(0, 1000)) || text.startsWith('version https://git-lfs'))
    return false
  return IS_SCRIPT.exec(posix.basename(source.path))?.[0].startsWith('.') === true || SHELL.test(text)
}

/** The line for the kernel, behind comments and empty lines: `# {{ ansible_managed }}`, a licence. */
const LATE = /^\uFEFF#!|^\uFEFF?(?:[ \t]*(?:#(?!!)[^\n]*)?\r?\n)+#![ \t]*\//

/** The first command of a script of a shell, behind its comments and variables: settings have these, too. */
const SHELL = /^(?:\s*(?:#.*|(?:export )?[A-Z_]+=.*)?\n)*\s*(?:#\s*!|set -|cd |exec |source |\. |echo |if \[)/

/** True where a script or a playbook of the repository writes the file, or lines of it. */
function mayBeWritten({ setups }: Deployment, { path }: Source): boolean {
  const name = posix.basename(path)
  return (setups() ?? []).some(
    ({ text }) =>
      text.includes(name) &&
      text
        .split('\n')
        .some(line => line.includes(name) && /[^2&]>|\btee\b|\bsed\b|\bcontent:|\bawk\b|\bperl\b/.test(line)),
  )
}

function findingOf({ by, word, isOptional }: Command, source: Source): RuleFinding {
  const { text } = source
  const name = posix.basename(source.path)
  const end = text.search(/\r?\n|$/)
  const isLate = /^\s*#!/m.test(text.slice(0, 400))
  return {
    at: placeOf(word),
    ...(isOptional && { severity: 'warning' as const }),
    message: `\`${name}\` does not begin with \`#!\`, so the kernel does not know which program reads it: ${by === 'systemd' ? 'Exec format error, status=203/EXEC' : "couldn't exec: ENOEXEC"}`,
    label: 'not started',
    related: [
      {
        at: { source, start: 0, end: Math.max(end, 1) },
        message: isLate ? 'the first line is another one' : 'the first line',
      },
    ],
  }
}
