import { InputError } from '../files/input-error.ts'
import { printable, withoutCommands } from '../report/printable.ts'
import { redactor } from '../secrets/redactor.ts'
import { readArguments } from './arguments.ts'
import type { Terminal } from './terminal.ts'

/**
 * Runs one command line and returns the exit code: 0 nothing at or above `--fail-on`, 1 findings, 2 the
 * audit cannot be done as asked, 3 a defect of the tool, 4 a server reads what the audit could not.
 */
export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const redact = redactor()
  // What is warned of holds names and words of audited files.
  const warn = (line: string): void => terminal.warn(withoutCommands(printable(redact.message(line))))
  try {
    return await runCommand(words, { ...terminal, warn })
  } catch (error) {
    if (error instanceof InputError) {
      warn(`deploy-audit: ${error.message}`)
      return 2
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    for (const line of `deploy-audit: a defect, please report it: ${text}`.split('\n')) warn(line)
    return 3
  }
}

async function runCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArguments(words)
  if (given.help) {
    terminal.print((await import('./help.ts')).HELP)
    return 0
  }
  if (given.version) {
    terminal.print(`${(await import('./tool-version.ts')).toolVersion()}\n`)
    return 0
  }
  if (given.command === 'init') return (await import('./run-init.ts')).runInit(terminal)
  if (given.command === 'resolve') return (await import('./run-resolve.ts')).runResolve(given, terminal)

  const { rules } = await import('../../rules/index.generated.ts')
  switch (given.command) {
    case 'explain':
      return (await import('./run-explain.ts')).runExplain(given, rules, terminal)
    case 'rules':
      return (await import('./run-rules.ts')).runRules(given, rules, terminal)
    case 'map':
      return (await import('./run-map.ts')).runMap(given, rules, terminal)
    case 'trace':
      return (await import('./run-trace.ts')).runTrace(given, terminal)
    case 'audit':
      return (await import('./run-audit.ts')).runAudit(given, rules, terminal)
  }
}
