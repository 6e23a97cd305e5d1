import type { DotenvVariable } from '../../parsers/dotenv/parse-dotenv.ts'
import type { Place } from '../../parsers/text/source.ts'

/** The value of a line of `.env`, without its quotes. */
export function valuePlace({ at }: DotenvVariable): Place {
  const { source, start, end } = at
  const [, before = '', quote = '', value = ''] =
    /^([^=:]*[=:][ \t]*)(["']?)([\s\S]*?)\2[ \t]*$/.exec(source.text.slice(start, end)) ?? []
  const from = start + before.length + quote.length
  return value === '' ? at : { source, start: from, end: from + value.length }
}
