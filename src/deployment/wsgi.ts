import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConfiguration, ApacheDirective } from '../servers/apache/configuration.ts'
import type { VirtualHost } from '../servers/apache/queries/virtual-hosts.ts'
import { hostName, virtualHosts } from '../servers/apache/queries/virtual-hosts.ts'
import {
  daemonNumber,
  isDaemonVisible,
  type WsgiDaemon,
  wsgiDaemons,
} from '../servers/apache/queries/wsgi-daemons.ts'
import {
  type ApplicationGroup,
  effectiveApplicationGroup,
  effectiveProcessGroup,
  type ProcessGroup,
} from '../servers/apache/queries/wsgi-groups.ts'
import { type WsgiScriptAlias, wsgiScriptAliases } from '../servers/apache/queries/wsgi-script-aliases.ts'
import { type Fact, known } from '../servers/fact.ts'
import type { Application, Daemon } from './applications.ts'
import { virtualHostOf } from './scheme-trust.ts'

/** Every `WSGIDaemonProcess` of one httpd, in reading order. */
export function readDaemons(configuration: ApacheConfiguration): readonly Daemon[] {
  return wsgiDaemons(configuration).map(daemon => new DaemonGroup(configuration, daemon))
}

class DaemonGroup implements Daemon {
  readonly configuration: ApacheConfiguration
  readonly #daemon: WsgiDaemon

  constructor(configuration: ApacheConfiguration, daemon: WsgiDaemon) {
    this.configuration = configuration
    this.#daemon = daemon
  }

  get directive(): ApacheDirective {
    return this.#daemon.directive
  }

  get name(): Fact<string> {
    return this.#daemon.name
  }

  get at(): Place {
    return this.#daemon.at
  }

  get virtualHost(): ApacheDirective | null {
    return this.#daemon.virtualHost?.directive ?? null
  }

  get processes(): Fact<number> {
    return this.number('processes')
  }

  get threads(): Fact<number> {
    return this.number('threads')
  }

  get options(): Daemon['options'] {
    return this.#daemon.options
  }

  number(option: string): Fact<number> {
    return daemonNumber(this.#daemon, option)
  }
}

/** Every script alias, once, in the virtual host (or main server) that writes it. */
export function readApplications(
  configurations: readonly ApacheConfiguration[],
  daemons: readonly Daemon[],
): readonly Application[] {
  const applications: Application[] = []
  for (const configuration of configurations) {
    if (
      !configuration.occurrences.has('wsgiscriptalias') &&
      !configuration.occurrences.has('wsgiscriptaliasmatch')
    )
      continue
    const visibleTo = visibility(
      configuration,
      daemons.filter(daemon => daemon.configuration === configuration),
    )
    for (const host of [null, ...virtualHosts(configuration)]) {
      for (const alias of wsgiScriptAliases(configuration, host)) {
        if (virtualHostOf(alias.directive) !== (host?.directive ?? null)) continue
        applications.push(new ScriptApplication(configuration, host, alias, visibleTo))
      }
    }
  }
  return applications
}

/** What rules ask of few applications is computed when they ask. */
class ScriptApplication implements Application {
  readonly configuration: ApacheConfiguration
  readonly alias: WsgiScriptAlias
  readonly #host: VirtualHost | null
  readonly #visibleTo: (host: VirtualHost | null) => readonly Daemon[]
  #processGroup: Fact<string> | null = null

  constructor(
    configuration: ApacheConfiguration,
    host: VirtualHost | null,
    alias: WsgiScriptAlias,
    visibleTo: (host: VirtualHost | null) => readonly Daemon[],
  ) {
    this.configuration = configuration
    this.alias = alias
    this.#host = host
    this.#visibleTo = visibleTo
  }

  get directive(): ApacheDirective {
    return this.alias.directive
  }

  get virtualHost(): ApacheDirective | null {
    return this.#host?.directive ?? null
  }

  get processGroup(): Fact<string> {
    this.#processGroup ??= groupName(effectiveProcessGroup(this.configuration, this.#host, this.alias))
    return this.#processGroup
  }

  get applicationGroup(): Fact<ApplicationGroup> {
    return effectiveApplicationGroup(this.configuration, this.#host, this.alias)
  }

  get visibleDaemons(): readonly Daemon[] {
    return this.#visibleTo(this.#host)
  }
}

function groupName(fact: Fact<ProcessGroup>): Fact<string> {
  return fact.known ? known(fact.value.kind === 'embedded' ? '' : fact.value.name, fact.at) : fact
}

/** The groups that one virtual host may use: the main server's, and those of hosts with its name. */
function visibility(
  configuration: ApacheConfiguration,
  daemons: readonly Daemon[],
): (host: VirtualHost | null) => readonly Daemon[] {
  const byDirective = new Map<unknown, Daemon>(daemons.map(daemon => [daemon.directive, daemon]))
  const ofServer = daemons.filter(({ virtualHost }) => virtualHost === null)
  const byName = new Map<string, WsgiDaemon[]>()
  for (const daemon of wsgiDaemons(configuration)) {
    if (daemon.virtualHost === null) continue
    const name = hostName(configuration, daemon.virtualHost)
    const key = name.known ? name.value.host : ''
    const group = byName.get(key)
    if (group === undefined) byName.set(key, [daemon])
    else group.push(daemon)
  }
  const see = (host: VirtualHost): readonly Daemon[] => {
    const name = hostName(configuration, host)
    const own = (byName.get(name.known ? name.value.host : '') ?? [])
      .filter(daemon => isDaemonVisible(configuration, daemon, host) === true)
      .flatMap(({ directive }) => byDirective.get(directive) ?? [])
    return own.length === 0 ? ofServer : [...own, ...ofServer]
  }
  // All scripts of one host see the same, and are asked about one after the other.
  let last: { readonly host: VirtualHost; readonly seen: readonly Daemon[] } | null = null
  return host => {
    if (host === null) return ofServer
    if (last?.host !== host) last = { host, seen: see(host) }
    return last.seen
  }
}
