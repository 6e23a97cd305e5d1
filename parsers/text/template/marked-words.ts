import { escapePattern } from '../escape-pattern.ts'
import { LONGEST_LINE } from '../limits.ts'
import { lineStart } from '../line-start.ts'
import { placeholder } from '../placeholder.ts'

/** Two characters or more that differ, around a name in capitals: `#!# NAME #!#`, `<|NAME|>`, `%~NAME~%`. */
const MARKED =
  /(?<![!#%&*+<=>?@^|~:-])([!#%&*+<=>?@^|~:-]{2,4})( ?)[A-Z][A-Z\d]*(?:_[A-Z\d]+)*\2([!#%&*+<=>?@^|~:-]{2,4})(?![!#%&*+<=>?@^|~:-])/g

/** One of these is in it: all others stand in patterns and in lists of ciphers. */
const MARK = /[#%@<~]/
/** Operators of expressions, comments of markup, and the names of groups. */
const OTHERS = /^(?:[<>!=]=|=[>~]|!~|~\*|<!-*|\?<)$/

/**
 * Puts placeholders in the place of words between marks that mean nothing to nginx and Apache, where a file has several
 * between the same ones; the same text where it has not.
 */
export function maskMarkedWords(text: string): string {
  const names = new Map<string, Set<string>>()
  const proven = new Set<string>()
  for (const { 0: word, 1: open = '', 3: close = '', index } of text.matchAll(MARKED)) {
    if (!isMark(open, close)) continue
    const before = text.slice(lineStart(text, index, LONGEST_LINE), index)
    if (isComment(before)) continue
    const known = names.get(open)
    if (known === undefined) names.set(open, new Set([word]))
    else known.add(word)
    // A line that begins so is a comment.
    if (!open.startsWith('#') || before.trim() !== '') proven.add(open)
  }
  const marks = [...names].flatMap(([mark, { size }]) => (size > 1 && proven.has(mark) ? [mark] : []))
  if (marks.length === 0) return text
  const any = new RegExp(
    marks
      .map(mark => {
        const close = `(?:${escapePattern(mark)}|${escapePattern(mirrored(mark))})`
        return `${escapePattern(mark)} ?[A-Z][A-Z\\d_]* ?${close}`
      })
      .join('|'),
    'g',
  )
  return text.replace(any, (word, index: number) =>
    isComment(text.slice(lineStart(text, index, LONGEST_LINE), index)) ? word : placeholder(word),
  )
}

function isMark(open: string, close: string): boolean {
  if (new Set(open).size < 2 || !MARK.test(open) || OTHERS.test(open)) return false
  return close === open || close === mirrored(open)
}

const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '>': '<' }

function mirrored(mark: string): string {
  return [...mark]
    .map(char => MIRRORED[char] ?? char)
    .reverse()
    .join('')
}

/** True for the beginning of a line that is a comment: a mark itself may begin with `#`. */
function isComment(before: string): boolean {
  return /^[ \t]*#/.test(before)
}
