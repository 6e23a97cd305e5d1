/**
 * A shell pattern (`*`, `?`, `[a-z]`, `\x`) as a regular expression for a whole string; null for what a
 * plain POSIX pattern does not have.
 */
export function globPattern(pattern: string, greedy = true): string | null {
  let result = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!
    if (char === '*') result += greedy ? '[^]*' : '[^]*?'
    else if (char === '?') result += '[^]'
    else if (char === '\\') result += literal(pattern[++at] ?? '\\')
    else if (char === '[') {
      const close = pattern.indexOf(']', pattern[at + 1] === '!' || pattern[at + 1] === '^' ? at + 3 : at + 2)
      if (close === -1) result += '\\['
      else {
        const body = pattern.slice(at + 1, close)
        if (body.includes('[:') || body.includes('\\')) return null
        const negated = body.startsWith('!') || body.startsWith('^')
        result += `[${negated ? '^' : ''}${(negated ? body.slice(1) : body).replace(/[\]^[]/g, '\\$&')}]`
        at = close
      }
    } else if ('+@!('.includes(char) && pattern.includes('(')) return null
    else result += literal(char)
  }
  return result
}

/** True, false, or undefined where the pattern is beyond this reader. */
export function matchesGlob(pattern: string, text: string): boolean | undefined {
  const expression = globPattern(pattern)
  if (expression === null) return undefined
  try {
    return new RegExp(`^${expression}$`, 'u').test(text)
  } catch {
    return undefined
  }
}

function literal(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char
}
