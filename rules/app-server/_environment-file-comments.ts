import { parseEnvironmentFile } from '../../parsers/systemd/environment-file.ts'
import type { Place, Source } from '../../parsers/text/source.ts'

/** What stands behind a value in a file of variables, and is meant for a comment. */
export interface CommentBehindValue {
  readonly name: string
  readonly comment: string
  readonly at: Place
}

/**
 * What looks like a comment behind a value: a `#` between blanks, as nobody begins a word of a value. systemd takes the
 * rest of the line for a part of the value, behind closing quotes too.
 */
export function commentsBehindValues(source: Source): readonly CommentBehindValue[] {
  return parseEnvironmentFile(source).flatMap(({ name, start, end }) => {
    const line = source.code.slice(start, end)
    const comment = line.includes('\n') ? undefined : BEHIND.exec(line)?.[1]
    return comment === undefined ? [] : [{ name, comment, at: { source, start: end - comment.length, end } }]
  })
}

/** Outside of quotes: within them it is meant. */
const BEHIND = /^\w+[ \t]*=(?:[ \t]*(?:"[^"]*"|'[^']*')|[^"'#\n]*?)[ \t]+(#[ \t][^"'\n]*)$/
