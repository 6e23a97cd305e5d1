import { isLoopback, parseIpv4, parseIpv6Groups, parseHost } from '../../address.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { effective } from './effective.ts'
import { argumentPlace } from './places.ts'

/** A network of `allow`, `deny` or `set_real_ip_from`: address bits and how many of them count. */
export interface Network {
  readonly bits: readonly number[]
  readonly length: number
}

/** Reads `10.0.0.0/8`, `::1`, `192.168.1.1`; null for `all`, `unix:`, names and placeholders. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf('/')
  const bits = addressBits(slash === -1 ? text : text.slice(0, slash))
  if (bits === null) return null
  if (slash === -1) return { bits, length: bits.length }
  const length = /^[0-9]{1,3}$/.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : -1
  return length < 0 || length > bits.length ? null : { bits, length }
}

function addressBits(text: string): readonly number[] | null {
  const ipv4 = parseIpv4(text)
  if (ipv4 !== null) return ipv4.split('.').flatMap(octet => bitsOf(Number(octet), 8))
  const groups = parseIpv6Groups(text)
  return groups === null ? null : groups.flatMap(group => bitsOf(group, 16))
}

function bitsOf(value: number, width: number): readonly number[] {
  return Array.from({ length: width }, (_, index) => (value >> (width - 1 - index)) & 1)
}

/** True where the address lies in the network; of the other family it does not. */
export function networkContains(network: Network, address: string): boolean {
  const bits = addressBits(address)
  if (bits === null || bits.length !== network.bits.length) return false
  for (let index = 0; index < network.length; index++) if (bits[index] !== network.bits[index]) return false
  return true
}

/** True where every address of the network is this machine's own. */
export function isLoopbackNetwork(text: string): boolean {
  if (text === 'unix:') return true
  const network = parseNetwork(text)
  if (network === null) return isLoopback(parseHost(text)) === true
  if (network.bits.length === 128)
    return network.length === 128 && isLoopback(parseHost(text.split('/')[0] ?? '')) === true
  return network.length >= 8 && startsWith127(network)
}

function startsWith127({ bits }: Network): boolean {
  return bitsOf(127, 8).every((bit, index) => bits[index] === bit)
}

/** Who gets past `allow` and `deny`. */
export type AddressAccess =
  | { readonly kind: 'open' }
  /** No address of another machine. */
  | { readonly kind: 'closed'; readonly by: NginxDirective }
  /** Only the addresses that are named. */
  | { readonly kind: 'listed'; readonly by: NginxDirective; readonly networks: readonly string[] }

/** What the `allow` and `deny` in force in a block let in from other machines: the first that matches decides. */
export function addressAccess(configuration: NginxConfiguration, scope: NginxDirective): Fact<AddressAccess> {
  const fact = effective(configuration, scope, 'allow')
  if (!fact.known) return unknown(fact.reason)
  if (!fact.value.complete) return unknown('something here was not read')
  const networks: string[] = []
  for (const rule of fact.value.directives) {
    const from = rule.args[0]?.value ?? ''
    const at = argumentPlace(rule, 0)
    if (rule.name === 'deny') {
      if (from !== 'all') continue
      if (networks.length === 0) return known({ kind: 'closed', by: rule }, at)
      return known({ kind: 'listed', by: rule, networks }, at)
    }
    if (from === 'all' || from === '0.0.0.0/0') return known({ kind: 'open' }, at)
    if (!isLoopbackNetwork(from)) networks.push(from)
  }
  return known({ kind: 'open' })
}

/** Whether `allow` and `deny` let an address in; true where none is in force. */
export function admits(
  configuration: NginxConfiguration,
  scope: NginxDirective,
  client: string,
): Fact<{ readonly admitted: boolean; readonly by: NginxDirective | null }> {
  const fact = effective(configuration, scope, 'allow')
  if (!fact.known) return unknown(fact.reason)
  for (const rule of fact.value.directives) {
    const from = rule.args[0]?.value ?? ''
    const network = from === 'all' ? null : parseNetwork(from)
    if (from !== 'all' && from !== 'unix:' && network === null)
      return unknown(`\`${from}\` is not known here`, argumentPlace(rule, 0))
    if (from === 'all' || (network !== null && networkContains(network, client)))
      return known({ admitted: rule.name === 'allow', by: rule }, argumentPlace(rule, 0))
  }
  return known({ admitted: true, by: null })
}
