import { posix } from 'node:path'
import type { AppProgram } from '../../../parsers/app-server/app-server.ts'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import { once } from '../../../parsers/collections/once.ts'
import type { ProxyPass } from '../../servers/apache/queries/proxy-passes.ts'
import type {
  ApacheHost,
  ApacheListener,
  ApacheProgram,
  Destination,
  Listener,
  Machine,
  NginxServer,
  Program,
  Target,
} from '../model.ts'
import { type FoundPass, type FoundProxyPass, isOpen, servesFilesBelow } from './find-passes.ts'
import { nginxConnection } from './nginx-connections.ts'
import { apacheListeners } from './programs/apache.ts'
import { startsOthers } from './programs/app-commands.ts'
import { listenersOf } from './programs/programs.ts'
import { PORTS_OF_OTHERS } from './unseen.ts'

/** What is asked of the httpd of one machine, where a connection leads to an address that no line opens. */
interface ApacheOfMachine {
  readonly program: ApacheProgram
  readonly listeners: readonly ApacheListener[]
  readonly ports: ReadonlySet<number | null>
  /** Its virtual hosts, by each of their names. */
  readonly byName: ReadonlyMap<string, readonly ApacheHost[]>
  /** False where a main file outside of the audit may open more. */
  readonly isWhole: boolean
}

/**
 * The addresses that surely nobody opens, of those that no line of the audit opens. A program outside of the
 * audit may open any of them, unless they are meant for Apache: it opens the port on another address, or it
 * has the site and nothing of the same server reaches it.
 */
export function refusals(
  passes: readonly FoundPass[],
  proxyPasses: readonly FoundProxyPass[],
  {
    programs,
    listeners,
    virtualHosts,
  }: {
    readonly programs: readonly Program[]
    readonly listeners: readonly Listener[]
    readonly virtualHosts: readonly ApacheHost[]
  },
): ReadonlyMap<Target, Destination> {
  const refused = new Map<Target, Destination>()
  const poolsOf = poolsByMachine(programs)
  const missed = missedListeners([...passes, ...proxyPasses], programs, listeners)
  for (const each of proxyPasses) {
    const found = each.pass.written.includes('fcgi://')
      ? refusedByFpm(each, asksApacheForScripts(each.pass), poolsOf)
      : refusedByServer(each, missed)
    for (const target of found) refused.set(...target)
  }
  const apaches = new Map<Machine, ApacheOfMachine | null>()
  const apacheOf = (machine: Machine): ApacheOfMachine | null => {
    let apache = apaches.get(machine)
    if (apache === undefined) {
      apache = readApache(machine, programs, virtualHosts)
      apaches.set(machine, apache)
    }
    return apache
  }
  let byServer: ReadonlyMap<NginxServer, readonly FoundPass[]> | null = null
  for (const each of passes) {
    if (each.pass.pass.name === 'fastcgi_pass') {
      const asksForScripts = each.pass.block.args.some(({ value }) => /php/i.test(value))
      for (const target of refusedByFpm(each, asksForScripts, poolsOf)) refused.set(...target)
      continue
    }
    if (/^(?:proxy|uwsgi)_pass$/.test(each.pass.pass.name))
      for (const target of refusedByServer(each, missed)) refused.set(...target)
    // httpd is no backend of uwsgi and its like.
    if (each.pass.pass.name !== 'proxy_pass') continue
    for (const target of each.found) {
      if (target.to.kind !== 'unclaimed' || target.port === null || target.local !== true) continue
      if (refused.has(target)) continue
      const apache = apacheOf(each.program.machine)
      if (apache === null) continue
      byServer ??= groupBy(passes, ({ pass }) => pass.server)
      const isOpened = apache.isWhole && apache.ports.has(target.port)
      if (!isOpened && !isMeantFor(apache, each, target.port, byServer)) continue
      refused.set(target, { kind: 'refused', by: apache.program, opened: apache.listeners })
    }
  }
  return refused
}

/** Null where the machine has no httpd, or where nobody knows its sockets. */
function readApache(
  machine: Machine,
  programs: readonly Program[],
  virtualHosts: readonly ApacheHost[],
): ApacheOfMachine | null {
  const own: ApacheProgram[] = []
  for (const program of programs)
    if (program.kind === 'apache' && program.machine === machine) own.push(program)
  const [program] = own
  if (program === undefined) return null
  const isWhole = own.every(({ listensKnown }) => listensKnown)
  const listeners = own.flatMap(apacheListeners)
  // What a part of a configuration opens to this machine alone stands behind a proxy, and is no other way to run it.
  if (!isWhole && !listeners.some(({ loopback }) => loopback === true)) return null
  const configurations = new Set(own.map(({ configuration }) => configuration))
  const byName = new Map<string, ApacheHost[]>()
  for (const host of virtualHosts) {
    if (!configurations.has(host.configuration)) continue
    for (const name of host.names) {
      const namesakes = byName.get(name)
      if (namesakes === undefined) byName.set(name, [host])
      else namesakes.push(host)
    }
  }
  const ports = new Set(listeners.flatMap(({ address, port }) => (address.kind === 'ip' ? [port] : [])))
  return { program, listeners, ports, byName, isWhole }
}

/**
 * True where Apache has the site and nothing of the same server reaches it: another connection of that server
 * that does shows that this one is for something else. A main file outside of the audit may open the port, but then
 * none of the virtual hosts of the site may stand on it.
 */
function isMeantFor(
  { byName, isWhole }: ApacheOfMachine,
  { program, pass, found }: FoundPass,
  port: number,
  byServer: ReadonlyMap<NginxServer, readonly FoundPass[]>,
): boolean {
  const sent = nginxConnection(program, pass, found).hostsSent
  const names = [...(sent.known ? sent.value : []), ...pass.server.names.map(({ name }) => name)]
  const hosts = names.flatMap(name => byName.get(name) ?? [])
  if (hosts.length === 0 || (byServer.get(pass.server) ?? []).some(reachesApache)) return false
  return isWhole || hosts.every(host => host.addresses.every(address => isElsewhere(address, port)))
}

function isElsewhere({ port }: ApacheHost['addresses'][number], wanted: number): boolean {
  return port !== null && port !== wanted
}

function reachesApache({ found }: FoundPass): boolean {
  return found.some(({ to }) => to.kind === 'listener' && to.listener.kind === 'apache')
}

/**
 * What is meant for an application server that opens another address: of all that proxies connect to, this
 * address alone is opened by nobody, and of all that application servers open, one address alone is reached by
 * nobody. Both are Unix sockets; one is, and both belong to one application, or it is called after the program; or
 * both are ports of this machine, and the proxy serves files of the same application, or both are kept together, or
 * the port is the same at another address, or another one in its last digit, or the one that the server has by
 * itself. A Unix socket is also meant for the one server whose own is called alike.
 */
function refusedByServer(
  { program: { machine, configuration }, found }: FoundPass | FoundProxyPass,
  missed: (machine: Machine) => Missed | null,
): readonly (readonly [Target, Destination])[] {
  const [target] = found.filter(isOpen)
  const unreached = target === undefined ? null : missed(machine)
  if (target === undefined || unreached === null) return []
  const listener = unreached.only ?? calledAlike(unreached.sockets, target)
  if (listener === null) return []
  if ((listener.address.kind === 'unix') !== (target.address.kind === 'unix')) {
    const isOne =
      servesFilesOf(configuration, listener.program) ||
      liesBeside(target, listener.program) ||
      isCalledAfter(target, listener.program)
    return isOne && !startsOthers(machine.files)
      ? [[target, { kind: 'refused', by: listener.program, opened: [listener] }]]
      : []
  }
  // Of ports alone nobody can tell: a program outside of the audit may open the one, and use the other.
  if (
    listener.address.kind !== 'unix' &&
    listener.port !== target.port &&
    !servesFilesOf(configuration, listener.program) &&
    !differInLastDigit(listener.port, target.port) &&
    !isKeptTogether(listener, target) &&
    !isDefaultOf(listener, target.port)
  )
    return []
  if (listener.address.kind !== 'unix' && startsOthers(machine.files)) return []
  return [[target, { kind: 'refused', by: listener.program, opened: [listener] }]]
}

/** What application servers of a machine open, and nothing connects to. */
interface Missed {
  /** The one address, where all that is connected to in vain is one address, too; null for several. */
  readonly only: Listener | null
  readonly sockets: readonly Listener[]
}

/** `/srv/shop/shared/app.sock` of what is started in `/srv/shop/current`: a directory of the application has both. */
function liesBeside({ address }: Target, program: Program): boolean {
  const directory = program.kind === 'app-server' ? program.directory : null
  if (address.kind !== 'unix' || directory?.known !== true) return false
  const home =
    /^\/(?:home\/[^/]+\/[^/]+|var\/www\/[^/]+|(?!home\/|var\/|run\/|tmp\/|etc\/|usr\/)[^/]+\/[^/]+)(?=\/)/.exec(
      `${directory.value}/`,
    )?.[0]
  return home !== undefined && address.path.startsWith(`${home}/`)
}

/** `/run/shop/gunicorn.sock` where gunicorn listens on a port. */
function isCalledAfter({ address }: Target, program: Program): boolean {
  if (address.kind !== 'unix' || program.kind !== 'app-server') return false
  return nameOf(address.path).split(/[-_.]/).includes(program.server.program)
}

/** `gunicorn.socket` beside `gunicorn.sock`, or `app.sock` in another directory: the one socket that is meant. */
function calledAlike(sockets: readonly Listener[], { address }: Target): Listener | null {
  if (address.kind !== 'unix') return null
  const [one, ...others] = sockets.filter(
    ({ address: own }) =>
      own.kind === 'unix' && (isNextTo(own.path, address.path) || nameOf(own.path) === nameOf(address.path)),
  )
  return others.length > 0 ? null : (one ?? null)
}

/** `/run` has the sockets of all programs, and `/run/shop` those of one. */
function isNextTo(one: string, other: string): boolean {
  const directory = posix.dirname(one)
  return directory === posix.dirname(other) && !/^(?:\/var)?\/run$|^\/(?:var\/)?tmp$/.test(directory)
}

function nameOf(path: string): string {
  return posix.basename(path).replace(/\.\w+$/, '')
}

/**
 * What is missed of each machine; null where not every server or connection is known. What holds of all connections is
 * found out once.
 */
function missedListeners(
  passes: readonly (FoundPass | FoundProxyPass)[],
  programs: readonly Program[],
  listeners: readonly Listener[],
): (machine: Machine) => Missed | null {
  const reached = once(() => {
    const left = new Set(passes.flatMap(each => each.found.filter(isOpen).map(({ written }) => written)))
    if (passes.some(each => each.found.length === 0)) return null
    const listeners = new Set(
      passes.flatMap(each => each.found.flatMap(({ to }) => (to.kind === 'listener' ? [to.listener] : []))),
    )
    return { isOneLeft: left.size <= 1, listeners }
  })
  const servers = once(() =>
    groupBy(
      programs.filter(({ kind }) => kind === 'app-server'),
      ({ machine }) => machine,
    ),
  )
  const opened = once(() => groupBy(listeners, ({ program }) => program))
  return memo((machine: Machine): Missed | null => {
    const own = servers().get(machine) ?? []
    const connected = reached()
    if (connected === null || !own.every(({ listensKnown }) => listensKnown)) return null
    const unreached = own.flatMap(program =>
      (opened().get(program) ?? []).filter(listener => !connected.listeners.has(listener)),
    )
    const [first = null, ...others] = unreached
    return {
      only: connected.isOneLeft && others.length === 0 ? first : null,
      sockets: unreached.filter(({ address }) => address.kind === 'unix'),
    }
  })
}

/** True where a proxy serves files out of the directory that a server is started in: they are one application. */
function servesFilesOf(
  configuration: FoundPass['program']['configuration'] | ApacheProgram['configuration'],
  program: Program,
): boolean {
  const directory = program.kind === 'app-server' ? program.directory : null
  return directory?.known === true && servesFilesBelow(configuration, directory.value)
}

/**
 * True where nginx was told of the port that the server has by itself, and the server of one of its own. One that
 * other programs have by themselves may belong to a second backend.
 */
function isDefaultOf({ program, port }: Listener, wanted: number | null): boolean {
  if (program.kind !== 'app-server' || port === null || wanted === null) return false
  const kind = program.server.program
  return DEFAULT_PORTS[kind] === wanted && (kind === 'node' || !Object.values(DEFAULT_PORTS).includes(port))
}

const DEFAULT_PORTS: Readonly<Partial<Record<AppProgram, number>>> = {
  gunicorn: 8000,
  uvicorn: 8000,
  hypercorn: 8000,
  daphne: 8000,
  granian: 8000,
  fastapi: 8000,
  runserver: 8000,
  waitress: 8080,
  flask: 5000,
  puma: 9292,
  unicorn: 8080,
  tomcat: 8080,
  rails: 3000,
  node: 3000,
}

/**
 * True where what starts a server and what connects to the port are kept in one directory of a repository, or are
 * called alike: `deploy/shop.service` and `deploy/nginx.conf`, or `shop.service` and `sites-available/shop`. Ports that
 * other programs have by themselves may be for one of these.
 */
function isKeptTogether({ program }: Listener, { at, port }: Target): boolean {
  if (program.kind !== 'app-server' || port === null || PORTS_OF_OTHERS.has(port)) return false
  const [own, other] = [program.server.at.source.path, at.source.path]
  const directory = posix.dirname(own)
  const isOfRepository = !/^\/(?:etc|usr|lib|run)(?:\/|$)/.test(directory)
  if (directory === posix.dirname(other) && isOfRepository) return true
  const [name, alike] = [own, other].map(path => nameOf(path).toLowerCase())
  return name === alike && !/^(?:default|nginx|site|web|server)$/.test(name ?? '')
}

/** 8000 and 8001; 8000 and 3000 are what two programs have by themselves. */
function differInLastDigit(one: number | null, other: number | null): boolean {
  return one !== null && other !== null && one !== other && Math.floor(one / 10) === Math.floor(other / 10)
}

/**
 * What is meant for PHP-FPM and no pool opens: the location asks for scripts of PHP, or the socket is called
 * after it. Other programs that speak FastCGI are not in the audit: their sockets are called after them.
 */
function refusedByFpm(
  { program: { machine }, found }: FoundPass | FoundProxyPass,
  asksForScripts: boolean,
  poolsOf: (machine: Machine) => Pools | null,
): readonly (readonly [Target, Destination])[] {
  const open = found.filter(isOpen)
  const pools = open.length === 0 ? null : poolsOf(machine)
  if (pools === null) return []
  const meant = open.filter(
    ({ address }) =>
      (asksForScripts || (address.kind === 'unix' && /php|fpm/i.test(address.path))) &&
      !(address.kind === 'unix' && (OF_OTHERS.test(address.path) || mayBeOfPackage(machine, address.path))),
  )
  return meant.map(target => [target, { kind: 'refused', ...pools }] as const)
}

/** The sockets of what runs scripts beside PHP-FPM, as their own packages call them. */
const OF_OTHERS = /hhvm|fcgiwrap|spawn-fcgi/i

/** True for the socket of the pool that Debian's package brings, where a copy of some files leaves that pool out. */
function mayBeOfPackage({ files }: Machine, path: string): boolean {
  const release = /^\/(?:var\/)?run\/php\/php(\d\.\d)-fpm\.sock$/.exec(path)?.[1]
  const pools = `/etc/php/${release}/fpm/pool.d`
  return (
    release !== undefined &&
    files.kind(pools) === 'directory' &&
    files.kind(`${pools}/www.conf`) === null &&
    !files.covers(pools)
  )
}

/** One of the pools of a machine, and what all of them open. */
interface Pools {
  readonly by: Program
  readonly opened: readonly Listener[]
}

/** Null where a machine has none, or where one of its sockets is not known. */
function poolsByMachine(programs: readonly Program[]): (machine: Machine) => Pools | null {
  const pools = once(() =>
    groupBy(
      programs.filter(({ kind }) => kind === 'php-fpm'),
      ({ machine }) => machine,
    ),
  )
  return memo((machine: Machine): Pools | null => {
    const own = pools().get(machine) ?? []
    const [by] = own
    if (by === undefined || !own.every(({ listensKnown }) => listensKnown)) return null
    return { by, opened: own.flatMap(listenersOf) }
  })
}

/** True for a handler of files that are called `.php`, and for a pattern of their URLs. */
function asksApacheForScripts({ directive }: ProxyPass): boolean {
  const words = [...directive.args, ...(directive.parent?.args ?? [])]
  return words.some(({ value }) => /\.\(?(?:php|ph\b)|php\d?\)?\$/i.test(value))
}
