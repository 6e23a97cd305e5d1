import type { ApacheDirective } from '../configuration.ts'
import type { Fault, Scope, Walk } from './check.ts'

/** What a section's handler does: judges the opener, sets the scope of what is inside, judges again. */
export interface Opening {
  readonly fault: Fault | null
  /** The scope of the children; null where httpd never gets to them. */
  readonly inside: Scope | null
  /** httpd looks for surplus arguments only behind the children. */
  readonly after?: (walk: Walk) => Fault | null
}

/** What every opener needs: its `>`, and an argument. */
export function openerFault(directive: ApacheDirective, needsArgument = true): Fault | null {
  if (!directive.text.includes('>')) {
    return { code: 'section-opener-malformed', message: `\`<${directive.name}\` has no closing \`>\`` }
  }
  if (!needsArgument || directive.args.length > 0) return null
  return { code: 'section-opener-malformed', message: `\`<${directive.name}>\` has no argument` }
}
