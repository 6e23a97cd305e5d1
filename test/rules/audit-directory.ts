import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadShellParser } from '../../parsers/shell/load-shell-parser.ts'
import type { ShellParser } from '../../parsers/shell/shell-environment.ts'
import { audit } from '../../src/audit.ts'
import type { Report } from '../../src/engine/report.ts'
import type { Rule } from '../../src/engine/rule.ts'
import { discover } from '../../src/files/discover.ts'
import { grammarFiles } from '../../src/files/grammars.ts'
import { environmentScript, readEnvironment } from '../../src/servers/apache/read-environment.ts'
import { settingsOf } from './audit-files.ts'

let shell: Promise<ShellParser> | null = null

/** Audits a directory of the disk as the command line does, with the options of the `.auditrc` in it. */
export async function auditDirectory(directory: string, rules: readonly Rule[]): Promise<Report> {
  const options = join(directory, '.auditrc')
  const machines = discover([directory], { workingDirectory: directory })
  const needsShell = machines.some(({ files, apacheMains }) =>
    apacheMains.some(main => environmentScript(files, main) !== null),
  )
  if (needsShell) shell ??= loadShellParser(bashGrammar())
  const parser = shell === null ? null : await shell
  const settings = settingsOf(
    existsSync(options) ? readFileSync(options, 'utf8') : undefined,
    rules,
    (files, main, { repository }) =>
      readEnvironment(files, parser, main, { isForImage: (repository?.dockerfiles.length ?? 0) > 0 }),
  )
  return audit(machines, '.', settings)
}

function bashGrammar() {
  const { runtime, bash } = grammarFiles()
  return { runtime, grammar: bash }
}
