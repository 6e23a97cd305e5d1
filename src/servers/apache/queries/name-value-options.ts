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

const NONE: ReadonlyMap<string, Option> = new Map()

/**
 * Reads the words from `from` on. mod_wsgi cuts them itself: the quotes of `display-name="a b"` begin
 * behind the `=`, where httpd's own cutting would not see them.
 */
export function readOptions(directive: ApacheDirective, from: number): ReadonlyMap<string, Option> {
  const { args, source } = directive
  if (args.length <= from) return NONE
  const options = new Map<string, Option>()
  for (let index = from; index < args.length; index++) {
    const first = args[index]!
    const equals = first.value.indexOf('=')
    if (equals < 1) continue
    const name = first.value.slice(0, equals)
    let text = first.value.slice(equals + 1)
    let end = first.end
    const quote = text[0]
    if (quote === '"' || quote === "'") {
      while (!(text.length > 1 && text.endsWith(quote)) && index + 1 < args.length) {
        const next = args[++index]!
        text += ` ${next.value}`
        end = next.end
      }
      text = text.slice(1, text.endsWith(quote) && text.length > 1 ? -1 : undefined)
    }
    const at = { source, start: first.start, end }
    const valueAt = { source, start: Math.min(first.start + equals + 1, end), end }
    const value = isSettled(text)
      ? known(text, valueAt)
      : unknown<string>('the value is filled in elsewhere', valueAt)
    options.set(name, { name, value, at, valueAt })
  }
  return options
}
