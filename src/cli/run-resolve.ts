import { understand } from '../understand/understand.ts'
import { noticeLine } from '../files/notice.ts'
import { resolveApache } from '../servers/apache/resolve.ts'
import { resolveNginx } from '../servers/nginx/resolve.ts'
import { printableLines } from '../report/printable.ts'
import { redactorFor } from '../redactor-for.ts'
import type { Arguments } from './arguments.ts'
import { writeText } from './command-output.ts'
import { prepare } from './prepare.ts'
import type { Terminal } from './terminal.ts'
import { warnIncomplete, warnStacks } from './warn-incomplete.ts'

/** Prints what each server makes of its files, and returns the exit code: 1 where one would refuse them. */
export async function runResolve(given: Arguments, terminal: Terminal): Promise<number> {
  const { machines, settingsOf } = await prepare(given, [], terminal)
  const understood = machines.map(machine => understand(machine, settingsOf(machine)))
  const redact = redactorFor(
    machines,
    understood.flatMap(({ apache }) => apache),
  )
  const texts: string[] = []
  let isRefused = false
  for (const { machine, nginx, apache } of understood) {
    texts.push(...nginx.map(resolveNginx), ...apache.map(resolveApache))
    for (const { problems } of [...nginx, ...apache]) {
      const fatal = problems.find(problem => problem.fatal)
      if (fatal === undefined) continue
      isRefused = true
      if (!given.quiet)
        terminal.warn(
          `${machine.fileName(fatal.at.source.path)}: ${redact.message(fatal.message, fatal.at.source)}`,
        )
    }
    if (!given.quiet) for (const notice of machine.notices()) terminal.warn(noticeLine(notice))
  }
  const text = texts.join('\n')
  writeText(given, terminal, printableLines(given.showSecrets ? text : redact.code(text)))
  const failures = understood.flatMap(machine => machine.failures)
  warnIncomplete(failures, terminal)
  if (given.verbose) warnStacks(failures, terminal)
  if (failures.length > 0 && !given.allowIncomplete) return 4
  return isRefused ? 1 : 0
}
