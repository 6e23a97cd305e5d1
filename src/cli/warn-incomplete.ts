import { type Notice, noticeLine } from '../files/notice.ts'
import { printable } from '../report/printable.ts'
import type { Terminal } from './terminal.ts'

/** Says on standard error, whatever was asked for, that a server reads what the audit could not. */
export function warnIncomplete(notices: readonly Notice[], { warn }: Terminal): void {
  const [first, ...others] = notices.filter(({ incomplete }) => incomplete)
  if (first === undefined) return
  const more = others.length === 0 ? '' : `, and ${others.length} more`
  warn(`deploy-audit: incomplete: ${printable(noticeLine(first))}${more}`)
}
