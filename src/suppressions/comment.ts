import type { Source } from '../../parsers/text/source.ts'
import type { Suppression } from '../engine/suppression.ts'

/** Offsets, half-open. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** A comment, and the text of which it speaks: the next directive, or its own line. */
export interface Comment extends Range {
  /** Null where nothing follows. */
  readonly range: Range | null
  readonly isBehindCode: boolean
}

/** `# deploy-audit-ignore RULE, RULE -- reason`, or `-ignore-file` for the whole file. */
const SYNTAX =
  /^[#;]+\s*deploy-audit-ignore(-file)?(?![\w-])([^\S\n]*)((?:(?!(?<=\s)--(?:\s|$))[^\n])*)(?:--[^\S\n]*([^\n]*))?/

/** What a comment accepts: one suppression for each rule that it names. */
export function suppressionsOf(source: Source, comment: Comment): readonly Suppression[] {
  const match = SYNTAX.exec(source.text.slice(comment.start, comment.end))
  if (match === null) return []
  const [, file, gap = '', names = '', written] = match
  const reason = written?.trim() || null
  const range = file === undefined ? (comment.range ?? { start: comment.end, end: comment.end }) : null
  const whole = { source, ...wholeComment(source, comment) }
  const from = comment.start + match[0].indexOf('deploy-audit-ignore') + 'deploy-audit-ignore'.length
  const first = from + (file?.length ?? 0) + gap.length
  const words = [...names.matchAll(/[^\s,]+/g)]
  if (words.length === 0) {
    const at = { source, start: comment.start, end: comment.end }
    return [{ name: '', at, reason, range, removal: whole }]
  }
  return words.map((word, index) => {
    const start = first + word.index
    const at = { source, start, end: start + word[0].length }
    if (words.length === 1) return { name: word[0], at, reason, range, removal: whole }
    // With its comma: the one behind it, or, of the last, the one in front.
    const next = words[index + 1]
    const before = words[index - 1]
    const removal =
      next === undefined
        ? { source, start: first + (before?.index ?? 0) + (before?.[0].length ?? 0), end: at.end }
        : { source, start, end: first + next.index }
    return { name: word[0], at, reason, range, removal }
  })
}

/** The comment with its line where it is alone on it, else with the spaces in front. */
function wholeComment({ text }: Source, { start, end, isBehindCode }: Comment): Range {
  let from = start
  while (from > 0 && /[^\S\n]/.test(text[from - 1] ?? '')) from--
  return { start: from, end: isBehindCode || text[end] !== '\n' ? end : end + 1 }
}
