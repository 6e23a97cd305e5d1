import { memo } from '../../parsers/collections/memo.ts'
import { placedPlaceholders } from '../../parsers/text/placeholder.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'

/** A placeholder with which the name of a location begins: what is filled in is a path, and begins with a slash. */
export interface FilledInPath {
  /** As it is read, see `placeholder`. */
  readonly mark: string
  /** As it is written: `__PATH__`. */
  readonly written: string
  /** The name of the location. */
  readonly at: Place
}

/** Those of each file; a location whose name begins with anything but a slash is reached by no request. */
export const filledInPaths = memo(
  ({ occurrences }: NginxConfiguration): ReadonlyMap<Source, readonly FilledInPath[]> => {
    const found = new Map<Source, FilledInPath[]>()
    for (const directive of occurrences.get('location') ?? []) {
      const path = filledInPath(directive)
      if (path === null) continue
      const paths = found.get(directive.source) ?? []
      if (!paths.some(({ mark }) => mark === path.mark)) found.set(directive.source, [...paths, path])
    }
    return found
  },
)

/** The placeholder with which the name of a prefix or exact location begins; null for none. */
export function filledInPath(directive: Parameters<typeof readLocation>[0]): FilledInPath | null {
  const { modifier, name, at } = readLocation(directive)
  if (directive.args.length > 2 || modifier.startsWith('~') || modifier === '@') return null
  const [first] = placedPlaceholders(name)
  if (first?.start !== 0 || !/\w/.test(first.written)) return null
  return { mark: name.slice(0, first.end), written: first.written, at }
}
