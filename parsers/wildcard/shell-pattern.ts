import { readBracket } from './posix-bracket.ts'
import { matchedPrefixes, matchesTokens, remember, type WildcardToken } from './tokens.ts'

/**
 * Patterns of a POSIX shell, as in `case` and `${name#…}`, where dash and bash agree on them. Undefined where
 * they do not: `[^a]`, a class that there is not, bash's own `+(…)`, and letters of more than one byte that have
 * to be counted.
 */
export function matchesShellPattern(pattern: string, text: string): boolean | undefined {
  const tokens = tokensFor(pattern, text)
  return tokens === null ? undefined : matchesTokens(tokens, text)
}

/** `${name#pattern}`, with `longest` `${name##pattern}`: the text without the prefix that matches. */
export function trimPrefix(pattern: string, text: string, longest: boolean): string | undefined {
  const tokens = tokensFor(pattern, text)
  if (tokens === null) return undefined
  const end = matchedPrefixes(tokens, text).at(longest ? -1 : 0)
  return end === undefined ? text : text.slice(end)
}

/** `${name%pattern}`, with `longest` `${name%%pattern}`: the text without the suffix that matches. */
export function trimSuffix(pattern: string, text: string, longest: boolean): string | undefined {
  const tokens = tokensFor(pattern, text)
  if (tokens === null) return undefined
  // The same, read backwards.
  const end = matchedPrefixes([...tokens].reverse(), [...text].reverse().join('')).at(longest ? -1 : 0)
  return end === undefined ? text : text.slice(0, text.length - end)
}

/** No script compares so much; it would take seconds. */
const MOST_STEPS = 10_000_000

function tokensFor(pattern: string, text: string): readonly WildcardToken[] | null {
  const counts = /[?[]/.test(pattern)
  if ((counts && /[^\0-\x7f]/.test(text)) || pattern.length * text.length > MOST_STEPS) return null
  return tokensOf(pattern)
}

const tokensOf = remember((pattern): readonly WildcardToken[] | null => {
  if (/[()]|\[\^|\[[.=]/.test(pattern) || (/[?[]/.test(pattern) && /[^\0-\x7f]/.test(pattern))) return null
  const tokens: WildcardToken[] = []
  for (let at = 0; at < pattern.length; ) {
    const char = pattern[at]
    const bracket = char === '[' ? readBracket(pattern, at) : null
    if (bracket?.isBroken) return null
    if (bracket !== null) {
      tokens.push(bracket.token)
      at = bracket.end
      continue
    }
    if (char === '*') tokens.push({ kind: 'star' })
    else if (char === '?') tokens.push({ kind: 'any' })
    else {
      if (char === '\\' && ++at >= pattern.length) return null
      tokens.push({ kind: 'code', code: pattern.charCodeAt(at) })
    }
    at++
  }
  return tokens
})
