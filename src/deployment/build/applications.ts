import { mainAmong } from './apache-hosts.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { hostName, type VirtualHost } from '../../servers/apache/queries/virtual-hosts.ts'
import {
  isDaemonVisible,
  type WsgiDaemon,
  wsgiDaemonNamed,
  wsgiDaemons,
} from '../../servers/apache/queries/wsgi-daemons.ts'
import {
  type ApplicationGroup,
  effectiveApplicationGroup,
  effectiveProcessGroup,
  type ProcessGroup,
} from '../../servers/apache/queries/wsgi-groups.ts'
import { scriptAliasesIn, type WsgiScriptAlias } from '../../servers/apache/queries/wsgi-script-aliases.ts'
import { type Fact, known } from '../../servers/fact.ts'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import type { ApacheHost, Application } from '../model.ts'
import { once } from '../../../parsers/collections/once.ts'

/** Every script alias, once, in the virtual host (or main server) that writes it. */
export function readApplications(
  configurations: readonly ApacheConfiguration[],
  hosts: readonly ApacheHost[],
): readonly Application[] {
  const byConfiguration = groupBy(hosts, ({ configuration }) => configuration)
  const applications: Application[] = []
  for (const configuration of configurations) {
    if (
      !configuration.occurrences.has('wsgiscriptalias') &&
      !configuration.occurrences.has('wsgiscriptaliasmatch')
    )
      continue
    const visible = new VisibleDaemons(configuration)
    const own = byConfiguration.get(configuration) ?? []
    const main = mainAmong(own)
    for (const host of [main ?? null, ...own.slice(0, main === undefined ? undefined : -1)]) {
      for (const alias of scriptAliasesIn(configuration, host?.directive ?? null))
        applications.push(new ScriptApplication(configuration, host, alias, visible))
    }
  }
  return applications
}

/** What rules ask of few applications is computed when they ask. */
class ScriptApplication implements Application {
  readonly configuration: ApacheConfiguration
  readonly alias: WsgiScriptAlias
  readonly host: ApacheHost | null
  readonly #visible: VisibleDaemons
  #processGroup: Fact<string> | null = null
  #daemon: WsgiDaemon | null | undefined

  constructor(
    configuration: ApacheConfiguration,
    host: ApacheHost | null,
    alias: WsgiScriptAlias,
    visible: VisibleDaemons,
  ) {
    this.configuration = configuration
    this.alias = alias
    this.host = host
    this.#visible = visible
  }

  get directive(): ApacheDirective {
    return this.alias.directive
  }

  get #virtualHost(): VirtualHost | null {
    return this.host?.virtualHost ?? null
  }

  get processGroup(): Fact<string> {
    this.#processGroup ??= groupName(effectiveProcessGroup(this.configuration, this.#virtualHost, this.alias))
    return this.#processGroup
  }

  get applicationGroup(): Fact<ApplicationGroup> {
    return effectiveApplicationGroup(this.configuration, this.#virtualHost, this.alias)
  }

  get daemon(): WsgiDaemon | null {
    if (this.#daemon === undefined) this.#daemon = this.#findDaemon()
    return this.#daemon
  }

  #findDaemon(): WsgiDaemon | null {
    const { processGroup } = this
    if (!processGroup.known || processGroup.value === '') return null
    const daemon = wsgiDaemonNamed(this.configuration, processGroup.value)
    if (daemon === undefined) return null
    const isVisible =
      daemon.virtualHost === null ||
      daemon.virtualHost === this.#virtualHost ||
      this.visibleDaemons.includes(daemon)
    return isVisible ? daemon : null
  }

  get visibleDaemons(): readonly WsgiDaemon[] {
    return this.#visible.to(this.#virtualHost)
  }
}

function groupName(fact: Fact<ProcessGroup>): Fact<string> {
  return fact.known ? known(fact.value.kind === 'embedded' ? '' : fact.value.name, fact.at) : fact
}

/** The daemon processes of one httpd that its virtual hosts may use. */
class VisibleDaemons {
  readonly #configuration: ApacheConfiguration
  readonly #ofServer: readonly WsgiDaemon[]
  readonly #byHostName: () => ReadonlyMap<string, readonly WsgiDaemon[]>
  // All scripts of one host see the same, and are asked about one after the other.
  #last: { readonly host: VirtualHost; readonly seen: readonly WsgiDaemon[] } | null = null

  constructor(configuration: ApacheConfiguration) {
    this.#configuration = configuration
    const daemons = wsgiDaemons(configuration)
    this.#ofServer = daemons.filter(({ virtualHost }) => virtualHost === null)
    const ofHosts = daemons.filter(({ virtualHost }) => virtualHost !== null)
    // By the name of the host; empty for one that nobody knows.
    this.#byHostName = once(() => groupBy(ofHosts, ({ virtualHost }) => nameOf(configuration, virtualHost)))
  }

  /** Those of hosts with its name, and the main server's. */
  to(host: VirtualHost | null): readonly WsgiDaemon[] {
    if (host === null) return this.#ofServer
    if (this.#last?.host !== host) this.#last = { host, seen: this.#seenBy(host) }
    return this.#last.seen
  }

  #seenBy(host: VirtualHost): readonly WsgiDaemon[] {
    const own = (this.#byHostName().get(nameOf(this.#configuration, host)) ?? []).filter(
      daemon => isDaemonVisible(this.#configuration, daemon, host) === true,
    )
    return own.length === 0 ? this.#ofServer : [...own, ...this.#ofServer]
  }
}

function nameOf(configuration: ApacheConfiguration, host: VirtualHost | null): string {
  const name = host === null ? null : hostName(configuration, host)
  return name?.known ? name.value.host : ''
}
