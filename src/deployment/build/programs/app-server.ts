import { posix } from 'node:path'
import type {
  AppAddress,
  AppBind,
  AppCommand,
  AppFiles,
  AppServer,
} from '../../../../parsers/app-server/app-server.ts'
import { readAppServers } from '../../../../parsers/app-server/read-app-servers.ts'
import { leadsToShell, type ShellFiles } from '../../../../parsers/app-server/started-commands.ts'
import { isUwsgi, readUwsgiVassal } from '../../../../parsers/app-server/uwsgi.ts'
import type { PythonParser } from '../../../../parsers/python/python-module.ts'
import type { ShellParser } from '../../../../parsers/shell/shell-environment.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import type { SocketUnit } from '../../../../parsers/systemd/socket-unit.ts'
import { BUILT_OF } from '../../../../parsers/app-server/built-servers.ts'
import { memoByKey } from '../../../../parsers/collections/memo.ts'
import { readYaml } from '../../../../parsers/yaml/read-yaml.ts'
import { once } from '../../../../parsers/collections/once.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../../files/file-system.ts'
import type { Container } from '../../containers/container.ts'
import { inEarlierStage } from '../../containers/earlier-stage.ts'
import { ANY_V4, ANY_V6, type Endpoint, isLoopback, parseHost } from '../../../servers/address.ts'
import { type Fact, known, unknown } from '../../../servers/fact.ts'
import type {
  AppServerProgram,
  AppServerSocket,
  BackendListener,
  Machine,
  Protocol,
  StartedCommand,
} from '../../model.ts'
import {
  commandsOfContainer,
  commandsOfMachine,
  fileReader,
  type StartedByMachine,
  type Starter,
  vassalsIn,
  vassalsOfMachine,
} from './app-commands.ts'
import { applicationsAmong, foundApplications, type FoundApplications } from './found-applications.ts'
import { commandsOfScripts } from './script-commands.ts'

/** The grammars that files of application servers need; null where one is not loaded. */
export interface Grammars {
  readonly python: PythonParser | null
  readonly shell: ShellParser | null
}

const NO_STARTER: Starter = { by: null, service: null, sockets: [] }
const SET_BY_UWSGI = /* @__PURE__ */ unknown<string>('uWSGI may set it from a file')
const NOTHING_SET: AppCommand['environment'] = () => null

/** Every application server that the machine's units, supervisord and the directories of uWSGI start. */
export function appServerPrograms(machine: Machine, grammars: Grammars): readonly AppServerProgram[] {
  const { files } = machine
  const { container } = machine
  const reader = {
    ...appFiles(container?.files ?? files, grammars),
    ...(container !== null && {
      built: once(() => builtOf(container)),
      earlier: (path: string) => {
        const copied = inEarlierStage(container, path)
        return copied === null ? null : { path: copied.path, read: fileReader(copied.files) }
      },
    }),
  }
  const scripts = machine.scripts === null ? [] : commandsOfScripts(files, machine.scripts, grammars.shell)
  const own = container === null ? commandsOfMachine(files) : commandsOfContainer(container)
  const started = [...own, ...scripts].flatMap(({ command, user, by, service, pm2, sockets }) =>
    readAppServers(command, reader)
      .filter(({ started: { certain } }) => certain)
      .map(({ server, started: { command: own } }) => ({
        server: server.user === null ? { ...server, user } : server,
        // A script that goes to its own directory starts its application where that lies.
        command:
          by === null && own.directory?.known !== true ? { ...own, directory: command.directory } : own,
        starter: { by, service, sockets, ...(pm2 !== undefined && { pm2 }) },
      })),
  )
  const vassals = [
    ...(container === null ? vassalsOfMachine(files) : []),
    ...started.flatMap(({ server }) =>
      isUwsgi(server)
        ? server.emperors.flatMap(each =>
            each.known ? vassalsIn(container?.files ?? files, each.value) : [],
          )
        : [],
    ),
  ]
  const seen = new Set<unknown>()
  const programs = started.map(({ server, command, starter }) => programOf(machine, server, command, starter))
  for (const { source } of vassals) {
    if (seen.has(source)) continue
    seen.add(source)
    const command: AppCommand = { words: [], directory: null, environment: NOTHING_SET }
    const server = readUwsgiVassal(source, command, reader)
    programs.push(programOf(machine, startedByDebian(server, source), command, NO_STARTER))
  }
  return programs
}

/**
 * The init script of Debian starts `/etc/uwsgi/apps-enabled/shop.ini` with a file of its package, which opens
 * `/run/uwsgi/app/shop/socket` for www-data. Its unit `uwsgi-app@shop.socket` opens `/run/uwsgi/shop.socket` for what is
 * available; nobody sees which of the two is enabled.
 */
function startedByDebian(server: AppServer, { path }: Source): AppServer {
  const name = /^\/etc\/uwsgi\/apps-(?:enabled|available)\/([\w.-]+)\.\w+$/.exec(path)?.[1]
  if (name === undefined || server.binds.length > 0) return server
  const sockets = [`/run/uwsgi/app/${name}/socket`, `/run/uwsgi/${name}.socket`]
  return {
    ...server,
    binds: sockets.map(socket => ({
      at: server.at,
      protocol: known('uwsgi'),
      address: known({ kind: 'unix', path: socket } as const, server.at),
    })),
    user: server.user ?? known('www-data'),
    group: server.group ?? known('www-data'),
    socketMode: server.socketMode ?? known(0o660),
    socketOwner: server.socketOwner ?? known('www-data'),
  }
}

/** What a machine starts, before its wrappers and shells are followed. */
export function startedCommandsOf(machine: Machine): readonly StartedCommand[] {
  const { container, files } = machine
  const commands = container === null ? commandsOfMachine(files) : commandsOfContainer(container)
  const rest = container?.service.command?.rest ?? null
  return commands.flatMap(({ command: { words, directory, environment }, by, service }) =>
    by === null ? [] : [{ machine, by, words, rest, directory, environment, service }],
  )
}

/** The grammars for which there are files on a machine. */
export function wantedGrammars(
  files: FileSystem,
  commands: readonly StartedByMachine[] = commandsOfMachine(files),
  applications: readonly string[] | null = null,
): { readonly python: boolean; readonly shell: boolean } {
  const { read } = appFiles(files, { python: null, shell: null })
  const shell = commands.some(({ command }) => leadsToShell(command, read))
  return {
    shell,
    python:
      shell ||
      commands.some(({ command }) => startsScript(command, read)) ||
      commands.some(
        ({ command }) => readAppServers(command, { read, shell: null, python: null }).length > 0,
      ) ||
      vassalsOfMachine(files).length > 0 ||
      hasPython(applicationsOf(files, applications)),
  }
}

/**
 * The applications that lie on a machine.
 *
 * @param paths the files at which one may begin; null where they are looked for
 */
export function applicationsOf(files: FileSystem, paths: readonly string[] | null): FoundApplications {
  return paths === null ? foundApplications(files) : applicationsAmong(files, paths, false)
}

/** As many levels of a build context are looked into, and as many files of it read. */
const DEEPEST = 7
const MOST_SOURCES = 300
const NOT_SOURCES =
  /^(?:node_modules|vendor|\.git|bin|obj|target|dist|build|venv|\.venv|wwwroot|static|test|tests)$/

/** The sources in the context of a container's build that may say where its program listens. */
function builtOf({ service, hostFiles, image }: Container): readonly Source[] {
  const context = service.build?.context
  if (image === null || context?.known !== true || !context.value.startsWith('/')) return []
  const own = image.stage.at.source
  return [own, ...sourcesOfBuild(hostFiles, context.value).filter(source => source !== own)]
}

/** Containers of one context are built of the same. */
const sourcesOfBuild = memoByKey((files: FileSystem, context: string): readonly Source[] => {
  const found: Source[] = []
  for (const path of filesBelow(files, context, { levels: DEEPEST, skipped: NOT_SOURCES })) {
    if (found.length >= MOST_SOURCES) break
    const source = BUILT_OF.test(path) ? sourceAt(files, path) : null
    if (source !== null) found.push(source)
  }
  return found
})

function hasPython({ django, managed, python }: FoundApplications): boolean {
  return django.length + managed.length + python.length > 0
}

/** True for a script of Python that may be a server by itself. */
function startsScript({ words, directory }: AppCommand, read: AppFiles['read']): boolean {
  const script = words.find(({ text }) => text.endsWith('.py'))?.text
  if (script === undefined) return false
  const source = read(posix.resolve(directory?.known === true ? directory.value : '/', script))
  return source !== null && source !== 'missing' && /\b(?:run|serve)\(/.test(source.code)
}

function appFiles(files: FileSystem, { python, shell }: Grammars): AppFiles & ShellFiles {
  const plain = fileReader(files)
  const read: AppFiles['read'] = path => plain(path) ?? (isLeftOut(files, path) ? 'missing' : null)
  return { read, python, shell, yaml: readYaml }
}

/**
 * The file that gunicorn reads although nobody names it lies beside its application: where that is in the audit
 * and it is not, there is none.
 */
function isLeftOut(files: FileSystem, path: string): boolean {
  if (posix.basename(path) !== 'gunicorn.conf.py') return false
  return (files.list(posix.dirname(path)) ?? []).length > 0
}

export function programOf(
  machine: Machine,
  server: AppServer,
  { directory, environment }: AppCommand,
  starter: Starter,
): AppServerProgram {
  const sockets = openedSockets(server, starter.sockets)
  return {
    kind: 'app-server',
    machine,
    server,
    ...starter,
    isSeen: true,
    directory,
    environment:
      isUwsgi(server) && server.setsOthers ? name => environment(name) ?? SET_BY_UWSGI : environment,
    sockets,
    listensKnown:
      (server.complete || isHandedAll(server, sockets)) && sockets.every(({ endpoint }) => endpoint.known),
  }
}

/** gunicorn takes what systemd opens for it in place of all that its own files say. */
function isHandedAll({ program }: AppServer, sockets: readonly AppServerSocket[]): boolean {
  return program === 'gunicorn' && sockets.length > 0 && sockets.every(({ unit }) => unit !== null)
}

/** The sockets of a server: its own, or those that socket units open for it. */
function openedSockets(server: AppServer, units: readonly SocketUnit[]): readonly AppServerSocket[] {
  const handed = units.flatMap(unit =>
    unit.listens
      .filter(({ kind }) => kind === 'stream')
      .map(listen => ({ at: listen.at, endpoint: endpointOfUnit(unit, listen.address), unit })),
  )
  const protocol: Fact<Protocol> =
    server.binds[0]?.protocol ?? known<Protocol>(server.program === 'uwsgi' ? 'uwsgi' : 'http')
  // gunicorn takes what it is given in place of its own binds, uWSGI besides them.
  if (handed.length > 0 && server.program === 'gunicorn') return handed.map(each => ({ ...each, protocol }))
  const own = server.binds.flatMap((bind): readonly AppServerSocket[] => {
    if (bind.address.known && bind.address.value.kind === 'inherited') {
      const socket = handed[bind.address.value.descriptor - 3]
      return socket === undefined
        ? [
            {
              at: bind.at ?? server.at,
              endpoint: unknown('whoever starts it has opened the socket'),
              unit: null,
              protocol: bind.protocol,
            },
          ]
        : [{ ...socket, protocol: bind.protocol }]
    }
    return [
      { at: bind.at ?? server.at, endpoint: endpointOf(bind, server), unit: null, protocol: bind.protocol },
    ]
  })
  if (handed.length > 0 && server.program === 'uwsgi')
    return [...own, ...handed.map(each => ({ ...each, protocol: known<Protocol>('uwsgi') }))]
  return own
}

function endpointOf({ address }: AppBind, { program }: AppServer): Fact<Endpoint> {
  if (!address.known) return address
  const endpoint = endpointAt(address.value)
  // Linux takes IPv4 on `[::]` too, unless the program asks for IPv6 alone, as the event loop of uvicorn does.
  const isBoth = address.value.kind === 'ip' && /^\[?::\]?$/.test(address.value.host) && program !== 'uvicorn'
  return known(isBoth ? { ...endpoint, ipv6only: false } : endpoint, address.at)
}

function endpointAt(address: AppAddress): Endpoint {
  if (address.kind === 'inherited') return { address: { kind: 'unix', path: '' }, port: null }
  if (address.kind === 'unix') return { address: { kind: 'unix', path: address.path }, port: null }
  const { host, port } = address
  return { address: host === '' || host === '*' ? ANY_V4 : parseHost(host), port }
}

function endpointOfUnit(
  { bindIpv6Only }: SocketUnit,
  address: SocketUnit['listens'][number]['address'],
): Fact<Endpoint> {
  if (!address.known) return address
  const { value, at } = address
  switch (value.kind) {
    case 'unix':
      return known({ address: { kind: 'unix', path: value.path }, port: null }, at)
    case 'ip':
      if (value.host !== null) return known({ address: parseHost(value.host), port: value.port }, at)
      return known(
        {
          address: ANY_V6,
          port: value.port,
          ipv6only: bindIpv6Only?.known === true && bindIpv6Only.value === 'ipv6-only',
        },
        at,
      )
    case 'other':
      return unknown('it is no address of the network', at)
  }
}

export function appServerListeners(program: AppServerProgram): readonly BackendListener[] {
  return program.sockets.flatMap(({ at, endpoint, protocol }) => {
    if (!endpoint.known) return []
    const { address } = endpoint.value
    return [
      {
        kind: 'app-server',
        program,
        ...endpoint.value,
        protocol,
        loopback: isLoopback(address),
        at,
        others: [],
      } as const,
    ]
  })
}
