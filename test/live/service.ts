/**
 * Programs beside nginx and Apache, started as an example's own files say it: what systemd makes of a unit,
 * supervisord of a `[program:…]`, Debian's packages of an `.ini` of uWSGI and of the pools of PHP-FPM.
 * Only inside the namespaces of `enter-namespace.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'

export interface Service {
  readonly name: string
  /** As a shell takes it, which splits words and quotes as systemd does. */
  readonly command: string
  /** Root where absent. */
  readonly user?: string | undefined
  /** The group of the user where absent. */
  readonly group?: string | undefined
  readonly directory?: string | undefined
  readonly environment?: Readonly<Record<string, string>>
  readonly umask?: string | undefined
  /** A `/tmp` and a `/var/tmp` of its own. */
  readonly privateTmp?: boolean
  /** Directories below `/run` that systemd makes for it. */
  readonly runtimeDirectories?: readonly string[]
  /** Sockets that systemd opens in its place. */
  readonly sockets?: readonly string[]
  /** What comes before the command: the namespaces of a container. */
  readonly inside?: readonly string[]
}

type Files = Readonly<Record<string, string>>

/** Every service of a tree, by absolute path to text, but nginx and Apache themselves. */
export function readServices(files: Files): readonly Service[] {
  const paths = Object.keys(files)
  const found: Service[] = []
  for (const path of paths.filter(each => /\/systemd\/system\/[^/]+\.service$/.test(each))) {
    const unit = readUnit(path, files)
    if (unit !== null && !/^\S*\/(?:nginx|apache2|httpd)(?:\s|$)/.test(unit.command)) found.push(unit)
  }
  for (const path of paths.filter(each => /\/supervisor\/conf\.d\/[^/]+\.conf$/.test(each)))
    found.push(...readSupervisor(files[path] ?? ''))
  for (const path of paths.filter(each => /^\/etc\/uwsgi\/(?:apps-enabled|vassals)\/[^/]+\.ini$/.test(each)))
    found.push(uwsgiService(path, files[path] ?? ''))
  const pools = paths.filter(each =>
    /^\/etc\/(?:php\/[^/]+\/fpm\/pool\.d|php-fpm\.d)\/[^/]+\.conf$/.test(each),
  )
  if (pools.length > 0) found.push(phpService(pools, files))
  return found
}

/** True where the unit of a server says that it has a `/tmp` of its own. */
export function hasPrivateTmp(files: Files, program: string): boolean {
  return Object.entries(files).some(
    ([path, text]) =>
      path.endsWith(`/systemd/system/${program}.service`) && isYes(settings(text).get('PrivateTmp')?.at(-1)),
  )
}

function readUnit(path: string, files: Files): Service | null {
  const unit = settings(files[path] ?? '')
  const last = (name: string): string | undefined => unit.get(name)?.at(-1)
  const command = last('ExecStart')?.replace(/^[-@:+!]+/, '')
  if (command === undefined) return null
  const socket = files[path.replace(/service$/, 'socket')]
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    command,
    user: last('User'),
    group: last('Group'),
    directory: last('WorkingDirectory'),
    umask: last('UMask'),
    environment: {
      ...Object.fromEntries(
        (unit.get('EnvironmentFile') ?? []).flatMap(file => assignments(files[file] ?? '')),
      ),
      ...Object.fromEntries((unit.get('Environment') ?? []).flatMap(assignments)),
    },
    privateTmp: isYes(last('PrivateTmp')),
    runtimeDirectories: (unit.get('RuntimeDirectory') ?? []).flatMap(text => text.split(/\s+/)),
    sockets: socket === undefined ? [] : (settings(socket).get('ListenStream') ?? []),
  }
}

/** Rights of the sockets that units open, as systemd gives them: path, owner and mode. */
export function socketRights(files: Files): readonly { path: string; user: string; mode: string }[] {
  return Object.entries(files)
    .filter(([path]) => path.endsWith('.socket'))
    .flatMap(([, text]) => {
      const unit = settings(text)
      const last = (name: string): string | undefined => unit.get(name)?.at(-1)
      return (unit.get('ListenStream') ?? []).map(path => ({
        path,
        user: `${last('SocketUser') ?? 'root'}:${last('SocketGroup') ?? last('SocketUser') ?? 'root'}`,
        mode: last('SocketMode') ?? '0666',
      }))
    })
}

/** All values of each `Name=`, in their order; an empty one takes back those before it. */
function settings(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const [, name = '', value = ''] of text
    .replace(/\\\n\s*/g, ' ')
    .matchAll(/^[ \t]*([A-Za-z]\w*)[ \t]*=[ \t]*(.*?)[ \t]*$/gm))
    found.set(name, value === '' ? [] : [...(found.get(name) ?? []), value])
  return found
}

function assignments(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(/(?:^|[\s"'])(\w+)=("[^"]*"|'[^']*'|[^\s"']*)/gm)].map(
    ([, name = '', value = '']) => [name, value.replace(/^(["'])(.*)\1$/, '$2')] as const,
  )
}

function isYes(value: string | undefined): boolean {
  return value !== undefined && /^(?:1|yes|true|on)$/i.test(value)
}

function readSupervisor(text: string): readonly Service[] {
  return text.split(/^(?=\[)/m).flatMap(section => {
    const name = /^\[program:([^\]]+)\]/.exec(section)?.[1]
    const own = settings(section)
    const command = own.get('command')?.at(-1)
    if (name === undefined || command === undefined) return []
    const environment = Object.fromEntries(
      (own.get('environment') ?? []).flatMap(text => assignments(text.replaceAll(',', ' '))),
    )
    return [
      { name, command, user: own.get('user')?.at(-1), directory: own.get('directory')?.at(-1), environment },
    ]
  })
}

/** As Debian's package starts it: with the account and the mode of its `default.ini`, which the file may replace. */
function uwsgiService(path: string, text: string): Service {
  const account = /^\s*uid\s*=/m.test(text) ? '' : '--uid www-data --gid www-data '
  const mode = /^\s*chmod-socket\s*=/m.test(text) ? '' : '--chmod-socket=660 '
  const plugin = `${account}${mode}${/^\s*plugins?\s*=/m.test(text) ? '' : '--plugin python3 '}`
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    command: `/usr/bin/uwsgi ${plugin}--master --ini ${path}`,
    directory: APPLICATIONS,
  }
}

/** Where applications lie that a command names and no file of the example is. */
export const APPLICATIONS = '/opt/applications'

/** The command of the PHP-FPM that is installed, whatever its version. */
export function phpCommand(main: string, ini = '-n'): string {
  const binary = readdirSync('/usr/sbin').find(name => /^php-fpm\d/.test(name)) ?? 'php-fpm'
  return `/usr/sbin/${binary} --nodaemonize --fpm-config ${main} ${ini}`
}

function phpService(pools: readonly string[], files: Files): Service {
  const home = pools[0]?.replace(/\/(?:pool\.d|php-fpm\.d)\/[^/]+$/, '') ?? '/etc'
  const ini = files[`${home}/php.ini`] === undefined ? '-n' : `-c ${home}/php.ini`
  return { name: 'php-fpm', command: phpCommand(MAIN_OF_PHP, ini) }
}

/** The main file of PHP-FPM around the pools of an example. */
export const MAIN_OF_PHP = '/etc/php-fpm.main.conf'

export function mainOfPhp(files: Files): string {
  const pools = Object.keys(files).filter(path => /\/(?:pool\.d|php-fpm\.d)\/[^/]+\.conf$/.test(path))
  return [
    '[global]',
    'error_log = /var/log/php/error.log',
    ...pools.map(path => `include = ${path}`),
    '',
  ].join('\n')
}

/**
 * Starts a service and waits until it, or systemd for it, listens on a socket; a service that ends, or opens
 * none within five seconds, shows in its log, `/var/log/services/NAME.error.log`.
 */
export async function startService(service: Service): Promise<ChildProcess> {
  const { name, user, group, inside = [], sockets = [] } = service
  const before = new Set(listeners('self'))
  const log = openSync(`/var/log/services/${name}.error.log`, 'a')
  const words = [
    ...inside,
    ...(service.privateTmp === true ? OWN_TMP : []),
    ...(sockets.length > 0 ? ['systemd-socket-activate', ...sockets.map(each => `--listen=${each}`)] : []),
    ...(user === undefined || user === 'root'
      ? []
      : ['setpriv', `--reuid=${user}`, `--regid=${group ?? user}`, '--init-groups']),
    ...['sh', '-c', script(service)],
  ]
  for (const directory of service.runtimeDirectories ?? [])
    mkdirSync(`/run/${directory}`, { recursive: true })
  const child = spawn(words[0] ?? 'sh', words.slice(1), {
    stdio: ['ignore', log, log],
    detached: true,
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      PYTHONDONTWRITEBYTECODE: '1',
    },
  })
  closeSync(log)
  await listens(child, before)
  return child
}

export const OWN_TMP = [
  ...['unshare', '--mount', 'sh', '-c'],
  'mount -t tmpfs -o mode=1777 none /tmp && mount -t tmpfs -o mode=1777 none /var/tmp && exec "$0" "$@"',
]

function script({ command, directory, umask, environment = {} }: Service): string {
  return [
    ...(umask === undefined ? [] : [`umask ${umask}`]),
    ...(directory === undefined ? [] : [`cd '${directory}'`]),
    ...Object.entries(environment).map(
      ([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
    ),
    `exec ${command}`,
  ].join(' && ')
}

async function listens(child: ChildProcess, before: ReadonlySet<string>): Promise<void> {
  const process = String(child.pid)
  let known = ''
  for (let attempt = 0; attempt < 250 && child.exitCode === null; attempt++) {
    const counts = socketCounts(process)
    // One socket may have come as another went.
    const mayDiffer = counts !== known || attempt % 10 === 9
    if (mayDiffer && listeners(process).some(each => !before.has(each))) return
    known = counts
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/**
 * The sockets on which something listens in the network of a process, by their inodes; none of a process
 * that has ended, which may be between one look and the next.
 */
function listeners(process: string): readonly string[] {
  const read = (name: string): readonly (readonly string[])[] =>
    readNetwork(process, name)
      .split('\n')
      .map(line => line.trim().split(/\s+/))
  const tcp = [...read('tcp'), ...read('tcp6')]
    .filter(fields => fields[3] === '0A')
    .map(fields => fields[9] ?? '')
  const unix = read('unix')
    .filter(fields => fields[3] === '00010000')
    .map(fields => fields[6] ?? '')
  return [...tcp, ...unix]
}

/** What differs once a socket has come or gone: the tables of TCP take a hundred times as long to read. */
function socketCounts(process: string): string {
  return ['sockstat', 'sockstat6', 'unix'].map(name => readNetwork(process, name)).join('')
}

function readNetwork(process: string, name: string): string {
  try {
    return readFileSync(`/proc/${process}/net/${name}`, 'utf8')
  } catch {
    return ''
  }
}
