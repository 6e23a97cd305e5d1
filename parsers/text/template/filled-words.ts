import { escapePattern } from '../escape-pattern.ts'
import { LONGEST_LINE } from '../limits.ts'
import { lineStart } from '../line-start.ts'
import { placeholder } from '../placeholder.ts'
import { isNumberIn } from './wanted-values.ts'

/** What commands are seen to fill in, in a file, whatever it is called. */
export interface FilledWords {
  /** Of `envsubst`; `all` where nothing says which. */
  readonly variables: ReadonlySet<string> | 'all'
  /** Of `sed`. */
  readonly words: readonly FilledWord[]
}

export interface FilledWord {
  readonly text: string
  /** What stands around it, and stays. */
  readonly before: string
  readonly after: string
  /** True for one that nobody means as a value: of the others the names of directives keep what they are. */
  readonly isPlaceholder: boolean
  /** True for one that is filled in only where a number, a time, a size or a port is wanted. */
  readonly isNumber: boolean
}

/** The text with a placeholder for all that is filled in but in comments; the same text where nothing is. */
export function maskFilledWords(text: string, { variables, words }: FilledWords): string {
  let masked = text
  for (const word of words) {
    if (!text.includes(word.text)) continue
    masked = masked.replace(patternOf(word), (match, index: number) =>
      isInComment(text, index) || (word.isNumber && !isNumberIn(statementAt(text, index), match))
        ? match
        : placeholder(match),
    )
  }
  if (variables === 'all' || variables.size === 0) return masked
  return masked.replace(
    VARIABLE,
    (match, braced: string | undefined, bare: string | undefined, index: number) =>
      variables.has(braced ?? bare ?? '') && !isInComment(text, index) ? placeholder(match) : match,
  )
}

const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g

function patternOf({ text, before, after, isPlaceholder }: FilledWord): RegExp {
  const start = before === '' && /^\w/.test(text) ? String.raw`(?<!\w)` : `(?<=${escapePattern(before)})`
  const end = after === '' && /\w$/.test(text) ? String.raw`(?!\w)` : `(?=${escapePattern(after)})`
  const isValue = isPlaceholder ? '' : String.raw`(?<!(?:^|[;{}])[ \t]*<?)`
  return new RegExp(`${isValue}${start}${escapePattern(text)}${end}`, 'gm')
}

/** What stands around a place, from the end of what is in front to its own. */
function statementAt(text: string, index: number): string {
  const line = text.slice(lineStart(text, index, LONGEST_LINE), index)
  const behind = text.slice(index, index + LONGEST_LINE)
  return /[^;{}]*$/.exec(line)![0].trimStart() + /^[^;\n]*;?/.exec(behind)![0]
}

function isInComment(text: string, index: number): boolean {
  const start = lineStart(text, index, LONGEST_LINE)
  return /^[ \t]*#/.test(text.slice(start, index))
}
