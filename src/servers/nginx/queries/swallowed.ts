import { countedLine, isUnknownWord } from '../../../../parsers/text/source.ts'
import { endsUnknown } from '../../../../parsers/text/placeholder.ts'
import type { NginxDirective } from '../configuration.ts'
import { nginxDirective } from '../directives.ts'

/**
 * The argument that is a directive of its own, whose line nginx reads as the end of the one before because no `;`
 * stands there: the first of several words of a line, and the name of what may stand beside; null where there
 * is none.
 */
export function swallowedDirective({ args, source, node, context }: NginxDirective): number | null {
  let line = countedLine(source, node.name.start)
  for (const [index, { start, value }] of args.entries()) {
    const own = countedLine(source, start)
    const isFirst = own !== line
    line = own
    const next = args[index + 1]
    if (!isFirst || index === 0 || next === undefined || isUnknownWord(value)) continue
    // What a template fills in may bring the `;` with it.
    if (endsUnknown(args[index - 1]?.value ?? '')) continue
    if (countedLine(source, next.start) !== own) continue
    const isDirective = nginxDirective(value).some(
      ({ contexts, block }) => !block && (contexts.length === 0 || contexts.includes(context)),
    )
    if (isDirective && source.text[start] === value[0]) return index
  }
  return null
}
