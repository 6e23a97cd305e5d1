import type { PcreOptions } from '../../../parsers/pcre/parse-pcre.ts'
import { type Choices, choices } from '../../live/apache-random.ts'

/** As nginx compiles, as nginx does for `~*`, as httpd does, and as httpd did before it set options of its own. */
export const COMPILED: readonly PcreOptions[] = [
  {},
  { caseless: true },
  { dotAll: true, dollarEndOnly: true, duplicateNames: true },
  { caseless: true, dotAll: true, dollarEndOnly: true, duplicateNames: true },
]

const LITERALS = [
  'a',
  'b',
  'c',
  'A',
  'B',
  '/',
  '.',
  '-',
  '_',
  '0',
  '1',
  '9',
  ' ',
  'é',
  ':',
  ',',
  '=',
  '#',
  '\n',
]
const CLASS_ESCAPES = [
  '\\d',
  '\\D',
  '\\s',
  '\\S',
  '\\w',
  '\\W',
  '\\h',
  '\\H',
  '\\v',
  '\\V',
  '\\N',
  '\\R',
  '\\X',
  '\\C',
]
const PLACES = ['^', '$', '\\A', '\\Z', '\\z', '\\b', '\\B', '\\G', '\\K']
const CHARACTERS = [
  '\\n',
  '\\t',
  '\\r',
  '\\f',
  '\\e',
  '\\a',
  '\\.',
  '\\/',
  '\\-',
  '\\\\',
  '\\x41',
  '\\x{62}',
  '\\x{100}',
  '\\x',
  '\\x{}',
  '\\x{4',
  '\\o{101}',
  '\\o{8}',
  '\\012',
  '\\0',
  '\\377',
  '\\400',
  '\\cA',
  '\\c',
  '\\c\x7f',
  '\\_',
  '\\y',
  '\\i',
  '\\F',
  '\\l',
  '\\u0041',
  '\\Q.*\\E',
  '\\Q\\E',
  '\\E',
  '\\N{U+41}',
  '\\N{2}',
  '\\N{a}',
]
const PROPERTIES = [
  '\\pL',
  '\\PN',
  '\\p{Lu}',
  '\\p{^Ll}',
  '\\P{L&}',
  '\\p{Greek}',
  '\\p{greek}',
  '\\p{sc:Latin}',
  '\\p{Xan}',
  '\\p{Any}',
  '\\p{Nope}',
  '\\p{',
  '\\p',
  '\\pq',
  '\\p{Alphabetic}',
]
const POSIX = [
  '[:alpha:]',
  '[:^digit:]',
  '[:word:]',
  '[:nope:]',
  '[.a.]',
  '[=a=]',
  '[:a[:digit:]b:]',
  '[:punct:]',
  '[:xdigit:]',
  '[:<:]',
  '[:upper:]',
]
const QUANTIFIERS = [
  '*',
  '+',
  '?',
  '{2}',
  '{0}',
  '{1}',
  '{1,}',
  '{0,3}',
  '{1,2}',
  '{3,1}',
  '{,2}',
  '{ 1,2 }',
  '{65536}',
  '{1,',
  '{}',
  '{a}',
  '{500}',
]
const VERBS = [
  '(*ACCEPT)',
  '(*FAIL)',
  '(*F)',
  '(*COMMIT)',
  '(*PRUNE)',
  '(*SKIP)',
  '(*THEN)',
  '(*MARK:a)',
  '(*:b)',
  '(*MARK)',
  '(*PRUNE:x)',
  '(*ACCEPT:x)',
  '(*NOPE)',
  '(*)',
  '(*COMMIT:y)',
  '(*SKIP:a)',
  '(*F:)',
]
const STARTS = [
  '(*UTF)',
  '(*UTF8)',
  '(*UCP)',
  '(*LF)',
  '(*CR)',
  '(*CRLF)',
  '(*ANYCRLF)',
  '(*ANY)',
  '(*NUL)',
  '(*BSR_ANYCRLF)',
  '(*NO_JIT)',
  '(*NO_START_OPT)',
  '(*LIMIT_MATCH=1000)',
  '(*LIMIT_HEAP=9)',
  '(*LIMIT_MATCH=)',
  '(*NOTEMPTY)',
  '(*UTF16)',
]
const NAMES = ['n', 'm', 'name_1', 'R', 'R1', 'DEFINE', '1n', 'a'.repeat(32), 'a'.repeat(33), '']
const NUMBERS = ['0', '1', '2', '3', '10', '+1', '-1', '+0', '-2', '65536']

/** How much of what only a test would write there is. */
export type PatternStyle = 'ordinary' | 'wild'

interface Writer {
  readonly random: Choices
  readonly style: PatternStyle
  depth: number
}

const pick = <T>(writer: Writer, items: readonly T[]): T => writer.random.pick(items)
const between = (random: Choices, least: number, most: number): number =>
  least + random.below(most - least + 1)

/** A pattern made by chance: `ordinary` ones mostly compile, `wild` ones hold all that PCRE knows, and faults. */
export function generatePattern(seed: number, style: PatternStyle): string {
  const writer: Writer = { random: choices(seed), style, depth: 0 }
  const start = style === 'wild' && writer.random.chance(0.06) ? pick(writer, STARTS) : ''
  const more = start !== '' && writer.random.chance(0.3) ? pick(writer, STARTS) : ''
  return start + more + alternatives(writer)
}

function alternatives(writer: Writer): string {
  let result = sequence(writer)
  while (writer.random.chance(0.25)) result += `|${sequence(writer)}`
  return result
}

function sequence(writer: Writer): string {
  let result = ''
  const items = between(writer.random, 0, 4 - Math.min(writer.depth, 3))
  for (let index = 0; index <= items; index++) result += item(writer)
  return result
}

function item(writer: Writer): string {
  let result = atom(writer)
  if (writer.random.chance(0.3)) result += quantifier(writer)
  return result
}

function quantifier(writer: Writer): string {
  const usual = ['*', '+', '?', '{2}', '{1,2}', '{0,3}', '{1,}', '{0}']
  const base = writer.style === 'wild' ? pick(writer, QUANTIFIERS) : pick(writer, usual)
  return base + pick(writer, ['', '', '', '', '?', '+'])
}

function atom(writer: Writer): string {
  const { random, style } = writer
  const isWild = style === 'wild'
  const roll = between(random, 0, 99)
  if (roll < 38) return literals(writer)
  if (roll < 44) return '.'
  if (roll < 50) return characterClass(writer)
  if (roll < 56) return pick(writer, isWild ? CLASS_ESCAPES : CLASS_ESCAPES.slice(0, 11))
  if (roll < 62) return pick(writer, isWild ? PLACES : PLACES.slice(0, 7))
  if (roll < 66) return isWild ? pick(writer, CHARACTERS) : pick(writer, CHARACTERS.slice(0, 12))
  if (roll < 68 && isWild) return pick(writer, PROPERTIES)
  if (roll < 71) return reference(writer)
  if (roll < 73 && isWild) return pick(writer, VERBS)
  if (roll < 74 && isWild) return pick(writer, ['(?C)', '(?C9)', '(?C"x")', '(?C256)', '(?#note)', '(?#'])
  if (writer.depth > 4) return 'a'
  writer.depth++
  const made = group(writer)
  writer.depth--
  return made
}

function literals(writer: Writer): string {
  let result = ''
  do result += pick(writer, writer.style === 'wild' ? LITERALS : LITERALS.slice(0, 10))
  while (writer.random.chance(0.4))
  return result.replaceAll('.', '\\.')
}

function characterClass(writer: Writer): string {
  const { random } = writer
  const isWild = writer.style === 'wild'
  let result = random.chance(0.3) ? '[^' : '['
  if (isWild && random.chance(0.05)) result += ']'
  const members = between(random, 1, 4)
  for (let index = 0; index < members; index++) {
    const roll = between(random, 0, 99)
    if (roll < 40) result += pick(writer, ['a', 'b', '/', '.', '_', 'A', '0'])
    else if (roll < 65) result += pick(writer, ['a-c', '0-9', 'A-Z', 'a-z', '!-/'])
    else if (roll < 80) result += pick(writer, isWild ? CLASS_ESCAPES : CLASS_ESCAPES.slice(0, 10))
    else if (roll < 88) result += pick(writer, isWild ? POSIX : POSIX.slice(0, 3))
    else if (isWild) {
      const odd = [
        '-',
        'z-a',
        '\\b',
        '\\Qa-z]\\E',
        '\\]',
        '^',
        'é',
        '\\x{e9}',
        '\\p{L}',
        '\\E',
        '\\B',
        'a-\\d',
        '[',
      ]
      result += random.chance(0.3) ? pick(writer, CHARACTERS) : pick(writer, odd)
    } else result += pick(writer, ['\\]', '\\-', '\\n'])
  }
  if (random.chance(0.1)) result += '-'
  return isWild && random.chance(0.03) ? result : `${result}]`
}

function reference(writer: Writer): string {
  if (writer.style === 'ordinary') return pick(writer, ['\\1', '\\2', '\\g{1}', '\\k<n>', '(?P=n)'])
  const name = pick(writer, NAMES)
  const number = pick(writer, NUMBERS)
  return pick(writer, [
    '\\1',
    '\\2',
    '\\8',
    '\\10',
    `\\g${number}`,
    `\\g{${number}}`,
    `\\g<${number}>`,
    `\\g'${number}'`,
    `\\g{${name}}`,
    `\\g<${name}>`,
    `\\k<${name}>`,
    `\\k{${name}}`,
    `\\k'${name}'`,
    `(?P=${name})`,
    `(?P>${name})`,
    `(?&${name})`,
    `(?${number})`,
    '(?R)',
    '\\k',
    '\\g',
    '\\k<n',
  ])
}

function group(writer: Writer): string {
  const { random } = writer
  if (writer.style === 'ordinary') {
    const opener = pick(writer, [
      '(',
      '(',
      '(',
      '(?:',
      '(?:',
      '(?=',
      '(?!',
      '(?<=',
      '(?<!',
      '(?>',
      '(?i:',
      '(?<n>',
      '(?|',
      '(?s-i:',
      '(?i)(?:',
    ])
    const body = opener.startsWith('(?<=') || opener.startsWith('(?<!') ? fixed(writer) : alternatives(writer)
    return `${opener}${body})`
  }
  const name = pick(writer, NAMES)
  const number = pick(writer, NUMBERS)
  const openers = [
    '(',
    '(',
    '(',
    '(?:',
    '(?:',
    '(?=',
    '(?!',
    '(?<=',
    '(?<!',
    '(?<*',
    '(?*',
    '(?>',
    '(?|',
    '(?i:',
    '(?-i:',
    '(?^',
    '(?^i:',
    '(?x:',
    '(?xx:',
    '(?n:',
    '(?U:',
    '(?J:',
    '(?m-s:',
    '(?i--s:',
    '(?a:',
    '(?q:',
    '(?i)',
    '(?x)',
    '(?J)',
    '(?',
    '(?P',
    '(?<',
    `(?<${name}>`,
    `(?P<${name}>`,
    `(?'${name}'`,
    `(?(${number})`,
    `(?(<${name}>)`,
    `(?('${name}')`,
    `(?(${name})`,
    `(?(R&${name})`,
    '(?(R)',
    '(?(R1)',
    '(?(DEFINE)',
    '(?(VERSION>=10.4)',
    '(?(VERSION=10)',
    '(?(?=a)',
    '(?(?!a)',
    '(?(?<=a)',
    '(?(?<=ab?)',
    '(?(*pla:a)',
    '(?(?C9)(?=a)',
    '(?(a)',
    '(?(',
    '(*pla:',
    '(*plb:',
    '(*nla:',
    '(*negative_lookbehind:',
    '(*napla:',
    '(*naplb:',
    '(*atomic:',
    '(*sr:',
    '(*asr:',
    '(*nope:',
  ]
  const opener = pick(writer, openers)
  const body = opener.includes('<=') && random.chance(0.5) ? fixed(writer) : alternatives(writer)
  const closer = random.chance(0.02) ? '' : ')'
  return `${opener}${body}${closer}`
}

/** What has a fixed length, as a look-behind must. */
function fixed(writer: Writer): string {
  let result = ''
  const items = between(writer.random, 1, 3)
  for (let index = 0; index < items; index++) {
    result += pick(writer, ['a', 'b', '/', '\\.', '[ab]', '\\d', 'a{2}', '(?:ab|cd)', '(a)', '^', '\\b'])
  }
  return writer.random.chance(0.2) ? `${result}|${pick(writer, ['a', 'bc', 'x{3}'])}` : result
}

/** A small change of a pattern: something left out, doubled, swapped or put in. */
export function mutatePattern(pattern: string, other: string, seed: number): string {
  const random = choices(seed)
  const at = between(random, 0, pattern.length)
  const to = Math.min(pattern.length, at + between(random, 1, 3))
  const piece = pattern.slice(at, to)
  switch (between(random, 0, 4)) {
    case 0:
      return pattern.slice(0, at) + pattern.slice(to)
    case 1:
      return pattern.slice(0, at) + piece + pattern.slice(at)
    case 2:
      return pattern.slice(0, at) + [...piece].reverse().join('') + pattern.slice(to)
    case 3:
      return pattern.slice(0, at) + random.pick([...'()[]{}\\*+?|^$.-:<>=!#,&PRQE1x']) + pattern.slice(at)
    default: {
      const from = between(random, 0, other.length)
      return pattern.slice(0, at) + other.slice(from, from + between(random, 1, 8)) + pattern.slice(at)
    }
  }
}
