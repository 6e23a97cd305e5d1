import { unicodeProperty } from './properties.ts'
import {
  codeAt,
  isDigit,
  isPcre1,
  MOST_GROUPS,
  type Reading,
  readCounts,
  readNumber,
  refuse,
  skipBlanks,
  widthOf,
} from './reading.ts'
import type { PcreMember } from './tree.ts'

/** What stands behind a backslash. */
export type Escape =
  | { readonly kind: 'code'; readonly code: number }
  /** A letter with a meaning of its own, what follows it still unread. */
  | { readonly kind: 'special'; readonly letter: string }
  | { readonly kind: 'reference'; readonly group: number }

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['e', 27],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
])

const SPECIAL = 'ABCDEGHKNPQRSVWXZbdhkpsvwz'

/** Reads an escape from behind its backslash. */
export function readEscape(reading: Reading, inClass: boolean): Escape {
  const { text } = reading
  if (reading.at >= text.length) refuse(reading, 'backslash-at-end')
  const char = String.fromCodePoint(codeAt(reading, reading.at))
  reading.at += char.length
  if (!/^[0-9A-Za-z]$/.test(char)) return { kind: 'code', code: char.codePointAt(0) ?? 0 }
  const control = CONTROLS.get(char)
  if (control !== undefined) return { kind: 'code', code: control }
  if (char === 'N' && text[reading.at] === '{') return braceBehindN(reading)
  if (SPECIAL.includes(char)) return { kind: 'special', letter: char }
  if (isDigit(char)) return digits(reading, char, inClass)
  switch (char) {
    case 'g':
      return inClass ? { kind: 'code', code: 103 } : reference(reading)
    case 'x':
      return { kind: 'code', code: hexadecimal(reading) }
    case 'o':
      return { kind: 'code', code: octalInBraces(reading) }
    case 'c':
      return { kind: 'code', code: controlOf(reading) }
    case 'L':
    case 'l':
    case 'U':
    case 'u':
      return refuse(reading, 'unsupported-escape')
  }
  if (isPcre1(reading)) return { kind: 'code', code: char.charCodeAt(0) }
  return refuse(reading, char === 'F' ? 'unsupported-escape' : 'unknown-escape')
}

/** `\N{U+263a}` is a code point, `\N{2}` two of what `\N` is, and `\N{NAME}` nothing that PCRE knows. */
function braceBehindN(reading: Reading): Escape {
  const start = reading.at
  const behind = skipBlanks(reading, start + 1)
  if (!isPcre1(reading) && reading.text.startsWith('U+', behind)) {
    if (!reading.start.utf) refuse(reading, 'code-point-without-utf')
    reading.at = behind + 2
    return { kind: 'code', code: numberInBraces(reading, 16) }
  }
  if (readCounts(reading) === null) refuse(reading, 'unsupported-escape')
  reading.at = start
  return { kind: 'special', letter: 'N' }
}

/** A reference to a group, an octal number, or to PCRE1 a digit that stands for itself. */
function digits(reading: Reading, first: string, inClass: boolean): Escape {
  const { text } = reading
  if (first !== '0' && !inClass) {
    const all = /[0-9]+/y
    all.lastIndex = reading.at - 1
    const found = all.exec(text)?.[0] ?? first
    const number = Number(found)
    const fits = number < 0x7fffffff / 10 - 1
    const isReference = isPcre1(reading)
      ? number < 8 || number <= reading.groups
      : fits && (number < 10 || first >= '8' || number <= reading.groups)
    if (isReference) {
      if (number > MOST_GROUPS) refuse(reading, 'group-number-too-big')
      reading.at += found.length - 1
      return { kind: 'reference', group: number }
    }
    if (!fits && isPcre1(reading)) refuse(reading, 'group-number-too-big')
  }
  if (first >= '8') return { kind: 'code', code: first.charCodeAt(0) }
  const octal = /[0-7]{0,2}/y
  octal.lastIndex = reading.at
  const more = octal.exec(text)?.[0] ?? ''
  reading.at += more.length
  const code = Number.parseInt(first + more, 8)
  if (code > 0xff && !reading.start.utf) refuse(reading, 'octal-too-large')
  return { kind: 'code', code }
}

/** `\g1`, `\g{-1}`, `\g{name}`; with `<` or `'` behind it a call, which is left to the caller as are names. */
function reference(reading: Reading): Escape {
  const { text } = reading
  const char = text[reading.at]
  if (char === '<' || char === "'") return { kind: 'special', letter: 'g' }
  if (char === undefined) refuse(reading, 'no-group-after-g')
  const inBraces = char === '{'
  const start = reading.at
  if (isPcre1(reading)) return referenceOfPcre1(reading)
  if (inBraces) reading.at = skipBlanks(reading, start + 1)
  const number = readNumber(reading, {
    relative: reading.groups,
    most: MOST_GROUPS,
    tooBig: 'group-number-too-big',
  })
  if (number === null) {
    if (!inBraces) refuse(reading, 'no-group-after-g')
    reading.at = start
    return { kind: 'special', letter: 'k' }
  }
  if (inBraces) {
    reading.at = skipBlanks(reading, reading.at)
    if (text[reading.at] !== '}') refuse(reading, 'no-group-after-g')
    reading.at++
  }
  if (number <= 0) refuse(reading, 'no-such-group')
  return { kind: 'reference', group: number }
}

function referenceOfPcre1(reading: Reading): Escape {
  const syntax = /\{([-0-9]*)\}|(-?[0-9]*)/y
  syntax.lastIndex = reading.at
  const match = syntax.exec(reading.text)
  if (reading.text[reading.at] === '{' && match?.[1] === undefined) return { kind: 'special', letter: 'k' }
  const written = match?.[1] ?? match?.[2] ?? ''
  if (!/^-?[0-9]*$/.test(written)) refuse(reading, 'no-group-after-g')
  const number = Math.abs(Number(written))
  if (written === '' || written === '-' || number === 0) refuse(reading, 'relative-zero')
  if (number > 0x7fffffff / 10) refuse(reading, 'group-number-too-big')
  if (written.startsWith('-') && number > reading.groups) refuse(reading, 'no-such-group')
  reading.at += match?.[0].length ?? 0
  // The number is kept in two bytes.
  const group = written.startsWith('-') ? reading.groups - number + 1 : number % 65536
  return { kind: 'reference', group }
}

function hexadecimal(reading: Reading): number {
  if (reading.text[reading.at] === '{') {
    reading.at++
    return numberInBraces(reading, 16)
  }
  const digits = /[0-9A-Fa-f]{0,2}/y
  digits.lastIndex = reading.at
  const found = digits.exec(reading.text)?.[0] ?? ''
  if (found === '' && reading.release > 10.42) refuse(reading, 'no-digits')
  reading.at += found.length
  return found === '' ? 0 : Number.parseInt(found, 16)
}

function octalInBraces(reading: Reading): number {
  if (reading.text[reading.at] !== '{') refuse(reading, 'no-brace-after-o')
  reading.at++
  return numberInBraces(reading, 8)
}

/** The digits from behind `{` to behind `}`. */
function numberInBraces(reading: Reading, base: 8 | 16): number {
  const { text } = reading
  reading.at = skipBlanks(reading, reading.at)
  const char = text[reading.at]
  if (char === '}' || (char === undefined && base === 8)) refuse(reading, 'no-digits')
  if (char === undefined) refuse(reading, 'no-digits')
  const digits = base === 16 ? /[0-9A-Fa-f]*/y : /[0-7]*/y
  digits.lastIndex = reading.at
  const found = digits.exec(text)?.[0] ?? ''
  const code = found === '' ? 0 : Number.parseInt(found, base)
  reading.at += found.length
  if (code > (reading.start.utf ? 0x10ffff : 0xff)) refuse(reading, 'code-too-large')
  reading.at = skipBlanks(reading, reading.at)
  if (text[reading.at] !== '}') refuse(reading, base === 16 ? 'non-hexadecimal' : 'non-octal')
  if (reading.start.utf && code >= 0xd800 && code <= 0xdfff) refuse(reading, 'surrogate')
  reading.at++
  return code
}

function controlOf(reading: Reading): number {
  const char = reading.text[reading.at]
  if (char === undefined) refuse(reading, 'control-at-end')
  const code = char.charCodeAt(0)
  if (code > 127 || (!isPcre1(reading) && (code < 32 || code > 126))) refuse(reading, 'control-not-printable')
  reading.at++
  return char.toUpperCase().charCodeAt(0) ^ 0x40
}

/** The property behind `\p` or `\P`. */
export function readProperty(reading: Reading, letter: string): PcreMember {
  const { text } = reading
  const char = text[reading.at]
  if (char === undefined) refuse(reading, 'malformed-property')
  let negated = letter === 'P'
  let name = char
  if (char === '{') {
    const close = text.indexOf('}', reading.at)
    if (close === -1) refuse(reading, 'malformed-property')
    name = text.slice(reading.at + 1, close)
    const loose = reading.release > 10.42 ? name.trimStart() : name
    if (loose.startsWith('^')) {
      negated = !negated
      name = loose.slice(1)
    }
    // What PCRE2 would not copy into its buffer of fifty.
    if (!isPcre1(reading) && name.replace(/[\s_-]/g, '').length > 48) refuse(reading, 'malformed-property')
    reading.at = close + 1
  } else {
    if (!isPcre1(reading) && !/^[A-Za-z]$/.test(char)) refuse(reading, 'malformed-property')
    reading.at += widthOf(codeAt(reading, reading.at))
  }
  const property = unicodeProperty(name, reading.release)
  return property === null
    ? refuse(reading, 'unknown-property')
    : { kind: 'property', name: property, negated }
}
