import type { Place } from '../../parsers/text/source.ts'

/** The name of an instruction of a Dockerfile, at which a place begins, whatever of its line that holds. */
export function instructionWord(at: Place): Place {
  const word = /^\w+/.exec(at.source.code.slice(at.start, at.start + LONGEST))?.[0] ?? ''
  return { ...at, end: at.start + word.length }
}

/** No instruction is longer than `HEALTHCHECK`. */
const LONGEST = 12
