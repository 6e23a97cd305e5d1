import { resolve } from 'node:path'
import type { Finding } from '../engine/finding.ts'
import type { Arguments } from './arguments.ts'
import type { Overrides } from './auditrc/layers.ts'

/**
 * What `overrides` of `.auditrc` makes of a finding: its severity there, or null where its rule is off there. What
 * the command line names runs all the same.
 *
 * @param isOff whether a rule is off in all files of which no override speaks
 */
export function severityFilter(
  { only }: Arguments,
  overrides: Overrides | null,
  isOff: (rule: string) => boolean,
  workingDirectory: string,
): (finding: Finding) => Finding | null {
  if (overrides === null) return finding => finding
  return finding => {
    const { rule, at } = finding
    const setting =
      overrides.severityIn(rule, resolve(workingDirectory, at.file)) ?? (isOff(rule) ? 'off' : null)
    if (setting === 'off') return only.length > 0 ? finding : null
    return setting === null || setting === 'on' ? finding : { ...finding, severity: setting }
  }
}
