import { type Address, formatEndpoint, isLoopback } from '../../servers/address.ts'
import type { TargetEndpoint } from '../../servers/nginx/queries/proxy-target.ts'
import type { Backend, Target } from '../model.ts'
import type { HostsFile } from './hosts-file.ts'
import { type ListenerIndex, listenerAt } from './listeners.ts'
import { TextMap } from '../places.ts'

/** What is needed to find out where a connection leads. */
export interface Surroundings {
  readonly listeners: ListenerIndex
  /** Addresses, wildcards left out, that some server of this machine is bound to. */
  readonly ownAddresses: ReadonlySet<string>
  readonly hosts: HostsFile | null
}

/** Makes targets of written addresses; the same text is the same target, however often it is included. */
export function targetReader(surroundings: Surroundings): (endpoint: TargetEndpoint) => Target {
  const known = new TextMap<Target>()
  return endpoint => {
    const { source, start } = endpoint.at
    let target = known.get(source, start)
    if (target === undefined) {
      target = readTarget(endpoint, surroundings)
      known.add(source, start, target)
    }
    return target
  }
}

function readTarget({ address, port, at }: TargetEndpoint, surroundings: Surroundings): Target {
  const addresses = resolve(address, surroundings.hosts)
  const local = isLocal(addresses, surroundings.ownAddresses)
  return {
    address,
    port,
    at,
    written: formatEndpoint({ address, port }),
    local,
    addresses,
    backend: backendOf(addresses, port, local, surroundings),
  }
}

/** The addresses behind a name, where the hosts file has it: the resolver asks there first. */
function resolve(address: Address, hosts: HostsFile | null): readonly Address[] {
  if (address.kind !== 'name') return [address]
  return hosts?.get(address.name) ?? [address]
}

function isLocal(addresses: readonly Address[], own: ReadonlySet<string>): boolean | undefined {
  let unknown = false
  for (const address of addresses) {
    if (isLoopback(address) === true || (address.kind === 'ip' && (address.wildcard || own.has(address.ip))))
      return true
    if (address.kind !== 'ip') unknown = true
  }
  // An address that nobody here is bound to may still be one of this machine's own.
  return unknown || addresses.length === 0 ? undefined : false
}

function backendOf(
  addresses: readonly Address[],
  port: number | null,
  local: boolean | undefined,
  { listeners }: Surroundings,
): Backend {
  let isOpen = false
  for (const address of addresses) {
    if (address.kind === 'unix') {
      const listener = listenerAt(listeners, { address, port })
      return listener === null || listener === undefined
        ? { kind: 'unknown', reason: 'a unix socket that no server of the tree opens' }
        : { kind: listener.program, listener }
    }
    if (local !== true) break
    const listener = listenerAt(listeners, { address, port })
    if (listener === undefined) isOpen = true
    else if (listener !== null) return { kind: listener.program, listener }
  }
  if (local === undefined) return { kind: 'unknown', reason: 'a name that only a resolver knows' }
  if (local === false) return { kind: 'unknown', reason: 'an address of another machine' }
  return isOpen ? { kind: 'unknown', reason: 'a listener whose address is a name' } : { kind: 'nobody' }
}
