import { matchesTokens, remember, type WildcardToken } from './tokens.ts'

/**
 * `apr_fnmatch` with APR_FNM_PATHNAME: part by part between slashes, which no wildcard takes. The text is bytes
 * or ASCII.
 */
export function matchesAprPath(pattern: string, text: string): boolean {
  const parts = partsOf(pattern)
  if (!text.includes('/')) return parts.length === 1 && matchesTokens(parts[0] ?? [], text)
  const names = text.split('/')
  return (
    parts.length === names.length && names.every((name, index) => matchesTokens(parts[index] ?? [], name))
  )
}

/** `apr_fnmatch` without a flag: a wildcard takes slashes too. */
export function matchesAprText(pattern: string, text: string): boolean {
  return matchesTokens(tokensOf(pattern), text)
}

/** `apr_fnmatch` with APR_FNM_PERIOD for a name without a slash: a dot at its beginning has to be written. */
export function matchesAprName(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !/^\\?\./.test(pattern)) return false
  return matchesTokens(tokensOf(pattern), name)
}

const tokensOf = remember(pattern => tokenise(pattern))

const partsOf = remember(pattern => pattern.split(/\\?\//).map(tokenise))

function tokenise(pattern: string): readonly WildcardToken[] {
  const tokens: WildcardToken[] = []
  for (let at = 0; at < pattern.length; ) {
    const char = pattern[at]
    const set = char === '[' ? readSet(pattern, at) : null
    if (set !== null) {
      tokens.push(set.token)
      at = set.end
      continue
    }
    if (char === '*') tokens.push({ kind: 'star' })
    else if (char === '?') tokens.push({ kind: 'any' })
    else {
      if (char === '\\' && at + 1 < pattern.length) at++
      tokens.push({ kind: 'code', code: pattern.charCodeAt(at) })
    }
    at++
  }
  return tokens
}

/** Bytes as the C compiler of the usual machines has them, which compares them with their sign. */
function signed(code: number): number {
  return (code << 24) >> 24
}

/** `[…]`; null where nothing closes it, and the bracket stands for itself. There are no classes by name. */
function readSet(
  pattern: string,
  open: number,
): { readonly token: WildcardToken; readonly end: number } | null {
  let at = open + 1
  const isNegated = pattern[at] === '!' || pattern[at] === '^'
  if (isNegated) at++
  const ranges: (readonly [number, number])[] = []
  for (let isFirst = true; ; isFirst = false) {
    if (at >= pattern.length) return null
    if (pattern[at] === ']' && !isFirst) break
    if (pattern[at] === '\\' && !(isFirst && pattern[at] === ']')) {
      at++
      if (at >= pattern.length) return null
    }
    const low = signed(pattern.charCodeAt(at))
    if (pattern[at + 1] === '-' && pattern[at + 2] !== ']') {
      at += pattern[at + 2] === '\\' ? 3 : 2
      if (at >= pattern.length) return null
      ranges.push([low, signed(pattern.charCodeAt(at))])
    } else ranges.push([low, low])
    at++
  }
  const has = (code: number): boolean => {
    const own = signed(code)
    return ranges.some(([low, high]) => own >= low && own <= high) !== isNegated
  }
  return { token: { kind: 'set', has }, end: at + 1 }
}
