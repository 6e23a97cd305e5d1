import stringWidth from 'string-width'

/**
 * Nearly every text: each character is one column. With the letters of Europe and the marks of print, for which the
 * segmenter would be made, whose tables take a tenth of the time of auditing a fragment.
 */
const PLAIN = /^[\x20-\x7E\xA1-\xA8\xAA-\xAC\xAF-\u02FF\u2010-\u2027\u2190-\u2193]*$/

/** How many columns a terminal needs for a text without control characters: none for a mark that joins, two for 漢. */
export function columnsOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text)
}

let segmenter: Intl.Segmenter | null = null

/**
 * A text cut into columns: what a terminal shows in each, and nothing in the second column of a wide character. Their
 * number is that of {@link columnsOf}, and joined they are the text.
 */
export function cellsOf(text: string): readonly string[] {
  if (PLAIN.test(text)) return text.split('')
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  const cells: string[] = []
  for (const { segment } of segmenter.segment(text)) {
    const width = stringWidth(segment)
    if (width === 0 && cells.length > 0) cells[cells.length - 1] += segment
    else cells.push(segment, ...Array.from({ length: Math.max(width - 1, 0) }, () => ''))
  }
  return cells
}
