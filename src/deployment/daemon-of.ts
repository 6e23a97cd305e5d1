import type { ApacheConfiguration } from '../servers/apache/configuration.ts'
import type { Application, Daemon } from './applications.ts'
import type { Deployment } from './deployment.ts'

const indexes = new WeakMap<
  readonly Daemon[],
  ReadonlyMap<ApacheConfiguration, ReadonlyMap<string, Daemon>>
>()

/**
 * The daemon processes that run an application; null where it is embedded in Apache's own, where nothing it
 * may use has the group's name, or where the group is not known.
 */
export function daemonOf({ daemons }: Deployment, application: Application): Daemon | null {
  const { configuration, processGroup, virtualHost } = application
  if (!processGroup.known || processGroup.value === '') return null
  const daemon = indexOf(daemons).get(configuration)?.get(processGroup.value)
  if (daemon === undefined) return null
  const isVisible =
    daemon.virtualHost === null ||
    daemon.virtualHost === virtualHost ||
    application.visibleDaemons.includes(daemon)
  return isVisible ? daemon : null
}

function indexOf(daemons: readonly Daemon[]): ReadonlyMap<ApacheConfiguration, ReadonlyMap<string, Daemon>> {
  const known = indexes.get(daemons)
  if (known !== undefined) return known
  const built = new Map<ApacheConfiguration, Map<string, Daemon>>()
  for (const daemon of daemons) {
    if (!daemon.name.known) continue
    const names = built.get(daemon.configuration) ?? new Map<string, Daemon>()
    built.set(daemon.configuration, names)
    if (!names.has(daemon.name.value)) names.set(daemon.name.value, daemon)
  }
  indexes.set(daemons, built)
  return built
}
