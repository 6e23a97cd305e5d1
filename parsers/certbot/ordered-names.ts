import type { Place } from '../text/source.ts'
import { placeIn, type WrittenText } from '../text/written-text.ts'

/** A certificate that a command of certbot orders. */
export interface Order {
  /** The directory below `live`: `--cert-name`, else the first name; null where a part of it is not written out. */
  readonly lineage: string | null
  /** The names of the certificate, lower case; null where some are not written out. */
  readonly names: readonly string[] | null
  readonly at: Place
}

/** What a word that is filled in stands for, `{{ domains | join(',') }}` or `$DOMAIN`, as a list; null where nothing tells it. */
export type FilledIn = (word: string) => readonly string[] | null

const CLIENT = /(?<![\w./-])(?:[\w./-]*\/)?(?:certbot|letsencrypt)(?:-auto)?(?=\s)|(?<![\w-])certonly(?=\s)/g
/** What orders nothing, or asks whether it could. */
const OTHERWISE =
  /(?:^|\s)(?:renew|revoke|delete|certificates|unregister|register|update_account|reconfigure|--dry-run|--help|-h|--version|install|plugins)(?=\s|$)/
const FILLED = /\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\w+/g

/** The orders of a text that is given to a shell, or to a container of certbot, in which lines end commands. */
export function ordersIn(text: WrittenText, filledIn: FilledIn): readonly Order[] {
  const found: Order[] = []
  let end = 0
  // Of the same length, so that places stay: a line that goes on, and spaces of a placeholder.
  const joined = text.text.replace(/\\\r?\n/g, both => ' '.repeat(both.length))
  const plain = joined.replace(/\{\{[^{}]*\}\}/g, whole => whole.replace(/[\s;&|]/g, '_'))
  for (const match of plain.matchAll(CLIENT)) {
    if (match.index < end) continue
    const from = match.index + match[0].length
    const rest = /^[^\n;&|]*/.exec(plain.slice(from))?.[0] ?? ''
    end = from + rest.length
    if (
      OTHERWISE.test(rest) ||
      /(?:^|\s)#[^\n]*$/.test(plain.slice(plain.lastIndexOf('\n', match.index) + 1, match.index))
    )
      continue
    const order = orderOf(rest, joined.slice(from, end), filledIn)
    if (order !== null) found.push(...order.map(each => ({ ...each, at: placeIn(text, match.index, end) })))
  }
  return found
}

/** @param rest the options, each word without spaces; @param written the same letters as they stand there */
function orderOf(rest: string, written: string, filledIn: FilledIn): readonly Omit<Order, 'at'>[] | null {
  const words = [...rest.matchAll(/\S+/g)].map(({ 0: word, index }) => ({
    word: word.replace(/["']/g, ''),
    text: written.slice(index, index + word.length).replace(/^["']|["']$/g, ''),
  }))
  const names: string[] = []
  let [isKnown, name, isOrder] = [true, null as string | null, false]
  for (const [index, { word, text }] of words.entries()) {
    const [, option = '', glued] = /^(-d|--domains?|--cert-name)(?:=(.+)|(?!=))$/s.exec(word) ?? []
    if (option === '') {
      // A variable by itself may hold names.
      if (/^(?:\$|\{\{)/.test(word) && !/^-/.test(words[index - 1]?.word ?? '')) {
        const more = namesOfWords(filledIn(text))
        if (more === null) isKnown = false
        else names.push(...more)
        isOrder ||= more === null || more.length > 0
      }
      continue
    }
    const value = glued === undefined ? words[index + 1]?.text : text.slice(text.indexOf('=') + 1)
    if (value === undefined) continue
    const values = valuesOf(value, filledIn)
    if (option === '--cert-name') name = values?.[0] ?? '?'
    else {
      isOrder = true
      if (values === null) isKnown = false
      else names.push(...values)
    }
  }
  if (!isOrder) return null
  const isValid = isKnown && names.length > 0 && names.every(each => NAME.test(each))
  const lineage = name ?? (isValid ? (names[0]?.replace(/^\*\./, '') ?? null) : null)
  return [{ lineage: lineage === '?' ? null : lineage, names: isValid ? names : null }]
}

const NAME = /^(?:\*\.)?[\w-]+(?:\.[\w-]+)+$/

/** `example.org,www.example.org`, in which parts may be filled in. */
function valuesOf(value: string, filledIn: FilledIn): readonly string[] | null {
  const plain = value.replace(/["']$/, '')
  const [whole] = plain.match(FILLED) ?? []
  if (whole === undefined) return namesOf(plain)
  if (whole === plain) {
    const values = filledIn(plain)
    return values === null ? null : values.flatMap(namesOf)
  }
  let isKnown = true
  const filled = plain.replace(FILLED, word => {
    const values = filledIn(word)
    if (values?.length !== 1) isKnown = false
    return values?.[0] ?? ''
  })
  return isKnown ? namesOf(filled) : null
}

const namesOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')

/** The names of a variable that holds options, `-d example.org -d www.example.org`. */
function namesOfWords(values: readonly string[] | null): readonly string[] | null {
  if (values === null) return null
  const words = values.join(' ').split(/\s+/)
  return words.flatMap((word, index) =>
    /^(?:-d|--domains?)$/.test(words[index - 1] ?? '') ? namesOf(word) : [],
  )
}
