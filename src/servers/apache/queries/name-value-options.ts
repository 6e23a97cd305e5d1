import type { Place } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { ApacheDirective } from '../configuration.ts'
import { isSettled } from './places.ts'

/** `name=value` of mod_wsgi's directives; the last of a name counts. */
export interface Option {
  readonly name: string
  readonly value: Fact<string>
  /** Name and value together. */
  readonly at: Place
  /** The value alone, quotes included. */
  readonly valueAt: Place
}

/**
 * The options of one directive, from its word `from` on. Their values are read where somebody asks: ten
 * thousand directives have sixty thousand.
 *
 * mod_wsgi cuts them itself: the quotes of `display-name="a b"` begin behind the `=`, where httpd's own
 * cutting would not see them.
 */
export class Options {
  readonly #directive: ApacheDirective
  /** By name, the index of the word with which the option begins. */
  readonly #words: ReadonlyMap<string, number>

  constructor(directive: ApacheDirective, from: number) {
    this.#directive = directive
    this.#words = firstWords(directive, from)
  }

  has(name: string): boolean {
    return this.#words.has(name)
  }

  get(name: string): Option | undefined {
    const index = this.#words.get(name)
    return index === undefined ? undefined : readOption(this.#directive, index)
  }

  /** In the order in which the names are first written. */
  all(): readonly Option[] {
    return [...this.#words.values()].map(index => readOption(this.#directive, index))
  }
}

const NONE: ReadonlyMap<string, number> = new Map()

function firstWords(directive: ApacheDirective, from: number): ReadonlyMap<string, number> {
  const { args } = directive
  if (args.length <= from) return NONE
  const words = new Map<string, number>()
  for (let index = from; index < args.length; index++) {
    const { value } = args[index]!
    const equals = value.indexOf('=')
    if (equals < 1) continue
    words.set(value.slice(0, equals), index)
    index = lastWord(directive, index)
  }
  return words
}

/** The index of the word that ends the option which begins with this one. */
function lastWord({ args }: ApacheDirective, first: number): number {
  const { value } = args[first]!
  const equals = value.indexOf('=')
  const quote = value[equals + 1]
  if (quote !== '"' && quote !== "'") return first
  if (value.length > equals + 2 && value.endsWith(quote)) return first
  let last = first
  while (last + 1 < args.length) if (args[++last]!.value.endsWith(quote)) break
  return last
}

function readOption(directive: ApacheDirective, first: number): Option {
  const { args, source } = directive
  const last = lastWord(directive, first)
  const { value: word, start } = args[first]!
  const { end } = args[last]!
  const equals = word.indexOf('=')
  let text = word.slice(equals + 1)
  for (let index = first + 1; index <= last; index++) text += ` ${args[index]!.value}`
  const quote = text[0]
  if (quote === '"' || quote === "'")
    text = text.slice(1, text.endsWith(quote) && text.length > 1 ? -1 : undefined)
  const valueAt = { source, start: Math.min(start + equals + 1, end), end }
  const value = isSettled(text)
    ? known(text, valueAt)
    : unknown<string>('the value is filled in elsewhere', valueAt)
  return { name: word.slice(0, equals), value, at: { source, start, end }, valueAt }
}
