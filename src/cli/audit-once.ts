import { audit } from '../audit.ts'
import type { Report } from '../engine/report.ts'
import type { Rule } from '../engine/rule.ts'
import { printable } from '../report/printable.ts'
import type { Arguments } from './arguments.ts'
import { type Baseline, type BaselineEntry, compareWithBaseline } from './baseline.ts'
import { type Prepared, prepare } from './prepare.ts'
import { selectFindings, summarised } from './select-findings.ts'
import type { Terminal } from './terminal.ts'

/** Seconds after which whoever waits wants to know what for. */
const PATIENCE = 1

/** One audit as the command line asks for it. */
export interface Audited {
  readonly prepared: Prepared
  /** All that was found. */
  readonly whole: Report
  /** What was asked for, without what the baseline lists. */
  readonly report: Report
  /** Entries of the baseline that are found no more. */
  readonly gone: readonly BaselineEntry[]
}

/**
 * Audits once. Throws `InputError`.
 *
 * @param texts in place of files, by absolute path of this machine, links resolved
 */
export async function auditOnce(
  given: Arguments,
  rules: readonly Rule[],
  terminal: Terminal,
  baseline: Baseline | null,
  texts?: ReadonlyMap<string, string>,
): Promise<Audited> {
  const prepared = await prepare(given, rules, terminal, texts)
  const { machines, root, settings, settingsOf, ignores, override, paths } = prepared
  const started = process.uptime()
  const whole = audit(machines, root, settings, settingsOf, (machine, index) => {
    if (process.uptime() - started < PATIENCE) return
    terminal.progress?.(printable(`auditing ${machine.root}, ${index + 1} of ${machines.length} machines`))
  })
  terminal.progress?.(null)
  const report = selectFindings(whole, { ...given, ignores, override })
  if (baseline === null) return { prepared, whole, report, gone: [] }
  const compared = compareWithBaseline(report, baseline, paths, terminal.workingDirectory)
  return { prepared, whole, report: summarised(compared.report), gone: compared.gone }
}
