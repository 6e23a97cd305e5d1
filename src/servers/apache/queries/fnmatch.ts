const cache = new Map<string, RegExp | null>()

/** True where the text holds one of `*`, `?` and `[`, so that httpd takes it for a pattern. */
export function hasWildcard(text: string): boolean {
  return /[*?[]/.test(text)
}

/**
 * `apr_fnmatch` over a whole text. With `pathname`, no wildcard takes a slash. Undefined where the
 * pattern holds what this reader does not translate.
 */
export function fnmatch(pattern: string, text: string, pathname: boolean): boolean | undefined {
  const key = `${pathname ? '/' : ' '}${pattern}`
  let expression = cache.get(key)
  if (expression === undefined) {
    expression = translate(pattern, pathname)
    cache.set(key, expression)
  }
  return expression === null ? undefined : expression.test(text)
}

function translate(pattern: string, pathname: boolean): RegExp | null {
  const any = pathname ? '[^/]' : '[\\s\\S]'
  let result = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!
    if (char === '*') result += `${any}*`
    else if (char === '?') result += any
    else if (char === '\\' && at + 1 < pattern.length) result += literal(pattern[++at]!)
    else if (char === '[') {
      const negated = pattern[at + 1] === '!' || pattern[at + 1] === '^'
      const close = pattern.indexOf(']', at + (negated ? 3 : 2))
      if (close === -1) return null
      const body = pattern.slice(at + (negated ? 2 : 1), close)
      if (/[\\/[]/.test(body)) return null
      result += `${pathname ? '(?!/)' : ''}[${negated ? '^' : ''}${body.replace(/[\]^]/g, '\\$&')}]`
      at = close
    } else result += literal(char)
  }
  try {
    return new RegExp(`^${result}$`)
  } catch {
    return null
  }
}

function literal(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char
}
