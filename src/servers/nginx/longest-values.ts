import { LONGEST_VALUE } from '../../../parsers/text/limits.ts'
import type { NginxDirective } from './configuration.ts'
import { valueParts } from './queries/interpolate.ts'

/** What makes a variable of a word: `set` of its second one, and each entry of these blocks. */
const TABLES = ['map', 'geo', 'split_clients'] as const

/**
 * True where a value that `set` and its like put together may be longer than values are followed: variables
 * that hold each other twice over double at each step. What a request brings counts nothing here.
 */
export function exceedsLongestValue(occurrences: ReadonlyMap<string, readonly NginxDirective[]>): boolean {
  const lengths = new Map<string, number>()
  const lengthOf = (value: string): number => {
    if (!value.includes('$')) return value.length
    let length = 0
    for (const part of valueParts(value))
      length += part.kind === 'text' ? part.text.length : (lengths.get(part.name) ?? 0)
    return length
  }
  /** True where the variable grew beyond the limit. */
  const assign = (name: string, length: number): boolean => {
    lengths.set(name, Math.max(length, lengths.get(name) ?? 0))
    return length > LONGEST_VALUE
  }
  // A table may use those that stand below it, so they are gone through until nothing grows.
  const tables = TABLES.flatMap(name => occurrences.get(name) ?? [])
  for (let turn = 0, grew = tables.some(hasVariables); grew && turn < MOST_TURNS; turn++) {
    grew = false
    for (const { args, children } of tables) {
      const name = nameOf(args.at(-1)?.value ?? '')
      const before = lengths.get(name) ?? 0
      let longest = 0
      for (const {
        args: [value],
      } of children)
        longest = Math.max(longest, lengthOf(value?.value ?? ''))
      if (longest > before) grew = true
      if (assign(name, longest)) return true
    }
  }
  for (const { args } of occurrences.get('set') ?? []) {
    const [variable, value] = args
    if (variable === undefined || value === undefined) continue
    if (assign(nameOf(variable.value), lengthOf(value.value))) return true
  }
  return false
}

/** Doubling passes the limit within as many. */
const MOST_TURNS = 17

function hasVariables({ children }: NginxDirective): boolean {
  return children.some(({ args }) => args[0]?.value.includes('$') === true)
}

function nameOf(variable: string): string {
  return variable.replace(/^\$/, '').toLowerCase()
}
