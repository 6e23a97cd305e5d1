import {
  characterClass,
  escapeSequence,
  fail,
  literal,
  type State,
  Untranslatable,
} from './regex-characters.ts'

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
    nullable: false,
    loose: false,
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
  let nullable = false
  let loose = false
  let own = NO_ITEMS
  state.depth++
  if (state.depth > 200) fail()
  while (state.at < state.text.length) {
    const char = state.text[state.at]
    if (char === ')') break
    if (char === '|') {
      state.at++
      result += '|'
      nullable ||= own.needed === 0
      loose ||= isLoose(own)
      own = NO_ITEMS
      continue
    }
    result += quantified(state)
    own = {
      needed: own.needed + (state.nullable ? 0 : 1),
      looseNeeded: own.looseNeeded || (state.loose && !state.nullable),
      looseNullable: own.looseNullable || (state.loose && state.nullable),
    }
  }
  state.depth--
  state.nullable = nullable || own.needed === 0
  state.loose = loose || isLoose(own)
  return result
}

/** What one alternative is made of. */
interface Items {
  /** How many of its parts match at least one character. */
  readonly needed: number
  readonly looseNeeded: boolean
  readonly looseNullable: boolean
}

const NO_ITEMS: Items = { needed: 0, looseNeeded: false, looseNullable: false }

/** True where a part that repeats without bound may be all that the alternative matches. */
function isLoose({ needed, looseNeeded, looseNullable }: Items): boolean {
  return (looseNullable && needed === 0) || (looseNeeded && needed === 1)
}

function quantified(state: State): string {
  const groupsBefore = state.groups
  state.nullable = false
  state.loose = false
  let atom = atomOf(state)
  if (atom === '') state.nullable = true
  for (let first = true; ; first = false) {
    const quantifier = readQuantifier(state)
    if (quantifier === null) return atom
    if (atom === '') fail()
    const { least, most } = quantifier
    if (most > 1 && state.groups > groupsBefore) state.capturesCertain = false
    const isPossessive = state.text[state.at] === '+'
    // PCRE gives up on `(a+)+` after a number of steps; JavaScript would go on for years.
    if (most === Number.POSITIVE_INFINITY && state.loose && !isPossessive) fail()
    state.nullable ||= least === 0
    state.loose = !isPossessive && (state.loose || most === Number.POSITIVE_INFINITY)
    const piece = (first ? atom : `(?:${atom})`) + quantifier.text
    const isLazy = state.text[state.at] === '?'
    if (isPossessive || isLazy) state.at++
    atom = isPossessive ? atomic(state, piece) : isLazy ? `${piece}?` : piece
  }
}

/** What a look-ahead has matched is never given back: the way to say "possessive" in JavaScript. */
function atomic(state: State, body: string): string {
  const name = `a${++state.atomics}`
  return `(?:(?=(?<${name}>${body}))\\k<${name}>)`
}

interface Quantifier {
  readonly text: string
  readonly least: number
  readonly most: number
}

function readQuantifier(state: State): Quantifier | null {
  const char = state.text[state.at]
  if (char === '*' || char === '+' || char === '?') {
    state.at++
    const most = char === '?' ? 1 : Number.POSITIVE_INFINITY
    return { text: char, least: char === '+' ? 1 : 0, most }
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
  return { text: match[0], least, most }
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
      // Of the escapes, only those for places match nothing.
      return /^[AZzbBE]/.test(state.text[state.at] ?? '')
        ? assertion(state, escapeSequence(state))
        : escapeSequence(state)
    case '.':
      return state.dotAll ? '[^]' : '[^\\n]'
    case '$':
      return assertion(state, state.dollarEndOnly ? '(?![^])' : '(?=\\n?(?![^]))')
    case '^':
      return assertion(state, '^')
    case '*':
    case '+':
    case '?':
      return fail()
    default:
      return literal(state, char)
  }
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
  if (rest[0] === '>') {
    const body = atomic(state, inner(state, 1))
    state.loose = false
    return body
  }
  if (rest[0] === '=' || rest[0] === '!') return assertion(state, `(?${rest[0]}${inner(state, 1)})`)
  if (rest === '<=' || rest === '<!') {
    // A look-behind runs backwards in JavaScript, so its groups would hold something else.
    state.lookbehind++
    const body = inner(state, 2)
    state.lookbehind--
    return assertion(state, `(?${rest}${body})`)
  }
  const named = /^(?:P?<([A-Za-z_][A-Za-z0-9_]{0,31})>|'([A-Za-z_][A-Za-z0-9_]{0,31})')/.exec(
    text.slice(state.at, state.at + 40),
  )
  if (named === null) return optionSetting(state)
  state.at += named[0].length
  return capturing(state, named[1] ?? named[2] ?? '')
}

/** What matches a place and no character. */
function assertion(state: State, text: string): string {
  state.nullable = true
  state.loose = false
  return text
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
