import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { dirname, relative, resolve } from 'node:path'
import * as v from 'valibot'
import { type Finding, textAround } from '../engine/finding.ts'
import type { Report } from '../engine/report.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { InputError } from '../files/input-error.ts'
import { systemReason } from '../files/system-reason.ts'
import { jsonPieces } from '../report/json-text.ts'
import type { Terminal } from './terminal.ts'
import { writeOutput } from './write-output.ts'

/** What was found when the baseline was written. */
const entrySchema = v.object({
  rule: v.string(),
  /** Relative to the baseline's own directory. */
  file: v.string(),
  message: v.string(),
  /** Tells the finding again, wherever its line has moved to and from wherever the audit is started. */
  key: v.string(),
})
const baselineSchema = v.object({ version: v.literal(1), findings: v.array(entrySchema) })

export type BaselineEntry = v.InferOutput<typeof entrySchema>

export interface Baseline {
  /** As the user wrote it. */
  readonly name: string
  /** Absolute. */
  readonly directory: string
  readonly entries: readonly BaselineEntry[]
}

const FORM = 'no baseline of deploy-audit: `--write-baseline` writes one'

/** Reads a baseline. Throws {@link InputError} where it cannot be read, or is none. */
export function readBaseline(name: string, workingDirectory: string): Baseline {
  let text = ''
  try {
    text = readFileSync(resolve(workingDirectory, name), 'utf8')
  } catch (error) {
    throw new InputError(`${name}: cannot be read: ${systemReason(error)}`)
  }
  let value: unknown = null
  try {
    value = JSON.parse(text)
  } catch {
    throw new InputError(`${name}: ${FORM}`)
  }
  const result = v.safeParse(baselineSchema, value)
  if (!result.success) throw new InputError(`${name}: ${FORM}`)
  return { name, directory: dirname(resolve(workingDirectory, name)), entries: result.output.findings }
}

/** Whole or not at all. Throws {@link InputError}. */
function writeBaseline(name: string, entries: readonly BaselineEntry[], workingDirectory: string): void {
  writeOutput(resolve(workingDirectory, name), jsonPieces({ version: 1, findings: entries }), name)
}

/** Findings as a baseline in some directory holds them: equal lines of one file are told apart by their order. */
function entriesOf(
  findings: readonly Finding[],
  directory: string,
  workingDirectory: string,
): readonly BaselineEntry[] {
  const counts = new Map<string, number>()
  return findings.map(({ rule, at, message }) => {
    const file = relative(directory, resolve(workingDirectory, at.file))
    const text = [rule, file, textAround(at)].join('\0')
    const count = counts.get(text) ?? 0
    counts.set(text, count + 1)
    const key = createHash('sha256').update(`${text}\0${count}`).digest('hex').slice(0, 32)
    return { rule, file, message, key }
  })
}

interface Compared {
  /** The report with what the baseline lists among the suppressed findings. */
  readonly report: Report
  /**
   * The entries that are found no more: of those whose rule ran, in files below the audited paths. None where the
   * audit is not complete.
   */
  readonly gone: readonly BaselineEntry[]
}

/** @param paths absolute; what was audited */
export function compareWithBaseline(
  report: Report,
  { name, directory, entries }: Baseline,
  paths: readonly string[],
  workingDirectory: string,
): Compared {
  const known = new Set(entries.map(({ key }) => key))
  const keys = entriesOf(report.findings, directory, workingDirectory).map(({ key }) => key)
  const isKnown = (index: number): boolean => known.has(keys[index] ?? '')
  const suppression = { kind: 'external', reason: 'it is in the baseline', file: name, line: 1 } as const
  const found = new Set(keys)
  const ran = new Set(report.rules.map(({ id }) => id))
  const isAudited = (file: string): boolean =>
    paths.some(audited => isBelow(resolve(directory, file), audited))
  return {
    report: {
      ...report,
      findings: report.findings.filter((_, index) => !isKnown(index)),
      suppressed: [
        ...report.suppressed,
        ...report.findings.filter((_, index) => isKnown(index)).map(finding => ({ ...finding, suppression })),
      ],
    },
    gone: report.complete
      ? entries.filter(({ rule, file, key }) => !found.has(key) && ran.has(rule) && isAudited(file))
      : [],
  }
}

/** Writes a baseline of all that is found now. Throws {@link InputError}. */
export function listFindings(
  name: string,
  findings: readonly Finding[],
  { workingDirectory, warn }: Terminal,
): void {
  const directory = dirname(resolve(workingDirectory, name))
  writeBaseline(name, entriesOf(findings, directory, workingDirectory), workingDirectory)
  warn(`${name} lists ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`)
}

/** As many entries that are gone are named. */
const MOST_GONE = 10

/** Says on standard error which entries are found no more, and takes them out where that is asked for. */
export function sayGone(
  { name, entries }: Baseline,
  gone: readonly BaselineEntry[],
  prune: boolean,
  { workingDirectory, warn }: Terminal,
): void {
  if (gone.length === 0) return
  if (prune) {
    const left = new Set(gone)
    writeBaseline(
      name,
      entries.filter(entry => !left.has(entry)),
      workingDirectory,
    )
  }
  const what = `${gone.length} of ${entries.length} entries`
  warn(`${name}: ${what} ${prune ? 'removed' : 'are found no more: --prune-baseline removes them'}`)
  for (const { file, rule, message } of gone.slice(0, MOST_GONE)) warn(`  ${file}: ${rule}: ${message}`)
  if (gone.length > MOST_GONE) warn(`  and ${gone.length - MOST_GONE} more`)
}
