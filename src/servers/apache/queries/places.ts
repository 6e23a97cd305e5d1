import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import { isUnknownWord, type Place } from '../../../../parsers/text/source.ts'
import type { ApacheDirective } from '../configuration.ts'

/** One argument of a directive. */
export function wordPlace(directive: ApacheDirective, word: ApacheWord): Place {
  return { source: directive.source, start: word.start, end: word.end }
}

/** The argument at `index`, or the name where there is none. */
export function argumentPlace(directive: ApacheDirective, index: number): Place {
  const word = directive.args[index]
  return word === undefined ? namePlace(directive) : wordPlace(directive, word)
}

export function namePlace(directive: ApacheDirective): Place {
  return { source: directive.source, start: directive.nameStart, end: directive.nameEnd }
}

/** False for a value that a template or a variable outside the audit fills in. */
export function isSettled(value: string): boolean {
  return !value.includes('${') && !isUnknownWord(value)
}
