/** True where a directive would begin: behind another one's end, and on any line of its own in a file of sections. */
export function standsForLines(text: string, index: number): boolean {
  // A here-document ends in such a word.
  if (text.includes('<<')) return false
  let end = index
  let line = ''
  while (end > 0 && line === '') {
    const start = end === 1 ? 0 : text.lastIndexOf('\n', end - 2) + 1
    line = text
      .slice(start, end)
      .trim()
      .replace(/^#.*|^\$(?:\w+|\{\w+\})$/, '')
    end = start
  }
  if (/[;{}]$/.test(line)) return true
  return !line.endsWith('\\') && /^[ \t]*<\/?[A-Z]\w+/m.test(text)
}
