import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { RuleFinding } from './rule.ts'
import type { Finding } from './finding.ts'
import type { Acceptance, Suppression } from './suppression.ts'

/** A suppression with the names that the report gives to things. */
export interface LocatedSuppression extends Suppression {
  readonly file: string
  /** One-based line of the comment. */
  readonly line: number
}

export interface SuppressedFinding extends Finding {
  readonly suppression: Acceptance
}

/** What suppressions may name, and of which of them this audit can tell that they are not needed. */
export interface SuppressionNames {
  /** Ids and groups of every rule that there is. */
  readonly known: ReadonlySet<string>
  /** The name that was meant by an unknown one; null where nothing is close. */
  readonly nearest: (name: string) => string | null
  /** True for a rule or group of which every rule ran on all that belongs together. */
  readonly ran: (name: string) => boolean
}

export interface Suppressed {
  readonly findings: readonly Finding[]
  readonly suppressed: readonly SuppressedFinding[]
  /** What is wrong with the suppressions themselves, by the rule that says so. */
  readonly faults: readonly SuppressionFault[]
}

/** What is wrong with a suppression, and the rule that says so. */
export interface SuppressionFault {
  readonly rule: string
  readonly finding: RuleFinding
  readonly file: string
}

/** Parts findings by the comments that accept them. */
export function suppress(
  findings: readonly Finding[],
  suppressions: readonly LocatedSuppression[],
  names: SuppressionNames,
): Suppressed {
  if (suppressions.length === 0) return { findings, suppressed: [], faults: [] }
  const byFile = groupBy(suppressions, ({ file }) => file)
  const used = new Set<LocatedSuppression>()
  const kept: Finding[] = []
  const suppressed: SuppressedFinding[] = []
  for (const finding of findings) {
    const matching = (byFile.get(finding.at.file) ?? []).filter(each => accepts(each, finding))
    const [first] = matching
    if (first === undefined) kept.push(finding)
    else {
      const { reason, file, line } = first
      for (const each of matching) used.add(each)
      suppressed.push({ ...finding, suppression: { kind: 'inSource', reason: reason ?? '', file, line } })
    }
  }
  return {
    findings: kept,
    suppressed,
    faults: suppressions.flatMap(each => faultsOf(each, used.has(each), names)),
  }
}

/** Acceptance needs a reason; a finding belongs to the text in which it begins. */
function accepts({ name, reason, range }: LocatedSuppression, { rule, at }: Finding): boolean {
  if (reason === null || (name !== rule && name !== rule.slice(0, rule.indexOf('/')))) return false
  return range === null || (at.start >= range.start && at.start < range.end)
}

function faultsOf(
  { name, at, reason, removal, file }: LocatedSuppression,
  isUsed: boolean,
  { known, nearest, ran }: SuppressionNames,
): readonly SuppressionFault[] {
  const fault = (rule: string, finding: RuleFinding): SuppressionFault => ({ rule, finding, file })
  if (name === '')
    return [fault(UNKNOWN, { at, message: 'the comment names no rule, and suppresses nothing' })]
  if (!known.has(name)) {
    const meant = nearest(name)
    const fix =
      meant === null ? edit('Remove the suppression', removal, '') : edit(`Name \`${meant}\``, at, meant)
    const hint = meant === null ? '' : `: \`${meant}\` is meant`
    return [fault(UNKNOWN, { at, message: `no rule or group is called \`${name}\`${hint}`, fix })]
  }
  if (reason === null)
    return [
      fault(REASON, { at, message: `the suppression of \`${name}\` gives no reason, and is not applied` }),
    ]
  if (isUsed || !ran(name)) return []
  const fix = edit('Remove the suppression', removal, '')
  return [fault(UNUSED, { at, message: `\`${name}\` finds nothing here`, fix })]
}

const UNKNOWN = 'suppression/unknown-rule'
const REASON = 'suppression/reason-missing'
const UNUSED = 'suppression/unused'

function edit(title: string, { source, start, end }: Place, text: string): NonNullable<RuleFinding['fix']> {
  return { title, safety: 'safe', edits: [{ source, start, end, text }] }
}
