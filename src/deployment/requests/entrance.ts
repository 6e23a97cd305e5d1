import { memo } from '../../../parsers/collections/memo.ts'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import type { ApacheListener, Deployment, NginxListener } from '../model.ts'
import type { ClientRequest } from './answer.ts'

export type Entrance = NginxListener | ApacheListener

/** The sockets of nginx and Apache by their port, nginx first. */
const byPort = memo(
  ({ listeners }: Deployment): ReadonlyMap<number | null, readonly Entrance[]> =>
    groupBy(
      listeners.filter(
        (listener): listener is Entrance => listener.kind === 'nginx' || listener.kind === 'apache',
      ),
      ({ port }) => port,
    ),
)

/** The configurations whose servers have a name. */
const byName = memo((deployment: Deployment): ReadonlyMap<string, ReadonlySet<object>> => {
  const names = new Map<string, Set<object>>()
  const add = (name: string, configuration: object) => {
    const known = names.get(name)
    if (known === undefined) names.set(name, new Set([configuration]))
    else known.add(configuration)
  }
  for (const { configuration, names: own } of deployment.servers)
    for (const { name, exact } of own) if (exact) add(name, configuration)
  for (const { configuration, names: own } of deployment.virtualHosts)
    for (const name of own) add(name, configuration)
  return names
})

/**
 * The socket at which a request arrives. Of several programs on one port, on several machines, the one whose
 * servers have the name; else the first, nginx before Apache.
 */
export function entrance(
  deployment: Deployment,
  { port, host, machine }: Pick<ClientRequest, 'port' | 'host' | 'machine'>,
): Entrance | null {
  const all = byPort(deployment).get(port) ?? []
  const candidates = machine === undefined ? all : all.filter(({ program }) => program.machine === machine)
  const [first] = candidates
  if (first === undefined) return null
  if (candidates.every(({ program }) => program === first.program)) return first
  const named = byName(deployment).get(host)
  return candidates.find(({ program }) => named?.has(program.configuration)) ?? first
}
