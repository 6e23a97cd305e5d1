import { printable, withoutCommands } from './printable.ts'
import type { Reporter } from './reporter.ts'

/** A line a finding, in the form that editors and compilers share. */
export const reportConcise: Reporter = ({ findings, crashes }) =>
  withoutCommands(
    [
      ...findings.map(({ at, severity, rule, message }) => {
        const text = printable(message)
        return `${printable(at.file)}:${at.line}:${at.column}: ${severity}[${rule}] ${text}\n`
      }),
      ...crashes.map(
        ({ rule, message }) => `error[internal/rule-crashed] \`${rule}\` failed: ${printable(message)}\n`,
      ),
    ].join(''),
  )
