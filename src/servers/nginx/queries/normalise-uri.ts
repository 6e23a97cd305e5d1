import { toBytes } from '../../regex.ts'

/** A request's path as nginx matches it, and its arguments as they came. Both are bytes. */
export interface NormalUri {
  readonly uri: string
  /** Behind the `?`; empty where there is none. */
  readonly args: string
  /** True where the path held an escape: nginx escapes again what it sends on. */
  readonly quoted: boolean
  /** True where a `+` stood in the path, plain or escaped. */
  readonly plus: boolean
}

type State = 'usual' | 'slash' | 'dot' | 'dot-dot' | 'quoted' | 'quoted-second'

/**
 * Decodes and cleans the target of a request line as `ngx_http_parse_complex_uri` does: percent escapes once,
 * `.` and `..` segments, a run of slashes to one unless `merge_slashes off`. An escaped slash or dot counts
 * as itself. Null where nginx answers 400: a broken escape, a NUL, a path that climbs out of the root.
 */
export function normaliseUri(target: string, mergeSlashes = true): NormalUri | null {
  const raw = toBytes(target)
  if (!raw.startsWith('/') || /[\x00-\x20\x7f]/.test(raw)) return null
  const out: string[] = []
  let state: State = 'usual'
  let before: State = 'usual'
  let decoded = 0
  let quoted = false
  let at = 0
  let char = raw[at++] ?? ''
  const climb = () => {
    // Drops `/..` and the segment before it, and keeps the slash that leads that segment.
    let last = out.length - 4
    while (last >= 0 && out[last] !== '/') last--
    if (last < 0) return false
    out.length = last + 1
    return true
  }
  while (at <= raw.length) {
    if (state === 'quoted' || state === 'quoted-second') {
      quoted = true
      const digit = hexValue(char)
      if (digit === -1) return null
      if (state === 'quoted') {
        decoded = digit
        state = 'quoted-second'
        char = raw[at++] ?? ''
        continue
      }
      char = String.fromCharCode(decoded * 16 + digit)
      if (char === '\0') return null
      state = before
      if (char === '%' || char === '#') state = 'usual'
      if (char === '%' || char === '#' || char === '?') {
        out.push(char)
        char = raw[at++] ?? ''
      }
      continue
    }
    if (char === '%') {
      before = state
      state = 'quoted'
    } else if (char === '?' || char === '#') {
      if (state === 'dot') out.pop()
      if (state === 'dot-dot' && !climb()) return null
      state = 'usual'
      break
    } else if (char === '/') {
      if (state === 'dot') out.pop()
      else if (state === 'dot-dot') {
        if (!climb()) return null
      } else if (state === 'usual' || !mergeSlashes) out.push('/')
      state = 'slash'
    } else if (char === '.' && (state === 'slash' || state === 'dot')) {
      out.push('.')
      state = state === 'slash' ? 'dot' : 'dot-dot'
    } else {
      out.push(char)
      state = 'usual'
    }
    char = raw[at++] ?? ''
  }
  if (state === 'quoted' || state === 'quoted-second') return null
  if (state === 'dot') out.pop()
  if (state === 'dot-dot' && !climb()) return null
  const uri = out.join('')
  return { uri, args: char === '?' ? argumentsOf(raw, at) : '', quoted, plus: uri.includes('+') }
}

/** nginx ends the arguments at a `#`, which no browser sends. */
function argumentsOf(raw: string, start: number): string {
  const hash = raw.indexOf('#', start)
  return raw.slice(start, hash === -1 ? undefined : hash)
}

function hexValue(char: string): number {
  return /^[0-9a-fA-F]$/.test(char) ? Number.parseInt(char, 16) : -1
}

const PLAIN = /^[A-Za-z0-9!$&'()*+,\-./:;=@_~]*$/

/**
 * Escapes the bytes of a path for a request line or a `Location`, as nginx does when it has changed the
 * path; `"<>\^`{|}` too since 1.21.1 (`strict`).
 */
export function escapeUri(bytes: string, strict = true): string {
  if (PLAIN.test(bytes)) return bytes
  return escapeBytes(bytes, strict ? ' "#%<>?\\^`{|}' : ' #%?')
}

/** Escapes bytes that become part of a query, as nginx does with the captures of a redirecting `rewrite`. */
export function escapeArguments(bytes: string, strict = true): string {
  return escapeBytes(bytes, strict ? ' "#%&+;<>?\\^`{|}' : ' #%&+;?')
}

function escapeBytes(bytes: string, special: string): string {
  let result = ''
  for (let index = 0; index < bytes.length; index++) {
    const char = bytes[index] ?? ''
    const code = char.charCodeAt(0)
    result += code < 0x20 || code >= 0x7f || special.includes(char) ? percent(char) : char
  }
  return result
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
