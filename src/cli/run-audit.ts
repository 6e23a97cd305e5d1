import { foldAdvice } from '../engine/fold-advice.ts'
import type { Report } from '../engine/report.ts'
import type { Rule } from '../engine/rule.ts'
import { severityAtLeast } from '../engine/severity.ts'
import { NothingToAudit } from '../files/input-error.ts'
import { listSkipped } from '../list-files.ts'
import { fileListText } from '../report/file-list.ts'
import { reporters } from '../report/reporters.ts'
import { type Audited, auditOnce } from './audit-once.ts'
import type { Arguments, Format } from './arguments.ts'
import { listFindings, readBaseline, sayGone } from './baseline.ts'
import { commandOutput, writeText } from './command-output.ts'
import { summarised } from './select-findings.ts'
import { explainCrashes, explainRun } from './explain-run.ts'
import { runFix } from './fix/run-fix.ts'
import type { Terminal } from './terminal.ts'
import { warnIncomplete, warnStacks } from './warn-incomplete.ts'

/** Audits, fixes where that is asked for, prints, and returns the exit code. */
export async function runAudit(
  given: Arguments,
  rules: readonly Rule[],
  terminal: Terminal,
): Promise<number> {
  const started = process.uptime()
  const baseline = given.baseline === null ? null : readBaseline(given.baseline, terminal.workingDirectory)
  const first = await auditOnce(given, rules, terminal, baseline).catch((error: unknown) => {
    if (given.listFiles && error instanceof NothingToAudit)
      writeText(given, terminal, fileListText(listSkipped(error.skipped, '')))
    throw error
  })
  let audited: Audited = first
  if (given.fix !== null) {
    const fixed = await runFix(first, given, terminal, texts =>
      auditOnce(given, rules, terminal, baseline, texts),
    )
    if (given.diff) return fixed.isChanged ? 1 : 0
    audited = fixed.audited
  }
  const { report, prepared } = audited
  const { chalk, width, write } = await commandOutput(given, terminal)
  const listed = given.listFiles && given.format === 'text'
  const shown = given.all
    ? report
    : summarised({ ...report, findings: foldAdvice(report.findings, report.rules) })
  // Whoever writes a baseline knows that there is much, and reads it there.
  const isSaid = given.writeBaseline === null || given.format !== 'text' || given.output !== null
  if (isSaid)
    write(
      listed
        ? [fileListText(report.fileList)]
        : reporters[given.format as Format](shown, {
            chalk,
            width,
            summary: !given.quiet,
            allNotices: given.verbose,
            all: given.all,
            groupBy: given.groupBy,
            statistics: given.statistics,
            category: given.category,
            ...(given.verbose && { seconds: process.uptime() - started }),
          }),
    )

  warnIncomplete(report.notices, terminal)
  if (baseline !== null) {
    sayGone(baseline, audited.gone, given.pruneBaseline, terminal)
  }
  if (given.verbose) {
    for (const line of prepared.decisions) terminal.warn(line)
    explainCrashes(report, terminal)
    warnStacks(report.notices, terminal)
    explainRun(report, prepared.machines.length, process.uptime() - started, terminal)
  }
  if (listed) return report.complete || given.allowIncomplete ? 0 : 4
  if (given.writeBaseline === null) return exitCode(report, given)
  listFindings(given.writeBaseline, report.findings, terminal)
  return 0
}

/** What was found in a part says nothing of the rest. */
function exitCode(report: Report, { failOn, allowIncomplete }: Arguments): number {
  if (!report.complete && !allowIncomplete) return 4
  if (failOn === null) return 0
  return report.findings.some(({ severity }) => severityAtLeast(severity, failOn)) ? 1 : 0
}
