/**
 * True where httpd takes a path for a pattern: `*`, `?`, or a `[` that some later `]` closes. Braces and
 * a bracket that stays open are plain characters to it.
 */
export function isPattern(path: string): boolean {
  let open = false
  for (let at = 0; at < path.length; at++) {
    const letter = path[at]
    if (letter === '*' || letter === '?') return true
    if (letter === '\\') at++
    else if (letter === '[') open = true
    else if (letter === ']' && open) return true
  }
  return false
}

/**
 * Whether a file name matches one component of a pattern, as `apr_fnmatch` says with APR_FNM_PERIOD: a
 * dot at the beginning is only matched by a dot, and there are no character classes by name.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false
  return matches(pattern, name)
}

function matches(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let retry = 0
  while (n < name.length) {
    const step = p < pattern.length ? matchOne(pattern, p, name.charCodeAt(n)) : -1
    if (pattern[p] === '*') {
      star = ++p
      retry = n
    } else if (step !== -1) {
      p = step
      n++
    } else if (star !== -1) {
      p = star
      n = ++retry
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** The index behind the element at `at` where it matches the character, else -1. */
function matchOne(pattern: string, at: number, code: number): number {
  switch (pattern[at]) {
    case '*':
      return -1
    case '?':
      return at + 1
    case '[':
      return matchSet(pattern, at, code)
    case '\\':
      if (at + 1 < pattern.length) return pattern.charCodeAt(at + 1) === code ? at + 2 : -1
  }
  return pattern.charCodeAt(at) === code ? at + 1 : -1
}

function matchSet(pattern: string, open: number, code: number): number {
  let at = open + 1
  const negated = pattern[at] === '!' || pattern[at] === '^'
  if (negated) at++
  let found = false
  for (let first = true; at < pattern.length; first = false) {
    if (pattern[at] === ']' && !first) return found !== negated ? at + 1 : -1
    if (pattern[at] === '\\') at++
    const low = pattern.charCodeAt(at++)
    if (pattern[at] === '-' && at + 1 < pattern.length && pattern[at + 1] !== ']') {
      at++
      if (pattern[at] === '\\') at++
      const high = pattern.charCodeAt(at++)
      if (low <= code && code <= high) found = true
    } else if (low === code) found = true
  }
  return code === 91 ? open + 1 : -1
}
