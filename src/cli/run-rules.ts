import { DOCUMENTATION } from '../engine/finding.ts'
import type { Rule } from '../engine/rule.ts'
import { jsonText } from '../report/json-text.ts'
import type { Arguments } from './arguments.ts'
import type { Terminal } from './terminal.ts'

/** Lists every rule. */
export function runRules(given: Arguments, rules: readonly Rule[], terminal: Terminal): number {
  if (given.format === 'json') {
    const list = rules.map(rule => ({
      id: rule.id,
      summary: rule.summary,
      severity: rule.severity,
      confidence: rule.confidence,
      securitySeverity: rule.securitySeverity ?? null,
      since: rule.since,
      docs: `${DOCUMENTATION}/${rule.id}.md`,
    }))
    terminal.print(jsonText(list))
    return 0
  }
  const width = Math.max(...rules.map(({ id }) => id.length))
  const lines = rules.map(
    ({ id, severity, summary }) => `${id.padEnd(width)}  ${severity.padEnd(7)}  ${summary}\n`,
  )
  terminal.print(lines.join(''))
  return 0
}
