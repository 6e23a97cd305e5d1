import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { rules } from '../../rules/index.generated.ts'
import { InputError } from '../files/input-error.ts'
import { printable, withoutCommands } from '../report/printable.ts'
import { redactor } from '../secrets/redactor.ts'
import { type Arguments, readArguments } from './arguments.ts'
import { didYouMean } from './did-you-mean.ts'
import { helpText } from './help.ts'
import { type Command, COMMANDS } from './options.ts'
import { runAudit } from './run-audit.ts'
import { runExplain } from './run-explain.ts'
import { runInit } from './run-init.ts'
import { runMap } from './run-map.ts'
import { runResolve } from './run-resolve.ts'
import { runRules } from './run-rules.ts'
import { runTrace } from './run-trace.ts'
import type { Terminal } from './terminal.ts'
import { toolVersion } from './tool-version.ts'

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
  if (given.help || (given.command === 'help' && !given.version)) {
    terminal.print(helpText(helpedCommand(given)))
    return 0
  }
  if (given.version) {
    terminal.print(`${toolVersion()}\n`)
    return 0
  }
  refuseMisspeltCommand(given, terminal)
  if (given.command === 'init') return runInit(terminal)
  if (given.command === 'resolve') return runResolve(given, terminal)

  switch (given.command) {
    case 'explain':
      return runExplain(given, rules, terminal)
    case 'rules':
      return runRules(given, rules, terminal)
    case 'map':
      return runMap(given, rules, terminal)
    case 'trace':
      return runTrace(given, terminal)
    case 'help':
    case 'audit':
      return runAudit(given, rules, terminal)
  }
}

/** The command whose help was asked for; null for that of the program. Throws {@link InputError} for a name of none. */
function helpedCommand({ command, isNamed, words }: Arguments): Command | null {
  if (command !== 'help') return isNamed ? command : null
  const [name] = words
  if (name === undefined) return null
  const found = COMMANDS.find(each => each === name)
  if (found === undefined) throw new InputError(`unknown command "${name}"${didYouMean(name, COMMANDS)}`)
  return found
}

/** A word that is no path and nearly a command is one that was misspelt. Throws {@link InputError} for it. */
function refuseMisspeltCommand({ isNamed, words }: Arguments, { workingDirectory }: Terminal): void {
  const [word] = words
  if (isNamed || word === undefined || !/^[a-z]+$/.test(word)) return
  const suggestion = didYouMean(word, COMMANDS)
  if (suggestion === '' || existsSync(resolve(workingDirectory, word))) return
  throw new InputError(`no command and no path is called "${word}"${suggestion}`)
}
