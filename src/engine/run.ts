import type { Deployment } from '../deployment/model.ts'
import { type FileNamer, type Finding, toFinding } from './finding.ts'
import type { Rule } from './rule.ts'
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
    try {
      for (const raw of rule.check(deployment)) {
        findings.push(toFinding(rule, raw, severity ?? raw.severity ?? rule.severity, fileName))
      }
    } catch (error) {
      crashes.push({ rule: rule.id, message: error instanceof Error ? error.message : String(error) })
    }
  }
  return { findings, crashes }
}
