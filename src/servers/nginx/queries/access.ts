import { isLoopback, parseHost } from '../../address.ts'
import { isLoopbackNetwork, networkContains, parseIp } from '../../addresses/ip.ts'
import { parseNginxNetwork } from '../../addresses/nginx.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { effective } from './effective.ts'
import { argumentPlace } from './places.ts'

/** True where every address that `allow`, `deny` or `set_real_ip_from` names here is this machine's own. */
export function isLoopbackSource(text: string): boolean {
  if (text === 'unix:') return true
  const read = parseNginxNetwork(text)
  return read === null ? isLoopback(parseHost(text)) === true : isLoopbackNetwork(read.network)
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
    if (from === 'all' || parseNginxNetwork(from)?.network.prefix === 0) return known({ kind: 'open' }, at)
    if (!isLoopbackSource(from)) networks.push(from)
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
  const ip = parseIp(client)
  for (const rule of fact.value.directives) {
    const from = rule.args[0]?.value ?? ''
    const network = from === 'all' ? null : parseNginxNetwork(from)
    if (from !== 'all' && from !== 'unix:' && network === null)
      return unknown(`\`${from}\` is not known here`, argumentPlace(rule, 0))
    if (from === 'all' || (network !== null && ip !== null && networkContains(network.network, ip)))
      return known({ admitted: rule.name === 'allow', by: rule }, argumentPlace(rule, 0))
  }
  return known({ admitted: true, by: null })
}
