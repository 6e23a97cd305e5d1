import type { Source } from '../../../parsers/text/source.ts'
import type { Finding } from '../../engine/finding.ts'
import type { Report } from '../../engine/report.ts'
import { applyFixes, type ChosenFix, chooseFixes } from './choose-fixes.ts'

/** One audit, with some texts in place of the files on the disk. */
export interface AuditedState {
  /** What was asked for: what is fixed. */
  readonly report: Report
  /** All that is found: what a fix must not make worse. */
  readonly whole: Report
  /** A file as it was read, by the name that the report gives it; none where it is no file that may be changed. */
  readonly readable: (file: string) => Source | undefined
}

/** Audits with texts in place of files, by the names that the report gives them. */
export type AuditWith = (texts: ReadonlyMap<string, string>) => Promise<AuditedState>

export interface Fixed {
  /** The report of the files as they are now. */
  readonly state: AuditedState
  /** What changed, by name. */
  readonly texts: ReadonlyMap<string, string>
  readonly applied: readonly ChosenFix[]
  /** Fixes after which something would be wrong that was not before. */
  readonly rejected: readonly ChosenFix[]
}

/** Fixes may uncover what others wait for; what has no end after so many passes goes in circles. */
const MOST_PASSES = 10
/** Audits of a part of the fixes of a pass, where all of them together are not sound. */
const MOST_ATTEMPTS = 40

/**
 * Applies fixes in memory until nothing changes. What a pass makes is audited before it counts: each finding that is
 * fixed is gone, no server refuses what it accepted, and nothing new is found.
 *
 * @param first the audit of the files on the disk
 */
export async function fixInPasses(
  first: AuditedState,
  unsafe: boolean,
  auditWith: AuditWith,
): Promise<Fixed> {
  let state = first
  let texts: ReadonlyMap<string, string> = new Map()
  const applied: ChosenFix[] = []
  const rejected = new Map<string, ChosenFix>()
  let attempts = 0

  /** Applies as many of these as are sound together. */
  const attempt = async (fixes: readonly ChosenFix[]): Promise<void> => {
    // Behind the first ones, offsets are no longer those that the fix was made for: they are found again by name.
    const current = fixes.flatMap(fix => findAgain(fix, state, unsafe))
    if (current.length === 0) return
    if (attempts++ >= MOST_ATTEMPTS) {
      for (const fix of current) rejected.set(keyOf(fix), fix)
      return
    }
    const next = new Map([...texts, ...applyFixes(current, state.readable)])
    const after = await auditWith(next)
    if (isSound(state.whole, after.whole, current)) {
      state = after
      texts = next
      applied.push(...current)
      return
    }
    const [only] = current
    if (current.length === 1 && only !== undefined) {
      rejected.set(keyOf(only), only)
      return
    }
    const half = Math.ceil(current.length / 2)
    await attempt(current.slice(0, half))
    await attempt(current.slice(half))
  }

  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const open = state.report.findings.filter(finding => !rejected.has(finding.identity))
    const { chosen } = chooseFixes(open, unsafe, state.readable)
    if (chosen.length === 0) break
    attempts = 0
    const before = applied.length
    await attempt(chosen)
    if (applied.length === before) break
  }
  return { state, texts, applied, rejected: [...rejected.values()] }
}

function keyOf({ finding }: ChosenFix): string {
  return finding.identity
}

/** A fix as the newest audit has it; none where that finds it no more. */
function findAgain(
  wanted: ChosenFix,
  { report, readable }: AuditedState,
  unsafe: boolean,
): readonly ChosenFix[] {
  if (report.findings.includes(wanted.finding)) return [wanted]
  const found = report.findings.filter(({ identity }) => identity === wanted.finding.identity)
  return chooseFixes(found, unsafe, readable).chosen
}

/**
 * True where what was to be fixed is gone, every program is accepted that was, and no rule warns more often than before.
 * What a fix brings to light at the severity of a hint is no reason to leave the fault.
 */
function isSound(before: Report, after: Report, fixes: readonly ChosenFix[]): boolean {
  const refused = new Set(
    before.programs.filter(({ accepted }) => !accepted).map(({ program, main }) => `${program} ${main}`),
  )
  if (after.programs.some(({ program, main, accepted }) => !accepted && !refused.has(`${program} ${main}`)))
    return false
  if (after.crashes.length > before.crashes.length || (before.complete && !after.complete)) return false
  const all = (): boolean => true
  const known = counts(before, all)
  const now = counts(after, all)
  const fixed = new Map<string, number>()
  for (const { finding } of fixes) fixed.set(finding.rule, (fixed.get(finding.rule) ?? 0) + 1)
  for (const [rule, count] of fixed) if ((now.get(rule) ?? 0) > (known.get(rule) ?? 0) - count) return false
  const warned = counts(before, isWarning)
  return [...counts(after, isWarning)].every(([rule, count]) => count <= (warned.get(rule) ?? 0))
}

function isWarning({ severity }: Finding): boolean {
  return severity !== 'info'
}

/** How often each rule reports, what is suppressed included. */
function counts(
  { findings, suppressed }: Report,
  isCounted: (finding: Finding) => boolean,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const finding of [...findings, ...suppressed])
    if (isCounted(finding)) counts.set(finding.rule, (counts.get(finding.rule) ?? 0) + 1)
  return counts
}
