import { ownTable } from '../../../../parsers/text/own-table.ts'
import { memo } from '../../../../parsers/collections/memo.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { Options } from './name-value-options.ts'
import { argumentPlace, isSettled } from './places.ts'
import { hostName, type VirtualHost, virtualHostOf } from './virtual-hosts.ts'

/** Numbers that mod_wsgi 4.9 takes where an option is not written; seconds, bytes or counts. */
export const DAEMON_DEFAULTS: Readonly<Record<string, number>> = ownTable({
  processes: 1,
  threads: 15,
  'maximum-requests': 0,
  'restart-interval': 0,
  'inactivity-timeout': 0,
  'request-timeout': 0,
  'startup-timeout': 0,
  'graceful-timeout': 15,
  'eviction-timeout': 0,
  'shutdown-timeout': 5,
  'deadlock-timeout': 300,
  'connect-timeout': 15,
  'queue-timeout': 0,
  'listen-backlog': 100,
  'header-buffer-size': 32768,
  'cpu-time-limit': 0,
  'cpu-priority': 0,
  'memory-limit': 0,
  'virtual-memory-limit': 0,
})

/** One `WSGIDaemonProcess`: a group of processes that run applications. */
export class WsgiDaemon {
  readonly configuration: ApacheConfiguration
  readonly directive: ApacheDirective
  /** The virtual host that declares it; null for the main server, whose groups all may use. */
  readonly virtualHost: VirtualHost | null
  /** The group's name. */
  readonly name: Fact<string>
  readonly options: Options
  #processes: Fact<number> | null = null
  #threads: Fact<number> | null = null
  #requestTimeout: Fact<number> | null = null

  constructor(configuration: ApacheConfiguration, directive: ApacheDirective) {
    this.configuration = configuration
    this.directive = directive
    this.virtualHost = virtualHostOf(configuration, directive)
    const text = directive.args[0]?.value
    const at = argumentPlace(directive, 0)
    this.name =
      text !== undefined && isSettled(text) ? known(text, at) : unknown('the name is filled in elsewhere', at)
    this.options = new Options(directive, 1)
  }

  /** Where the name is written. */
  get at(): Place {
    return this.name.at ?? argumentPlace(this.directive, 0)
  }

  get processes(): Fact<number> {
    this.#processes ??= this.number('processes')
    return this.#processes
  }

  get threads(): Fact<number> {
    this.#threads ??= this.number('threads')
    return this.#threads
  }

  /** Seconds; 0 for no end. */
  get requestTimeout(): Fact<number> {
    this.#requestTimeout ??= this.number('request-timeout')
    return this.#requestTimeout
  }

  /** A numeric option: as written, or mod_wsgi's default. `socket-timeout` is httpd's Timeout, and unknown here. */
  number(name: string): Fact<number> {
    const option = this.options.get(name)
    if (option === undefined) {
      const value = DAEMON_DEFAULTS[name]
      return value === undefined ? unknown(`mod_wsgi has no default for \`${name}\``) : known(value)
    }
    if (!option.value.known) return unknown(option.value.reason, option.valueAt)
    return /^-?\d+$/.test(option.value.value)
      ? known(Number(option.value.value), option.valueAt)
      : unknown('it is not a number', option.valueAt)
  }
}

/** Every daemon process group, in reading order. */
export const wsgiDaemons = memo((configuration: ApacheConfiguration): readonly WsgiDaemon[] =>
  (configuration.occurrences.get('wsgidaemonprocess') ?? []).map(
    directive => new WsgiDaemon(configuration, directive),
  ),
)

/** The group of this name; names are unique in one httpd. Undefined where nobody declares it. */
export function wsgiDaemonNamed(configuration: ApacheConfiguration, name: string): WsgiDaemon | undefined {
  return daemonsByName(configuration).get(name)
}

const daemonsByName = memo((configuration: ApacheConfiguration): ReadonlyMap<string, WsgiDaemon> => {
  const byName = new Map<string, WsgiDaemon>()
  for (const daemon of wsgiDaemons(configuration))
    if (daemon.name.known && !byName.has(daemon.name.value)) byName.set(daemon.name.value, daemon)
  return byName
})

/**
 * Whether a virtual host (null: the main server) may use a group: one of the main server always, one
 * of a virtual host only where the `ServerName` is the same string, whatever the port or the aliases.
 */
export function isDaemonVisible(
  configuration: ApacheConfiguration,
  daemon: WsgiDaemon,
  host: VirtualHost | null,
): boolean | undefined {
  if (daemon.virtualHost === null || daemon.virtualHost === host) return true
  if (host === null) return false
  const declared = hostName(configuration, daemon.virtualHost)
  const asking = hostName(configuration, host)
  // Two hosts without a name of their own both go by the main server's.
  if (!declared.known || !asking.known)
    return daemon.virtualHost.serverName === null &&
      host.serverName === null &&
      onlyAny(daemon.virtualHost, host)
      ? true
      : undefined
  return declared.value.host === asking.value.host
}

function onlyAny(...hosts: readonly VirtualHost[]): boolean {
  return hosts.every(host =>
    host.addresses.some(({ socket }) => socket.known && socket.value.address === null),
  )
}
