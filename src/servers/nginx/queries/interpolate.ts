import { recent } from '../../../../parsers/collections/recent.ts'
import { LONGEST_VALUE, TOO_LONG } from '../../../../parsers/text/limits.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { toBytes } from '../../regex.ts'

/** A stretch of a value: plain text, or a variable by its lower-case name (`1` for `$1`). */
export type ValuePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }

/** The value of a variable, as bytes; names come in lower case. */
export type Variables = (name: string) => Fact<string>

const NAME = /[A-Za-z0-9_]/

/** Cuts a value into text and variables as nginx does: `$name`, `${name}`, and one digit of `$1`. */
export function valueParts(value: string): readonly ValuePart[] {
  if (!value.includes('$')) return value === '' ? [] : [{ kind: 'text', text: value }]
  const parts: ValuePart[] = []
  let text = ''
  let at = 0
  while (at < value.length) {
    const name = value[at] === '$' ? nameAt(value, at + 1) : null
    if (name === null) {
      text += value[at++] ?? ''
      continue
    }
    if (text !== '') parts.push({ kind: 'text', text })
    text = ''
    parts.push({ kind: 'variable', name: name.name.toLowerCase() })
    at = name.end
  }
  if (text !== '') parts.push({ kind: 'text', text })
  return parts
}

function nameAt(value: string, start: number): { readonly name: string; readonly end: number } | null {
  const first = value[start] ?? ''
  if (/[1-9]/.test(first)) return { name: first, end: start + 1 }
  if (first === '{') {
    const close = value.indexOf('}', start)
    const name = close === -1 ? '' : value.slice(start + 1, close)
    return /^[A-Za-z0-9_]+$/.test(name) ? { name, end: close + 1 } : null
  }
  let end = start
  while (NAME.test(value[end] ?? '')) end++
  return end === start ? null : { name: value.slice(start, end), end }
}

/** The lower-case names of the variables in a value, each once. */
export function variableNames(value: string): readonly string[] {
  return value.includes('$') ? namesIn(value) : NO_NAMES
}

const NO_NAMES: readonly string[] = []

const namesIn = recent((value): readonly string[] => {
  const names = new Set<string>()
  for (const part of valueParts(value)) if (part.kind === 'variable') names.add(part.name)
  return [...names]
})

/** True where a value holds variables, or a placeholder, so that it is not what is written. */
export function isComputed(value: string): boolean {
  return isUnknownWord(value) || variableNames(value).length > 0
}

/** The value, as bytes, with every variable replaced; unknown, naming it, where one of them is. */
export function interpolate(value: string, variables: Variables): Fact<string> {
  if (isUnknownWord(value)) return unknown('a placeholder of a template stands here')
  if (!value.includes('$')) return known(toBytes(value))
  let result = ''
  for (const part of valueParts(value)) {
    if (part.kind === 'text') {
      result += toBytes(part.text)
      continue
    }
    const fact = variables(part.name)
    if (!fact.known) return unknown(fact.reason, fact.at)
    result += fact.value
    if (result.length > LONGEST_VALUE) return unknown(TOO_LONG)
  }
  return known(result)
}
