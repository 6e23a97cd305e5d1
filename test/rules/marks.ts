import type { Example } from '../../src/engine/rule.ts'

const OPEN = '«'
const CLOSE = '»'

export interface Unmarked {
  readonly files: Readonly<Record<string, string>>
  /** `file:start-end`, sorted. */
  readonly marks: readonly string[]
}

/** Takes the marks out of an example's files; throws a RangeError for one without its other half. */
export function unmark(files: Example['files']): Unmarked {
  const plain: Record<string, string> = {}
  const marks: string[] = []
  for (const [path, text] of Object.entries(files)) {
    let clean = ''
    let start: number | null = null
    for (const char of text) {
      if (char === OPEN) start = clean.length
      else if (char !== CLOSE) clean += char
      else if (start === null) throw new RangeError(`${path}: a mark that closes nothing`)
      else {
        marks.push(`${path}:${start}-${clean.length}`)
        start = null
      }
    }
    if (start !== null) throw new RangeError(`${path}: a mark that is never closed`)
    plain[path] = clean
  }
  return { files: plain, marks: marks.sort() }
}
