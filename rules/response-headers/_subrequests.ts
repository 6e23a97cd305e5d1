import { memo } from '../../parsers/collections/memo.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'

/** What may send a request of a client to an internal location. */
const LEADING = ['error_page', 'try_files', 'rewrite', 'index'] as const

/** The paths that `auth_request` asks, and the rest that lead to a location. */
const askedPaths = memo(({ occurrences }: NginxConfiguration) => {
  const words = (name: string): readonly string[] =>
    (occurrences.get(name) ?? []).flatMap(({ args }) => args.map(({ value }) => value))
  const led = new Set(LEADING.flatMap(words))
  return new Set(words('auth_request').filter(path => path.startsWith('/') && !led.has(path)))
})

/** True in an internal location that `auth_request` alone asks: nginx sends no header of its answer to a client. */
export function isOfSubrequest(configuration: NginxConfiguration, directive: NginxDirective): boolean {
  for (let block = directive.parent; block !== null && block.name !== 'server'; block = block.parent) {
    if (block.name !== 'location' || !block.children.some(({ name }) => name === 'internal')) continue
    if (askedPaths(configuration).has(readLocation(block).name)) return true
  }
  return false
}
