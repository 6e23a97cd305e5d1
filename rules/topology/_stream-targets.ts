import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { Endpoint } from '../../src/servers/address.ts'
import { parseNginxTarget } from '../../src/servers/addresses/nginx.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'

/** An address that a server of `stream` may connect to. */
export interface StreamTarget {
  readonly endpoint: Endpoint
  /** Where it is written. */
  readonly at: Place
  /** The `map` that gives it; null where it is the same for all connections. */
  readonly map: NginxDirective | null
}

/** Where a stream leads: the address, those of the upstream it names, or what a `map` may give. */
export function streamTargets(
  configuration: NginxConfiguration,
  pass: NginxDirective,
): readonly StreamTarget[] {
  const written = pass.args[0]?.value ?? ''
  const ofStream = (name: string): readonly NginxDirective[] =>
    (configuration.occurrences.get(name) ?? []).filter(({ context }) => context === 'stream')
  const lines = written.startsWith('$')
    ? ofStream('map')
        .filter(({ args }) => args[1]?.value === written)
        .flatMap(map => map.children.map(line => ({ line, map })))
    : [{ line: pass, map: null }]
  return lines.flatMap(({ line, map }) => {
    const name = line.args[0]?.value
    const upstream = ofStream('upstream').find(({ args }) => args[0]?.value === name)
    const sources = upstream === undefined ? [line] : childrenNamed(upstream, 'server')
    return sources.flatMap(source => {
      const address = source.args[0]?.value ?? ''
      if (address === '' || address.includes('$')) return []
      const endpoint = parseNginxTarget(address, 0)
      return endpoint === null ? [] : [{ endpoint, at: argumentPlace(source, 0), map }]
    })
  })
}
