/**
 * Compares the reader of patterns, and with PCRE2 the matcher, with the real library on patterns made by chance:
 * `tsx test/conformance/pcre/differential.ts [--count N] [--seed S] [--release 8.39|10.42] [--pcre2test PROGRAM]`.
 */
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type PcreOptions, parsePcre } from '../../../parsers/pcre/parse-pcre.ts'
import { pcreMessage } from '../../../parsers/pcre/problems.ts'
import type { PcreRelease } from '../../../parsers/pcre/release.ts'
import { compareMatching } from './compare-matching.ts'
import { COMPILED, generatePattern, mutatePattern } from './generate-patterns.ts'
import { askPcre1, askPcre2, type Question, type Verdict } from './real-pcre.ts'

export interface Disagreement {
  readonly pattern: string
  readonly options: PcreOptions
  readonly real: Verdict
  readonly ours: Verdict
}

export interface CompileComparison {
  readonly count: number
  readonly accepted: number
  readonly falseRefusals: readonly Disagreement[]
  readonly falseAcceptances: readonly Disagreement[]
}

export function patternsOf(seed: number, count: number): readonly string[] {
  const patterns: string[] = []
  for (let index = 0; patterns.length < count; index++) {
    const own = seed * 1_000_003 + index
    const pattern = generatePattern(own, index % 4 === 0 ? 'ordinary' : 'wild')
    const isMutant = index % 3 === 0 && patterns.length > 0
    const made = isMutant ? mutatePattern(pattern, patterns.at(-1) ?? '', own) : pattern
    if (made !== '' && !made.includes('\0')) patterns.push(made)
  }
  return patterns
}

export function compareCompiling(
  seed: number,
  count: number,
  release: PcreRelease,
  program?: string,
): CompileComparison {
  const questions: Question[] = patternsOf(seed, count).map((pattern, index) => ({
    pattern,
    options: COMPILED[index % COMPILED.length] ?? {},
    subjects: [],
  }))
  const real = release < 10 ? askPcre1(questions) : askPcre2(questions, program).map(({ verdict }) => verdict)
  const falseRefusals: Disagreement[] = []
  const falseAcceptances: Disagreement[] = []
  let accepted = 0
  for (const [index, { pattern, options }] of questions.entries()) {
    const { problem } = parsePcre(pattern, release, options)
    const ours = problem === null ? null : pcreMessage(problem.code)
    const verdict = real[index] ?? null
    if (verdict === null) accepted++
    if (verdict === null && ours !== null) falseRefusals.push({ pattern, options, real: verdict, ours })
    if (verdict !== null && ours === null) falseAcceptances.push({ pattern, options, real: verdict, ours })
  }
  return { count, accepted, falseRefusals, falseAcceptances }
}

function main(): void {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      release: { type: 'string', default: '10.42' },
      pcre2test: { type: 'string' },
    },
  })
  const release = Number(values.release) as PcreRelease
  const result = compareCompiling(Number(values.seed), Number(values.count), release, values.pcre2test)
  for (const { pattern, ours } of result.falseRefusals)
    console.log(`refused: ${JSON.stringify(pattern)} ${ours}`)
  for (const { pattern, real } of result.falseAcceptances) {
    console.log(`accepted: ${JSON.stringify(pattern)} ${real}`)
  }
  console.log(
    `${result.count} patterns, ${result.accepted} of which compile: ${result.falseRefusals.length} false refusals, ${result.falseAcceptances.length} false acceptances`,
  )
  if (release < 10) return
  const found = compareMatching(Number(values.seed), Math.ceil(Number(values.count) / 2), values.pcre2test)
  for (const { pattern, options, subject, real, ours } of found.disagreements) {
    console.log(`matched: ${JSON.stringify({ pattern, options, subject, real, ours })}`)
  }
  console.log(
    `${found.compared} pairs, ${found.matched} of which match: ${found.disagreements.length} disagreements; ${found.unknown} pairs left open`,
  )
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main()
