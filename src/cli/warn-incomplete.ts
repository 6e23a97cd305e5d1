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

/** Says on standard error, under `-v`, where in the program each part failed, for whoever reports it. */
export function warnStacks(failed: readonly { readonly stack?: string }[], { warn }: Terminal): void {
  for (const { stack } of failed) for (const line of stack?.split('\n') ?? []) warn(line)
}
