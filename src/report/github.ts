import type { Severity } from '../engine/severity.ts'
import { printable } from './printable.ts'
import type { Reporter } from './reporter.ts'

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' }

/**
 * Workflow commands that GitHub Actions shows as annotations.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
export const reportGithub: Reporter = function* ({ findings, crashes }) {
  for (const { at, severity, rule, message, help } of findings) {
    // GitHub takes columns only where a finding lies on one line.
    const columns =
      at.line === at.endLine ? `,col=${at.column},endColumn=${Math.max(at.endColumn, at.column + 1)}` : ''
    const place = `file=${property(at.file)},line=${at.line},endLine=${at.endLine}${columns}`
    const text = data(`${prose(message)}\n${prose(help)}`)
    yield `::${COMMANDS[severity]} ${place},title=${property(rule)}::${text}\n`
  }
  for (const { rule, message } of crashes)
    yield `::error title=internal/rule-crashed::${data(`${rule}: ${printable(message)}`)}\n`
}

function prose(text: string): string {
  return printable(text)
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(printable(text)).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
