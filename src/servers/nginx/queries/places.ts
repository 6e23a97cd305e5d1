import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import type { NginxDirective } from '../configuration.ts'

/** A word of a directive, where it is written. */
export function wordPlace(directive: NginxDirective, word: NginxWord): Place {
  return { source: directive.source, start: word.start, end: word.end }
}

/** The directive's name. */
export function namePlace(directive: NginxDirective): Place {
  return wordPlace(directive, directive.node.name)
}

/** The argument of that index; the name where there is none. */
export function argumentPlace(directive: NginxDirective, index: number): Place {
  return wordPlace(directive, directive.args[index] ?? directive.node.name)
}
