import { readEscape, readProperty } from './escapes.ts'
import { codeAt, isBlank, isPcre1, type Reading, refuse, widthOf } from './reading.ts'
import type { PcreClass, PcreMember, PcreNode, PcreSet } from './tree.ts'

const POSIX: ReadonlySet<string> = new Set<PcreClass>([
  'alpha',
  'lower',
  'upper',
  'alnum',
  'ascii',
  'blank',
  'cntrl',
  'digit',
  'graph',
  'print',
  'punct',
  'space',
  'word',
  'xdigit',
])

const BY_LETTER: Readonly<Record<string, PcreClass>> = {
  d: 'digit',
  s: 'space',
  w: 'word',
  h: 'horizontal',
  v: 'vertical',
}

/** `\d`, `\W` and their like; null for any other letter. */
export function classOfLetter(letter: string): PcreMember | null {
  const name = BY_LETTER[letter.toLowerCase()]
  return name === undefined ? null : { kind: 'class', name, negated: letter !== letter.toLowerCase() }
}

/**
 * The offset of the mark that closes `[:…:]`, `[.….]` or `[=…=]`, from the mark that opens it; -1 where none
 * does. A `]` ends the search, and so does another opening of the same kind, which then is the real one.
 */
function endOfPosix(text: string, open: number): number {
  const mark = text[open]
  for (let at = open + 1; at + 1 < text.length; at++) {
    const char = text[at]
    const next = text[at + 1]
    if (char === '\\' && (next === ']' || next === '\\')) at++
    else if ((char === '[' && next === mark) || char === ']') return -1
    else if (char === mark && next === ']') return at
  }
  return -1
}

const isMark = (char: string | undefined): boolean => char === ':' || char === '.' || char === '='

/** `[…]`, from behind its bracket; `start` is the bracket's offset. */
export function readClass(reading: Reading, start: number): PcreNode {
  const { text } = reading
  const word = text.slice(reading.at, reading.at + 6)
  if (word === '[:<:]]' || word === '[:>:]]') {
    reading.at += 6
    return wordEdge(reading, start, word[2] === '<')
  }
  if (isMark(text[reading.at]) && endOfPosix(text, reading.at) !== -1) {
    refuse(reading, text[reading.at] === ':' ? 'posix-class-outside' : 'collating-element')
  }
  const negated = skipToMembers(reading)
  const { flags } = reading
  const members: PcreMember[] = []
  readMembers(reading, members)
  return {
    kind: 'set',
    negated,
    members,
    caseless: flags.caseless,
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
}

/** `[[:<:]]` and `[[:>:]]`, which another library has for the edges of a word. */
function wordEdge(reading: Reading, start: number, begins: boolean): PcreNode {
  const span = { start: reading.place(start), end: reading.placeBehind(reading.at) }
  const set: PcreSet = {
    kind: 'set',
    negated: false,
    members: [{ kind: 'class', name: 'word', negated: false }],
    caseless: false,
    ...span,
  }
  const look: PcreNode = {
    kind: 'look',
    behind: !begins,
    negated: false,
    atomic: true,
    alternatives: [{ items: [set], ...span }],
    ...span,
  }
  const edge: PcreNode = { kind: 'assertion', at: 'word-boundary', ...span }
  return {
    kind: 'group',
    capture: null,
    name: null,
    atomic: false,
    alternatives: [{ items: [edge, look], ...span }],
    ...span,
  }
}

/** Passes over a `^` and what means nothing around it; whether the class is negated. */
function skipToMembers(reading: Reading): boolean {
  const { text, flags } = reading
  let negated = false
  for (;;) {
    if (text.startsWith('\\E', reading.at)) reading.at += 2
    else if (text.startsWith('\\Q\\E', reading.at)) reading.at += 4
    else if (flags.extended === 2 && isBlank(text[reading.at])) reading.at++
    else if (!negated && text[reading.at] === '^') {
      negated = true
      reading.at++
    } else return negated
  }
}

/** Members on their way, and where a hyphen stands among them. */
interface Members {
  readonly list: PcreMember[]
  /** The character that was read last, where a hyphen behind it would begin a range. */
  low: number | null
  /** True behind that hyphen. */
  isOpen: boolean
}

/** Adds a character, which may begin a range or end one. */
function add(reading: Reading, members: Members, code: number): void {
  const { list, low, isOpen } = members
  if (isOpen && low !== null) {
    if (code < low) refuse(reading, 'range-out-of-order')
    list.pop()
    list.push({ kind: 'range', from: low, to: code })
    members.low = null
  } else {
    list.push({ kind: 'range', from: code, to: code })
    members.low = code
  }
  members.isOpen = false
}

/** Adds what stands for more than one character, which neither begins nor ends a range. */
function addClass(reading: Reading, members: Members, member: PcreMember): void {
  if (members.isOpen) refuse(reading, 'invalid-range')
  members.list.push(member)
  members.low = null
  const { text, at } = reading
  // To PCRE2 a hyphen behind a class is a mistake, except as the last of all.
  if (!isPcre1(reading) && text[at] === '-' && at + 1 < text.length && text[at + 1] !== ']') {
    refuse(reading, 'invalid-range')
  }
}

function readMembers(reading: Reading, list: PcreMember[]): void {
  const { text } = reading
  const members: Members = { list, low: null, isOpen: false }
  let isQuoting = false
  for (let isFirst = true; ; isFirst = false) {
    if (reading.at >= text.length) refuse(reading, 'unclosed-class')
    const char = text[reading.at] ?? ''
    if (isQuoting && text.startsWith('\\E', reading.at)) {
      isQuoting = false
      reading.at += 2
    } else if (isQuoting) add(reading, members, next(reading))
    else if (char === ']' && !isFirst) break
    else if (reading.flags.extended === 2 && isBlank(char)) reading.at++
    else if (char === '[' && isMark(text[reading.at + 1]) && endOfPosix(text, reading.at + 1) !== -1) {
      if (members.isOpen) refuse(reading, 'invalid-range')
      addClass(reading, members, posixClass(reading, endOfPosix(text, reading.at + 1)))
    } else if (char === '-' && members.low !== null && !members.isOpen) {
      members.isOpen = true
      reading.at++
    } else if (char !== '\\') add(reading, members, next(reading))
    else {
      reading.at++
      isQuoting = addEscape(reading, members)
    }
  }
  // A hyphen that nothing follows stands for itself.
  if (members.isOpen) list.push({ kind: 'range', from: 45, to: 45 })
  reading.at++
}

/** Reads an escape from behind its backslash; true where it begins a quotation. */
function addEscape(reading: Reading, members: Members): boolean {
  const escaped = readEscape(reading, true)
  if (escaped.kind === 'code') add(reading, members, escaped.code)
  else if (escaped.kind === 'special') {
    const { letter } = escaped
    if (letter === 'Q') return true
    if (letter === 'b') add(reading, members, 8)
    else if (letter !== 'E') {
      const member = memberOf(reading, letter)
      if (member !== null) addClass(reading, members, member)
      // To PCRE1 a letter that means nothing in a class stands for itself, except as the end of a range.
      else if (members.isOpen) refuse(reading, 'invalid-range')
      else add(reading, members, letter.charCodeAt(0))
    }
  }
  return false
}

/** The character at this place, which is read. */
function next(reading: Reading): number {
  const code = codeAt(reading, reading.at)
  reading.at += widthOf(code)
  return code
}

function posixClass(reading: Reading, end: number): PcreMember {
  const { text } = reading
  if (text[reading.at + 1] !== ':') refuse(reading, 'collating-element')
  const written = text.slice(reading.at + 2, end)
  const negated = written.startsWith('^')
  const name = negated ? written.slice(1) : written
  if (!POSIX.has(name)) refuse(reading, 'unknown-posix-class')
  reading.at = end + 2
  return { kind: 'class', name: name as PcreClass, negated }
}

/** What a letter behind a backslash adds; null where it stands for itself, as PCRE1 has it for many. */
function memberOf(reading: Reading, letter: string): PcreMember | null {
  if (letter === 'N') refuse(reading, 'not-newline-in-class')
  if (letter === 'p' || letter === 'P') return readProperty(reading, letter)
  const known = classOfLetter(letter)
  if (known !== null) return known
  if (letter === 'k' && reading.release > 10.42) return null
  return isPcre1(reading) ? null : refuse(reading, 'escape-in-class')
}
