import type { ProgramReport, Report } from '../engine/report.ts'
import type { Terminal } from './terminal.ts'

/** Where a rule crashed: what a report of the defect needs. */
export function explainCrashes({ crashes }: Report, { warn }: Terminal): void {
  for (const { rule, stack } of crashes) {
    for (const line of `${rule} crashed: ${stack}`.split('\n')) warn(line)
  }
}

/** What was read, as which version, and how long it took. */
export function explainRun(report: Report, machines: number, seconds: number, { warn }: Terminal): void {
  for (const { program, main, version, versionFrom } of report.programs) {
    warn(`${program} ${version} (${VERSIONS[versionFrom]}): ${main ?? 'fragments'}`)
  }
  const time = `${seconds.toFixed(2)} s`
  warn(`${machines} ${machines === 1 ? 'machine' : 'machines'}, ${report.rules.length} rules, ${time}`)
}

/** Who said which version a server has. */
const VERSIONS: Readonly<Record<ProgramReport['versionFrom'], string>> = {
  option: 'as --nginx-version says',
  configuration: 'as .auditrc says',
  directives: 'by modules and directives of that release alone',
  'package-database': 'as installed, says var/lib/dpkg/status',
  image: 'as the tag of its image says',
  assumed: 'assumed: no file says it, so the newest; `versions` in .auditrc can',
}
