import type { NestedText } from './nested-text.ts'

const OPENS = /(?<![\w'])''(?=[ \t]*\r?\n)/g
/** What is no end of an indented string, and its end. */
const ENDS = /'''|''\$|''\\.|''/g

/**
 * The indented strings of Nix that hold lines of their own, `extraConfig = ''` …, in order.
 *
 * @see https://nix.dev/manual/nix/latest/language/string-literals
 */
export function nixStrings(text: string, most: number): readonly NestedText[] {
  const found: NestedText[] = []
  OPENS.lastIndex = 0
  for (let open = OPENS.exec(text); open !== null && found.length < most; open = OPENS.exec(text)) {
    const start = open.index + 2
    ENDS.lastIndex = start
    let end = ENDS.exec(text)
    while (end !== null && end[0] !== "''") end = ENDS.exec(text)
    if (end === null) break
    found.push({ start, end: end.index, filledInBy: 'nix' })
    OPENS.lastIndex = end.index + 2
  }
  return found
}
