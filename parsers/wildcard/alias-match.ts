import { matchesTokens, remember, type WildcardToken } from './tokens.ts'

const tokensOf = remember((pattern): readonly WildcardToken[] =>
  [...pattern].map(char => {
    if (char === '*') return { kind: 'star' }
    return char === '?' ? { kind: 'any' } : { kind: 'code', code: char.charCodeAt(0) }
  }),
)

/**
 * `ap_strcasecmp_match`, by which httpd compares a `ServerAlias`: `*` and `?` take any characters, dots too, and
 * nothing else means anything. Both in lower case.
 */
export function matchesAlias(pattern: string, name: string): boolean {
  return matchesTokens(tokensOf(pattern), name)
}
