import { audit } from '../audit.ts'
import type { ProgramReport, Report } from '../engine/report.ts'
import type { Rule } from '../engine/rule.ts'
import { severityAtLeast } from '../engine/severity.ts'
import { reporters } from '../report/reporters.ts'
import type { Arguments, Format } from './arguments.ts'
import { commandOutput } from './command-output.ts'
import { prepare } from './prepare.ts'
import { selectFindings } from './select-findings.ts'
import type { Terminal } from './terminal.ts'
import { warnIncomplete, warnStacks } from './warn-incomplete.ts'

/** Audits, prints, and returns the exit code. */
export async function runAudit(
  given: Arguments,
  rules: readonly Rule[],
  terminal: Terminal,
): Promise<number> {
  const started = performance.now()
  const { machines, root, settings, ignores, decisions } = await prepare(given, rules, terminal)
  const whole = audit(machines, root, settings)
  const report = selectFindings(whole, { ...given, ignores })
  const { chalk, width, write } = await commandOutput(given, terminal)
  write(
    reporters[given.format as Format](report, {
      chalk,
      width,
      summary: !given.quiet,
      allNotices: given.verbose,
    }),
  )

  warnIncomplete(report.notices, terminal)
  if (given.verbose) {
    for (const line of decisions) terminal.warn(line)
    explainCrashes(report, terminal)
    warnStacks(report.notices, terminal)
    explainRun(report, machines.length, performance.now() - started, terminal)
  }
  return exitCode(report, given)
}

/** Where a rule crashed: what a report of the defect needs. */
function explainCrashes({ crashes }: Report, { warn }: Terminal): void {
  for (const { rule, stack } of crashes) {
    for (const line of `${rule} crashed: ${stack}`.split('\n')) warn(line)
  }
}

function explainRun(report: Report, machines: number, milliseconds: number, { warn }: Terminal): void {
  for (const { program, main, version, versionFrom } of report.programs) {
    warn(`${program} ${version} (${VERSIONS[versionFrom]}): ${main ?? 'fragments'}`)
  }
  const seconds = (milliseconds / 1000).toFixed(2)
  warn(`${machines} ${machines === 1 ? 'machine' : 'machines'}, ${report.rules.length} rules, ${seconds} s`)
}

/** Who said which version a server has. */
const VERSIONS: Readonly<Record<ProgramReport['versionFrom'], string>> = {
  option: 'as --nginx-version says',
  configuration: 'as .auditrc says',
  'package-database': 'as installed, says var/lib/dpkg/status',
  assumed: 'assumed: nothing tells, so the newest; `versions` in .auditrc can',
}

/** What was found in a part says nothing of the rest. */
function exitCode(report: Report, { failOn, allowIncomplete }: Arguments): number {
  if (!report.complete && !allowIncomplete) return 4
  if (failOn === null) return 0
  return report.findings.some(({ severity }) => severityAtLeast(severity, failOn)) ? 1 : 0
}
