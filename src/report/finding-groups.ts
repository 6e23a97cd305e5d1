import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Finding } from '../engine/finding.ts'
import type { Report } from '../engine/report.ts'
import { SEVERITIES } from '../engine/severity.ts'

/** Findings that are shown together, below a title where they have one. */
export interface FindingGroup {
  readonly title: string | null
  readonly findings: readonly Finding[]
}

/** The findings of a report in the order in which people read them: of one file the worst first. */
export function groupsOf(report: Report, by: 'file' | 'rule' | 'machine'): readonly FindingGroup[] {
  const findings = [...groupBy(report.findings, ({ at }) => at.file).values()].flatMap(worstFirst)
  if (by === 'file') return [{ title: null, findings }]
  if (by === 'machine') {
    return [...groupBy(findings, ({ at }) => machineOf(at.file, report.machines))].map(
      ([machine, found]) => ({
        title: `${machine} (${found.length})`,
        findings: found,
      }),
    )
  }
  const summaries = new Map(report.rules.map(({ id, summary }) => [id, summary]))
  return [...groupBy(findings, ({ rule }) => rule)]
    .sort(([, a], [, b]) => worstOf(b) - worstOf(a) || b.length - a.length)
    .map(([rule, found]) => ({
      title: `${rule} (${found.length})${summaries.has(rule) ? `: ${summaries.get(rule)}` : ''}`,
      findings: found,
    }))
}

function rankOf({ severity }: Finding): number {
  return SEVERITIES.indexOf(severity)
}

function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => rankOf(b) - rankOf(a))
}

function worstOf(findings: readonly Finding[]): number {
  return findings.reduce((worst, finding) => Math.max(worst, rankOf(finding)), 0)
}

/** The innermost of the machines in whose root a file lies. */
function machineOf(file: string, machines: readonly string[]): string {
  let found = '.'
  for (const root of machines) {
    const isInside =
      root === '.' ? !file.startsWith('/') : file.startsWith(root.endsWith('/') ? root : `${root}/`)
    if (isInside && (found === '.' || root.length > found.length)) found = root
  }
  return found
}

/** As many findings of one rule and severity are shown. */
const MOST_SHOWN = 10

/** The findings that are shown, the last of a kind with how many more there are. */
export function folded(
  findings: readonly Finding[],
): readonly { readonly finding: Finding; readonly more: number }[] {
  const kindOf = ({ rule, severity }: Finding): string => `${severity} ${rule}`
  const counts = new Map<string, number>()
  for (const finding of findings) counts.set(kindOf(finding), (counts.get(kindOf(finding)) ?? 0) + 1)
  const shown = new Map<string, number>()
  return findings.flatMap(finding => {
    const kind = kindOf(finding)
    const index = (shown.get(kind) ?? 0) + 1
    shown.set(kind, index)
    if (index > MOST_SHOWN) return []
    return [{ finding, more: index === MOST_SHOWN ? (counts.get(kind) ?? 0) - MOST_SHOWN : 0 }]
  })
}
