/**
 * A file that stands as a text in another has a path of its own: that of the outer one, this, which no file's name
 * holds, and its number there.
 */
const INSIDE = '\u001F'

/** The outer file of a path, and which of the texts in it is meant; null for every other path. */
export function splitNested(path: string): { readonly outer: string; readonly index: number } | null {
  const at = path.lastIndexOf(INSIDE)
  const number = at === -1 ? '' : path.slice(at + 1)
  // Below a text there is nothing.
  return /^\d+$/.test(number) ? { outer: path.slice(0, at), index: Number(number) } : null
}

export function nestedPath(outer: string, index: number): string {
  return `${outer}${INSIDE}${index}`
}
