import type { PcreClass, PcreMember, PcreSet } from '../../../parsers/pcre/tree.ts'
import { Unanswerable } from './unanswerable.ts'
import { hasProperty } from './unicode-property.ts'

/** Which characters match: of the first 256 codes a table, above them (with UTF alone) a test. */
export interface CharacterSet {
  /** 1 for what matches. */
  readonly table: Uint8Array
  readonly wide: ((code: number) => boolean) | null
}

export interface CharacterRules {
  readonly utf: boolean
  readonly ucp: boolean
}

const between = (code: number, low: number, high: number): boolean => code >= low && code <= high
const isDigit = (code: number): boolean => between(code, 48, 57)
const isLower = (code: number): boolean => between(code, 97, 122)
const isUpper = (code: number): boolean => between(code, 65, 90)
const isAlpha = (code: number): boolean => isLower(code) || isUpper(code)
const isHorizontal = (code: number): boolean =>
  code === 9 ||
  code === 32 ||
  code === 0xa0 ||
  code === 0x1680 ||
  code === 0x180e ||
  between(code, 0x2000, 0x200a) ||
  code === 0x202f ||
  code === 0x205f ||
  code === 0x3000
const isVertical = (code: number): boolean =>
  between(code, 10, 13) || code === 0x85 || code === 0x2028 || code === 0x2029

/** PCRE's tables, which are those of the C locale. */
const CLASSES: Readonly<Record<PcreClass, (code: number) => boolean>> = {
  digit: isDigit,
  space: code => between(code, 9, 13) || code === 32,
  word: code => isAlpha(code) || isDigit(code) || code === 95,
  horizontal: isHorizontal,
  vertical: isVertical,
  alpha: isAlpha,
  lower: isLower,
  upper: isUpper,
  alnum: code => isAlpha(code) || isDigit(code),
  ascii: code => code < 128,
  blank: code => code === 9 || code === 32,
  cntrl: code => code < 32 || code === 127,
  graph: code => between(code, 33, 126),
  print: code => between(code, 32, 126),
  punct: code => between(code, 33, 126) && !isAlpha(code) && !isDigit(code),
  xdigit: code => isDigit(code) || between(code, 65, 70) || between(code, 97, 102),
}

const isUnicodeGraph = (code: number): boolean =>
  !hasProperty('Z', code) && (!hasProperty('C', code) || hasProperty('Cf', code))

/** With UCP the classes go by properties. */
const UNICODE_CLASSES: Readonly<Partial<Record<PcreClass, (code: number) => boolean>>> = {
  digit: code => hasProperty('Nd', code),
  space: code => hasProperty('Xsp', code),
  word: code => hasProperty('Xwd', code),
  blank: isHorizontal,
  alpha: code => hasProperty('L', code),
  lower: code => hasProperty('Ll', code),
  upper: code => hasProperty('Lu', code),
  alnum: code => hasProperty('Xan', code),
  cntrl: code => hasProperty('Cc', code),
  graph: isUnicodeGraph,
  print: code => isUnicodeGraph(code) || hasProperty('Zs', code),
  punct: code => hasProperty('P', code) || (code < 128 && hasProperty('S', code)),
}

/** Whether a character is one of a word, as `\b` asks. */
export function isWordCharacter(code: number, { ucp }: CharacterRules): boolean {
  return ucp ? hasProperty('Xwd', code) : CLASSES.word(code)
}

/**
 * The codes that are the same but for their case, the given one first. Bytes are letters in ASCII alone, with
 * UCP in Latin 1 too.
 */
export function caseVariants(code: number, { utf, ucp }: CharacterRules): readonly number[] {
  if (!utf && !ucp) return isAlpha(code) ? [code, code ^ 0x20] : [code]
  const variants = utf ? (foldings().get(fold(code)) ?? [code]) : latinVariants(code)
  return [code, ...variants.filter(other => other !== code)]
}

function latinVariants(code: number): readonly number[] {
  const char = String.fromCharCode(code)
  return [char.toLowerCase(), char.toUpperCase()]
    .map(other => (other.length === 1 ? other.charCodeAt(0) : code))
    .filter(other => other < 256)
}

/** Simple case folding: what stays one character. */
function fold(code: number): number {
  if (code > 0xffff) return code
  const char = String.fromCharCode(code)
  const upper = char.toUpperCase()
  const lower = (upper.length === 1 ? upper : char).toLowerCase()
  return lower.length === 1 ? lower.charCodeAt(0) : code
}

let kept: ReadonlyMap<number, readonly number[]> | null = null

/** All characters of each folding; made where the first caseless pattern in UTF is met. */
function foldings(): ReadonlyMap<number, readonly number[]> {
  if (kept !== null) return kept
  const result = new Map<number, number[]>()
  for (let code = 0; code < 0xffff; code++) {
    const folded = fold(code)
    const known = result.get(folded)
    if (known === undefined) result.set(folded, [code])
    else known.push(code)
  }
  kept = result
  return result
}

/** The tables of the classes, and of what is none of them; made where they are first needed. */
const tables = new Map<string, Uint8Array>()

function tableOfClass(name: PcreClass, negated: boolean): Uint8Array {
  const key = `${negated ? '^' : ''}${name}`
  let table = tables.get(key)
  if (table === undefined) {
    const test = CLASSES[name]
    table = Uint8Array.from({ length: 256 }, (_, code) => (test(code) !== negated ? 1 : 0))
    tables.set(key, table)
  }
  return table
}

/** The codes alone, as a set. */
export function setOfCodes(codes: readonly number[], { utf }: CharacterRules): CharacterSet {
  const table = new Uint8Array(256)
  for (const code of codes) if (code < 256) table[code] = 1
  return { table, wide: utf ? code => codes.includes(code) : null }
}

/** A set of bytes; null where it asks for properties. */
function setOfBytes(set: PcreSet): CharacterSet | null {
  const table = new Uint8Array(256)
  for (const member of set.members) {
    if (member.kind === 'range') table.fill(1, member.from, Math.min(member.to, 255) + 1)
    else if (member.kind === 'class') {
      const isCase = set.caseless && (member.name === 'lower' || member.name === 'upper')
      const other = tableOfClass(isCase ? 'alpha' : member.name, member.negated)
      for (let code = 0; code < 256; code++) table[code] = table[code]! | other[code]!
    } else return null
  }
  if (set.caseless) {
    for (let lower = 97; lower <= 122; lower++) {
      const isIn = table[lower]! | table[lower - 32]!
      table[lower] = isIn
      table[lower - 32] = isIn
    }
  }
  if (set.negated) for (let code = 0; code < 256; code++) table[code] = 1 - table[code]!
  return { table, wide: null }
}

/** What a set in a pattern matches; throws {@link Unanswerable} for a property that only the library knows. */
export function characterSet(set: PcreSet, rules: CharacterRules): CharacterSet {
  const bytes = rules.utf || rules.ucp ? null : setOfBytes(set)
  if (bytes !== null) return bytes
  const tests = set.members.map(member => testOf(member, set.caseless, rules))
  const has = (code: number): boolean => tests.some(test => test(code)) !== set.negated
  return setOf(has, rules)
}

/** A set from a test of a code. */
export function setOf(has: (code: number) => boolean, { utf }: CharacterRules): CharacterSet {
  const table = new Uint8Array(256)
  for (let code = 0; code < 256; code++) table[code] = has(code) ? 1 : 0
  return { table, wide: utf ? has : null }
}

function testOf(member: PcreMember, caseless: boolean, rules: CharacterRules): (code: number) => boolean {
  switch (member.kind) {
    case 'range': {
      const { from, to } = member
      if (!caseless) return code => code >= from && code <= to
      return code => caseVariants(code, rules).some(variant => variant >= from && variant <= to)
    }
    case 'class': {
      const { negated } = member
      // Without case a lower or upper letter is any.
      const isCase = caseless && (member.name === 'lower' || member.name === 'upper')
      const name = isCase ? 'alpha' : member.name
      const test = (rules.ucp ? UNICODE_CLASSES[name] : undefined) ?? CLASSES[name]
      return code => test(code) !== negated
    }
    case 'property': {
      const { name, negated } = member
      // Asked once for nothing: what cannot be told is found out here.
      hasProperty(name, 0)
      return code => hasProperty(name, code) !== negated
    }
    case 'unread':
      throw new Unanswerable()
  }
}
