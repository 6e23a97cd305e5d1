import type { NginxDirective } from '../../servers/nginx/configuration.ts'
import { readLocation } from '../../servers/nginx/queries/locations.ts'
import { isAnchoredAtStart, literalPrefix } from '../../servers/pcre/pattern-facts.ts'
import { readPattern } from '../../servers/pcre/read-pattern.ts'
import { fromBytes } from '../../servers/regex.ts'

/**
 * What every path in a location begins with, as far as it is written out: the name of a prefix, the literal
 * beginning of an expression. Null for an exact or named location, and for an expression that begins anywhere.
 */
export function locationPath(location: NginxDirective): string | null {
  const { modifier, name } = readLocation(location)
  switch (modifier) {
    case '':
    case '^~':
      return name.startsWith('/') ? name : null
    case '~':
    case '~*': {
      const tree = readPattern(name)
      if (tree === null || !isAnchoredAtStart(tree)) return null
      const prefix = fromBytes(literalPrefix(tree))
      return prefix.startsWith('/') ? prefix : null
    }
    default:
      return null
  }
}
