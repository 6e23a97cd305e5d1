import { ruleTraits } from '../../rules/traits.generated.ts'
import { DOCUMENTATION } from '../engine/finding.ts'
import { isOnByDefault } from '../engine/asked-for.ts'
import type { Rule } from '../engine/rule.ts'
import type { RuleTraits } from '../engine/rule-traits.ts'
import { type Severity, severityAtLeast } from '../engine/severity.ts'
import { jsonText } from '../report/json-text.ts'
import { wrapWords } from '../report/wrap-words.ts'
import type { Arguments } from './arguments.ts'
import { assertRuleNames } from './rule-selection.ts'
import type { Terminal } from './terminal.ts'

/** Lists the rules, all or those that are asked for by name, severity, program, or for their fixes. */
export function runRules(given: Arguments, all: readonly Rule[], terminal: Terminal): number {
  assertRuleNames(given.words, all)
  const rules = all.filter(rule => isAskedFor(rule, given))
  if (given.format === 'json') {
    const list = rules.map(rule => ({
      id: rule.id,
      summary: rule.summary,
      severity: rule.severity,
      confidence: rule.confidence,
      securitySeverity: rule.securitySeverity ?? null,
      cwe: rule.cwe ?? [],
      controls: rule.controls ?? [],
      default: isOnByDefault(rule.id) ? 'on' : 'off',
      ...traitsOf(rule),
      since: rule.since,
      docs: `${DOCUMENTATION}/${rule.id}.md`,
    }))
    terminal.print(jsonText(list))
    return 0
  }
  if (rules.length === 0) terminal.warn('no rule is all of that')
  terminal.print(tableOf(rules, terminal))
  return 0
}

const NO_TRAITS: RuleTraits = { fixes: [], programs: [] }

function traitsOf({ id }: Rule): RuleTraits {
  return ruleTraits().get(id) ?? NO_TRAITS
}

function isAskedFor(rule: Rule, { words, minimumSeverity, fixable, program }: Arguments): boolean {
  const { id, severity, otherSeverities = {} } = rule
  const { fixes, programs } = traitsOf(rule)
  return (
    (words.length === 0 || words.includes(id) || words.includes(id.slice(0, id.indexOf('/')))) &&
    (!fixable || fixes.length > 0) &&
    (program === null || programs.includes(program)) &&
    [severity, ...(Object.keys(otherSeverities) as Severity[])].some(each =>
      severityAtLeast(each, minimumSeverity),
    )
  )
}

/** Columns that a summary needs beside the others; on a narrower screen it stands below them. */
const LEAST_SUMMARY = 36
const SEVERITY = 7
const FIX = 6

/** A line a rule, broken where a person's screen ends: id, severity, the kind of its fix, summary. */
function tableOf(rules: readonly Rule[], { isInteractive, columns }: Terminal): string {
  const width = Math.max(...rules.map(({ id }) => id.length), 0)
  const screen = isInteractive && columns !== undefined && columns > 0 ? columns : Number.POSITIVE_INFINITY
  const isBeside = screen - width - SEVERITY - FIX - 6 >= LEAST_SUMMARY
  const lines = rules.flatMap(rule => {
    const { id, severity, summary } = rule
    // Where one of its fixes is safe, `--fix` does something.
    const fix = traitsOf(rule).fixes[0] ?? '-'
    const facts = `${severity.padEnd(SEVERITY)}  ${fix.padEnd(FIX)}  `
    const head = isBeside ? `${id.padEnd(width)}  ${facts}` : `    ${facts}`
    const said = isOnByDefault(id) ? summary : `${summary} (off unless asked for)`
    const [first = '', ...rest] = wrapWords(said, screen - head.length)
    const indented = rest.map(line => ' '.repeat(head.length) + line)
    return [...(isBeside ? [] : [id]), head + first, ...indented]
  })
  return lines.map(line => `${line}\n`).join('')
}
