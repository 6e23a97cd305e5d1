/**
 * Regular expressions of PCRE, as both servers use them, evaluated by JavaScript's engine.
 *
 * Both servers match bytes. A subject is therefore a string of which every character is one byte
 * (see {@link toBytes}); text in ASCII is that already.
 */
export interface PcreOptions {
  readonly caseless?: boolean
  /** `.` matches a line feed too; httpd's default since 2.4.30, not nginx's. */
  readonly dotAll?: boolean
  /** `$` stays off a line feed at the end; httpd's default since 2.4.30, not nginx's. */
  readonly dollarEndOnly?: boolean
}

export interface PcreMatch {
  readonly start: number
  readonly end: number
  /** The whole match, then the groups; a group that took no part is empty, as in the servers' variables. */
  readonly captures: readonly string[]
  readonly named: ReadonlyMap<string, string>
  /** False where JavaScript may have kept another turn of a repeated group than PCRE does. */
  readonly capturesCertain: boolean
}

export interface Pcre {
  readonly groups: number
  readonly names: readonly string[]
  /** The first match, or null. */
  match(subject: string): PcreMatch | null
}

/** The UTF-8 bytes of a text, a character each. */
export function toBytes(text: string): string {
  if (isAscii(text)) return text
  let bytes = ''
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte)
  return bytes
}

/** The text of bytes that are UTF-8; the bytes themselves (latin1) where they are not. */
export function fromBytes(bytes: string): string {
  if (isAscii(bytes)) return bytes
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(
      Uint8Array.from(bytes, byte => byte.charCodeAt(0)),
    )
  } catch {
    return bytes
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false
  return true
}

const cache = new Map<string, Pcre | null>()

/**
 * Translates a pattern; null where JavaScript cannot say faithfully what PCRE would (recursion,
 * conditionals, back references, `\K`, verbs, option changes in mid-pattern), or where PCRE refuses it.
 */
export function compilePcre(pattern: string, options: PcreOptions = {}): Pcre | null {
  const key = `${options.caseless ? 'i' : ''}${options.dotAll ? 's' : ''}${options.dollarEndOnly ? 'D' : ''}/${pattern}`
  const cached = cache.get(key)
  if (cached !== undefined) return cached
  const compiled = translate(pattern, options)
  cache.set(key, compiled)
  return compiled
}

interface State {
  readonly text: string
  at: number
  caseless: boolean
  dotAll: boolean
  readonly dollarEndOnly: boolean
  /** The next of PCRE's group numbers. */
  groups: number
  readonly names: Map<string, number>
  /** Counts the groups that stand in for possessive and atomic ones. */
  atomics: number
  capturesCertain: boolean
  /** True once something was written whose meaning hangs on case. */
  cased: boolean
  /** True where a byte outside ASCII stands in it: JavaScript knows the case of some, PCRE of none. */
  highByte: boolean
  depth: number
  lookbehind: number
}

/** Thrown inside the translator alone, to leave its recursion. */
class Untranslatable extends Error {}

function fail(): never {
  throw new Untranslatable()
}

function translate(pattern: string, options: PcreOptions): Pcre | null {
  const state: State = {
    text: toBytes(pattern),
    at: 0,
    caseless: options.caseless ?? false,
    dotAll: options.dotAll ?? false,
    dollarEndOnly: options.dollarEndOnly ?? false,
    groups: 0,
    names: new Map(),
    atomics: 0,
    capturesCertain: true,
    cased: false,
    highByte: false,
    depth: 0,
    lookbehind: 0,
  }
  try {
    const body = alternatives(state)
    if (state.at < state.text.length) return null
    if (state.caseless && state.highByte) return null
    return toPcre(new RegExp(body, state.caseless ? 'i' : ''), state)
  } catch (error) {
    if (error instanceof Untranslatable || error instanceof SyntaxError) return null
    throw error
  }
}

function toPcre(regex: RegExp, state: State): Pcre {
  const { groups, capturesCertain } = state
  const names = [...state.names]
  return {
    groups,
    names: names.map(([name]) => name),
    match(subject) {
      const result = regex.exec(subject)
      if (result === null) return null
      const captures = [result[0]]
      for (let group = 1; group <= groups; group++) captures.push(result.groups?.[`g${group}`] ?? '')
      return {
        start: result.index,
        end: result.index + result[0].length,
        captures,
        named: new Map(names.map(([name, group]) => [name, captures[group] ?? ''])),
        capturesCertain,
      }
    },
  }
}

function alternatives(state: State): string {
  let result = ''
  state.depth++
  if (state.depth > 200) fail()
  while (state.at < state.text.length) {
    const char = state.text[state.at]
    if (char === ')') break
    if (char === '|') {
      state.at++
      result += '|'
    } else result += quantified(state)
  }
  state.depth--
  return result
}

function quantified(state: State): string {
  const groupsBefore = state.groups
  let atom = atomOf(state)
  for (let first = true; ; first = false) {
    const quantifier = readQuantifier(state)
    if (quantifier === null) return atom
    if (atom === '') fail()
    if (quantifier.many && state.groups > groupsBefore) state.capturesCertain = false
    const next = state.text[state.at]
    const piece = (first ? atom : `(?:${atom})`) + quantifier.text
    if (next === '+') {
      state.at++
      atom = atomic(state, piece)
    } else if (next === '?') {
      state.at++
      atom = `${piece}?`
    } else atom = piece
  }
}

/** What a look-ahead has matched is never given back: the way to say "possessive" in JavaScript. */
function atomic(state: State, body: string): string {
  const name = `a${++state.atomics}`
  return `(?:(?=(?<${name}>${body}))\\k<${name}>)`
}

function readQuantifier(state: State): { readonly text: string; readonly many: boolean } | null {
  const char = state.text[state.at]
  if (char === '*' || char === '+' || char === '?') {
    state.at++
    return { text: char, many: char !== '?' }
  }
  if (char !== '{') return null
  const close = state.text.indexOf('}', state.at)
  if (close === -1) return null
  const braces = state.text.slice(state.at, close + 1)
  // A quantifier since PCRE2 10.43, text before.
  if (/^\{,[0-9]+\}$/.test(braces)) fail()
  const match = /^\{([0-9]+)(,([0-9]*))?\}$/.exec(braces)
  if (match === null) return null
  const least = Number(match[1])
  const most = match[2] === undefined ? least : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3])
  if (least > 65535 || (most !== Number.POSITIVE_INFINITY && most > 65535) || most < least) fail()
  state.at = close + 1
  return { text: match[0], many: most > 1 }
}

function atomOf(state: State): string {
  const char = state.text[state.at] ?? ''
  state.at++
  switch (char) {
    case '(':
      return group(state)
    case '[':
      return characterClass(state)
    case '\\':
      return escapeSequence(state)
    case '.':
      return state.dotAll ? '[^]' : '[^\\n]'
    case '$':
      return state.dollarEndOnly ? '(?![^])' : '(?=\\n?(?![^]))'
    case '^':
      return '^'
    case '*':
    case '+':
    case '?':
      return fail()
    default:
      return literal(state, char)
  }
}

function literal(state: State, char: string): string {
  if (/[A-Za-z]/.test(char)) state.cased = true
  if (/[A-Za-z0-9_]/.test(char)) return char
  const code = char.charCodeAt(0)
  if (code > 127) state.highByte = true
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : fail()
}

function group(state: State): string {
  const { text } = state
  if (text[state.at] === '*') fail()
  if (text[state.at] !== '?') return capturing(state, null)
  state.at++
  const rest = text.slice(state.at, state.at + 2)
  if (rest[0] === '#') {
    const close = text.indexOf(')', state.at)
    if (close === -1) fail()
    state.at = close + 1
    return ''
  }
  if (rest[0] === ':') return `(?:${inner(state, 1)})`
  if (rest[0] === '>') return atomic(state, inner(state, 1))
  if (rest[0] === '=' || rest[0] === '!') return `(?${rest[0]}${inner(state, 1)})`
  if (rest === '<=' || rest === '<!') {
    // A look-behind runs backwards in JavaScript, so its groups would hold something else.
    state.lookbehind++
    const body = inner(state, 2)
    state.lookbehind--
    return `(?${rest}${body})`
  }
  const named = /^(?:P?<([A-Za-z_][A-Za-z0-9_]{0,31})>|'([A-Za-z_][A-Za-z0-9_]{0,31})')/.exec(
    text.slice(state.at, state.at + 40),
  )
  if (named === null) return optionSetting(state)
  state.at += named[0].length
  return capturing(state, named[1] ?? named[2] ?? '')
}

/** The inside of a group whose opening has `skip` characters behind the `?`, up to behind its `)`. */
function inner(state: State, skip: number): string {
  state.at += skip
  const body = alternatives(state)
  if (state.text[state.at] !== ')') fail()
  state.at++
  return body
}

function capturing(state: State, name: string | null): string {
  if (state.lookbehind > 0) fail()
  const number = ++state.groups
  if (name !== null) {
    if (state.names.has(name)) fail()
    state.names.set(name, number)
  }
  return `(?<g${number}>${inner(state, 0)})`
}

/** `(?i)` holds from here on: the same as for the whole where nothing cased came before, at the outermost level. */
function optionSetting(state: State): string {
  const match = /^([is]+)([:)])/.exec(state.text.slice(state.at, state.at + 8))
  if (match === null || match[2] === ':' || state.depth > 1) fail()
  const flags = match[1] ?? ''
  if (flags.includes('i') && !state.caseless) {
    if (state.cased) fail()
    state.caseless = true
  }
  // What a `.` before this point matches is settled already.
  if (flags.includes('s')) state.dotAll = true
  state.at += match[0].length
  return ''
}

/** Classes as the inside of `[…]`: PCRE's own, by byte and in the C locale. */
const CLASSES: Readonly<Record<string, string>> = {
  d: '0-9',
  w: '0-9A-Za-z_',
  s: '\\t-\\r ',
  h: '\\t \\xa0',
  v: '\\n-\\r\\x85',
}

const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-/:-@\\[-`{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
}

/** `\a`, `\e`, `\f`, `\n`, `\r`, `\t`, as JavaScript writes them. */
const CONTROLS = new Map(
  ['a\\x07', 'e\\x1b', 'f\\f', 'n\\n', 'r\\r', 't\\t'].map(pair => [pair[0], pair.slice(1)]),
)

function escapeSequence(state: State): string {
  const char = state.text[state.at]
  if (char === undefined) return fail()
  state.at++
  switch (char) {
    case 'A':
      return '^'
    case 'Z':
      return '(?=\\n?(?![^]))'
    case 'z':
      return '(?![^])'
    case 'N':
      return state.text[state.at] === '{' ? fail() : '[^\\n]'
    case 'b':
    case 'B':
      return `\\${char}`
    case 'E':
      return ''
    case 'Q':
      return quotedLiteral(state)
  }
  const positive = CLASSES[char]
  if (positive !== undefined) return `[${positive}]`
  const negative = CLASSES[char.toLowerCase()]
  if (negative !== undefined) return `[^${negative}]`
  return characterEscape(state, char)
}

/** `\Q…\E`, as one atom; what PCRE would repeat behind it is its last character only. */
function quotedLiteral(state: State): string {
  const end = state.text.indexOf('\\E', state.at)
  const body = state.text.slice(state.at, end === -1 ? undefined : end)
  state.at = end === -1 ? state.text.length : end + 2
  if (/^[*+?{]/.test(state.text.slice(state.at))) fail()
  return [...body].map(char => literal(state, char)).join('')
}

/** An escape for one character; null escapes, back references and what PCRE does not know are given up. */
function characterEscape(state: State, char: string): string {
  const control = CONTROLS.get(char)
  if (control !== undefined) return control
  const rest = state.text.slice(state.at, state.at + 8)
  if (char === 'x') {
    const match = /^(?:\{([0-9a-fA-F]{1,2})\}|([0-9a-fA-F]{0,2}))/.exec(rest)
    if (match === null || rest.startsWith('{') !== (match[1] !== undefined)) return fail()
    state.at += match[0].length
    return literal(state, String.fromCharCode(Number.parseInt(match[1] ?? (match[2] || '0'), 16)))
  }
  if (char === '0') {
    const match = /^[0-7]{0,2}/.exec(rest)
    state.at += match?.[0].length ?? 0
    return literal(state, String.fromCharCode(Number.parseInt(match?.[0] || '0', 8)))
  }
  if (/[0-9A-Za-z]/.test(char)) return fail()
  return literal(state, char)
}

function characterClass(state: State): string {
  const { text } = state
  let result = '['
  if (text[state.at] === '^') {
    result += '^'
    state.at++
  }
  let first = true
  for (;;) {
    const char = text[state.at]
    if (char === undefined) return fail()
    if (char === ']' && !first) break
    first = false
    const low = classItem(state)
    const isRange = text[state.at] === '-' && text[state.at + 1] !== ']' && text[state.at + 1] !== undefined
    if (!isRange) {
      result += low.text
      continue
    }
    state.at++
    const high = classItem(state)
    // PCRE2 refuses a hyphen between a class such as `\d` and anything else.
    if (!low.single || !high.single) return fail()
    result += `${low.text}-${high.text}`
  }
  state.at++
  return `${result}]`
}

function classItem(state: State): { readonly text: string; readonly single: boolean } {
  const { text } = state
  const char = text[state.at] ?? ''
  if (char === '[' && (text[state.at + 1] === '.' || text[state.at + 1] === '=')) fail()
  const posix = char === '[' ? /^\[:(\^?)([a-z]+):\]/.exec(text.slice(state.at, state.at + 14)) : null
  if (posix !== null) {
    const body = posix[1] === '' ? POSIX[posix[2] ?? ''] : undefined
    if (body === undefined) fail()
    state.at += posix[0].length
    state.cased = true
    return { text: body, single: false }
  }
  state.at++
  if (char !== '\\') return { text: literal(state, char), single: true }
  const escaped = text[state.at] ?? fail()
  state.at++
  if (escaped === 'b') return { text: '\\x08', single: true }
  if (escaped === 'E' || escaped === 'Q') fail()
  const positive = CLASSES[escaped]
  if (positive !== undefined) return { text: positive, single: false }
  if (escaped === 'D' || escaped === 'W') return { text: `\\${escaped}`, single: false }
  if (escaped === 'S') return { text: '\\x00-\\x08\\x0e-\\x1f!-\\xff', single: false }
  return { text: characterEscape(state, escaped), single: true }
}
