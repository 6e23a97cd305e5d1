import { memo } from '../../parsers/collections/memo.ts'
import type { Rule } from '../engine/rule.ts'
import type { ActiveRule } from '../engine/run.ts'
import type { Severity } from '../engine/severity.ts'
import { InputError } from '../files/input-error.ts'
import { unknownRule } from './unknown-rule.ts'

export interface RuleSelection {
  /** Ids and groups of `--only`; all where empty. */
  readonly only: readonly string[]
  readonly skip: readonly string[]
  /** What `rules` of `.auditrc` says. */
  readonly configured: (id: string) => Severity | 'off' | null
  /** True for a rule that is on in some files, though it may be off in the others. */
  readonly isOnSomewhere?: (id: string) => boolean
}

/** Every name that `--only`, `--skip` and `.auditrc` may use: ids and groups. */
export const ruleNames = memo((rules: readonly Rule[]): readonly string[] => [
  ...new Set(rules.flatMap(({ id }) => [groupOf(id), id])),
])

/** Throws {@link InputError} for a name that is neither a rule's nor a group's. */
export function assertRuleNames(names: readonly string[], rules: readonly Rule[]): void {
  for (const name of names) {
    const known = ruleNames(rules)
    if (!known.includes(name)) throw new InputError(unknownRule(name, known))
  }
}

/** The rules of this audit. What the command line names runs even where `.auditrc` has it off. */
export function selectRules(rules: readonly Rule[], selection: RuleSelection): readonly ActiveRule[] {
  const { only, skip, configured, isOnSomewhere = () => false } = selection
  assertRuleNames([...only, ...skip], rules)
  const isNamed = (names: readonly string[], id: string): boolean =>
    names.includes(id) || names.includes(groupOf(id))
  const active: ActiveRule[] = []
  for (const rule of rules) {
    const { id } = rule
    const severity = configured(id)
    if (isNamed(skip, id)) continue
    if (only.length > 0 ? !isNamed(only, id) : severity === 'off' && !isOnSomewhere(id)) continue
    active.push({ rule, severity: severity === 'off' ? null : severity })
  }
  if (active.length === 0 && rules.length > 0) throw new InputError(noRule(selection))
  return active
}

/** An audit without a rule would find nothing and say so. */
function noRule({ only, skip }: RuleSelection): string {
  if (only.length > 0 && skip.length > 0) return '--only and --skip together leave no rule to run'
  return skip.length > 0 ? '--skip leaves no rule to run' : '.auditrc leaves no rule to run'
}

function groupOf(id: string): string {
  return id.slice(0, id.indexOf('/'))
}
