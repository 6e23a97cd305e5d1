import { memo } from '../../../../parsers/collections/memo.ts'
import { type ApacheConfiguration, readsEveryInclude } from '../configuration.ts'
import { type ApacheListen, listens } from './listens.ts'
import {
  unplacedMembers,
  type VirtualHostSet,
  virtualHostSet,
  virtualHostSets,
} from './select-virtual-host.ts'

/** A socket of httpd with an address of its own; `ip` null for all addresses. */
interface Socket {
  readonly ip: string | null
  readonly port: number
}

/** True where everything that the main file includes was read, to the end. */
export function isWhole(configuration: ApacheConfiguration): boolean {
  return configuration.modulesComplete && readsEveryInclude(configuration)
}

/** Null where some `Listen`, or the address of some virtual host, is not known. */
function sockets(configuration: ApacheConfiguration): readonly Socket[] | null {
  if (!isWhole(configuration) || unplacedMembers(configuration).length > 0) return null
  const list = listens(configuration).map(toSocket)
  return list.every(socket => socket !== null) ? list : null
}

function toSocket({ endpoint }: ApacheListen): Socket | null {
  if (!endpoint.known || endpoint.value.port === null) return null
  const { address, port } = endpoint.value
  if (address.kind === 'ip') return { ip: address.wildcard ? null : address.ip, port }
  return address.kind === 'name' && address.name === 'localhost' ? { ip: '127.0.0.1', port } : null
}

/** Whether any connection leads to a set of virtual hosts; undefined where not every socket is known. */
export function isSetReached(configuration: ApacheConfiguration, set: VirtualHostSet): boolean | undefined {
  return reachedSets(configuration)?.has(set)
}

/** The sets that answer some connection, null among them where the main server does. */
export const reachedSets = memo(
  (configuration: ApacheConfiguration): ReadonlySet<VirtualHostSet | null> | null => {
    const list = sockets(configuration)
    return list === null ? null : findReached(configuration, list)
  },
)

function findReached(
  configuration: ApacheConfiguration,
  list: readonly Socket[],
): ReadonlySet<VirtualHostSet | null> {
  const reached = new Set<VirtualHostSet | null>()
  const addresses = new Set(virtualHostSets(configuration).flatMap(({ address }) => address ?? []))
  for (const { ip, port } of list) {
    if (ip !== null) {
      reached.add(virtualHostSet(configuration, ip, port))
      continue
    }
    // Any address: those that virtual hosts name, and one that none of them names.
    for (const address of [...addresses, 'any other'])
      reached.add(virtualHostSet(configuration, address, port))
  }
  return reached
}
