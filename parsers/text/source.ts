import type { TemplateBranch } from './template/constructs.ts'

export { isUnknownWord, UNKNOWN } from './placeholder.ts'
export type { TemplateBranch }

import { memo } from '../collections/memo.ts'

/**
 * A text file as the parsers see it.
 *
 * `path` is absolute and POSIX, as the server would write it: below an audited root it begins at
 * that root (`/etc/nginx/nginx.conf`), whatever the machine of the audit calls the directory.
 *
 * `code` is what a parser reads and has the length of `text`, so that every offset holds in both.
 * It differs from `text` only in templates, where a placeholder is a word of {@link UNKNOWN} and its like and
 * statements are blank (see `mask-template.ts`).
 *
 * `encoding` is the one in which the bytes were read: `latin1` where they are not valid UTF-8, as the
 * servers read bytes and refuse neither. A byte-order mark stays in the text: both servers see it.
 */
export interface Source {
  readonly path: string
  readonly text: string
  readonly code: string
  readonly encoding: 'utf8' | 'latin1'
  readonly template: boolean
  /** What of a template is there under one branch of a statement alone, in the order of the text. */
  readonly branches: readonly TemplateBranch[]
  /** Where, between directives, a template may bring anything: a placeholder alone, another template. */
  readonly gaps: readonly number[]
  /** What placeholders stand for, by how they are written; null where nothing tells it of any. */
  readonly values: ReadonlyMap<string, KnownValue> | null
  /**
   * True where another file holds it between quotes, so that the ends of its lines are in `code` alone, and a line put
   * into `text` is none.
   */
  readonly isQuoted?: boolean
  /** Where it is kept, if `path` is that at which a script or a playbook writes it: as that names it, a text in a file too. */
  readonly kept?: string
  /** True where commands of its repository add lines to it that end what it leaves open. */
  readonly isContinued?: boolean
}

/** What a placeholder stands for, and where that is written. */
export interface KnownValue {
  readonly text: string
  readonly at: Place
  /** True for what is there to be changed: whoever changes nothing has it, and nothing is wrong by it alone. */
  readonly isDefault?: boolean
}

/** A text without branches or gaps: nearly every one. */
export const NO_TEMPLATE: Pick<Source, 'template' | 'branches' | 'gaps'> = {
  template: false,
  branches: [],
  gaps: [],
}

/** A stretch of a source: UTF-16 offsets, half-open. */
export interface Place {
  readonly source: Source
  readonly start: number
  readonly end: number
}

/** Where a pattern was found in the text of a source, or in one that is as long, such as its code. */
export function matchedPlace(source: Source, match: RegExpExecArray): Place {
  return { source, start: match.index, end: match.index + match[0].length }
}

/** One-based line and column; the column counts UTF-16 units, as editors and SARIF do. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A source made from a text in memory. */
export function textSource(path: string, text: string): Source {
  return { path, text, code: text, encoding: 'utf8', ...NO_TEMPLATE, values: null }
}

/** The offset at which each line begins. Lines end at LF, as both servers count them. */
export const lineStarts = memo((source: Source): readonly number[] => {
  const starts = [0]
  for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1))
    starts.push(at + 1)
  return starts
})

/** Line and column of an offset; an offset past the end is the end. */
export function positionAt(source: Source, offset: number): Position {
  const starts = lineStarts(source)
  const bounded = Math.min(Math.max(offset, 0), source.text.length)
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= bounded) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: bounded - (starts[low] ?? 0) + 1 }
}

/** A source with the lines that a server counts: of a file between quotes, its `code` alone has them. */
export function asCounted(source: Source): Source {
  return source.isQuoted === true ? counted(source) : source
}

/** The one-based line of an offset as a server counts it. */
export function countedLine(source: Source, offset: number): number {
  return positionAt(asCounted(source), offset).line
}

const counted = memo((source: Source): Source => ({ ...source, text: source.code }))

/** The text of a one-based line without its line end; empty for a line that is not there. */
export function lineText(source: Source, line: number): string {
  const starts = lineStarts(source)
  const start = starts[line - 1]
  if (start === undefined) return ''
  const next = starts[line]
  const end = next === undefined ? source.text.length : next - 1
  return source.text.slice(start, source.text[end - 1] === '\r' && end > start ? end - 1 : end)
}

/** The text at a place, as written. */
export function placeText(place: Place): string {
  return place.source.text.slice(place.start, place.end)
}

/** True where every line is written out: no condition of a template decides over one, and none is brought. */
export function isWrittenOut({ branches, gaps }: Pick<Source, 'branches' | 'gaps'>): boolean {
  return branches.length + gaps.length === 0
}
