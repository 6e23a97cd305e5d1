/**
 * A pattern of wildcards taken apart: what each function of C or of a shell makes of its text differs, how the
 * parts are matched does not.
 */
export type WildcardToken =
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'set'; readonly has: (code: number) => boolean }

/**
 * Whether the tokens match a whole text, in time that grows with the product of both lengths at most: what a
 * star before the last one has taken never has to be taken back.
 */
export function matchesTokens(tokens: readonly WildcardToken[], text: string): boolean {
  let token = 0
  let at = 0
  let star = -1
  let retry = 0
  while (at < text.length) {
    const current = tokens[token]
    if (current?.kind === 'star') {
      star = token++
      retry = at
    } else if (current !== undefined && takes(current, text.charCodeAt(at))) {
      token++
      at++
    } else if (star !== -1) {
      token = star + 1
      at = ++retry
    } else return false
  }
  while (tokens[token]?.kind === 'star') token++
  return token === tokens.length
}

function takes(token: WildcardToken, code: number): boolean {
  switch (token.kind) {
    case 'any':
      return true
    case 'code':
      return token.code === code
    case 'set':
      return token.has(code)
    case 'star':
      return false
  }
}

/** The ends of the prefixes of a text that the tokens match, the shortest first. */
export function matchedPrefixes(tokens: readonly WildcardToken[], text: string): readonly number[] {
  // Which of the tokens may be next, at each place in turn.
  let states = reach(new Set([0]), tokens)
  const ends: number[] = []
  for (let at = 0; ; at++) {
    if (states.has(tokens.length)) ends.push(at)
    if (at === text.length || states.size === 0) return ends
    const next = new Set<number>()
    for (const state of states) {
      const token = tokens[state]
      if (token === undefined) continue
      if (token.kind === 'star') next.add(state)
      else if (takes(token, text.charCodeAt(at))) next.add(state + 1)
    }
    states = reach(next, tokens)
  }
}

/** With a star goes what stands behind it. */
function reach(states: Set<number>, tokens: readonly WildcardToken[]): Set<number> {
  for (const state of states) if (tokens[state]?.kind === 'star') states.add(state + 1)
  return states
}

/**
 * Whether a text is a pattern at all: it has `*`, `?`, or a `[` that some later `]` closes. `glob(3)` and
 * `apr_fnmatch_test` ask the same.
 */
export function hasWildcard(text: string): boolean {
  let isOpen = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '*' || char === '?') return true
    if (char === '\\') at++
    else if (char === '[') isOpen = true
    else if (char === ']' && isOpen) return true
  }
  return false
}

/** Keeps what was made of a pattern, as the same few are compared with many names. */
export function remember<T>(make: (pattern: string) => T): (pattern: string) => T {
  const known = new Map<string, T>()
  return pattern => {
    let made = known.get(pattern)
    if (made === undefined) {
      made = make(pattern)
      if (known.size >= 10_000) known.clear()
      known.set(pattern, made)
    }
    return made
  }
}
