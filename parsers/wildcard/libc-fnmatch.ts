import { readBracket } from './posix-bracket.ts'
import { matchesTokens, remember, type WildcardToken } from './tokens.ts'

/**
 * `fnmatch(3)` of the GNU C library in the C locale, with FNM_PERIOD, for a name without a slash: what `glob(3)`
 * asks for each part of a path. A character is a byte.
 */
export function matchesName(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !/^\\?\./.test(pattern)) return false
  const tokens = tokensOf(pattern)
  return tokens !== null && matchesTokens(tokens, name)
}

/** Null for a pattern that matches nothing. */
const tokensOf = remember((pattern): readonly WildcardToken[] | null => {
  const tokens: WildcardToken[] = []
  for (let at = 0; at < pattern.length; ) {
    const char = pattern[at]
    const bracket = char === '[' ? readBracket(pattern, at) : null
    if (bracket !== null) {
      tokens.push(bracket.token)
      at = bracket.end
      continue
    }
    if (char === '*') tokens.push({ kind: 'star' })
    else if (char === '?') tokens.push({ kind: 'any' })
    else {
      if (char === '\\') at++
      if (at >= pattern.length) return null
      tokens.push({ kind: 'code', code: pattern.charCodeAt(at) })
    }
    at++
  }
  return tokens
})
