import { memo } from '../../../../parsers/collections/memo.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { matchesAlias } from '../../../../parsers/wildcard/alias-match.ts'
import type { Address } from '../../address.ts'
import type { ApacheConfiguration } from '../configuration.ts'
import { hostName, type VirtualHost, type VirtualHostAddress, virtualHosts } from './virtual-hosts.ts'

/** The end of a connection on this machine, and the name that the request asks for. */
export interface ApacheRequestTarget {
  readonly address: Address
  readonly port: number
  /** The `Host` header, port and case as they come; null for a request without one. */
  readonly host: string | null
}

/** Why this virtual host answers. `first`: no name matches, and it is the first of its set. */
export type SelectionReason = 'name' | 'alias' | 'wild-alias' | 'address' | 'first'

export type VirtualHostSelection =
  | {
      readonly kind: 'virtual-host'
      readonly virtualHost: VirtualHost
      readonly reason: SelectionReason
      /** The name that matched, or the host's own address. */
      readonly at: Place
      /** All hosts of the set that the connection's address chose, in reading order. */
      readonly set: VirtualHostSet
    }
  /** No virtual host has the address of the connection. */
  | { readonly kind: 'main-server' }
  | { readonly kind: 'unknown'; readonly reason: string }

/** The virtual hosts that share one address and port: httpd chooses by name among these alone. */
export interface VirtualHostSet {
  /** Normalised; null for any address. */
  readonly address: string | null
  /** Null for any port. */
  readonly port: number | null
  /** In reading order; the first answers for unknown names. */
  readonly members: readonly VirtualHostMember[]
}

export interface VirtualHostMember {
  readonly virtualHost: VirtualHost
  readonly address: VirtualHostAddress
}

interface NamedEntry {
  readonly position: number
  readonly member: VirtualHostMember
  readonly reason: SelectionReason
  readonly at: Place
}

interface NameIndex {
  readonly exact: ReadonlyMap<string, NamedEntry>
  readonly wild: readonly (NamedEntry & { readonly pattern: string })[]
  readonly addresses: ReadonlyMap<string, NamedEntry>
  /** Position of the first member of which not every name is known. */
  readonly firstUnknown: number
}

interface Sets {
  readonly byKey: ReadonlyMap<string, VirtualHostSet>
  /** Addresses that only a resolver or a template knows. */
  readonly unknown: readonly VirtualHostMember[]
  /** The first of them by its written port; null where none is written. */
  readonly unknownByPort: ReadonlyMap<number | null, VirtualHostMember>
  readonly names: Map<VirtualHostSet, NameIndex>
}

/** Every set of the configuration, in the order in which its first member is read. */
export function virtualHostSets(configuration: ApacheConfiguration): readonly VirtualHostSet[] {
  return [...setsOf(configuration).byKey.values()]
}

/** Members of no set, because their address is unknown; those that httpd ignores are in neither. */
export function unplacedMembers(configuration: ApacheConfiguration): readonly VirtualHostMember[] {
  return setsOf(configuration).unknown
}

/**
 * The virtual host that answers a request, chosen as httpd does: the set of the connection's exact
 * address and port, else of the address with any port, else of any address with the port, else of any
 * with any; in it the first host, in reading order, of which a name matches, else the first.
 */
export function selectVirtualHost(
  configuration: ApacheConfiguration,
  target: ApacheRequestTarget,
): VirtualHostSelection {
  const sets = setsOf(configuration)
  const { address, port } = target
  const ip =
    address.kind === 'ip'
      ? address.ip
      : address.kind === 'name' && address.name === 'localhost'
        ? '127.0.0.1'
        : null
  if (ip === null) return { kind: 'unknown', reason: 'the address of the connection is not known' }
  const uncertain = sets.unknownByPort.get(port) ?? sets.unknownByPort.get(null)
  if (uncertain !== undefined)
    return {
      kind: 'unknown',
      reason: `the address of \`<VirtualHost ${uncertain.address.text}>\` is not known`,
    }

  const set = findSet(sets, ip, port)
  if (set === null) {
    // The missing outer part of a fragment may have more virtual hosts.
    if (configuration.main === null)
      return { kind: 'unknown', reason: 'the main file is not part of the audit' }
    return { kind: 'main-server' }
  }
  return selectMember(configuration, sets, set, target.host)
}

/** The set for a connection to this address and port; null where the main server answers. */
export function virtualHostSet(
  configuration: ApacheConfiguration,
  ip: string,
  port: number,
): VirtualHostSet | null {
  return findSet(setsOf(configuration), ip, port)
}

function findSet(sets: Sets, ip: string, port: number): VirtualHostSet | null {
  const { byKey } = sets
  return (
    byKey.get(keyOf(ip, port)) ??
    byKey.get(keyOf(ip, null)) ??
    byKey.get(keyOf(null, port)) ??
    byKey.get(keyOf(null, null)) ??
    null
  )
}

function selectMember(
  configuration: ApacheConfiguration,
  sets: Sets,
  set: VirtualHostSet,
  host: string | null,
): VirtualHostSelection {
  const first = set.members[0]!
  if (host === null) return answer(set, first, 'first', first.address.at)
  const index = nameIndex(configuration, sets, set)
  const name = normaliseHost(host)
  const entry = findName(index, name)
  const only = set.members.every(member => member.virtualHost === first.virtualHost)
  const blind = only ? set.members.length : index.firstUnknown
  if (entry !== null && entry.position <= blind) return answer(set, entry.member, entry.reason, entry.at)
  if (blind < set.members.length)
    return { kind: 'unknown', reason: 'not every name of the virtual hosts is known' }
  const byAddress = index.addresses.get(name)
  return byAddress === undefined
    ? answer(set, first, 'first', first.address.at)
    : answer(set, byAddress.member, byAddress.reason, byAddress.at)
}

function answer(
  set: VirtualHostSet,
  { virtualHost }: VirtualHostMember,
  reason: SelectionReason,
  at: Place,
): VirtualHostSelection {
  return { kind: 'virtual-host', virtualHost, reason, at, set }
}

function findName(index: NameIndex, name: string): NamedEntry | null {
  let best = index.exact.get(name) ?? null
  for (const entry of index.wild) {
    if (best !== null && entry.position > best.position) break
    // Of one host, httpd tries the exact names first.
    if (best?.position !== entry.position && matchesAlias(entry.pattern, name)) {
      best = entry
      break
    }
  }
  return best
}

/** Lower case, without the port and the dot at the end, as httpd compares it. */
export function normaliseHost(host: string): string {
  const lower = withoutPort(host).toLowerCase()
  return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower
}

function withoutPort(host: string): string {
  if (!host.includes(':')) return host
  return host.startsWith('[') ? host.replace(/\]:\d*$/, ']') : host.replace(/:\d*$/, '')
}

function keyOf(address: string | null, port: number | null): string {
  return `${address ?? '*'} ${port ?? '*'}`
}

const setsOf = memo((configuration: ApacheConfiguration) => buildSets(virtualHosts(configuration)))

function buildSets(hosts: readonly VirtualHost[]): Sets {
  const byKey = new Map<string, VirtualHostSet & { members: VirtualHostMember[] }>()
  const unplaced: VirtualHostMember[] = []
  for (const virtualHost of hosts) {
    let previous: string | null = null
    for (const address of virtualHost.addresses) {
      if (!address.socket.known) {
        if (!address.dead) unplaced.push({ virtualHost, address })
        continue
      }
      const { address: at, port } = address.socket.value
      const ip = at?.kind === 'ip' ? at.ip : null
      const key = keyOf(ip, port)
      // `* *` is one entry to httpd, `10.0.0.1 10.0.0.1` are two.
      if (ip === null && key === previous) continue
      previous = key
      const set = byKey.get(key)
      if (set === undefined) byKey.set(key, { address: ip, port, members: [{ virtualHost, address }] })
      else set.members.push({ virtualHost, address })
    }
  }
  const unknownByPort = new Map<number | null, VirtualHostMember>()
  for (const member of unplaced) {
    const port = /:(\d+)$/.exec(member.address.text)?.[1]
    const key = port === undefined ? null : Number(port)
    if (!unknownByPort.has(key)) unknownByPort.set(key, member)
  }
  return { byKey, unknown: unplaced, unknownByPort, names: new Map() }
}

function nameIndex(configuration: ApacheConfiguration, sets: Sets, set: VirtualHostSet): NameIndex {
  let index = sets.names.get(set)
  if (index === undefined) {
    index = buildNames(configuration, set)
    sets.names.set(set, index)
  }
  return index
}

function buildNames(configuration: ApacheConfiguration, set: VirtualHostSet): NameIndex {
  const exact = new Map<string, NamedEntry>()
  const wild: (NamedEntry & { pattern: string })[] = []
  const addresses = new Map<string, NamedEntry>()
  let firstUnknown = set.members.length
  const add = (map: Map<string, NamedEntry>, name: string, entry: NamedEntry): void => {
    if (!map.has(name)) map.set(name, entry)
  }
  for (const [position, member] of set.members.entries()) {
    const { virtualHost, address } = member
    const own = hostName(configuration, virtualHost)
    const at = virtualHost.serverName?.at ?? address.at
    if (own.known) add(exact, own.value.host.toLowerCase(), { position, member, reason: 'name', at })
    // A host without a name takes one from the machine, which is nobody's name here.
    else if (virtualHost.serverName !== null) firstUnknown = Math.min(firstUnknown, position)
    for (const alias of virtualHost.aliases) {
      if (!alias.name.known) firstUnknown = Math.min(firstUnknown, position)
      else if (alias.wild)
        wild.push({
          position,
          member,
          reason: 'wild-alias',
          at: alias.at,
          pattern: alias.name.value.toLowerCase(),
        })
      else add(exact, alias.name.value.toLowerCase(), { position, member, reason: 'alias', at: alias.at })
    }
    add(addresses, address.host, { position, member, reason: 'address', at: address.at })
  }
  return { exact, wild, addresses, firstUnknown }
}
