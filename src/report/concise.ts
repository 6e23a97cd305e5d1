import type { Severity } from '../engine/severity.ts'
import { printable, withoutCommands } from './printable.ts'
import type { Reporter } from './reporter.ts'

/** The words of GCC, which has no others. */
const WORDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' }

/** A line a finding, as GCC writes them: `file:line:column: warning: message [rule]`. Every editor reads these. */
export const reportConcise: Reporter = function* ({ findings, crashes }) {
  for (const { at, severity, rule, message } of findings) {
    const text = printable(message)
    yield withoutCommands(
      `${printable(at.file)}:${at.line}:${at.column}: ${WORDS[severity]}: ${text} [${rule}]\n`,
    )
  }
  for (const { rule, message } of crashes)
    yield withoutCommands(
      `deploy-audit: error: \`${rule}\` failed: ${printable(message)} [internal/rule-crashed]\n`,
    )
}
