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
import { once } from './once.ts'
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
    const groups = new Groups(
      configuration,
      daemons.filter(daemon => daemon.configuration === configuration),
    )
    for (const host of [null, ...virtualHosts(configuration)]) {
      for (const alias of wsgiScriptAliases(configuration, host)) {
        if (virtualHostOf(alias.directive) !== (host?.directive ?? null)) continue
        applications.push(new ScriptApplication(configuration, host, alias, groups))
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
  readonly #groups: Groups
  #processGroup: Fact<string> | null = null
  #daemon: Daemon | null | undefined

  constructor(
    configuration: ApacheConfiguration,
    host: VirtualHost | null,
    alias: WsgiScriptAlias,
    groups: Groups,
  ) {
    this.configuration = configuration
    this.alias = alias
    this.#host = host
    this.#groups = groups
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

  get daemon(): Daemon | null {
    if (this.#daemon === undefined) this.#daemon = this.#findDaemon()
    return this.#daemon
  }

  #findDaemon(): Daemon | null {
    const { processGroup, virtualHost } = this
    if (!processGroup.known || processGroup.value === '') return null
    const daemon = this.#groups.named(processGroup.value)
    if (daemon === undefined) return null
    const isVisible =
      daemon.virtualHost === null ||
      daemon.virtualHost === virtualHost ||
      this.visibleDaemons.includes(daemon)
    return isVisible ? daemon : null
  }

  get visibleDaemons(): readonly Daemon[] {
    return this.#groups.visibleTo(this.#host)
  }
}

function groupName(fact: Fact<ProcessGroup>): Fact<string> {
  return fact.known ? known(fact.value.kind === 'embedded' ? '' : fact.value.name, fact.at) : fact
}

/** The daemon processes of one httpd, as its applications look for them. */
class Groups {
  readonly #configuration: ApacheConfiguration
  readonly #ofServer: readonly Daemon[]
  readonly #byName = new Map<string, Daemon>()
  readonly #byHostName: () => ReadonlyMap<string, readonly OwnedDaemon[]>
  // All scripts of one host see the same, and are asked about one after the other.
  #last: { readonly host: VirtualHost; readonly seen: readonly Daemon[] } | null = null

  constructor(configuration: ApacheConfiguration, daemons: readonly Daemon[]) {
    this.#configuration = configuration
    this.#ofServer = daemons.filter(({ virtualHost }) => virtualHost === null)
    for (const daemon of daemons) {
      const { name } = daemon
      if (name.known && !this.#byName.has(name.value)) this.#byName.set(name.value, daemon)
    }
    this.#byHostName = once(() => ownedDaemons(configuration, daemons))
  }

  /** The first of this name. */
  named(name: string): Daemon | undefined {
    return this.#byName.get(name)
  }

  /** Those that one virtual host may use: of hosts with its name, and the main server's. */
  visibleTo(host: VirtualHost | null): readonly Daemon[] {
    if (host === null) return this.#ofServer
    if (this.#last?.host !== host) this.#last = { host, seen: this.#seenBy(host) }
    return this.#last.seen
  }

  #seenBy(host: VirtualHost): readonly Daemon[] {
    const own = (this.#byHostName().get(nameOf(this.#configuration, host)) ?? []).flatMap(
      ({ daemon, written }) => (isDaemonVisible(this.#configuration, written, host) === true ? [daemon] : []),
    )
    return own.length === 0 ? this.#ofServer : [...own, ...this.#ofServer]
  }
}

interface OwnedDaemon {
  readonly daemon: Daemon
  readonly written: WsgiDaemon
}

/** The daemon processes of virtual hosts, by the name of the host; empty for one that nobody knows. */
function ownedDaemons(
  configuration: ApacheConfiguration,
  daemons: readonly Daemon[],
): ReadonlyMap<string, readonly OwnedDaemon[]> {
  const byDirective = new Map(daemons.map(daemon => [daemon.directive, daemon]))
  const byName = new Map<string, OwnedDaemon[]>()
  for (const written of wsgiDaemons(configuration)) {
    const daemon = byDirective.get(written.directive)
    if (written.virtualHost === null || daemon === undefined) continue
    const name = nameOf(configuration, written.virtualHost)
    const group = byName.get(name)
    if (group === undefined) byName.set(name, [{ daemon, written }])
    else group.push({ daemon, written })
  }
  return byName
}

function nameOf(configuration: ApacheConfiguration, host: VirtualHost): string {
  const name = hostName(configuration, host)
  return name.known ? name.value.host : ''
}
