import { posix } from 'node:path'
import { once } from '../../parsers/collections/once.ts'
import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../../parsers/text/written-text.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Machine, Program, StartedCommand } from '../../src/deployment/model.ts'
import { type RunDirectories, runDirectories } from '../../src/deployment/setups/run-directories.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { inRun } from '../_in-run.ts'
import { celeryCommand, celeryOption } from './_celery.ts'
import { accountOfService, type NamedAccount, namedAccount } from './_named-account.ts'
import { poolSockets } from './_pool-directories.ts'

const NGINX = conf`
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_set_header Host $host;
              proxy_pass http://unix:/run/shop/shop.sock;
          }
      }
  }
`
const tree = (bind: string, lines = '', user = 'User=shop'): Record<string, string> => ({
  'etc/nginx/nginx.conf': NGINX.replace('/run/shop/shop.sock', bind.replace(/^«?unix:|»$| .*/g, '')),
  'etc/systemd/system/shop.service': conf`
    [Service]
    ${user}
    Group=www-data
    ${lines}
    WorkingDirectory=/etc/shop
    ExecStart=/opt/shop/bin/gunicorn --bind ${bind} shop.wsgi
  `,
})

const repository = (bind: string, lines = '', user = 'User=shop'): Record<string, string> => {
  const { 'etc/systemd/system/shop.service': unit = '' } = tree(bind, lines, user)
  const path = bind.replace(/^«?unix:|»$/g, '')
  return {
    'deploy/site.conf': conf`
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_set_header Host $host;
              proxy_pass http://unix:${path};
          }
      }
    `,
    'deploy/shop.service': unit,
  }
}

const supervised = (user: string, socket: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': NGINX.replace('/run/shop/shop.sock', '/run/daphne0.sock'),
  'etc/supervisor/conf.d/shop.conf': conf`
    [program:shop]
    user=${user}
    directory=/srv/shop
    command=/srv/shop/env/bin/daphne -u ${socket} --proxy-headers shop.asgi:application
    process_name=shop%(process_num)d
    numprocs=2
  `,
})

const poolsIn = (directory: string, listen: string): Record<string, string> => ({
  'deploy/roles/php/templates/site.conf.j2': proxiedServer('', '127.0.0.1:8000'),
  'deploy/roles/php/templates/php-fpm.conf.j2': conf`
    [{{ item.name }}]
    listen = ${listen}
    listen.owner = www-data
    user = www-data
    pm = static
    pm.max_children = 5
  `,
  'deploy/roles/php/tasks/main.yml': conf`
    - name: directory of the sockets
      file:
        path: ${directory}
        state: directory
  `,
})

const celery = (option: string, lines = ''): Record<string, string> => ({
  ...tree('unix:/run/shop/shop.sock', 'RuntimeDirectory=shop'),
  'etc/systemd/system/worker.service': conf`
    [Service]
    Type=forking
    User=shop
    ${lines}
    ExecStart=/opt/shop/bin/celery -A shop multi start w1 ${option}
  `,
})

const shellWorker = (line: string, before = ''): string => conf`
  [Service]
  Type=forking
  User=shop
  EnvironmentFile=/etc/conf.d/celery
  ${line}
  ExecStart=/bin/sh -c '${before}\${CELERY_BIN} -A shop multi start w1 --pidfile=\${CELERYD_PID_FILE}'
`
const CELERY_VARIABLES = {
  'etc/conf.d/celery': conf`
    CELERY_BIN="/opt/shop/bin/celery"
    CELERYD_PID_FILE="/var/run/celery/%n.pid"
  `,
}

export default defineRule({
  summary: 'A program may not create its socket or its PID file below /run',
  severity: 'error',
  otherSeverities: {
    warning:
      'of an account that a template leaves open and that is an application’s by its name; in a directory below `/run` that something outside of the audit may make at every boot, or that a script makes once',
    info: 'the same, of a unit in a repository, which need not hold all that is installed with it',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`/run` belongs to root and is empty after every boot. A service with `User=` may neither create a socket in it nor a directory for one: the application server stops with `Permission denied` or `No such file or directory`, and nginx answers 502. A directory made by hand is gone at the next boot.',
  remedy:
    'Write `RuntimeDirectory=NAME` in the unit and bind the socket in `/run/NAME`, or let a socket unit open it',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=',
    'https://docs.gunicorn.org/en/stable/deploy.html#systemd',
  ],
  unproven: 'The live tests start no systemd, and what a unit’s user may do in /run is its doing',
  bad: [
    {
      title: 'a directory that nothing makes',
      files: tree('«unix:/run/shop/shop.sock»'),
    },
    {
      title: 'a directory that the installation makes once',
      files: {
        ...repository('«unix:/run/shop/shop.sock»'),
        'deploy/install.sh': conf`
          mkdir -p /run/shop
          chown shop:www-data /run/shop
          cp deploy/shop.service /etc/systemd/system/
        `,
      },
    },
    {
      title: 'a directory that a playbook makes once, of a service of root',
      files: {
        ...repository('«unix:/run/shop/shop.sock»', '', ''),
        'deploy/site.yml': conf`
          - hosts: web
            tasks:
              - name: directory of the socket
                ansible.builtin.file:
                  path: /run/shop
                  state: directory
        `,
      },
    },
    {
      title: 'straight in /run',
      files: tree('«unix:/run/shop.sock»', 'RuntimeDirectory=shop'),
    },
    {
      title: 'straight in /run, for supervisord',
      files: supervised('www-data', '«/run/daphne%(process_num)d.sock»'),
    },
    {
      title: 'straight in /run, of an account that an installer fills in',
      files: repository('«unix:/run/gunicorn.sock»', '', 'User=__APP__'),
    },
    {
      title: 'the same for supervisord',
      files: {
        'deploy/supervisor/shop.conf.j2': supervised('{{ www_user }}', '«/run/daphne%(process_num)d.sock»')
          ['etc/supervisor/conf.d/shop.conf']!.replace('/srv/shop/env', '{{ home }}/env')
          .replace('=/srv/shop', '={{ home }}'),
        'deploy/site.conf': proxiedServer('', 'unix:/run/daphne0.sock'),
      },
    },
    {
      title: 'the directory of the sockets of PHP-FPM, which a playbook makes',
      files: poolsIn('/var/run/shop-fpm', '«/var/run/shop-fpm/{{ item.name }}.sock»'),
    },
    {
      title: 'a directory of another name',
      files: tree('«unix:/run/shop/shop.sock»', 'RuntimeDirectory=gunicorn'),
    },
    {
      title: 'the file in which uWSGI keeps its number',
      files: {
        ...tree('unix:/run/shop/shop.sock', 'RuntimeDirectory=shop'),
        'etc/systemd/system/other.service': conf`
          [Service]
          User=shop
          ExecStart=/usr/bin/uwsgi --http-socket 127.0.0.1:9000 --module shop.wsgi --pidfile «/run/other/uwsgi.pid»
        `,
      },
    },
    {
      title: 'the file in which Celery keeps its number',
      files: celery('«--pidfile=/run/celery/%%n.pid»'),
    },
    {
      title: 'the file in which Celery keeps its number, of a variable that a shell fills in',
      files: {
        ...tree('unix:/run/shop/shop.sock', 'RuntimeDirectory=shop'),
        'etc/systemd/system/worker.service': shellWorker(''),
        'etc/conf.d/celery': conf`
          CELERY_BIN="/opt/shop/bin/celery"
          «CELERYD_PID_FILE="/var/run/celery/%n.pid"»
        `,
      },
    },
    {
      title: 'the file in which gunicorn keeps its number',
      files: tree('unix:/run/shop/shop.sock --pid «/run/shop.pid»', 'RuntimeDirectory=shop'),
    },
  ],
  good: [
    {
      title: 'the number of gunicorn beside its socket',
      files: tree('unix:/run/shop/shop.sock --pid /run/shop/shop.pid', 'RuntimeDirectory=shop'),
    },
    {
      title: 'the directory of Celery in a shell',
      files: {
        ...tree('unix:/run/shop/shop.sock', 'RuntimeDirectory=shop'),
        'etc/systemd/system/worker.service': shellWorker('RuntimeDirectory=celery'),
        ...CELERY_VARIABLES,
      },
    },
    {
      title: 'a shell that makes the directory itself',
      files: {
        ...tree('unix:/run/shop/shop.sock', 'RuntimeDirectory=shop'),
        'etc/systemd/system/worker.service': shellWorker('', 'mkdir -p /run/celery && '),
        ...CELERY_VARIABLES,
      },
    },
    {
      title: 'the directory of Celery',
      files: celery('--pidfile=/run/celery/%%n.pid', 'RuntimeDirectory=celery'),
    },
    {
      title: 'the unit’s own directory',
      files: tree('unix:/run/shop/shop.sock', 'RuntimeDirectory=shop'),
    },
    {
      title: 'a name that the installation fills in',
      files: tree('unix:/run/${PROJECT}_gunicorn/shop.sock --pid /run/${PROJECT}_gunicorn/pid', ''),
    },
    { title: 'a service of root', files: tree('unix:/run/shop.sock', '', 'User=root') },
    { title: 'a service without a user', files: tree('unix:/run/shop.sock', '', 'Nice=5') },
    {
      title: 'a command that makes it before',
      files: tree(
        'unix:/run/shop/shop.sock',
        'ExecStartPre=+/usr/bin/install -d -o shop -g www-data /run/shop',
      ),
    },
    {
      title: 'a directory of tmpfiles.d',
      files: {
        ...tree('unix:/run/shop/shop.sock'),
        'etc/tmpfiles.d/shop.conf': 'd /run/shop 0755 shop www-data -',
      },
    },
    {
      title: 'a socket unit, with which systemd opens it',
      files: {
        ...tree('unix:/run/shop.sock'),
        'etc/systemd/system/shop.socket': conf`
          [Socket]
          ListenStream=/run/shop.sock
        `,
      },
    },
    {
      title: 'the directory of another unit',
      files: {
        ...tree('unix:/run/shop/shop.sock'),
        'etc/systemd/system/prepare.service': conf`
          [Service]
          User=shop
          RuntimeDirectory=shop
          ExecStart=/opt/shop/bin/gunicorn --bind unix:/run/shop/other.sock shop.wsgi
        `,
      },
    },
    {
      title: 'a directory that the script makes by tmpfiles.d, too',
      files: {
        ...repository('unix:/run/shop/shop.sock'),
        'deploy/install.sh': conf`
          mkdir -p /run/shop
          echo 'd /run/shop 0755 shop www-data -' > /etc/tmpfiles.d/shop.conf
        `,
      },
    },
    {
      title: 'a script that cron starts at every boot',
      files: {
        ...repository('unix:/run/shop/shop.sock'),
        'deploy/prepare.sh': 'mkdir -p /run/shop\n',
        'deploy/install.sh': 'echo "@reboot root /opt/shop/deploy/prepare.sh" > /etc/cron.d/shop\n',
      },
    },
    {
      title: 'the entry point of a container',
      files: {
        ...repository('unix:/run/shop/shop.sock', 'RuntimeDirectory=shop'),
        'docker-entrypoint.sh': 'mkdir -p /run/shop\n',
      },
    },
    {
      title: 'a program of root, for supervisord',
      files: supervised('root', '/run/daphne%(process_num)d.sock'),
    },
    {
      title: 'a directory of its own, for supervisord',
      files: supervised('www-data', '/srv/shop/daphne%(process_num)d.sock'),
    },
    {
      title: 'the directory of PHP-FPM that its package makes',
      files: poolsIn('/run/php', '/run/php/{{ item.name }}.sock'),
    },
    {
      title: 'sockets of PHP-FPM that lie in no directory of their own',
      files: poolsIn('/var/run/shop-fpm', '/var/run/shop-fpm-{{ item.name }}.sock'),
    },
    {
      title: 'a directory that a step of the image makes, whose name a program fills in',
      files: {
        ...poolsIn('/var/run/shop-fpm', '/var/run/shop-fpm/{{ item.name }}.sock'),
        'images/php/Dockerfile.template': conf`
          FROM {{ "php8.3-cli" | image_tag }}
          RUN {{ "php8.3-fpm" | apt_install }} && \
              install -d -o www-data -g www-data /run/shop-fpm
        `,
      },
    },
    {
      title: 'a script that a step of an image runs',
      files: {
        ...repository('unix:/run/shop/shop.sock', '', ''),
        'images/web/prepare.sh': 'install -d -o www-data /run/shop\n',
        'images/web/Dockerfile.template': conf`
          FROM {{ "httpd" | image_tag }}
          COPY prepare.sh /bin
          RUN chmod 0544 /bin/prepare.sh && /bin/prepare.sh
        `,
      },
    },
    {
      title: 'an account of which nobody knows whose it is',
      files: repository('unix:/run/gunicorn.sock', '', 'User={{ user }}'),
    },
    { title: 'a directory of the user', files: tree('unix:/run/user/1001/shop.sock') },
  ],
  *check({ machines, programs, commands, setups }) {
    const read = once(() => runDirectories(setups() ?? []))
    for (const machine of machines) yield* ofPools(machine, read)
    for (const started of commands) yield* ofCelery(started, { programs, read })
    for (const program of programs) {
      if (program.kind !== 'app-server' || !startsAtBoot(program)) continue
      const { service, machine, sockets } = program
      yield* ofServer(program, { programs, read })
      for (const { at, endpoint, unit } of sockets) {
        const written = unit === null ? socketPath(endpoint, at) : null
        if (written === null || placeText(at).includes('$')) continue
        const path = inRun(written)
        const own = posix.basename(path, posix.extname(path))
        const help = `Write \`RuntimeDirectory=${own}\`, and bind \`/run/${own}/${posix.basename(path)}\``
        yield* notMade(
          { path, at, name: programName(program), help },
          { service, account: accountOf(program), machine },
          { programs, read },
        )
      }
    }
  },
})

/** Where a socket lies; of those that supervisord numbers the directory is known all the same. */
function socketPath(endpoint: AppServerProgram['sockets'][number]['endpoint'], at: Place): string | null {
  if (endpoint.known) return endpoint.value.address.kind === 'unix' ? endpoint.value.address.path : null
  return /^(?:unix:)?(\/[\w./-]*%\(process_num\)[\w.-]*)$/.exec(placeText(at))?.[1] ?? null
}

/** A file that a service makes. */
interface MadeFile {
  readonly path: string
  readonly at: Place
  /** The program that makes it. */
  readonly name: string
  readonly help: string
}

interface Home {
  /** Null for what supervisord starts. */
  readonly service: ServiceUnit | null
  /** The `user=` of supervisord; null where a unit starts it, or nobody but root is named. */
  readonly account: NamedAccount | null
  readonly machine: Machine
}

/** Where directories may be made. */
interface Makers {
  readonly programs: Iterable<Program>
  readonly read: () => RunDirectories
}

/** Says of a file below `/run` that its program may not make it; of other files nothing. */
function* notMade(
  { path, at, name, help }: MadeFile,
  { service, account, machine }: Home,
  { programs, read }: Makers,
) {
  const directory = posix.dirname(path)
  if (!/^\/run(?:\/|$)/.test(path) || OPEN_TO_ALL.test(directory)) return
  const ofService = service === null ? null : accountOfService(service)
  const user = ofService?.isWritten === true ? ofService : null
  const related = user?.at == null ? [] : [{ at: user.at, message: 'the user of the service' }]
  if (directory === '/run') {
    const own = ofService ?? account
    if (own === null) return
    yield {
      at,
      ...(!own.isWritten && { severity: 'warning' as const, confidence: 'medium' as const }),
      message: `\`/run\` belongs to root, so ${name} as \`${own.value}\` may not create \`${path}\``,
      label: service === null ? 'a directory of root' : 'no RuntimeDirectory= has it',
      related:
        own.at === null
          ? []
          : [
              {
                at: own.at,
                message: service === null ? 'the user of the program' : 'the user of the service',
              },
            ],
      help: service === null ? MADE_AT_BOOT(posix.join(directory, name)) : help,
    }
    return
  }
  if (isMade(programs, directory) || isMadeElsewhere(machine, directory)) return
  const made = OF_PACKAGES.test(directory) ? undefined : read().once.get(directory)
  const isOnce = made !== undefined && made.source !== at.source
  if (read().mayComeBack(directory) || (user === null && !isOnce)) return
  const who = user === null ? `${name} does` : `${name} as \`${user.value}\` may`
  yield {
    at,
    severity: isOnce || service === null ? ('warning' as const) : doubt(service),
    confidence: 'medium' as const,
    message: isOnce
      ? `\`${directory}\` is made once and is gone after every boot, and ${who} not create it`
      : `nothing makes \`${directory}\`, which is gone after every boot, and ${who} not create it`,
    label: 'no RuntimeDirectory= has it',
    related: [...(isOnce ? [{ at: made, message: 'made once, here' }] : []), ...related],
    help: service === null ? MADE_AT_BOOT(directory) : help,
  }
}

const MADE_AT_BOOT = (directory: string): string =>
  `Make a directory at every boot: \`d ${directory}\` in a file of \`/etc/tmpfiles.d\``

/** The account as which supervisord starts a program: another one that the program is told of comes after its sockets. */
function accountOf({ by, server: { user } }: AppServerProgram): Home['account'] {
  const account = by === 'supervisord' ? namedAccount(user) : null
  if (account === null || account.at === null) return null
  const { source, start } = account.at
  const line = source.code.slice(source.code.lastIndexOf('\n', start - 1) + 1, start)
  return /^\s*user\s*=\s*$/.test(line) ? account : null
}

/** Directories that a distribution’s package of the program makes at every boot. */
const OF_PACKAGES = /^\/run\/(?:php|php-fpm|uwsgi|nginx|apache2|httpd|supervisor|gunicorn|celery)(?:\/|$)/

/** True for what systemd or supervisord starts at a boot, with nothing before it that may make directories. */
function startsAtBoot({ service, by, machine }: AppServerProgram): boolean {
  if (service === null) return by === 'supervisord' && machine.container === null
  return service.startPre.length === 0 && service.rootDirectory === null && service.dynamicUser === null
}

/** Of a directory that a package may make at every boot nothing is said. */
function* ofPools(machine: Machine, read: Makers['read']) {
  for (const { directory, at } of poolSockets(machine)) {
    if (OF_PACKAGES.test(directory) || isMadeElsewhere(machine, directory)) continue
    const made = read().once.get(directory)
    if (made === undefined || read().mayComeBack(directory) || read().isOfImage(directory)) continue
    yield {
      at,
      severity: 'warning' as const,
      confidence: 'medium' as const,
      message: `\`${directory}\` is made once and is gone after every boot, and PHP-FPM does not create it: unable to bind listening socket, No such file or directory`,
      label: 'no directory after a boot',
      related: [{ at: made, message: 'made once, here' }],
      help: MADE_AT_BOOT(directory),
    }
  }
}

/** The file in which Celery keeps its number. */
function* ofCelery(started: StartedCommand, makers: Makers) {
  const { service, machine } = started
  if (service === null) return
  const file = pidFileOf(pidOption(started), started)
  if (file !== null) yield* pidFile({ ...file, name: 'Celery' }, service, machine, makers)
}

/** What stands behind `--pidfile`, also in what a shell is to run, unless that makes directories itself. */
function pidOption(started: StartedCommand): WrittenText | null {
  const celery = celeryCommand(started)
  if (celery !== null) return celeryOption(celery, '--pidfile')?.word ?? null
  const [shell, option, script] = started.words
  if (shell === undefined || script === undefined || !/^(?:\/(?:usr\/)?bin\/)?(?:ba|da)?sh$/.test(shell.text))
    return null
  if (option?.text !== '-c' || !/\bcelery\b|\bCELERY_BIN\b/.test(script.text)) return null
  if (/\b(?:mkdir|install)\b/.test(script.text)) return null
  const found = /(?:^|\s)(--pidfile[= ]"?)([^\s"';&|]+)/d.exec(script.text)
  const [start, end] = found?.indices?.[2] ?? []
  return start === undefined || end === undefined ? null : sliceWritten(script, start, end)
}

/** A path, and where it is written: with systemd's own variables that is where the service sets them. */
function pidFileOf(
  word: WrittenText | null,
  { environment }: StartedCommand,
): { readonly path: string; readonly at: Place } | null {
  if (word === null) return null
  const at = placeOf(word)
  const path = word.text.replace(/^--pidfile=/, '')
  const variable = /^(?:--pidfile=)?\$(?:\{(\w+)\}|(\w+))$/.exec(placeText(at))
  const value = variable === null ? null : environment(variable[1] ?? variable[2] ?? '')
  return { path, at: value?.known === true && value.value === path && value.at !== null ? value.at : at }
}

const KEEPS_NUMBER: ReadonlySet<string> = new Set(['gunicorn', 'uwsgi', 'puma'])

/** The file in which an application server keeps its number. */
function* ofServer(program: AppServerProgram, makers: Makers) {
  const { server, service, machine } = program
  const path = KEEPS_NUMBER.has(server.program) ? server.settings.get('pidfile') : undefined
  if (service === null || path?.known !== true || path.at === null || typeof path.value !== 'string') return
  const file = { path: path.value, at: path.at, name: programName(program) }
  yield* pidFile(file, service, machine, makers)
}

function* pidFile(file: Omit<MadeFile, 'help'>, service: ServiceUnit, machine: Machine, makers: Makers) {
  const path = inRun(file.path)
  const directory = posix.dirname(path)
  if (accountOfService(service) === null || path.includes('$') || placeText(file.at).includes('$')) return
  for (const made of service.runtimeDirectories)
    if (!made.known || directory === made.value || directory.startsWith(`${made.value}/`)) return
  const own = directory === '/run' ? file.name.toLowerCase() : posix.basename(directory)
  yield* notMade(
    { ...file, path, help: `Write \`RuntimeDirectory=${own}\`` },
    { service, account: null, machine },
    makers,
  )
}

/** Directories in which every user may create files, or that belong to one. */
const OPEN_TO_ALL = /^\/run\/(?:user|lock|shm|screen)(?:\/|$)/

/** How bad it is that nothing here makes a directory: a repository shows less of the machine than its `/etc`. */
function doubt({ unit }: ServiceUnit): 'warning' | 'info' {
  return unit.sources.every(({ path }) => /^\/(?:etc|usr\/lib|lib|usr\/local\/lib)\/systemd\//.test(path))
    ? 'warning'
    : 'info'
}

/** True where some unit of the audit has it, or a directory above it, made for itself. */
function isMade(programs: Iterable<{ readonly kind: string }>, directory: string): boolean {
  for (const program of programs) {
    if (program.kind !== 'app-server') continue
    const { service } = program as AppServerProgram
    for (const made of service?.runtimeDirectories ?? [])
      if (!made.known || directory === made.value || directory.startsWith(`${made.value}/`)) return true
  }
  return false
}

const TMPFILES = ['/etc/tmpfiles.d', '/usr/lib/tmpfiles.d', '/usr/local/lib/tmpfiles.d']

/** True where `tmpfiles.d` may make it, or where it lies in the audit. */
function isMadeElsewhere({ files }: Machine, directory: string): boolean {
  if (files.kind(directory) !== null) return true
  const [, , first = ''] = directory.split('/')
  return TMPFILES.some(home =>
    (files.list(home) ?? []).some(({ name }) => {
      const read = files.read(posix.join(home, name))
      return read.kind !== 'source' || read.source.code.includes(`run/${first}`)
    }),
  )
}
