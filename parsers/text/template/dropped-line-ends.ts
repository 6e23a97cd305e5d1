import { LONGEST_LINE } from '../limits.ts'

/** A line end of a template that Jinja drops between two texts, which then are one line. */
export interface DroppedLineEnd {
  /** The tag behind which it stands. */
  readonly tag: { readonly start: number; readonly end: number }
  /** Where the text begins that goes on in the line of the tag. */
  readonly next: number
}

/** A tag at the end of a line. */
const LAST_TAG = /\{(?:%(?:[^%\n]|%(?!\}))*%|#(?:[^#\n]|#(?!\}))*#|\{(?:[^}\n]|\}(?!\}))*\})\}\r?$/
/** A line of one statement that brings no text: the lines within an `else` are none that follow. */
const STATEMENT = /^[ \t]*\{%[-+]?[ \t]*(?:if|for|set|end(?:if|for))\b(?:[^%\n]|%(?!\}))*%\}\r?$/

/**
 * The line ends that Jinja drops behind text of a line: those behind `-%}`, `-#}` and `-}}`, with all blanks and blank
 * lines, and where it has `trim_blocks` the one right behind `%}` and `#}`, unless that is `+%}`.
 * @see https://jinja.palletsprojects.com/en/stable/templates/#whitespace-control
 */
export function droppedLineEnds(text: string, trimsBlocks: boolean): readonly DroppedLineEnd[] {
  // What stands between these is no statement.
  if (!text.includes('}\n') && !text.includes('}\r')) return []
  if (/\{%[-+]?\s*raw\b/.test(text)) return []
  const found: DroppedLineEnd[] = []
  for (let at = 0; at < text.length; ) {
    const end = lineEnd(text, at)
    const line = text.slice(at, end)
    const tag = line.length > LONGEST_LINE ? null : LAST_TAG.exec(line)
    if (tag !== null && isText(line) && dropsEnd(tag[0], trimsBlocks)) {
      const next = textBehind(text, end + 1, tag[0], trimsBlocks)
      if (next !== null) {
        const start = at + tag.index
        found.push({ tag: { start, end: start + tag[0].trimEnd().length }, next })
      }
    }
    at = end + 1
  }
  return found
}

function lineEnd(text: string, at: number): number {
  const feed = text.indexOf('\n', at)
  return feed === -1 ? text.length : feed
}

/** True where anything but statements and comments stands in a line. */
function isText(line: string): boolean {
  return line.replace(/\{%.*?%\}|\{#.*?#\}/g, '').trim() !== ''
}

function dropsEnd(tag: string, trimsBlocks: boolean): boolean {
  const mark = tag.trimEnd().at(-3)
  return mark === '-' || (trimsBlocks && mark !== '+' && !tag.startsWith('{{'))
}

/** Where the text begins that follows without a line end; null for none. */
function textBehind(text: string, from: number, tag: string, trimsBlocks: boolean): number | null {
  let last = tag
  for (let at = from; at < text.length; ) {
    const end = lineEnd(text, at)
    const line = text.slice(at, end)
    if (line.trim() === '') {
      if (last.trimEnd().at(-3) !== '-') return null
    } else if (STATEMENT.test(line)) {
      if (!dropsEnd(line, trimsBlocks)) return null
      last = line
    } else return at + line.length - line.trimStart().length
    at = end + 1
  }
  return null
}
