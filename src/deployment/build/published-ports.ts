import { groupBy } from '../../../parsers/collections/group-by.ts'
import { isLoopback, parseHost } from '../../servers/address.ts'
import { ANY_V6 } from '../../servers/address.ts'
import type { Listener, Machine } from '../model.ts'

/** A port of the host that leads to what listens in a container. */
export interface PublishedListener {
  /** The listener at the address of the host: for the index of that machine. */
  readonly listener: Listener
  /** The one in the container. */
  readonly inside: Listener
}

/** What `ports` of compose files publish, of programs whose sockets are known. */
export function publishedListeners(listeners: readonly Listener[]): readonly PublishedListener[] {
  return listeners.flatMap(inside => {
    const { container } = inside.program.machine
    if (container === null || inside.port === null || inside.loopback !== false) return []
    return container.service.ports.flatMap(({ at, hostIp, published, target, protocol }) => {
      if (published?.known !== true || !target.known || (protocol.known && protocol.value !== 'tcp'))
        return []
      const offset = inside.port! - target.value.first
      if (offset < 0 || inside.port! > target.value.last || hostIp?.known === false) return []
      const address = hostIp === null ? ANY_V6 : parseHost(hostIp.value)
      const port = published.value.first + offset
      const endpoint = hostIp === null ? { address, port, ipv6only: false } : { address, port }
      return [{ inside, listener: { ...inside, ...endpoint, loopback: isLoopback(address), at } }]
    })
  })
}

/** The machine whose ports containers publish; null where it is not in the audit. */
export function hostOf(machines: readonly Machine[]): Machine | null {
  return machines.find(({ container }) => container === null) ?? null
}

/** True where Docker's resolver gives one container the names of the other. */
export function shareNetwork(a: Machine, b: Machine): boolean {
  if (a.container === null || b.container === null) return a.container === b.container
  if (a.container.project !== b.container.project) return false
  const other = new Set(b.container.networks)
  return a.container.networks.some(network => other.has(network))
}

/** The machines of each pod, whose containers have one network; of every other machine itself alone. */
export function machinesOfPods(machines: readonly Machine[]): ReadonlyMap<Machine, readonly Machine[]> {
  const pods = groupBy(machines, ({ container }) => container?.sharesWith ?? null)
  return new Map(
    machines.map(machine => {
      const owner = machine.container?.sharesWith ?? null
      return [machine, owner === null ? [machine] : (pods.get(owner) ?? [machine])]
    }),
  )
}

/** No service publishes more ports in one line. */
const MOST_PORTS = 1000

/** The container behind each port that one publishes, whatever listens in it. */
export function containersByPort(machines: readonly Machine[]): ReadonlyMap<number, Machine> {
  const found = new Map<number, Machine>()
  for (const machine of machines) {
    for (const { published, protocol } of machine.container?.service.ports ?? []) {
      if (published?.known !== true || (protocol.known && protocol.value !== 'tcp')) continue
      const { first, last } = published.value
      for (let port = first; port <= Math.min(last, first + MOST_PORTS); port++) found.set(port, machine)
    }
  }
  return found
}
