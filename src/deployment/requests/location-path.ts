import type { NginxDirective } from '../../servers/nginx/configuration.ts'
import { readLocation } from '../../servers/nginx/queries/locations.ts'

/** Characters of an expression that stand for themselves. */
const LITERAL = /^[\w/%~@=,-]*/

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
      if (!name.startsWith('^/')) return null
      const literal = LITERAL.exec(name.slice(1))?.[0] ?? ''
      // A quantifier behind it speaks of its last character.
      return /^[?*+{]/.test(name.slice(1 + literal.length)) ? literal.slice(0, -1) : literal
    }
    default:
      return null
  }
}
