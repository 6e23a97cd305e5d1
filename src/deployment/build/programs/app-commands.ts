import { posix } from 'node:path'
import type { AppCommand } from '../../../../parsers/app-server/app-server.ts'
import {
  commandOfContainer,
  commandOfProgram,
  commandsOfService,
} from '../../../../parsers/app-server/commands.ts'
import type { Pm2App } from '../../../../parsers/app-server/pm2-ecosystem.ts'
import { programOf, readAppServer } from '../../../../parsers/app-server/read-app-server.ts'
import {
  readSupervisor,
  type SupervisorConfiguration,
} from '../../../../parsers/supervisor/read-supervisor.ts'
import {
  readUnit,
  UNIT_DIRECTORIES,
  type UnitFiles,
  unitNames,
} from '../../../../parsers/systemd/read-unit.ts'
import { readServiceUnit, type ServiceUnit } from '../../../../parsers/systemd/service-unit.ts'
import { readSocketUnit, type SocketUnit } from '../../../../parsers/systemd/socket-unit.ts'
import { memo, memoByKey } from '../../../../parsers/collections/memo.ts'
import { type Fact, known, unknown } from '../../../../parsers/text/fact.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../../files/file-system.ts'
import { ECOSYSTEM } from '../../../files/starters.ts'
import type { Container } from '../../containers/container.ts'
import { isAbsent } from '../../is-absent.ts'
import { commandsOfEcosystem, pm2CommandsOf } from './pm2-commands.ts'
import { type SupervisorStart, supervisorStart } from './supervisor-command.ts'

/** What starts a command on a machine. */
export interface Starter {
  readonly by: 'systemd' | 'supervisord' | 'PM2' | 'container' | null
  /** Null where no unit of systemd does. */
  readonly service: ServiceUnit | null
  /** The application of PM2 that it is; left out where PM2 does not start it. */
  readonly pm2?: Pm2App
  /** The socket units that hand their sockets over to it. */
  readonly sockets: readonly SocketUnit[]
}

/** A command that a machine starts by itself, which may lead to an application server. */
export interface StartedByMachine extends Starter {
  readonly command: AppCommand
  /** The account that it is started as: null where nobody says one. */
  readonly user: Fact<string> | null
}

/** A configuration of uWSGI that an emperor, or the init script of Debian, starts with it alone. */
export interface StartedVassal {
  readonly source: Source
}

/** A file by its path: null where it cannot be read, `missing` where it is certainly not there. */
export function fileReader(files: FileSystem): (path: string) => Source | 'missing' | null {
  return path => sourceAt(files, path) ?? (isAbsent(files, path) ? 'missing' : null)
}

/** Programs whose names stand in the text of what starts them. */
const NAMES =
  /\bdotnet\b|\bjava\b|\bjupyter|\bstreamlit\b|\bcode-server\b|\bhass\b|\bnode-red\b|gunicorn|uvicorn|hypercorn|daphne|waitress|granian|uwsgi|celery|runserver|\bflask\b|\bfastapi\b|\bnode(?:js)?\b|\bnpm\b|\bnpx\b|\btsx\b|\bts-node\b|\bnodemon\b|\byarn\b|\bpnpm\b|\bnext\b|\bvite\b|\bpuma\b|\bunicorn(?:_rails)?\b|\brails\b|artisan|\bcron\.php\b|\bcatalina\.sh\b|\bstartup\.sh\b|\.py\b|\bphp\b[^\n]*\s-S\s/
const SCRIPT = /^[ \t]*(?:ExecStart|command)[ \t]*=[ \t]*[-@:+!|]*([^\s"'%$]+)(?:[ \t]+([^\s"'%$]+))?/gm

/**
 * Every command of the machine's units and of supervisord that names an application server or a script of the audit.
 * Each set of fragments of one machine asks for them.
 */
export const commandsOfMachine = memo((files: FileSystem): readonly StartedByMachine[] => [
  ...commandsOfUnits(files),
  ...commandsOfSupervisor(files),
  ...pm2CommandsOf(files).map(({ app, command }) => ({ ...STARTED_BY_PM2, pm2: app, command })),
])

const STARTED_BY_PM2 = { by: 'PM2' as const, user: null, service: null, sockets: [] }

/** What a container starts: its command, or the programs of the supervisord that it is. */
export function commandsOfContainer(container: Container): readonly StartedByMachine[] {
  const owned = commandIn(container)
  if (owned === null) return []
  const ecosystem = ecosystemOf(owned.command, container.files)
  if (ecosystem !== null)
    return commandsOfEcosystem(ecosystem.source, ecosystem.directory, container.files).map(
      ({ app, command }) => ({
        ...STARTED_BY_PM2,
        pm2: app,
        command: { ...command, environment: inContainer(command, owned.command) },
      }),
    )
  const start = supervisorStart(owned.command, container.files)
  return start === null
    ? [{ ...owned, by: 'container', service: null, sockets: [] }]
    : commandsOfSupervisor(container.files, { ...start, command: owned.command })
}

export const NOT_SEEN = unknown('nothing of the audit is seen to run it')

/** Where modules lie, which settings they name and how gunicorn is told, the files say; all else whoever runs it may set. */
export function setByHand(name: string): typeof NOT_SEEN | null {
  return /^(?:DJANGO_SETTINGS_MODULE|PYTHONPATH|GUNICORN_CMD_ARGS)$/.test(name) ? null : NOT_SEEN
}

/** Of an image that binds nothing itself nobody gives the address each time that it is run. */
function setAtRun(name: string): typeof NOT_SEEN | null {
  return /^(?:FLASK_RUN|UVICORN)_\w+$/.test(name) ? null : setByHand(name)
}

const commandIn = memo(({ service, image, hostFiles, isAlone }: Container) => {
  if (!isAlone) return commandOfContainer(service, image, fileReader(hostFiles))
  const owned = commandOfContainer({ ...service, envFiles: [] }, image, fileReader(hostFiles))
  // Of a pod the manifest says every variable.
  if (owned === null || service.envFiles.length === 0) return owned
  const { environment } = owned.command
  return {
    ...owned,
    command: { ...owned.command, environment: (name: string) => environment(name) ?? setAtRun(name) },
  }
})

/** The file that PM2 is told of as the first process of a container; null for a command that is another program. */
function ecosystemOf(
  command: AppCommand,
  files: FileSystem,
): { readonly source: Source; readonly directory: string } | null {
  const named = /^pm2(?:-runtime|-docker)?$/.test(programOf(command)?.name ?? '')
    ? command.words.find(({ text }) => ECOSYSTEM.test(text))?.text
    : undefined
  const directory = command.directory?.known === true ? command.directory.value : null
  if (named === undefined || (directory === null && !named.startsWith('/'))) return null
  const path = posix.resolve(directory ?? '/', named)
  const source = sourceAt(files, path)
  return source === null ? null : { source, directory: posix.dirname(path) }
}

/** What the file does not set, PM2 has of the container. */
function inContainer(app: AppCommand, outer: AppCommand): AppCommand['environment'] {
  return name => {
    const own = app.environment(name)
    return own?.known === false && own.at === null ? outer.environment(name) : own
  }
}

/** What supervisord reads on a machine, or in a container that it is started in. */
export function supervisorOfMachine(
  files: FileSystem,
  container: Container | null,
): SupervisorConfiguration | null {
  if (container === null) return supervisorOf(files, undefined)
  const owned = commandIn(container)
  const start = owned === null ? null : supervisorStart(owned.command, container.files)
  return start === null ? null : supervisorOf(container.files, start.main)
}

function commandsOfUnits(files: FileSystem): readonly StartedByMachine[] {
  const unitFiles = unitFilesOf(files)
  const sockets = socketsByService(unitFiles)
  return unitNames(unitFiles, '.service').flatMap(name => {
    if (name.startsWith('systemd-') || !mayStartServer(unitFiles, files, name)) return []
    const service = readServiceUnit(readUnit(unitFiles, name))
    const own = new Set(service.sockets.flatMap(fact => (fact.known ? [fact.value] : [])))
    const handed = [...(sockets.get(name) ?? [])]
    for (const each of sockets.values())
      for (const socket of each)
        if (own.has(socket.unit.name.full) && !handed.includes(socket)) handed.push(socket)
    return commandsOfService(service, fileReader(files)).map(({ command, user }) => ({
      command,
      user,
      by: 'systemd' as const,
      service,
      sockets: handed,
    }))
  })
}

/** Programs that open no port to which anybody proxies, and what runs once. */
const QUIET =
  /^(?:celery|rq|rqworker|huey|huey_consumer(?:\.py)?|dramatiq|arq|nginx|apache2|httpd|redis-server|memcached|postgres|mysqld|mariadbd|rabbitmq-server|beanstalkd|certbot|cron|php-fpm[\d.]*|manage\.py|django-admin)$/

/**
 * True where a unit of the site, or supervisord, starts a program of which nobody here knows what it listens on,
 * such as Celery's Flower or a program of its own.
 */
export const startsOthers = memo((files: FileSystem): boolean => {
  const unitFiles = unitFilesOf(files)
  const units = (unitFiles.list('/etc/systemd/system') ?? []).filter(name => name.endsWith('.service'))
  const commands = units.flatMap(name => {
    const service = readServiceUnit(readUnit(unitFiles, name))
    const once = service.type?.known === true && service.type.value === 'oneshot'
    return once ? [] : commandsOfService(service, fileReader(files)).map(({ command }) => command)
  })
  for (const { command } of commandsOfSupervisor(files)) commands.push(command)
  for (const { command } of pm2CommandsOf(files)) commands.push(command)
  return commands.some(command => {
    const program = programOf(command)
    if (program === null || command.words.some(({ text }) => text === 'flower')) return true
    // A script of the audit is followed as far as it can be.
    if (command.words.some(({ text }) => text.startsWith('/') && files.kind(text) === 'file')) return false
    if (QUIET.test(program.name) || APP_SERVER.test(program.name)) return false
    return readAppServer(command, { read: fileReader(files), python: null }) === null
  })
})

/** Servers whose addresses are read. */
const APP_SERVER =
  /gunicorn|uvicorn|hypercorn|daphne|waitress|granian|uwsgi|^flask$|^fastapi$|\.py$|^(?:ba|da)?sh$|\.sh$/

/** `.socket` units by the service that takes their connections. */
function socketsByService(files: UnitFiles): ReadonlyMap<string, readonly SocketUnit[]> {
  const found = new Map<string, SocketUnit[]>()
  for (const name of unitNames(files, '.socket')) {
    if (name.startsWith('systemd-') || name === 'dbus.socket') continue
    const socket = readSocketUnit(readUnit(files, name))
    if (!socket.service.known || (socket.accept?.known === true && socket.accept.value)) continue
    const list = found.get(socket.service.value)
    if (list === undefined) found.set(socket.service.value, [socket])
    else list.push(socket)
  }
  return found
}

/** True where the text of a unit or its drop-ins names a server, or a script whose text is in the audit. */
function mayStartServer(unitFiles: UnitFiles, files: FileSystem, name: string): boolean {
  const stems = [name, name.replace(/@[^.]*(?=\.)/, '@')]
  for (const directory of UNIT_DIRECTORIES) {
    const names = unitFiles.list(directory) ?? []
    for (const stem of stems) {
      if (names.includes(`${stem}.d`)) return true
      if (!names.includes(stem)) continue
      const source = unitFiles.read(posix.join(directory, stem))
      if (source === null) continue
      if (NAMES.test(source.code)) return true
      // What packages bring starts no script of a site.
      if (directory.startsWith('/etc/') && namesScript(source, files)) return true
    }
  }
  return false
}

function namesScript({ code }: Source, files: FileSystem): boolean {
  const directory = /^[ \t]*(?:WorkingDirectory|directory)[ \t]*=[ \t]*(\S+)/m.exec(code)?.[1] ?? '/'
  for (const [, ...words] of code.matchAll(SCRIPT)) {
    for (const word of words) {
      if (word === undefined || word.startsWith('-')) continue
      if (files.kind(posix.resolve(directory, word)) === 'file') return true
    }
  }
  return false
}

const SUPERVISOR_MAINS = ['/etc/supervisor/supervisord.conf', '/etc/supervisord.conf']
const SUPERVISOR_DIRECTORIES = [
  ['/etc/supervisor/conf.d', /\.conf$/],
  ['/etc/supervisord.d', /\.ini$/],
  ['/etc/supervisor.d', /\.ini$/],
] as const

/** What supervisord reads of a file system: null where nothing of it is there. */
const supervisorOf = memoByKey(
  (files: FileSystem, main: string | undefined): SupervisorConfiguration | null => {
    const places = main === undefined ? SUPERVISOR_MAINS : [main]
    const mains = places.map(path => sourceAt(files, path)).filter(each => each !== null)
    const sources =
      mains.length > 0
        ? mains.slice(0, 1)
        : SUPERVISOR_DIRECTORIES.flatMap(([directory, pattern]) =>
            (files.list(directory) ?? [])
              .filter(({ name, kind }) => kind === 'file' && pattern.test(name))
              .map(({ name }) => sourceAt(files, `${directory}/${name}`))
              .filter(each => each !== null),
          )
    return sources.length === 0 ? null : readSupervisor(sources, unitFilesOf(files))
  },
)

/** @param start how a container starts it, which leaves it in its own directory; systemd starts it in `/` */
function commandsOfSupervisor(
  files: FileSystem,
  start?: SupervisorStart & { readonly command: AppCommand },
): readonly StartedByMachine[] {
  const supervisor = supervisorOf(files, start?.main)
  const home = start === undefined ? known('/') : (start.command.directory ?? NOT_SEEN)
  return (supervisor?.programs ?? []).flatMap(program => {
    const owned = commandOfProgram(program, start?.command.environment, supervisor?.main?.directory ?? home)
    return owned === null ? [] : [{ ...owned, by: 'supervisord' as const, service: null, sockets: [] }]
  })
}

/** Where Debian's init script and the emperors of other distributions look for configurations of uWSGI. */
const VASSALS = [
  '/etc/uwsgi/apps-enabled',
  '/etc/uwsgi/vassals',
  '/etc/uwsgi.d',
  '/etc/uwsgi-emperor/vassals',
]

/** The configurations of uWSGI that lie where something starts each of them. */
export function vassalsOfMachine(files: FileSystem): readonly StartedVassal[] {
  // Of a copy that has only what is available nobody knows what is enabled; it is read as sites of nginx are.
  const isWaiting = files.list('/etc/uwsgi/apps-enabled') === null
  return [...VASSALS, ...(isWaiting ? ['/etc/uwsgi/apps-available'] : [])].flatMap(directory =>
    vassalsIn(files, directory),
  )
}

export function vassalsIn(files: FileSystem, directory: string): readonly StartedVassal[] {
  return (files.list(directory) ?? []).flatMap(({ name, kind }) => {
    if (kind !== 'file' || !/\.(?:ini|ya?ml|json)$/.test(name)) return []
    const source = sourceAt(files, posix.join(directory, name))
    return source === null ? [] : [{ source }]
  })
}

export function unitFilesOf(files: FileSystem): UnitFiles {
  const lists = new Map<string, readonly string[] | null>()
  return {
    read: path => sourceAt(files, path),
    list: directory => {
      let names = lists.get(directory)
      if (names === undefined) {
        names = files.list(directory)?.map(({ name }) => name) ?? null
        lists.set(directory, names)
      }
      return names
    },
  }
}
