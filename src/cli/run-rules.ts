import { DOCUMENTATION } from '../engine/finding.ts'
import type { Rule } from '../engine/rule.ts'
import { type Severity, severityAtLeast } from '../engine/severity.ts'
import { jsonText } from '../report/json-text.ts'
import type { Arguments } from './arguments.ts'
import { assertRuleNames } from './rule-selection.ts'
import type { Terminal } from './terminal.ts'

/** Lists the rules, all or those that are named, and of these what may be as bad as was asked for. */
export function runRules(given: Arguments, all: readonly Rule[], terminal: Terminal): number {
  const { words, minimumSeverity } = given
  assertRuleNames(words, all)
  const rules = all.filter(
    ({ id, severity, otherSeverities = {} }) =>
      (words.length === 0 || words.includes(id) || words.includes(id.slice(0, id.indexOf('/')))) &&
      [severity, ...(Object.keys(otherSeverities) as Severity[])].some(each =>
        severityAtLeast(each, minimumSeverity),
      ),
  )
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
  const width = Math.max(...rules.map(({ id }) => id.length), 0)
  const lines = rules.map(
    ({ id, severity, summary }) => `${id.padEnd(width)}  ${severity.padEnd(7)}  ${summary}\n`,
  )
  terminal.print(lines.join(''))
  return 0
}
