import { replacePlace } from '../src/deployment/edits.ts'
import { argumentPlace } from '../src/deployment/places.ts'
import { type Place, placeText, type Source } from '../parsers/text/source.ts'
import type { TextEdit } from '../parsers/text/edit.ts'
import { memo } from '../parsers/collections/memo.ts'

/** What a word processor or a web page makes of `"` and `'`. */
const QUOTE = /[\u2018-\u201F\u2033]/
const OPENS = /^[\u2018-\u201F\u2033]./s
const CLOSES = /.[\u2018-\u201F\u2033]$/s

const hasQuotes = memo(({ text }: Source): boolean => QUOTE.test(text))

/** Words that begin or end in such a quote. */
export interface TypographicQuotes {
  /** From the first of them to the last. */
  readonly at: Place
  /** They as they are written. */
  readonly text: string
  /** The first of the quotes. */
  readonly quote: string
  /** To the quotes that are meant. */
  readonly edits: readonly TextEdit[]
}

type AnyDirective = Parameters<typeof argumentPlace>[0]

/** The words of directives that stand in quotes which no server knows; a word that is such a quote alone is meant. */
export function* typographicQuotes<Directive extends AnyDirective>(
  sources: readonly Source[],
  occurrences: ReadonlyMap<string, readonly Directive[]>,
): Iterable<{ readonly directive: Directive; readonly quotes: TypographicQuotes }> {
  // Letters of one byte hold none: such a text is not even looked through.
  if (!sources.some(hasQuotes)) return
  for (const directives of occurrences.values())
    for (const directive of directives) {
      const quotes = hasQuotes(directive.source) ? quotesOf(directive) : null
      if (quotes !== null) yield { directive, quotes }
    }
}

function quotesOf(directive: AnyDirective): TypographicQuotes | null {
  const places = directive.args.map((_, index) => argumentPlace(directive, index))
  const first = places.findIndex(place => OPENS.test(placeText(place)))
  const last = places.findLastIndex(place => CLOSES.test(placeText(place)))
  const [from, to] = [places[first] ?? places[last], places[last] ?? places[first]]
  if (from === undefined || to === undefined || from.start > to.start) return null
  const at = { ...from, end: to.end }
  const edits = [
    ...(first === -1 ? [] : [replacePlace({ ...from, end: from.start + 1 }, '"')]),
    ...(last === -1 ? [] : [replacePlace({ ...to, start: to.end - 1 }, '"')]),
  ]
  const text = placeText(at)
  return { at, text, quote: QUOTE.exec(text)?.[0] ?? '', edits }
}
