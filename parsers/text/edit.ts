import type { Source } from './source.ts'

/** Replaces the half-open stretch `start`..`end` of a source by `text`; an insertion where both are equal. */
export interface TextEdit {
  readonly source: Source
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * Applies the edits of one source, in any order given.
 *
 * Returns null, and changes nothing, where two of them overlap: half a fix is worse than none.
 */
export function applyEdits(source: Source, edits: readonly TextEdit[]): string | null {
  const sorted = edits
    .filter(edit => edit.source === source)
    .sort((a, b) => a.start - b.start || a.end - b.end)
  let result = ''
  let at = 0
  for (const edit of sorted) {
    if (edit.start < at) return null
    result += source.text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + source.text.slice(at)
}
