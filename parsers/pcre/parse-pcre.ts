import { checkLookbehinds } from './lookbehind.ts'
import { checkRecursion } from './recursion.ts'
import { type Flags, isPcre1, type Reading, Refusal, refuse } from './reading.ts'
import { PCRE2, type PcreRelease } from './release.ts'
import { readAlternatives } from './sequence.ts'
import { compiledSize, LARGEST } from './size.ts'
import type { PcreNewline, PcreSequence, PcreStart, PcreTree } from './tree.ts'

/** How a program compiles a pattern, beyond what the pattern says itself. */
export interface PcreOptions {
  readonly caseless?: boolean
  readonly multiline?: boolean
  /** `.` matches a newline too. */
  readonly dotAll?: boolean
  /** `$` stays off a newline at the end. */
  readonly dollarEndOnly?: boolean
  /** More than one group may have a name. */
  readonly duplicateNames?: boolean
}

/**
 * Reads a pattern as that release of the library does. Never throws: the fault at which the library stops is
 * the tree's `problem`.
 */
export function parsePcre(pattern: string, release: PcreRelease, options: PcreOptions = {}): PcreTree {
  const { start, length } = readStart(pattern, release)
  const { text, place, placeBehind } = encode(pattern, start.utf)
  const flags: Flags = {
    caseless: options.caseless ?? false,
    multiline: options.multiline ?? false,
    dotAll: options.dotAll ?? false,
    extended: 0,
    noAutoCapture: false,
    ungreedy: false,
    duplicateNames: options.duplicateNames ?? false,
  }
  const reading: Reading = {
    text,
    release,
    start,
    dollarEndOnly: options.dollarEndOnly ?? false,
    at: length,
    flags,
    depth: 0,
    groups: 0,
    names: [],
    pending: [],
    resetsGroups: false,
    lookarounds: 0,
    place,
    placeBehind,
    alternatives: readAlternatives,
  }
  try {
    const alternatives = readWhole(reading)
    return { release, start, alternatives, groups: reading.groups, names: reading.names, problem: null }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const problem = { code: error.code, offset: place(error.at) }
    return { release, start, alternatives: [], groups: 0, names: [], problem }
  }
}

function readWhole(reading: Reading): PcreSequence[] {
  const { text, start } = reading
  // What the beginning could not be read as is an unknown verb to the library.
  if (!isPcre1(reading) && /^\(\*LIMIT_[A-Z]+=/.test(text.slice(reading.at, reading.at + 20))) {
    refuse(reading, 'unknown-verb')
  }
  if (start.utf && /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)) {
    refuse(reading, 'not-utf')
  }
  const alternatives = readAlternatives(reading)
  if (reading.at < text.length) refuse(reading, 'unmatched-parenthesis')
  resolve(reading)
  if (text.includes('(?<') || text.includes('[[:>:]]') || text.includes('b:') || text.includes('behind:')) {
    checkLookbehinds(reading, alternatives)
  }
  if (isPcre1(reading)) checkRecursion(reading, alternatives)
  // A short pattern becomes long by counted repetition alone.
  if ((text.includes('{') || text.length > 1500) && compiledSize(alternatives, start.utf) > LARGEST) {
    refuse(reading, 'too-large', text.length)
  }
  return alternatives
}

/** Tells references the groups that they mean. */
function resolve(reading: Reading): void {
  const byName = new Map<string, number[]>()
  for (const { name, group } of reading.names) {
    const groups = byName.get(name)
    if (groups === undefined) byName.set(name, [group])
    else groups.push(group)
  }
  for (const { to, offset, resolve, otherwise } of reading.pending) {
    if (typeof to === 'number') {
      if (to > reading.groups) refuse(reading, 'no-such-group', offset)
      resolve([to])
      continue
    }
    const found = byName.get(to) ?? []
    if (found.length === 0 && (otherwise === undefined || otherwise > reading.groups)) {
      refuse(reading, 'no-such-group', offset)
    }
    resolve(found)
  }
}

/** The pattern's text as the library takes it in, and where its offsets stand in the pattern. */
function encode(pattern: string, utf: boolean): Pick<Reading, 'text' | 'place' | 'placeBehind'> {
  if (utf || !/[^\0-\x7f]/.test(pattern)) {
    return { text: pattern, place: at => at, placeBehind: at => at }
  }
  let text = ''
  const places: number[] = []
  const ends: number[] = [0]
  let offset = 0
  for (const char of pattern) {
    for (const byte of Buffer.from(char)) {
      text += String.fromCharCode(byte)
      places.push(offset)
      ends.push(offset + char.length)
    }
    offset += char.length
  }
  return { text, place: at => places[at] ?? offset, placeBehind: at => ends[at] ?? offset }
}

const NEWLINES: Readonly<Record<string, PcreNewline>> = {
  CR: 'cr',
  LF: 'lf',
  CRLF: 'crlf',
  ANY: 'any',
  ANYCRLF: 'anycrlf',
  NUL: 'nul',
}

/** What changes nothing of what matches. */
const INDIFFERENT = 'NO_AUTO_POSSESS|NO_START_OPT|NO_DOTSTAR_ANCHOR|NO_JIT'

/** `(*UTF)(*LF)…`: what stands before the pattern itself, and how long it is. */
function readStart(pattern: string, release: PcreRelease): { start: PcreStart; length: number } {
  let utf = false
  let ucp = false
  let newline: PcreNewline = 'lf'
  let narrowLineBreak = false
  let changesMatching = false
  let length = 0
  while (pattern.startsWith('(*', length)) {
    const syntax = /\(\*(?:([A-Z_0-9]+)|(LIMIT_(?:MATCH|RECURSION|DEPTH|HEAP))=([0-9]*))\)/y
    syntax.lastIndex = length
    const match = syntax.exec(pattern)
    if (match === null) break
    const [whole, word = '', limit, number = ''] = match
    const isOld = release < PCRE2
    if (limit !== undefined) {
      if (isOld && limit !== 'LIMIT_MATCH' && limit !== 'LIMIT_RECURSION') break
      if (number.length > 9 || (number === '' && !isOld)) break
      changesMatching = true
    } else if (word === 'UTF8' || word === 'UTF') utf = true
    else if (word === 'UCP') ucp = true
    else if (word === 'BSR_ANYCRLF' || word === 'BSR_UNICODE') narrowLineBreak = word === 'BSR_ANYCRLF'
    else if (NEWLINES[word] !== undefined && !(isOld && word === 'NUL')) newline = NEWLINES[word]
    else if (/^NOTEMPTY(?:_ATSTART)?$/.test(word) && !isOld) changesMatching = true
    else if (/^(?:CASELESS_RESTRICT|TURKISH_CASING)$/.test(word) && release > 10.42) changesMatching = true
    else if (!new Set(INDIFFERENT.split('|').slice(0, isOld ? 2 : 4)).has(word)) break
    length += whole.length
  }
  return { start: { utf, ucp, newline, narrowLineBreak, changesMatching }, length }
}
