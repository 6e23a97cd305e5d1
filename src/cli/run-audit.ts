import { dirname, resolve } from 'node:path'
import { audit } from '../audit.ts'
import type { ProgramReport, Report } from '../engine/report.ts'
import type { Rule } from '../engine/rule.ts'
import { severityAtLeast } from '../engine/severity.ts'
import { reporters } from '../report/reporters.ts'
import type { Arguments, Format } from './arguments.ts'
import { commandOutput } from './command-output.ts'
import { prepare } from './prepare.ts'
import { selectFindings, summarised } from './select-findings.ts'
import type { Terminal } from './terminal.ts'
import { warnIncomplete, warnStacks } from './warn-incomplete.ts'

/** Audits, prints, and returns the exit code. */
export async function runAudit(
  given: Arguments,
  rules: readonly Rule[],
  terminal: Terminal,
): Promise<number> {
  const started = performance.now()
  const { machines, root, settings, settingsOf, ignores, override, paths, decisions } = await prepare(
    given,
    rules,
    terminal,
  )
  const whole = audit(machines, root, settings, settingsOf)
  const selected = selectFindings(whole, { ...given, ignores, override })
  const report = await withBaseline(selected, given, paths, terminal)
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
  return given.writeBaseline === null ? exitCode(report, given) : 0
}

/** The report without what `--baseline` lists; what `--write-baseline` is to list is written. */
async function withBaseline(
  report: Report,
  { baseline: file, writeBaseline: target, pruneBaseline }: Arguments,
  paths: readonly string[],
  { workingDirectory, warn }: Terminal,
): Promise<Report> {
  if (file === null && target === null) return report
  const { compareWithBaseline, entriesOf, readBaseline, writeBaseline } = await import('./baseline.ts')
  if (target !== null) {
    const directory = dirname(resolve(workingDirectory, target))
    writeBaseline(target, entriesOf(report.findings, directory, workingDirectory), workingDirectory)
    warn(`${target} lists ${report.findings.length} findings`)
  }
  if (file === null) return report
  const baseline = readBaseline(file, workingDirectory)
  const compared = compareWithBaseline(report, baseline, paths, workingDirectory)
  const gone = new Set(compared.gone)
  if (gone.size > 0) {
    if (pruneBaseline)
      writeBaseline(
        file,
        baseline.entries.filter(entry => !gone.has(entry)),
        workingDirectory,
      )
    const what = `${gone.size} of ${baseline.entries.length} entries`
    warn(
      pruneBaseline
        ? `${file}: ${what} removed`
        : `${file}: ${what} are found no more: --prune-baseline removes them`,
    )
    for (const { file, rule, message } of [...gone].slice(0, MOST_GONE))
      warn(`  ${file}: ${rule}: ${message}`)
    if (gone.size > MOST_GONE) warn(`  and ${gone.size - MOST_GONE} more`)
  }
  return summarised(compared.report)
}

/** As many entries that are gone are named. */
const MOST_GONE = 10

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
