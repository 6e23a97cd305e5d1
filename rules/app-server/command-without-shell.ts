import { posix } from 'node:path'
import { placeOf, sliceWritten, type WrittenText } from '../../parsers/text/written-text.ts'
import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { looseImages } from '../containers/_images.ts'
import { scriptAt } from '../containers/_started-words.ts'
import { healthCheck } from '../../src/deployment/containers/health-check.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { siteServices } from './_site-services.ts'
import { variableAsProgram } from './_variable-as-program.ts'

const supervised = (command: string): Record<string, string> => ({
  ...behindNginx(''),
  'etc/systemd/system/shop.service': '',
  'etc/supervisor/conf.d/shop.conf': conf`
    [program:shop]
    command=${command}
    directory=/etc/shop
  `,
})
const composed = (command: string, dockerfile = 'FROM python:3.12'): Record<string, string> => ({
  ...djangoBehindNginx({ settings: 'ALLOWED_HOSTS = ["*"]\n', command }),
  'web/Dockerfile': conf`
    ${dockerfile}
    WORKDIR /app
    COPY . .
  `,
})
const image = (command: string): Record<string, string> => ({
  ...djangoBehindNginx({ settings: 'ALLOWED_HOSTS = ["*"]\n' }),
  'docker-compose.yml': conf`
    services:
      web:
        build: ./web
      nginx:
        image: nginx:1.27
        volumes:
          - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
  `,
  'web/Dockerfile': conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
    CMD ${command}
  `,
})

const checked = (test: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: python:3.12
        command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
        healthcheck:
          test: ${test}
  `,
})

const redis = (command: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: python:3.12
        command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
      redis:
        image: redis:7
        command: ${command}
        environment:
          REDIS_PASSWORD: b7Q2
  `,
})

export default defineRule({
  summary: 'A command is written for a shell, and no shell reads it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'systemd, supervisord and containers start a program with the words that follow it. `&&`, `>` and `|` reach it as arguments (`unrecognized arguments: &&`), `cd` and `source` are no programs (`executable file not found in $PATH`), `$PORT` stays as it is written (`\'$PORT\' is not a valid port number`), and `CMD ["gunicorn app:app"]` looks for a program with a blank in its name. The application never starts.',
  remedy: 'Put the command into `sh -c "…"`, or into a script that ends with `exec`',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines',
    'https://docs.docker.com/reference/dockerfile/#shell-and-exec-form',
    'https://docs.docker.com/reference/compose-file/services/#command',
    'https://supervisord.org/subprocess.html#nondaemonizing-of-subprocesses',
  ],
  unproven: 'The live tests start what systemd, supervisord and Docker would start by a shell',
  bad: [
    {
      title: 'two commands before the program of a unit',
      files: behindNginx(
        serviceUnit(
          '/usr/bin/gunicorn shop.wsgi',
          'ExecStartPre=/bin/mkdir -p /srv/shop «&&» /bin/chown www-data /srv/shop',
        ),
      ),
    },
    {
      title: 'a builtin before the program of a unit',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi', 'ExecStartPre=-«cd» /srv/shop')),
    },
    {
      title: 'two commands in a unit',
      files: behindNginx(
        serviceUnit('/opt/shop/bin/python manage.py migrate «&&» /opt/shop/bin/gunicorn shop.wsgi'),
      ),
    },
    {
      title: 'a builtin of the shell',
      files: behindNginx(serviceUnit('«source» /opt/shop/bin/activate ; gunicorn shop.wsgi')),
    },
    {
      title: 'a program by a relative path',
      files: behindNginx(serviceUnit('«venv/bin/gunicorn» shop.wsgi')),
    },
    {
      title: 'a variable in place of the program',
      files: behindNginx(
        conf`
          [Service]
          Environment=SHOP_HOME=/opt/shop SHOP_BIN=/usr/bin/fcgi-shop
          ExecStartPre=-«$SHOP_BIN» --check
          ExecStart=«\${SHOP_HOME}/venv/bin/gunicorn» shop.wsgi
        `,
      ),
    },
    {
      title: 'a relative path of a program that is no server, and a redirection',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi'), {
        'etc/systemd/system/jobs.service': serviceUnit('«script/delayed_job» run'),
        'etc/systemd/system/backup.service': serviceUnit('/usr/bin/pg_dump shop «>» /srv/shop.sql'),
      }),
    },
    {
      title: 'a variable in the middle of a word, which systemd fills in between braces alone',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn --bind «0.0.0.0:$PORT» shop.wsgi')),
    },
    {
      title: 'a variable with a default, which systemd has not',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn --bind «0.0.0.0:${PORT:-8000}» shop.wsgi')),
    },
    {
      title: 'a default that systemd takes from the shell',
      files: behindNginx(
        serviceUnit('/bin/sh -c "«exec /usr/bin/gunicorn --bind 0.0.0.0:${PORT:-8000} shop.wsgi»"'),
      ),
    },
    {
      title: 'a variable with a default, for supervisord',
      files: supervised('/opt/shop/bin/gunicorn --bind «0.0.0.0:${PORT:-8000}» shop.wsgi'),
    },
    {
      title: 'a program by a relative path, for supervisord',
      files: supervised('«bin/gunicorn» shop.wsgi'),
    },
    {
      title: 'an environment that is activated first, for supervisord',
      files: supervised('«source» bin/activate && gunicorn shop.wsgi'),
    },
    {
      title: 'a redirection, for supervisord',
      files: supervised('/opt/shop/bin/gunicorn shop.wsgi «>>» /var/log/shop.log'),
    },
    {
      title: 'migrations first, in a compose file',
      files: composed('python manage.py migrate «&&» gunicorn --bind 0.0.0.0:8000 shop.wsgi'),
    },
    {
      title: 'a variable in front',
      files: composed('«DJANGO_SETTINGS_MODULE=shop.settings» gunicorn --bind 0.0.0.0:8000 shop.wsgi'),
    },
    {
      title: 'a whole command as one word of a Dockerfile',
      files: image('["«gunicorn --bind 0.0.0.0:8000 shop.wsgi»"]'),
    },
    {
      title: 'a health check that is one word',
      files: checked('["CMD", "«curl -f http://localhost:8000/ || exit 1»"]'),
    },
    {
      title: 'a health check with an operator of the shell',
      files: checked('["CMD", "curl", "-f", "http://localhost:8000/", "«||»", "exit", "1"]'),
    },
    {
      title: 'a password of Redis that no shell fills in',
      files: redis('redis-server --requirepass "«$${REDIS_PASSWORD}»"'),
    },
    {
      title: 'a variable in a health check',
      files: {
        ...djangoBehindNginx({ settings: 'ALLOWED_HOSTS = ["*"]\n' }),
        'worker/Dockerfile': conf`
          FROM example.org/worker:1
          HEALTHCHECK --interval=5s CMD ["wget", "-q", "«http://127.0.0.1:\${PORT:-80}/»"]
        `,
      },
    },
    {
      title: 'a variable in the entry point of an image that no compose file builds',
      files: {
        ...djangoBehindNginx({ settings: 'ALLOWED_HOSTS = ["*"]\n' }),
        'worker/Dockerfile': conf`
          FROM example.org/worker:1
          ENTRYPOINT ["gunicorn", "--bind", "«0.0.0.0:$PORT»", "shop.wsgi"]
        `,
      },
    },
    {
      title: 'a variable in the exec form',
      files: image('["gunicorn", "--bind", "«0.0.0.0:$PORT»", "shop.wsgi"]'),
    },
  ],
  good: [
    {
      title: 'a password of Redis that Compose or a shell fills in',
      files: {
        ...redis('["--requirepass", "${REDIS_PASSWORD:-b7Q2}"]'),
        'compose.yml': conf`
          services:
            redis:
              image: redis:7
              command: sh -c 'redis-server --requirepass "$$REDIS_PASSWORD"'
        `,
      },
    },
    {
      title: 'a word that gunicorn passes over, behind its application',
      files: {
        Dockerfile: conf`
          FROM python:3.12
          COPY . .
          CMD ["gunicorn", "-b", "0.0.0.0:5000", "manage:application", "&"]
        `,
      },
    },
    {
      title: 'a shell',
      files: behindNginx(
        serviceUnit(
          '/bin/sh -c "/opt/shop/bin/python manage.py migrate && exec /opt/shop/bin/gunicorn shop.wsgi"',
        ),
      ),
    },
    {
      title: 'a starter of several programs, which reads the operators itself',
      files: image(
        '["monofy", "./manage.py", "migrate", "&&", "gunicorn", "shop.wsgi", "|||", "./worker.py"]',
      ),
    },
    {
      title: 'a comparison in a health check',
      files: checked('["CMD", "test", "-e", "/tmp/ready", "-a", "a", "<", "b"]'),
    },
    {
      title: 'a batch file of Windows, as Microsoft documents it for build tools',
      files: image('["C:\\\\tools\\\\vcvars64.bat", "&&", "powershell.exe", "-NoLogo"]'),
    },
    {
      title: 'a variable between braces, and one that is a word',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn --bind 0.0.0.0:${PORT} $OPTIONS shop.wsgi')),
    },
    {
      title: 'a program that is no server, by names that systemd looks for and a script fills in',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi'), {
        'etc/systemd/system/jobs.service': serviceUnit('delayed_job run'),
        'etc/systemd/system/sync.service': serviceUnit('INSTALL_DIR/bin/sync --all'),
        'etc/systemd/system/backup.service': serviceUnit('/bin/sh -c "pg_dump shop > /srv/shop.sql"'),
      }),
    },
    {
      title: 'a program that systemd looks for',
      files: behindNginx(serviceUnit('gunicorn shop.wsgi')),
    },
    {
      title: 'a default that the shell fills in',
      files: behindNginx(
        serviceUnit('/bin/sh -c "exec /usr/bin/gunicorn --bind 0.0.0.0:$${PORT:-8000} shop.wsgi"'),
      ),
    },
    {
      title: 'two commands of a unit of the type oneshot',
      files: behindNginx(
        serviceUnit('/usr/bin/gunicorn --check-config shop.wsgi ; /bin/true', 'Type=oneshot'),
      ),
    },
    {
      title: 'a shell in a compose file',
      files: composed('sh -c "python manage.py migrate && gunicorn --bind 0.0.0.0:8000 shop.wsgi"'),
    },
    {
      title: 'the shell form',
      files: image('python manage.py migrate && exec gunicorn --bind 0.0.0.0:$PORT shop.wsgi'),
    },
    {
      title: 'health checks that end well whoever asks',
      files: checked('["CMD", "pg_isready", "-U", "$${POSTGRES_USER}", "-d", "$${POSTGRES_DB}"]'),
    },
    {
      title: 'a password that a server refuses and answers',
      files: checked(
        '["CMD", "mysqladmin", "ping", "-h", "localhost", "-uroot", "-p$${MYSQL_ROOT_PASSWORD}"]',
      ),
    },
    {
      title: 'health checks by a shell',
      files: {
        ...checked('["CMD-SHELL", "curl -f http://localhost:8000/ || exit 1"]'),
        'web/Dockerfile': conf`
          FROM python:3.12
          HEALTHCHECK CMD ["sh", "-c", "curl -f http://localhost:8000/ || exit 1"]
        `,
      },
    },
    {
      title: 'an entry point that may be a shell',
      files: composed('python manage.py migrate && gunicorn shop.wsgi', 'FROM registry.example.org/base:1'),
    },
    {
      title: 'a path with a blank',
      files: image('["/app/our scripts/start"]'),
    },
    {
      title: 'a server with something behind it that is never reached',
      files: composed('gunicorn --bind 0.0.0.0:8000 shop.wsgi ; echo ended'),
    },
    {
      title: 'a variable behind the program, and one that a script fills in',
      files: behindNginx(
        conf`
          [Service]
          Environment=SHOP_BIN=/opt/shop/bin/gunicorn
          ExecStart=/usr/bin/env \${SHOP_BIN} shop.wsgi
        `,
        { 'etc/systemd/system/jobs.service': serviceUnit('${SHOP_HOME}/bin/worker') },
      ),
    },
    {
      title: 'a relative path in a container',
      files: composed('bin/gunicorn --bind 0.0.0.0:8000 shop.wsgi'),
    },
  ],
  *check(deployment) {
    const { commands, machines, programs } = deployment
    for (const command of commands) {
      const starts = programs.some(
        ({ kind, machine }) => kind === 'app-server' && machine === command.machine,
      )
      const fault = takesWordsAsTheyAre(command) ? (faultOf(command, starts) ?? defaultOf(command)) : null
      if (fault !== null) yield findingOf(fault)
      yield* besideStart(command)
    }
    for (const service of siteServices(deployment)) yield* ofAnyService(service)
    for (const { container } of machines) {
      const unfilledOption = container === null ? null : unfilledOfDatabase(container)
      if (unfilledOption !== null) yield findingOf(unfilledOption)
      const check = container === null ? null : healthCheck(container)
      const fault = check === null || check.shell ? null : checkFault(check.words)
      if (fault !== null) yield findingOf(fault)
    }
    for (const { image, base } of looseImages(deployment)) {
      const { healthcheck = null, entrypoint = null, command = null } = image ?? {}
      const check =
        healthcheck !== null && healthcheck !== 'none' && healthcheck.form === 'exec' ? healthcheck : null
      const fault = check === null ? null : checkFault(check.words)
      if (fault !== null) yield findingOf(fault)
      // The entry point of another image may be a shell.
      const started = entrypoint ?? (PLAIN_IMAGES.has(base ?? '') ? command : null)
      if (started?.form !== 'exec' || started.words.length === 0) continue
      const [first, ...others] = started.words as [WrittenText, ...WrittenText[]]
      const found = isShell(first)
        ? null
        : (wordFault(first, others, 'container') ?? unfilled(first, others, 'container', 'Docker'))
      if (found !== null) yield findingOf(found)
    }
  },
})

function findingOf({ word, ...texts }: Fault): RuleFinding {
  return { at: placeOf(word), ...texts }
}

/** What systemd says of a command, whatever it starts. */
function* ofAnyService(service: ServiceUnit): Iterable<RuleFinding> {
  const { start, startPre, startPost, stop } = service
  for (const { words } of [...start, ...startPre, ...startPost, ...stop]) {
    const [first, ...others] = words
    const variable = first === undefined ? null : variableAsProgram(first, service)
    if (variable !== null) yield findingOf(variable)
    // A word that some script fills in may be a whole path.
    if (first === undefined || /[$\0\uFFFD]|^[A-Z_]+\//.test(first.text)) continue
    const fault =
      programFault(first, 'systemd') ?? (isShell(first) ? null : wordFault(first, others, 'systemd'))
    if (fault !== null) yield findingOf(fault)
  }
}

/** What a unit starts before its program, and behind it. */
function* besideStart(command: StartedCommand): Iterable<RuleFinding> {
  const { service } = command
  for (const { words } of service === null ? [] : [...service.startPre, ...service.startPost]) {
    const fault = faultOf({ ...command, words, rest: null }, false)
    if (fault !== null) yield findingOf(fault)
  }
}

/** A health check in the form of words, which Docker starts as it starts a container. */
function checkFault([first, ...others]: readonly WrittenText[]): Fault | null {
  if (first === undefined || isShell(first)) return null
  if (others.length === 0 && (isWholeCommand(first.text) || /^\/\S+\s+\S/.test(first.text)))
    return {
      word: first,
      message: `the whole health check is one word, so Docker looks for a program \`${first.text}\`, and the container stays unhealthy`,
      label: 'one word',
      help: 'Write `CMD-SHELL` for `CMD`, or each word between quotes of its own',
    }
  const word = READERS_OF_OPERATORS.test(first.text)
    ? undefined
    : others.find(({ text }) => OPERATORS.has(text))
  if (word === undefined) return variableOfCheck(first, others)
  return {
    word,
    message: `\`${word.text}\` is an argument of \`${first.text}\` here: Docker starts no shell for a health check with \`CMD\``,
    label: 'no operator',
    help: 'Write `CMD-SHELL`, and the whole command as one text',
  }
}

/** Those that ask, and fill in no variable. */
const ASKERS = /^(?:curl|wget|nc|pg_isready|mysqladmin|mariadb-admin|redis-cli)$/

/** A variable in a health check that no shell reads. */
function variableOfCheck(first: WrittenText, others: readonly WrittenText[]): Fault | null {
  const asker = posix.basename(first.text)
  if (!ASKERS.test(asker)) return null
  for (const [index, word] of others.entries()) {
    if (isAnsweredAnyhow(asker, others, index)) continue
    const variable = /\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*(?::?[-=?+][^}]*)?\})/.exec(word.text)?.[0]
    if (variable === undefined || word.text.includes('\uFFFD')) continue
    return {
      word,
      message: `Docker starts no shell for this health check, and leaves \`${variable}\` as it is: \`${first.text}\` fills in no variable, and the container stays unhealthy`,
      label: 'stays as it is written',
      help: 'Write the whole command as one text: behind `CMD-SHELL` in a compose file, without brackets behind `HEALTHCHECK CMD`',
    }
  }
  return null
}

/** What only says who asks: these end well where the server answers, and be it that it refuses whoever that is. */
const OF_ACCOUNT: ReadonlyMap<string, RegExp> = new Map([
  ['pg_isready', /^(?:-[Ud]|--(?:username|dbname)$|--(?:username|dbname)=)/],
  ['mysqladmin', /^(?:-[up]|--(?:user|password)$|--(?:user|password)=)/],
  ['mariadb-admin', /^(?:-[up]|--(?:user|password)$|--(?:user|password)=)/],
  ['redis-cli', /^(?:-a|--(?:user|pass)$)/],
])

/** True for the name or the password of a check that ends well without it. */
function isAnsweredAnyhow(asker: string, words: readonly WrittenText[], index: number): boolean {
  const option = OF_ACCOUNT.get(asker)
  if (option === undefined || (/admin$/.test(asker) && !words.some(({ text }) => text === 'ping')))
    return false
  const [before, own] = [words[index - 1]?.text ?? '', words[index]?.text ?? '']
  return option.test(own) || (/^(?:-\w|--\w+)$/.test(before) && option.test(before))
}

function isShell({ text }: WrittenText): boolean {
  return /(?:^|\/)(?:ba|da|a)?sh$/.test(text)
}

interface Fault {
  readonly word: WrittenText
  readonly message: string
  readonly label: string
  readonly help?: string
}

const BUILTINS: ReadonlySet<string> = new Set(['source', '.', 'cd', 'export', 'exec', 'set', 'eval', 'alias'])
const OPERATORS: ReadonlySet<string> = new Set(['&&', '||', '|', '&', '>', '>>', '<', '2>&1', '&>'])
/** Those that fill in no variable of their arguments. */
const SERVERS =
  /^(?:gunicorn|uvicorn|hypercorn|daphne|waitress-serve|granian|flask|fastapi|python[\d.]*|manage\.py|node|npm)$/
/** Images whose entry point starts the words that it gets. */
const PLAIN_IMAGES: ReadonlySet<string> = new Set(['python', 'node', 'debian', 'ubuntu', 'alpine', 'pypy'])
const STARTERS = { systemd: 'systemd', supervisord: 'supervisord', PM2: 'PM2', container: 'Docker' } as const

/** Official images whose entry point starts the words that it gets, and puts the program before options. */
const DATABASES = /^(?:redis|valkey\/valkey|memcached|postgres|mysql|mariadb)$/
const DATABASE_PROGRAMS = /^(?:redis-server|valkey-server|memcached|postgres|mysqld|mariadbd)$/

/** A variable among the options of a database, such as the password that Redis asks for. */
function unfilledOfDatabase({ base, image, service }: Container): Fault | null {
  if (base === null || !DATABASES.test(base)) return null
  if (service.entrypoint !== null || (image !== null && image.entrypoint !== null)) return null
  const words = service.command?.words ?? []
  const [{ text } = { text: '' }] = words
  const program = DATABASE_PROGRAMS.test(text) ? text : text.startsWith('-') ? base : null
  return program === null ? null : unfilledAmong(words, program, 'container', STARTERS.container)
}

/** An entry point of the project, or of an image that is not known, may be a shell. */
function takesWordsAsTheyAre({ machine: { container }, by }: StartedCommand): boolean {
  if (by !== 'container') return true
  if (container == null || container.service.entrypoint !== null) return false
  const entrypoint = container.image?.entrypoint ?? null
  if (entrypoint === null) return PLAIN_IMAGES.has(container.base ?? '')
  const [script, ...others] = entrypoint.form === 'exec' ? entrypoint.words : []
  if (script === undefined || others.length > 0) return false
  const code = scriptAt(container, script)?.source.code ?? ''
  // It starts the words as it gets them, and gives them to no shell.
  return /^\s*exec "\$@"\s*$/m.test(code) && !/\beval\b|\$\*|sh -c|envsubst|\bset --|\$\{@/.test(code)
}

/** supervisord looks from its own directory, which is `/` where systemd starts it; `directory=` holds for the program. */
function relativeForSupervisord(
  { by, machine, directory }: StartedCommand,
  first: WrittenText,
): Fault | null {
  const { text, source } = first
  if (by !== 'supervisord' || !/^[\w.~-][\w.~-]*\/[\w./~-]*$/.test(text)) return null
  const isOfSystem = machine.container === null && source.path.startsWith('/etc/')
  if (!text.startsWith('~') && !(isOfSystem && directory?.known === true && directory.value !== '/'))
    return null
  const whole = directory?.known === true ? posix.resolve(directory.value, text) : null
  return {
    word: first,
    message: `supervisord looks for \`${text}\` from its own directory, whatever \`directory=\` says, and starts nothing: can't find command '${text}'`,
    label: 'no absolute path',
    help:
      text.startsWith('~') || whole === null ? 'Write the whole path of the program' : `Write \`${whole}\``,
  }
}

/** A first word of which nobody makes a program. */
function programFault(first: WrittenText, by: StartedCommand['by']): Fault | null {
  const starter = STARTERS[by]
  const { text } = first
  if (BUILTINS.has(text))
    return {
      word: first,
      message: `\`${text}\` is a builtin of the shell, and ${starter} starts none: there is no such program`,
      label: 'no program',
    }
  if (/^[A-Za-z_]\w*=/.test(text))
    return {
      word: first,
      message: `\`${text}\` sets a variable for a shell alone: ${starter} looks for a program of this name`,
      label: 'no program',
    }
  if (by === 'systemd' && text.includes('/') && /^[\w.~$-][\w./$~-]*$/.test(text) && !text.startsWith('/'))
    return {
      word: first,
      message: `\`${text}\` is a relative path, so systemd refuses the unit: Neither a valid executable name nor an absolute path`,
      label: 'no absolute path',
      help: 'Write the whole path of the program, whatever `WorkingDirectory=` says',
    }
  return null
}

/** @param starts true where what stands before an operator is a server, which does not end */
function faultOf(command: StartedCommand, starts: boolean): Fault | null {
  const { words, by, rest } = command
  const [first, ...others] = words
  if (first === undefined) return null
  const starter = STARTERS[by]
  const unstarted = programFault(first, by)
  if (unstarted !== null) return unstarted
  const found = relativeForSupervisord(command, first) ?? wordFault(first, others, by)
  if (found !== null) return found
  if (rest !== null && !starts && BEHIND.test(rest.text))
    return {
      word: sliceWritten(rest, 0, /^[;&|<>]+/.exec(rest.text)?.[0].length),
      message: `Compose starts no shell, and leaves out what begins here: the container runs \`${words.map(word => word.text).join(' ')}\` and ends`,
      label: 'the command ends before it',
    }
  return unfilled(first, others, by, starter)
}

/** Words that only a shell would take apart. */
function wordFault(
  first: WrittenText,
  others: readonly WrittenText[],
  by: StartedCommand['by'],
): Fault | null {
  const { text } = first
  const starter = STARTERS[by]
  if (others.length === 0 && isWholeCommand(text))
    return {
      word: first,
      message: `the whole command is one word, so ${starter} looks for a program \`${text}\``,
      label: 'one word',
      help: 'Write each word between quotes of its own',
    }
  // gunicorn takes the first word for its application, and passes over those behind it.
  for (const word of ofWindowsShell(text) || READERS_OF_OPERATORS.test(text) ? [] : others) {
    if (word.text === '&' && word === others.at(-1) && posix.basename(text) === 'gunicorn') continue
    if (OPERATORS.has(word.text))
      return {
        word,
        message: `\`${word.text}\` is an argument of \`${text}\` here: ${starter} starts no shell`,
        label: 'no operator',
      }
  }
  return null
}

/** Those that read operators among their arguments themselves, or hand them to a shell in one text. */
const READERS_OF_OPERATORS = /(?:^|\/)(?:monofy|watch|ssh|parallel|concurrently|expr|test|\[)$/

/** Windows starts a batch file by `cmd.exe`, which reads operators among its arguments too. */
function ofWindowsShell(text: string): boolean {
  return /\.(?:bat|cmd)$|(?:^|[\\/])(?:cmd|powershell|pwsh)(?:\.exe)?$/i.test(text)
}

/** Another command. */
const BEHIND = /^(?:&&|;)\s*\S/

/** `gunicorn app:app --workers 3`; a file may have a blank in its name. */
function isWholeCommand(text: string): boolean {
  return /^[^\s/]+\s+\S/.test(text) || /^\S+\s+-/.test(text)
}

/** A default in a variable of systemd, as it stands in the unit: behind `$$` it is one of the shell. */
function defaultOf({ service }: StartedCommand): Fault | null {
  for (const { prefix, words } of service?.start ?? []) {
    for (const word of prefix.includes(':') ? [] : words) {
      const [variable, name] =
        /(?<!\$)(?:\$\$)*(?=\$\{)\$\{([A-Za-z_]\w*):?[-=?+][^}]*\}/.exec(word.text) ?? []
      if (variable === undefined || name === undefined) continue
      return {
        word,
        message: `systemd knows no defaults, and puts nothing in the place of \`${variable}\`: Invalid environment variable name evaluates to an empty string`,
        label: 'stays empty',
        help: `Write \`\${${name}}\`, and the default as \`Environment=${name}=…\` before \`EnvironmentFile=\``,
      }
    }
  }
  return null
}

function unfilled(
  first: WrittenText,
  others: readonly WrittenText[],
  by: StartedCommand['by'],
  starter: string,
): Fault | null {
  const program = posix.basename(first.text)
  return SERVERS.test(program) ? unfilledAmong(others, program, by, starter) : null
}

/** The first variable among the words that a program gets as they are written. */
function unfilledAmong(
  words: readonly WrittenText[],
  program: string,
  by: StartedCommand['by'],
  starter: string,
): Fault | null {
  for (const word of words) {
    const variable = (
      by === 'systemd' ? /(?<!\$)\$([A-Za-z_]\w*)/ : /\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*(?::?[-=?+][^}]*)?\})/
    ).exec(word.text)?.[0]
    if (variable === undefined) continue
    const name = variable.replace(/:?[-=?+].*$|[${}]/g, '')
    return {
      word,
      message: `${starter} leaves \`${variable}\` as it is, and \`${program}\` fills in no variable`,
      label: 'stays as it is written',
      ...(by === 'systemd' && { help: `Write \`\${${name}}\`` }),
      ...(by === 'supervisord' && { help: `Write \`%(ENV_${name})s\`` }),
    }
  }
  return null
}
