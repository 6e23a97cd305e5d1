import { groupBy } from '../../parsers/collections/group-by.ts'
import { restsOnDefault } from './rests-on-default.ts'
import type { Deployment } from '../deployment/model.ts'
import { type FileNamer, type Finding, toFinding } from './finding.ts'
import { mergeFindings } from './merge.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Rule, RuleFinding } from './rule.ts'
import type { Severity } from './severity.ts'

/** A rule as this audit runs it: its severity may be the user's. */
export interface ActiveRule {
  readonly rule: Rule
  /** Null where the rule and its findings decide. */
  readonly severity: Severity | null
}

/** A rule that threw: a defect of the tool, which hides nothing of what the other rules found. */
export interface Crash {
  readonly rule: string
  readonly message: string
  readonly stack: string
}

export interface RunResult {
  readonly findings: readonly Finding[]
  readonly crashes: readonly Crash[]
}

/** What rules yielded of one deployment, before one cause is made one finding. */
export interface RuleAnswers {
  readonly found: readonly Found[]
  readonly crashes: readonly Crash[]
}

export interface Found {
  readonly active: ActiveRule
  readonly finding: RuleFinding
}

/** What one rule may say of one deployment: ten times what ten thousand faulty sites come to. */
export const MOST_FINDINGS = 100_000

/** Asks every rule about one deployment. What a rule yielded before it crashed is kept. */
export function askRules(rules: readonly ActiveRule[], deployment: Deployment): RuleAnswers {
  const found: Found[] = []
  const crashes: Crash[] = []
  for (const active of rules) {
    try {
      let count = 0
      for (const finding of active.rule.check(deployment)) {
        if (count++ === MOST_FINDINGS) break
        found.push({ active, finding })
      }
    } catch (error) {
      crashes.push({ rule: active.rule.id, ...describe(error) })
    }
  }
  const own = found.filter(({ active, finding }) => !restsOnDefault(active.rule.id, finding))
  return { found: withoutMoot(own), crashes }
}

/** Nothing is said of a text that another rule says takes no part; what a server refuses it refuses there too. */
function withoutMoot(found: readonly Found[]): readonly Found[] {
  const moot = found.filter(({ finding }) => finding.moot !== undefined)
  if (moot.length === 0) return found
  const bySource = groupBy(moot, ({ finding }) => finding.moot?.source)
  return found.filter(
    ({ active, finding: { at, fatal } }) =>
      fatal === true ||
      !bySource.get(at.source)?.some(other => other.active !== active && isInside(at, other.finding.moot)),
  )
}

function isInside({ start, end }: Place, around: Place | undefined): boolean {
  return around !== undefined && around.start <= start && end <= around.end
}

/** What was found of one deployment as it is reported, one finding for each cause. */
export function conclude(found: readonly Found[], fileName: FileNamer): RunResult {
  const findings: Finding[] = []
  const crashes: Crash[] = []
  for (const [{ rule, severity }, all] of groupBy(found, ({ active }) => active)) {
    const raw = all.map(({ finding }) => finding)
    try {
      for (const merged of mergeFindings(raw, rule))
        findings.push(toFinding(rule, merged, severity ?? merged.severity, fileName))
    } catch (error) {
      crashes.push({ rule: rule.id, ...describe(error) })
    }
  }
  return { findings, crashes }
}

/** Asks every rule about one deployment, and makes one finding of each cause. */
export function runRules(
  rules: readonly ActiveRule[],
  deployment: Deployment,
  fileName: FileNamer,
): RunResult {
  const asked = askRules(rules, deployment)
  const { findings, crashes } = conclude(asked.found, fileName)
  return { findings, crashes: [...asked.crashes, ...crashes] }
}

function describe(error: unknown): { readonly message: string; readonly stack: string } {
  return error instanceof Error
    ? { message: error.message, stack: error.stack ?? error.message }
    : { message: String(error), stack: String(error) }
}
