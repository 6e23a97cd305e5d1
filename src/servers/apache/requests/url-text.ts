/** Texts of URLs as httpd escapes, decodes and cuts them. Every text is bytes, a character each. */

const HEX = /^[0-9a-fA-F]{2}$/
const UNRESERVED = /[A-Za-z0-9\-._~]/

/** What httpd leaves as it is when it escapes a path. */
const PLAIN = /[A-Za-z0-9$\-_.+!*'(),:;@&=/~]/

/** `ap_escape_uri`: of a query too every `?` and `%` is escaped. */
export function escapeUri(text: string): string {
  return escapeAll(text, char => PLAIN.test(char))
}

export function escapeAll(text: string, isPlain: (char: string) => boolean): string {
  let result = ''
  for (const char of text) result += isPlain(char) ? char : escapeByte(char)
  return result
}

export function escapeByte(char: string): string {
  return `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}

export interface SplitUri {
  readonly path: string
  /** Null where no `?` stands, which differs from an empty query. */
  readonly args: string | null
}

/** Path and query of a request line, or of the URI of an internal redirect; what follows `#` is dropped. */
export function splitUri(uri: string): SplitUri {
  const text = uri.replace(/^\/+(?=\/)/, '')
  const hash = text.indexOf('#')
  const whole = hash === -1 ? text : text.slice(0, hash)
  const question = whole.indexOf('?')
  const path = question === -1 ? whole : whole.slice(0, question)
  return { path: path === '' ? '/' : path, args: question === -1 ? null : whole.slice(question + 1) }
}

/** What `ap_normalize_path` makes of a path; null where httpd answers 400. */
export function normalisePath(path: string, mergesSlashes: boolean): string | null {
  if (!path.startsWith('/')) return path === '*' ? path : null
  const decoded = decodeUnreserved(path)
  if (decoded === null) return null
  const parts: string[] = []
  const segments = decoded.slice(1).split('/')
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === '.' || (segment === '' && mergesSlashes && !isLast)) {
      if (isLast) parts.push('')
      continue
    }
    if (segment === '..') {
      if (parts.pop() === undefined) return null
      if (isLast) parts.push('')
      continue
    }
    parts.push(segment)
  }
  return `/${parts.join('/')}`
}

/** Decodes letters, digits and `-._~`; null where a `%` has no two digits. */
function decodeUnreserved(path: string): string | null {
  if (!path.includes('%')) return path
  let result = ''
  for (let at = 0; at < path.length; at++) {
    const hex = path.slice(at + 1, at + 3)
    if (path[at] !== '%') result += path[at]
    else if (!HEX.test(hex)) return null
    else {
      const char = String.fromCharCode(Number.parseInt(hex, 16))
      result += UNRESERVED.test(char) ? char : `%${hex}`
      at += 2
    }
  }
  return result
}

/** How `%2F` is treated. */
export type EncodedSlashes = 'refuse' | 'keep' | 'decode'

/** Decodes a path; a number is the status that httpd answers instead. */
export function decodePath(path: string, slashes: EncodedSlashes): string | 400 | 404 {
  let result = ''
  let missing = false
  for (let at = 0; at < path.length; at++) {
    if (path[at] !== '%') {
      result += path[at]
      continue
    }
    const hex = path.slice(at + 1, at + 3)
    if (!HEX.test(hex)) return 400
    const char = String.fromCharCode(Number.parseInt(hex, 16))
    at += 2
    if (char === '\0' || (char === '/' && slashes === 'refuse')) missing = true
    // What is unreserved was decoded before; here it comes from a `%25`.
    const isKept = UNRESERVED.test(char) || (char === '/' && slashes === 'keep')
    result += isKept ? `%${hex}` : char
  }
  return missing ? 404 : result
}

/** A path of the file system: no `.`, no doubled slash, its last slash kept; null for one that leads above `/`. */
export function canonicalFile(path: string): string | null {
  const parts: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    if (segment === '..') {
      if (parts.pop() === undefined) return null
    } else if (segment !== '' && segment !== '.') parts.push(segment)
    if (index === segments.length - 1 && (segment === '' || segment === '.' || segment === '..'))
      if (parts.length > 0) parts.push('')
  }
  return `/${parts.join('/')}`
}

/** The length of the scheme and its slashes, where a text begins with one that mod_rewrite knows; else 0. */
export function absoluteLength(text: string): number {
  if (text.startsWith('/') || text.length <= 5) return 0
  const match = SCHEMES.exec(text)
  return match === null ? 0 : match[0].length
}

const SCHEMES =
  /^(?:(?:ajp|balancer|ftp|fcgi|gopher|https?|h2c?|ldap|nntp|scgi|wss?):\/\/|mailto:|news:|unix:(?:\/\/)?)/i

/** True where a scheme has a query, so that mod_rewrite cuts it off. */
export function takesQuery(text: string): boolean {
  return !/^(?:ftp|gopher|ldap|news|nntp):/i.test(text)
}

/** `ap_is_url`: letters, digits, `+-.` and a colon. */
export function isUrl(text: string): boolean {
  return /^[A-Za-z0-9+.-]+:/.test(text)
}

/** A text that came out of an expression of mod_alias: its path is escaped, query and fragment are not. */
export function escapeRedirect(text: string): string {
  const match = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text)
  if (match === null) return escapeUri(text)
  return escapeUri(match[1] ?? '') + (match[2] ?? '') + (match[3] ?? '')
}

/** `ap_pregsub`: `$1` and its like, a backslash keeps the next character. */
export function substitute(text: string, captures: readonly string[]): string {
  let result = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    const next = text[at + 1]
    if (char === '$' && next !== undefined && /[0-9]/.test(next)) {
      result += captures[Number(next)] ?? ''
      at++
    } else if (char === '\\' && next !== undefined) {
      result += next
      at++
    } else result += char
  }
  return result
}
