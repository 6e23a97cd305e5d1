import { type Fact, known, unknown } from '../text/fact.ts'
import { isUnknownWord } from '../text/source.ts'
import { placeOf } from '../text/written-text.ts'
import type { Arguments } from './arguments.ts'

/** The application: the first word that is no option; null where none is written. */
export function applicationWord({ positionals }: Arguments): Fact<string> | null {
  const word = positionals[0]
  if (word === undefined) return null
  const at = placeOf(word)
  // A word that nobody knows may hold the application, or options behind it.
  return positionals.some(({ text }) => isUnknownWord(text))
    ? unknown('a variable may hold it', at)
    : known(word.text, at)
}
