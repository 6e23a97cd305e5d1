import type { Fact } from '../text/fact.ts'
import { UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import type { WrittenText } from '../text/written-text.ts'

/**
 * A word of `command` or `args` as the container gets it: `$(NAME)` is the variable's value, and `$$` a dollar. What no
 * variable is called stays as it is.
 *
 * @param values of the variables of the container; null for one that is written elsewhere
 * @see https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
 */
export function expandVariables(
  written: WrittenText,
  values: ReadonlyMap<string, Fact<string> | null>,
): WrittenText {
  const { source, text, map } = written
  if (!text.includes('$(') && !text.includes('$$')) return written
  const expanded = new MappedText(text, map, 0)
  let copied = 0
  for (const { 0: whole, 1: name, index } of text.matchAll(/\$\$|\$\(([^)]*)\)/g)) {
    const value = name === undefined ? undefined : values.get(name)
    if (name !== undefined && value === undefined) continue
    const end = index + whole.length
    expanded.copy(copied, index)
    expanded.replace(index, end, name === undefined ? '$' : value?.known === true ? value.value : UNKNOWN)
    copied = end
  }
  expanded.copy(copied, text.length)
  return { source, text: expanded.text, map: expanded.finish() }
}
