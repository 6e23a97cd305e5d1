import { posix } from 'node:path'
import { isUnknownWord } from '../text/source.ts'

/** The name of the program that a word starts, wherever it lies: `{{ home }}/bin/gunicorn` too. Null where nobody knows. */
export function programName(word: { readonly text: string } | undefined): string | null {
  const name = word === undefined ? '' : posix.basename(word.text)
  return name === '' || isUnknownWord(name) ? null : name
}
