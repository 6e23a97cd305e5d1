import { memo } from '../../../../parsers/collections/memo.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { toBytes } from '../../regex.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { networkContains, parseIp } from '../../addresses/ip.ts'
import { parseNginxNetwork } from '../../addresses/nginx.ts'
import { interpolate, type Variables } from './interpolate.ts'
import { argumentPlace } from './places.ts'
import { hasUnreadInclude } from './scope.ts'

/** A `geo` block of http. */
export interface NginxGeo {
  /** What is looked up: `$remote_addr` where nothing else is written. */
  readonly source: string
  readonly directive: NginxDirective
  /** False where it has ranges, proxies, deletions or unread files: more than a table of networks. */
  readonly plain: boolean
}

/** The `geo` blocks by their variable, in lower case and without `$`. */
export const geos = memo((configuration: NginxConfiguration): ReadonlyMap<string, NginxGeo> => {
  const built = new Map<string, NginxGeo>()
  for (const directive of configuration.occurrences.get('geo') ?? []) {
    const words = directive.args.map(({ value }) => value)
    const variable = words.at(-1) ?? ''
    if (directive.context !== 'http' || !variable.startsWith('$')) continue
    const source = words.length > 1 ? (words[0] ?? '') : '$remote_addr'
    const plain =
      !hasUnreadInclude(configuration, directive) &&
      directive.children.every(
        ({ name }) => !['ranges', 'proxy', 'proxy_recursive', 'delete', 'include'].includes(name),
      )
    built.set(variable.slice(1).toLowerCase(), { source, directive, plain })
  }
  return built
})

/** The value of the smallest network that holds the address; empty where none does and no default is written. */
export function geoValue({ source, directive, plain }: NginxGeo, variables: Variables): Fact<string> {
  if (!plain) return unknown('this `geo` holds more than networks', argumentPlace(directive, 0))
  const address = interpolate(source, variables)
  if (!address.known) return address
  const ip = parseIp(address.value)
  let best: NginxDirective | null = null
  let length = -1
  for (const entry of directive.children) {
    const network = entry.name === 'default' ? null : (parseNginxNetwork(entry.name)?.network ?? null)
    if (entry.name !== 'default' && network === null)
      return unknown(`\`${entry.name}\` is no network`, argumentPlace(directive, 0))
    const isInside = network !== null && ip !== null && networkContains(network, ip)
    const fits = network === null ? 0 : isInside ? network.prefix + 1 : -1
    // Of the same network the last entry counts.
    if (fits < length || fits < 0) continue
    best = entry
    length = fits
  }
  const value = best?.args[0]?.value ?? ''
  return known(toBytes(value), best === null ? null : argumentPlace(best, 0))
}
