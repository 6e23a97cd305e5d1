import { classOfLetter, readClass } from './character-class.ts'
import { readEscape, readProperty } from './escapes.ts'
import { readGroup } from './groups.ts'
import { backReference, call } from './references.ts'
import {
  codeAt,
  type Counts,
  type Item,
  isPcre1,
  MOST_GROUPS,
  type Reading,
  readCounts,
  readName,
  readNumber,
  refuse,
  widthOf,
} from './reading.ts'
import type { PcreMember, PcreNode, PcrePlace, PcreSequence } from './tree.ts'

/** PCRE's `parens_nest_limit`. */
const DEEPEST = 250

/** The alternatives up to the `)` that closes them, or the end; with `resets` each counts its groups anew. */
export function readAlternatives(reading: Reading, resets = false): PcreSequence[] {
  const before = reading.groups
  let most = before
  const alternatives = [readSequence(reading)]
  while (reading.text[reading.at] === '|') {
    reading.at++
    most = Math.max(most, reading.groups)
    if (resets) reading.groups = before
    alternatives.push(readSequence(reading))
  }
  if (resets) reading.groups = Math.max(most, reading.groups)
  return alternatives
}

function readSequence(reading: Reading): PcreSequence {
  const { text } = reading
  const start = reading.place(reading.at)
  const items: PcreNode[] = []
  let isQuantifiable = false
  /** True behind a quantifier, where `?` and `+` say how it repeats. */
  let isBehindQuantifier = false
  let isQuoting = false
  while (reading.at < text.length) {
    if (reading.depth > DEEPEST) refuse(reading, 'nested-too-deeply')
    const begin = reading.at
    if (isQuoting || skipNothing(reading)) {
      if (isQuoting && text.startsWith('\\E', begin)) {
        isQuoting = false
        reading.at += 2
      } else if (isQuoting) {
        items.push(literal(reading, begin, nextCode(reading)))
        isQuantifiable = true
        isBehindQuantifier = false
      } else {
        isQuoting = text.startsWith('\\Q', begin)
        // PCRE1 looks for them right behind the quantifier, over blanks alone.
        if (isPcre1(reading) && (text[begin] === '\\' || text[begin] === '(')) isBehindQuantifier = false
      }
      continue
    }
    const char = text[begin] ?? ''
    if (char === '|' || char === ')') break
    const last = items.at(-1)
    if (isBehindQuantifier && (char === '?' || char === '+') && last?.kind === 'repeat') {
      reading.at++
      const lazy = reading.flags.ungreedy ? 'greedy' : 'lazy'
      items[items.length - 1] = {
        ...last,
        mode: char === '+' ? 'possessive' : lazy,
        end: reading.placeBehind(reading.at),
      }
      isBehindQuantifier = false
      continue
    }
    const counts = readQuantifier(reading)
    if (counts !== null) {
      if (!isQuantifiable || last === undefined) refuse(reading, 'nothing-to-repeat', begin)
      items[items.length - 1] = {
        kind: 'repeat',
        item: last,
        ...counts,
        mode: reading.flags.ungreedy ? 'lazy' : 'greedy',
        start: last.start,
        end: reading.placeBehind(reading.at),
      }
      isQuantifiable = false
      isBehindQuantifier = true
      continue
    }
    const item = readItem(reading, char)
    if (item.node !== null) items.push(item.node)
    isQuantifiable = item.isQuantifiable
    isBehindQuantifier = false
  }
  return { items, start, end: reading.placeBehind(reading.at) }
}

/** Passes over what means nothing and does not part an item from its quantifier. */
function skipNothing(reading: Reading): boolean {
  const { text, at, flags } = reading
  if (text[at] === '\\' && (text[at + 1] === 'Q' || text[at + 1] === 'E')) {
    reading.at += 2
    return true
  }
  if (text.startsWith('(?#', at)) {
    const end = text.indexOf(')', at + 3)
    if (end === -1) refuse(reading, 'unclosed-comment', text.length)
    reading.at = end + 1
    return true
  }
  if (flags.extended === 0) return false
  const char = text[at] ?? ''
  if (isPatternSpace(char, isPcre1(reading))) {
    reading.at++
    return true
  }
  if (char !== '#') return false
  const newline = /\n/g
  const ends: Readonly<Record<Reading['start']['newline'], RegExp>> = {
    lf: newline,
    cr: /\r/g,
    crlf: /\r\n/g,
    anycrlf: /\r\n|\r|\n/g,
    any: /\r\n|[\n\v\f\r\x85\u2028\u2029]/g,
    nul: /\0/g,
  }
  const end = ends[reading.start.newline]
  end.lastIndex = at
  reading.at = end.exec(text) === null ? text.length : end.lastIndex
  return true
}

/** What Unicode calls pattern white space; to PCRE1 that of the C locale. */
function isPatternSpace(char: string, isOld: boolean): boolean {
  return isOld ? /^[\t-\r ]$/.test(char) : /^[\t-\r \x85\u200e\u200f\u2028\u2029]$/.test(char)
}

function readQuantifier(reading: Reading): Counts | null {
  switch (reading.text[reading.at]) {
    case '*':
      reading.at++
      return { least: 0, most: Number.POSITIVE_INFINITY }
    case '+':
      reading.at++
      return { least: 1, most: Number.POSITIVE_INFINITY }
    case '?':
      reading.at++
      return { least: 0, most: 1 }
    case '{':
      return readCounts(reading)
  }
  return null
}

function nextCode(reading: Reading): number {
  const code = codeAt(reading, reading.at)
  reading.at += widthOf(code)
  return code
}

function literal(reading: Reading, start: number, code: number): PcreNode {
  const { caseless } = reading.flags
  return {
    kind: 'literal',
    code,
    caseless,
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
}

function readItem(reading: Reading, char: string): Item {
  const start = reading.at
  if (char === '(') return readGroup(reading)
  if (char === '\\') {
    reading.at++
    return readEscaped(reading, start)
  }
  const code = nextCode(reading)
  const { multiline, dotAll } = reading.flags
  switch (char) {
    case '[':
      return { node: readClass(reading, start), isQuantifiable: true }
    case '.':
      return { node: any(reading, start, dotAll, false), isQuantifiable: true }
    case '^':
      return assertion(reading, start, multiline ? 'line-start' : 'subject-start')
    case '$':
      if (multiline) return assertion(reading, start, 'line-end')
      return assertion(reading, start, reading.dollarEndOnly ? 'subject-end' : 'last-line-end')
  }
  return { node: literal(reading, start, code), isQuantifiable: true }
}

function any(reading: Reading, start: number, newline: boolean, byte: boolean): PcreNode {
  return { kind: 'any', newline, byte, start: reading.place(start), end: reading.placeBehind(reading.at) }
}

function assertion(reading: Reading, start: number, at: PcrePlace): Item {
  const node: PcreNode = {
    kind: 'assertion',
    at,
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
  return { node, isQuantifiable: false }
}

const PLACES: Readonly<Record<string, PcrePlace>> = {
  A: 'subject-start',
  Z: 'last-line-end',
  z: 'subject-end',
  b: 'word-boundary',
  B: 'no-word-boundary',
  G: 'match-start',
}

/** An escape from behind its backslash; `start` is the backslash's offset. */
function readEscaped(reading: Reading, start: number): Item {
  const escaped = readEscape(reading, false)
  if (escaped.kind === 'code') return { node: literal(reading, start, escaped.code), isQuantifiable: true }
  if (escaped.kind === 'reference') return backReference(reading, start, escaped.group)
  const { letter } = escaped
  const place = PLACES[letter]
  if (place !== undefined) return assertion(reading, start, place)
  const span = (): { start: number; end: number } => ({
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  })
  const member = letter === 'p' || letter === 'P' ? readProperty(reading, letter) : classOfLetter(letter)
  if (member !== null) return { node: setOf(reading, member, span()), isQuantifiable: true }
  switch (letter) {
    case 'C':
      return { node: any(reading, start, true, true), isQuantifiable: true }
    case 'N':
      return { node: any(reading, start, false, false), isQuantifiable: true }
    case 'R':
      return { node: { kind: 'line-break', ...span() }, isQuantifiable: true }
    case 'X':
      return { node: { kind: 'grapheme', ...span() }, isQuantifiable: true }
    case 'K':
      if (reading.lookarounds > 0 && reading.release > 10.36) refuse(reading, 'keep-in-lookaround')
      return { node: { kind: 'keep', ...span() }, isQuantifiable: false }
  }
  return namedEscape(reading, start, letter)
}

function setOf(reading: Reading, member: PcreMember, span: { start: number; end: number }): PcreNode {
  return { kind: 'set', negated: false, members: [member], caseless: reading.flags.caseless, ...span }
}

const TERMINATORS: Readonly<Record<string, string>> = { '{': '}', '<': '>', "'": "'" }

/** `\k` and `\g` with a name, or a call by `\g<…>`. */
function namedEscape(reading: Reading, start: number, letter: string): Item {
  const terminator = TERMINATORS[reading.text[reading.at] ?? '']
  if (terminator === undefined) {
    refuse(reading, letter === 'g' ? 'no-group-after-g' : 'no-name-after-k')
  }
  reading.at++
  if (letter === 'k') return backReference(reading, start, readName(reading, terminator))
  const number = readNumber(reading, {
    relative: reading.groups,
    most: MOST_GROUPS,
    tooBig: 'group-number-too-big',
  })
  if (number === null) return call(reading, start, readName(reading, terminator))
  if (reading.text[reading.at] !== terminator) refuse(reading, 'no-group-after-g')
  reading.at++
  return call(reading, start, number)
}
