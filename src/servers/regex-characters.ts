/** A pattern on its way into JavaScript's notation. */
export interface State {
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
  /** Of what was read last: whether it may match nothing, and whether it repeats without bound. */
  nullable: boolean
  loose: boolean
}

/** Thrown inside the translator alone, to leave its recursion. */
export class Untranslatable extends Error {}

export function fail(): never {
  throw new Untranslatable()
}

/** One character that stands for itself. */
export function literal(state: State, char: string): string {
  if (/[A-Za-z]/.test(char)) state.cased = true
  if (/[A-Za-z0-9_]/.test(char)) return char
  const code = char.charCodeAt(0)
  if (code > 127) state.highByte = true
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : fail()
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

/** What stands behind a backslash, outside of a class. */
export function escapeSequence(state: State): string {
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

/** `[…]`, from behind its first bracket. */
export function characterClass(state: State): string {
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
