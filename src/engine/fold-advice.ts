import type { Finding, RelatedLocation } from './finding.ts'
import { OLD_ACCESS, type Rule } from './rule.ts'

/**
 * Makes one finding of the infos that advise on one subject in one file, or in a tree that has it everywhere: what people leave as it comes is many lines
 * of advice, and one decision. The first speaks, the others are related places; what is worse than an info, or was
 * made so, stays by itself.
 *
 * @param findings sorted
 */
export function foldAdvice(findings: readonly Finding[], rules: readonly Rule[]): readonly Finding[] {
  const subjects = new Map(rules.flatMap(({ id, advises }) => (advises === undefined ? [] : [[id, advises]])))
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    const subject = subjects.get(finding.rule)
    if (subject === undefined || finding.severity !== 'info') continue
    const key = subject === OLD_ACCESS ? subject : `${finding.at.file}\0${subject}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [finding])
    else group.push(finding)
  }
  const folded = new Map<Finding, Finding | null>()
  for (const [first, ...others] of groups.values()) {
    if (first === undefined || others.length === 0) continue
    folded.set(first, withOthers(first, others, subjects.get(first.rule) ?? ''))
    for (const other of others) folded.set(other, null)
  }
  if (folded.size === 0) return findings
  return findings.flatMap(finding => {
    const instead = folded.get(finding)
    if (instead === undefined) return [finding]
    return instead === null ? [] : [instead]
  })
}

function withOthers(first: Finding, others: readonly Finding[], subject: string): Finding {
  const more = others.map(
    ({ at, message, rule }): RelatedLocation => ({ at, message: `${message} (${rule})` }),
  )
  return {
    ...first,
    message: `${first.message}, and ${others.length} more ${others.length === 1 ? 'remark' : 'remarks'} on ${subject}`,
    related: [...first.related, ...more],
  }
}
