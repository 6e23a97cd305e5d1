import { lineStart } from '../../../parsers/text/line-start.ts'
import { LONGEST_LINE } from '../../../parsers/text/limits.ts'
import type { Source, TemplateBranch } from '../../../parsers/text/source.ts'
import { branchesAt } from '../presence.ts'
import type { NginxDirective } from './configuration.ts'

/**
 * The loop of a template that writes a directive into one block again and again; null where none does, where a
 * condition inside of the loop decides over the directive, and where the loop is one for a single round.
 *
 * @param block into which it is written; that around its server for a line that holds for all servers
 */
export function repeatingLoop(
  { source, node, parent }: NginxDirective,
  block: NginxDirective | null = parent,
): TemplateBranch | null {
  const loop = branchesAt(source, node.start).at(-1)
  if (loop?.repeats !== true) return null
  // A block that stands in the loop itself is another one in each round.
  if (block !== null && block.source === source && block.node.start >= loop.start) return null
  return isForMany(headOf(source, loop)) ? loop : null
}

/** What stands in the tag that begins a loop. */
function headOf({ text }: Source, { start }: TemplateBranch): string {
  const line = text.slice(lineStart(text, start, LONGEST_LINE), start)
  return line.slice(Math.max(0, ...OPENERS.map(opener => line.lastIndexOf(opener))))
}

const OPENERS = ['{%', '{{', '{#', '<%', '<#', '[%', '%{', '<?', '@for', '@each']

/** True for a loop over a list of which nothing picks one. */
function isForMany(head: string): boolean {
  return (
    /\b(?:for|foreach|forelse|each(?:_\w+)?|forEach|range|list)\b/i.test(head) &&
    !/\bif\b|\bfirst\b|\blast\b|\bhead\b|\blimit\b|\bselect|\bwhere|\[\s*:\s*1\s*\]|\[[^\]\s,]+\]\s*%\}|\bslice\b/.test(
      head,
    )
  )
}
