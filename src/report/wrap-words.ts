import { columnsOf } from './columns.ts'

/**
 * Breaks a text at spaces into lines of at most `width` columns; a longer word has a line of its own.
 *
 * @param first columns of the first line that are taken already
 */
export function wrapWords(text: string, width: number, first = 0): readonly string[] {
  const lines: string[] = []
  let line = ''
  let taken = first
  for (const word of text.split(' ')) {
    if (line !== '' && taken + columnsOf(line) + 1 + columnsOf(word) > width) {
      lines.push(line)
      line = word
      taken = 0
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
