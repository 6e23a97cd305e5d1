import type { PcreOptions } from '../../../parsers/pcre/parse-pcre.ts'
import { compilePcre, toBytes } from '../../../src/servers/regex.ts'
import { choices } from '../../live/apache-random.ts'
import { COMPILED, generatePattern } from './generate-patterns.ts'
import { asPrinted, askPcre2, type Question, type RealMatch } from './real-pcre.ts'

export interface MatchDisagreement {
  readonly pattern: string
  readonly options: PcreOptions
  readonly subject: string
  readonly real: RealMatch
  readonly ours: RealMatch | undefined
}

export interface MatchComparison {
  readonly compared: number
  readonly matched: number
  /** Pairs that this matcher leaves open: the pattern, or the limit of steps. */
  readonly unknown: number
  readonly unprepared: readonly string[]
  readonly disagreements: readonly MatchDisagreement[]
}

const PIECES = [
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
  ' ',
  'é',
  ':',
  '\n',
  '\r\n',
  'ab',
  'aa',
  '#',
  ',',
]

/** Texts of the letters of which patterns are made; some are the pattern's own without its signs. */
function subjectsOf(pattern: string, seed: number): string[] {
  const random = choices(seed)
  const plain = pattern.replace(/\\.|[()[\]{}*+?|^$<>=!]/g, '').slice(0, 20)
  const made = [0, 1, 2].map(() => {
    let text = ''
    const length = random.below(8)
    for (let index = 0; index < length; index++) text += random.pick(PIECES)
    return text
  })
  const cut = random.below(plain.length + 1)
  return [...made, plain, plain.slice(0, cut) + random.pick(PIECES) + plain.slice(cut)]
}

export function compareMatching(seed: number, count: number, program?: string): MatchComparison {
  const questions: Question[] = []
  for (let index = 0; questions.length < count; index++) {
    const own = seed * 1_000_003 + index
    const pattern = generatePattern(own, index % 3 === 0 ? 'wild' : 'ordinary')
    if (pattern === '' || pattern.includes('\0')) continue
    // A group that is never matched may anchor a pattern in 10.42: `(a|\Ab){0}c` only matches at the start.
    if (/\)\{0\}/.test(pattern)) continue
    const options = COMPILED[index % COMPILED.length] ?? {}
    questions.push({ pattern, options, subjects: subjectsOf(pattern, own) })
  }
  const answers = askPcre2(questions, program)
  const disagreements: MatchDisagreement[] = []
  const unprepared: string[] = []
  let compared = 0
  let matched = 0
  let unknown = 0
  for (const [index, { pattern, options, subjects }] of questions.entries()) {
    const answer = answers[index]
    if (answer === undefined || answer.verdict !== null) continue
    const compiled = compilePcre(pattern, options)
    if (compiled === null) unprepared.push(pattern)
    for (const [place, subject] of subjects.entries()) {
      const real = answer.matches[place] ?? null
      if (compiled === null) {
        unknown++
        continue
      }
      const found = compiled.match(toBytes(subject))
      const isError = real !== null && 'error' in real
      if (found === undefined || isError) {
        unknown++
        continue
      }
      compared++
      const isUtf = pattern.includes('(*UTF')
      const ours = found === null ? null : found.captures.map(part => asPrinted(part, isUtf))
      if (ours !== null) matched++
      // A group that is not set is empty to the servers.
      const theirs = real === null || isError ? null : ours?.map((_, group) => real[group] ?? '')
      const isSame =
        (ours === null) === (real === null) &&
        (ours === null || JSON.stringify(ours) === JSON.stringify(theirs))
      if (!isSame) disagreements.push({ pattern, options, subject, real, ours })
    }
  }
  return { compared, matched, unknown, unprepared, disagreements }
}
