import type { Severity } from '../engine/severity.ts'
import { printable, withoutCommands } from './printable.ts'
import type { Reporter } from './reporter.ts'

/** The words of GCC, which has no others. */
const WORDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' }

/** A line a finding, as GCC writes them: `file:line:column: warning: message [rule]`. Every editor reads these. */
export const reportConcise: Reporter = ({ findings, crashes }) =>
  withoutCommands(
    [
      ...findings.map(({ at, severity, rule, message }) => {
        const text = printable(message)
        return `${printable(at.file)}:${at.line}:${at.column}: ${WORDS[severity]}: ${text} [${rule}]\n`
      }),
      ...crashes.map(
        ({ rule, message }) =>
          `deploy-audit: error: \`${rule}\` failed: ${printable(message)} [internal/rule-crashed]\n`,
      ),
    ].join(''),
  )
