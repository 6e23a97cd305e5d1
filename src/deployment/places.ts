import { type Place, placeText } from '../../parsers/text/source.ts'
import type { ApacheDirective } from '../servers/apache/configuration.ts'
import type { NginxDirective } from '../servers/nginx/configuration.ts'

export type AnyDirective = NginxDirective | ApacheDirective

export function isNginxDirective(directive: AnyDirective): directive is NginxDirective {
  return 'node' in directive
}

/** Where a directive's name is written; of a section, without its `<`. */
export function namePlace(directive: AnyDirective): Place {
  const { source } = directive
  return isNginxDirective(directive)
    ? { source, start: directive.node.name.start, end: directive.node.name.end }
    : { source, start: directive.nameStart, end: directive.nameEnd }
}

/** Where an argument is written, quotes included; the directive's name where there is no such argument. */
export function argumentPlace(directive: AnyDirective, index: number): Place {
  const word = directive.args[index]
  return word === undefined
    ? namePlace(directive)
    : { source: directive.source, start: word.start, end: word.end }
}

/** What is written at a place, the quotes around it left out. */
export function writtenText(place: Place): string {
  return placeText(place).replace(/^(["'])(.*)\1$/s, '$2')
}

/** From the first argument given to the last, both included. */
export function argumentsPlace(directive: AnyDirective, first: number, last: number): Place {
  const from = argumentPlace(directive, first)
  return { source: from.source, start: from.start, end: argumentPlace(directive, last).end }
}

/** The items whose directives share one written text, in the order in which the texts are first met. */
export function groupByText<T>(
  items: Iterable<T>,
  directiveOf: (item: T) => AnyDirective,
): readonly (readonly [T, ...T[]])[] {
  const byText = new TextMap<[T, ...T[]]>()
  const groups: [T, ...T[]][] = []
  for (const item of items) {
    const directive = directiveOf(item)
    const start = isNginxDirective(directive) ? directive.node.start : directive.nameStart
    const group = byText.get(directive.source, start)
    if (group !== undefined) {
      group.push(item)
      continue
    }
    const created: [T, ...T[]] = [item]
    byText.add(directive.source, start, created)
    groups.push(created)
  }
  return groups
}

/** What is known of the texts that begin at some place of some file. */
export class TextMap<T> {
  readonly #files = new Map<Place['source'], FileTexts<T>>()

  get(source: Place['source'], start: number): T | undefined {
    const file = this.#files.get(source)
    if (file === undefined) return undefined
    return file.start === start ? file.value : file.others?.get(start)
  }

  /** Adds what is not there yet. */
  add(source: Place['source'], start: number, value: T): void {
    const file = this.#files.get(source)
    if (file === undefined) {
      this.#files.set(source, { start, value, others: null })
      return
    }
    file.others ??= new Map()
    file.others.set(start, value)
  }
}

/** The texts of one file. Most files of thousands have one, which needs no map of its own. */
interface FileTexts<T> {
  readonly start: number
  readonly value: T
  others: Map<number, T> | null
}

/** The directives that share one written text, under the first of them, in the order given. */
export function byText<T extends AnyDirective>(directives: Iterable<T>): readonly (readonly [T, ...T[]])[] {
  return groupByText(directives, directive => directive)
}
