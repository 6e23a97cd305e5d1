import { lastLine } from '../../src/deployment/requests/last-line.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { PlacedRule } from '../../src/servers/apache/queries/rewriting.ts'
import type { ApacheStep } from '../../src/servers/apache/requests/request.ts'

/** A rule that gives every path to one script or page, whatever its conditions. */
export function isForEveryPath({
  pattern,
  negated,
  output,
  flags,
  keepsUri,
  isRefusal,
  settled,
}: PlacedRule): boolean {
  if (negated || keepsUri || isRefusal || !settled) return false
  if (flags.has('R') || flags.has('P') || /^https?:/i.test(output)) return false
  return (
    /^(?:\.|\^|\.\*|\^\.\*\$?|\^?\(\.[*+]\)\$?|\^\.)$/.test(pattern) &&
    /\.(?:php|html?|cgi|py)(?:[?/]|$)/.test(output)
  )
}

/** What a condition compares that asks whether the path is a file. */
export const FILE_NAMES = /^(?:%\{DOCUMENT_ROOT\})?%\{(?:REQUEST_FILENAME|SCRIPT_FILENAME|REQUEST_URI)\}$/i

/** The line that leads a request to where it ends, a rule or a `FallbackResource`; null where none does. */
export function leadingLine(steps: readonly ApacheStep[]): ApacheDirective | null {
  return lastLine(steps, 'rewrite', 'fallback')
}
