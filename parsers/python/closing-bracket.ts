/** Where the bracket at an offset is closed; null where it is none, or is never closed. */
export function closingBracket(code: string, start: number): number | null {
  if (!'([{'.includes(code[start] ?? ' ')) return null
  let depth = 0
  let quote = ''
  for (let index = start; index < code.length; index++) {
    const letter = code[index]!
    if (quote !== '') {
      if (letter === '\\') index++
      else if (letter === quote || letter === '\n') quote = ''
    } else if (letter === '"' || letter === "'") quote = letter
    else if ('([{'.includes(letter)) depth++
    else if (')]}'.includes(letter) && --depth === 0) return index
  }
  return null
}
