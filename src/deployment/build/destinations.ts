import { portBehind } from '../../../parsers/compose/compose.ts'
import type { Place } from '../../../parsers/text/source.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import { type Address, type Endpoint, formatEndpoint, isLoopback } from '../../servers/address.ts'
import type { Destination, HostsFile, Listener, Machine, Target } from '../model.ts'
import { exposesBesides } from '../containers/exposes-besides.ts'
import { type ListenerIndex, listenerAt } from './listeners.ts'

/** What is needed to find out where the connections of one machine lead. */
export interface Surroundings {
  readonly machine: Machine
  /** The machines that have one network with each, itself among them. */
  readonly pods: ReadonlyMap<Machine, readonly Machine[]>
  /** The listeners of each machine of the deployment, with those that have its network. */
  readonly listeners: ReadonlyMap<Machine, ListenerIndex>
  /** Of the machine that containers publish ports on, the container behind each port. */
  readonly published: ReadonlyMap<number, Machine>
  /** Of a port of the host that leads into a container, what listens there. */
  readonly inside: ReadonlyMap<Listener, Listener>
  /** Addresses, wildcards left out, that some program of this machine is bound to. */
  readonly ownAddresses: ReadonlySet<string>
  /** The other machines, by the names that reach them. */
  readonly byName: ReadonlyMap<string, Machine>
}

/** Where a written address leads, as the resolver and the kernel of its machine decide. */
export function findDestination(
  { address, port: asked, at }: Endpoint & { readonly at: Place },
  surroundings: Surroundings,
): Target {
  const { machine } = surroundings
  const written = formatEndpoint({ address, port: asked })
  const named = address.kind === 'name' ? surroundings.byName.get(address.name) : undefined
  const addresses = resolve(address, machine.hosts)
  const port = named === undefined || address.kind !== 'name' ? asked : portIn(named, address.name, asked)
  const other = named === undefined ? undefined : partOf(named, port, surroundings)
  if (other === null || (named !== undefined && port === null && asked !== null))
    return {
      address,
      port: asked,
      at,
      written,
      local: undefined,
      addresses,
      machine: null,
      published: false,
      to: PORT,
    }
  const local = other === undefined ? isLocal(addresses, surroundings.ownAddresses) : other === machine
  const to =
    other === undefined
      ? destinationOf(addresses, port, local, surroundings)
      : ofMachine(other, port, surroundings)
  const reached =
    to.kind === 'listener' ? to.listener.program.machine : (other ?? publishes(port, local, surroundings))
  return {
    address,
    port,
    at,
    written,
    local,
    addresses,
    machine: reached,
    published:
      other === undefined &&
      to.kind === 'listener' &&
      (reached === null || surroundings.pods.get(machine)?.includes(reached) !== true),
    to,
  }
}

/** The container of a pod that opens a port, or says that it does; null where neither is known of any. */
function partOf(owner: Machine, port: number | null, { pods, listeners }: Surroundings): Machine | null {
  const pod = pods.get(owner) ?? []
  if (pod.length <= 1) return owner
  const opened = port === null ? undefined : listeners.get(owner)?.byPort.get(port)?.[0]
  return (
    opened?.program.machine ??
    pod.find(({ container }) =>
      container?.service.expose.some(each => each.port.known && each.port.value.first === port),
    ) ??
    null
  )
}

/** The port of a machine that is behind that of its name; null where nobody knows. */
function portIn({ container }: Machine, name: string, port: number | null): number | null {
  return container === null || port === null ? port : portBehind(container.service, name, port)
}

/** The container that a port of this machine leads to; this machine itself for every other of its ports. */
function publishes(
  port: number | null,
  local: boolean | undefined,
  surroundings: Surroundings,
): Machine | null {
  const { machine, published } = surroundings
  if (local !== true) return null
  return (port === null ? undefined : published.get(port)) ?? partOf(machine, port, surroundings)
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
  return unknown || addresses.length === 0 ? undefined : false
}

const UNCLAIMED: Destination = { kind: 'unclaimed', supposed: null }
const ELSEWHERE: Destination = { kind: 'elsewhere' }
const NAME: Destination = { kind: 'unknown', reason: 'only a resolver knows where the name leads' }
const PORT: Destination = { kind: 'unknown', reason: 'nobody knows what is behind this port of the name' }
const LISTENER_BY_NAME: Destination = {
  kind: 'unknown',
  reason: 'only a resolver knows the address of a listener on this port',
}

function destinationOf(
  addresses: readonly Address[],
  port: number | null,
  local: boolean | undefined,
  { machine, listeners, inside }: Surroundings,
): Destination {
  const index = listeners.get(machine)
  let isOpen = false
  for (const address of addresses) {
    if (address.kind !== 'unix' && local !== true) break
    const listener = index === undefined ? null : listenerAt(index, { address, port })
    if (listener === undefined) isOpen = true
    else if (listener !== null) return destinationAt(inside.get(listener) ?? listener)
    else if (address.kind === 'unix') return UNCLAIMED
  }
  if (local === undefined) return NAME
  if (local === false) return ELSEWHERE
  return isOpen ? LISTENER_BY_NAME : UNCLAIMED
}

/** On another machine: what listens there for the network. A listener on its loopback accepts nothing from here. */
function ofMachine(other: Machine, port: number | null, { machine, listeners }: Surroundings): Destination {
  const candidates = (port === null ? undefined : listeners.get(other)?.byPort.get(port)) ?? []
  const listener = candidates.find(({ loopback }) => loopback === false)
  if (listener !== undefined) return destinationAt(listener)
  const hidden = candidates.find(({ loopback }) => loopback === true)
  if (other === machine) return UNCLAIMED
  if (hidden !== undefined) return { kind: 'refused', by: hidden.program, opened: [hidden] }
  const [program, ...others] = other.container === null ? [] : other.programs
  // A container starts one program, and nothing else opens a socket in it.
  if (program?.kind === 'php-fpm') return refusedByPools(other, listeners.get(other)?.all ?? [])
  if (program?.kind !== 'app-server' || others.length > 0 || !program.listensKnown) return UNCLAIMED
  const opened = [...(listeners.get(other)?.all ?? [])]
  if (exposesBesides(other.container, port, opened)) return UNCLAIMED
  return opened.some(each => each.port !== null) ? { kind: 'refused', by: program, opened } : UNCLAIMED
}

/** Every pool of a container is known where one is: PHP-FPM opens no other socket, whatever `EXPOSE` says. */
function refusedByPools({ programs }: Machine, opened: Iterable<Listener>): Destination {
  const pools = programs.flatMap(each => (each.kind === 'php-fpm' && each.listensKnown ? [each] : []))
  const [by] = pools
  const all = [...opened]
  return by === undefined || pools.length < programs.length || all.length === 0
    ? UNCLAIMED
    : { kind: 'refused', by, opened: all }
}

/** One destination for all connections to a listener. */
const destinationAt = memo((listener: Listener): Destination => ({ kind: 'listener', listener }))
