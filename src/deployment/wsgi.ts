import type { ApacheConfiguration } from '../servers/apache/configuration.ts'
import type { VirtualHost } from '../servers/apache/queries/virtual-hosts.ts'
import { hostName, virtualHosts } from '../servers/apache/queries/virtual-hosts.ts'
import {
  daemonNumber,
  isDaemonVisible,
  type WsgiDaemon,
  wsgiDaemons,
} from '../servers/apache/queries/wsgi-daemons.ts'
import { effectiveApplicationGroup, effectiveProcessGroup } from '../servers/apache/queries/wsgi-groups.ts'
import { type WsgiScriptAlias, wsgiScriptAliases } from '../servers/apache/queries/wsgi-script-aliases.ts'
import { known } from '../servers/fact.ts'
import type { Application, Daemon } from './applications.ts'
import { once } from './once.ts'
import { virtualHostOf } from './scheme-trust.ts'

/** Every `WSGIDaemonProcess` of one httpd, in reading order. */
export function readDaemons(configuration: ApacheConfiguration): readonly Daemon[] {
  return wsgiDaemons(configuration).map(daemon => {
    const { directive, name, at, virtualHost, options } = daemon
    return {
      configuration,
      directive,
      name,
      at,
      virtualHost: virtualHost?.directive ?? null,
      processes: daemonNumber(daemon, 'processes'),
      threads: daemonNumber(daemon, 'threads'),
      options,
      number: option => daemonNumber(daemon, option),
    }
  })
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
        applications.push(readApplication(configuration, host, alias, visibleTo))
      }
    }
  }
  return applications
}

function readApplication(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  alias: WsgiScriptAlias,
  visibleTo: (host: VirtualHost | null) => readonly Daemon[],
): Application {
  const processGroup = once(() => {
    const fact = effectiveProcessGroup(configuration, host, alias)
    return fact.known ? known(fact.value.kind === 'embedded' ? '' : fact.value.name, fact.at) : fact
  })
  const applicationGroup = once(() => effectiveApplicationGroup(configuration, host, alias))
  const visibleDaemons = once(() => visibleTo(host))
  return {
    configuration,
    directive: alias.directive,
    alias,
    virtualHost: host?.directive ?? null,
    get processGroup() {
      return processGroup()
    },
    get applicationGroup() {
      return applicationGroup()
    },
    get visibleDaemons() {
      return visibleDaemons()
    },
  }
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
  return host => {
    if (host === null) return ofServer
    const name = hostName(configuration, host)
    const own = (byName.get(name.known ? name.value.host : '') ?? [])
      .filter(daemon => isDaemonVisible(configuration, daemon, host) === true)
      .flatMap(({ directive }) => byDirective.get(directive) ?? [])
    return own.length === 0 ? ofServer : [...own, ...ofServer]
  }
}
