import { memo } from '../collections/memo.ts'
import type { Source } from './source.ts'

/**
 * How far all lines of a text are indented that another file holds, as a block of YAML is: blanks that are not in the
 * file which is written. 0 for a file of its own.
 */
export const marginOf = memo((source: Source): number => {
  const { code } = source
  const first = code.search(/\S/)
  if (first === -1 || !isInside(source, first)) return 0
  let margin = Number.POSITIVE_INFINITY
  for (const [, blanks = ''] of code.matchAll(/^([ \t]*)\S/gm)) margin = Math.min(margin, blanks.length)
  return margin
})

/** True where other words stand before the first or behind the last one of it. */
function isInside({ text, code }: Source, first: number): boolean {
  const last = code.trimEnd().length
  return /\S/.test(text.slice(0, first)) || /\S/.test(text.slice(last))
}
