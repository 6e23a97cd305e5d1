import { memo } from '../../../parsers/collections/memo.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { sliceWritten, wholeText, type WrittenText } from '../../../parsers/text/written-text.ts'

export interface Makefile {
  /** Those that are assigned once, with a text that is written out or made of others. */
  readonly variables: ReadonlyMap<string, string>
  readonly recipes: readonly Recipe[]
}

/** What make does for a target: each line is given to a shell of its own. */
export interface Recipe {
  readonly target: string
  readonly lines: readonly WrittenText[]
}

export const isMakefile = ({ path }: Source): boolean => /(?:^|\/)(?:GNU)?[Mm]akefile$/.test(path)

const TARGET = /^([\w.-]+)[ \t]*:(?![:=])/
const VARIABLE = /^(?:export[ \t]+)?(\w+)[ \t]*(?::{1,3}|\?)?=[ \t]*([^#\n]*?)[ \t]*$/

/** As far as lines tell: what is included, and what conditionals leave out, is not looked at. */
export const readMakefile = memo((source: Source): Makefile => {
  const text = wholeText(source)
  const variables = new Map<string, string>()
  const again = new Set<string>()
  const recipes: { target: string; lines: WrittenText[] }[] = []
  // A line goes on behind a backslash.
  for (const { 0: line, index } of text.text.matchAll(/(?:[^\n\\]|\\[\s\S])+/g)) {
    const command = /^\t[\t @+-]*/.exec(line)
    const recipe = recipes.at(-1)
    if (command !== null) {
      recipe?.lines.push(sliceWritten(text, index + command[0].length, index + line.length))
      continue
    }
    const [, target] = TARGET.exec(line) ?? []
    if (target !== undefined) recipes.push({ target, lines: [] })
    const [, name, value] = VARIABLE.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    if (variables.has(name)) again.add(name)
    variables.set(name, value)
  }
  for (const name of again) variables.delete(name)
  return { variables, recipes }
})
