/**
 * Where the line of an index begins, or so many characters before it: a file of one line is not walked through once
 * for each of its words.
 */
export function lineStart(text: string, index: number, longest: number): number {
  const from = Math.max(0, index - longest)
  return from + text.slice(from, index).lastIndexOf('\n') + 1
}
