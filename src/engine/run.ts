import type { Deployment } from '../deployment/model.ts'
import { type FileNamer, type Finding, toFinding } from './finding.ts'
import { mergeFindings } from './merge.ts'
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

/** Asks every rule about one deployment. What a rule yielded before it crashed is kept. */
export function runRules(
  rules: readonly ActiveRule[],
  deployment: Deployment,
  fileName: FileNamer,
): RunResult {
  const findings: Finding[] = []
  const crashes: Crash[] = []
  for (const { rule, severity } of rules) {
    const found: RuleFinding[] = []
    try {
      try {
        for (const raw of rule.check(deployment)) found.push(raw)
      } finally {
        for (const merged of mergeFindings(found, rule))
          findings.push(toFinding(rule, merged, severity ?? merged.severity, fileName))
      }
    } catch (error) {
      crashes.push({ rule: rule.id, ...describe(error) })
    }
  }
  return { findings, crashes }
}

function describe(error: unknown): { readonly message: string; readonly stack: string } {
  return error instanceof Error
    ? { message: error.message, stack: error.stack ?? error.message }
    : { message: String(error), stack: String(error) }
}
