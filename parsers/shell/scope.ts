import { isUnknownWord, type Place } from '../text/source.ts'
import type { WrittenText } from '../text/written-text.ts'
import type { ShellAssignment, ShellValue, ShellVariable } from './shell-environment.ts'

/** A name that is certainly not set. */
export const UNSET = Symbol('unset')

/**
 * The variables while a script is executed. It changes with every line, and is copied where the script
 * may go two ways.
 */
export class Scope {
  readonly #variables: Map<string, ShellVariable | typeof UNSET>
  /** Names that `export` marked, set or not: what is assigned to them later is exported too. */
  readonly #marked: Set<string>
  /** Why a name that was never mentioned may be set; null where it is not. */
  #elsewhere: string | null
  /** True after `set -a`. */
  exportAll: boolean
  /** Variables from outside of the script that nobody mentioned yet. */
  outer: ((name: string) => ShellValue | null) | null = null
  /** The working directory; null where it is not known. */
  directory: string | null = null
  /** `$1` and what follows; null where nobody knows them. */
  positional: readonly WrittenText[] | null = null
  /** True after `return` or `exit`, `maybe` where a branch that may be taken has one. */
  ended: boolean | 'maybe' = false
  readonly assignments: ShellAssignment[]

  constructor(
    variables: Iterable<readonly [string, ShellVariable | typeof UNSET]>,
    elsewhere: string | null,
    exportAll: boolean,
    assignments: ShellAssignment[],
    marked: Iterable<string> = [],
  ) {
    this.#variables = new Map(variables)
    this.#marked = new Set(marked)
    this.#elsewhere = elsewhere
    this.exportAll = exportAll
    this.assignments = assignments
  }

  get(name: string): ShellVariable | typeof UNSET {
    const variable = this.#variables.get(name)
    if (variable !== undefined) return variable
    if (this.#elsewhere === null) {
      const value = this.outer?.(name) ?? null
      return value === null ? UNSET : { value, exported: true, assignment: null }
    }
    return { value: { known: false, reason: this.#elsewhere }, exported: false, assignment: null }
  }

  /** `$1`, `$#`: null where there are not so many, undefined for other names and what nobody knows. */
  parameter(name: string): string | null | undefined {
    const { positional } = this
    if (positional === null) return undefined
    if (name === '#') return String(positional.length)
    if (!/^[1-9]$/.test(name)) return undefined
    const word = positional[Number(name) - 1]
    if (word === undefined) return null
    return isUnknownWord(word.text) ? undefined : word.text
  }

  assign(name: string, value: ShellValue, at: Place): void {
    const exported = this.#isExported(name)
    const assignment = { name, value, exported, source: at.source, start: at.start, end: at.end }
    this.assignments.push(assignment)
    this.#variables.set(name, { value, exported, assignment })
  }

  unset(name: string): void {
    this.#variables.set(name, UNSET)
    this.#marked.delete(name)
  }

  export(name: string, exported: boolean): void {
    const variable = this.get(name)
    if (exported) this.#marked.add(name)
    else this.#marked.delete(name)
    if (variable !== UNSET) this.#variables.set(name, { ...variable, exported })
  }

  #isExported(name: string): boolean {
    if (this.exportAll || this.#marked.has(name)) return true
    const before = this.get(name)
    return before !== UNSET && before.exported
  }

  /** After something that may have changed this one name. */
  blur(name: string, reason: string): void {
    // What may have set it may have exported it as well.
    this.#variables.set(name, { value: { known: false, reason }, exported: true, assignment: null })
  }

  /** After something that may have changed any name. */
  blurAll(reason: string): void {
    for (const name of [...this.#variables.keys()]) this.blur(name, reason)
    this.#elsewhere = reason
    this.directory = null
    this.positional = null
  }

  /** How many variables a copy takes along. */
  get size(): number {
    return this.#variables.size
  }

  copy(): Scope {
    const copy = new Scope(this.#variables, this.#elsewhere, this.exportAll, this.assignments, this.#marked)
    copy.ended = this.ended
    copy.outer = this.outer
    copy.directory = this.directory
    copy.positional = this.positional
    return copy
  }

  /** Becomes what the script may have left behind after one of several ways through it. */
  become(ways: readonly Scope[], reason: string): void {
    const names = new Set<string>()
    for (const way of ways) for (const name of way.#variables.keys()) names.add(name)
    const elsewhere = ways.map(way => way.#elsewhere).find(reason => reason !== null) ?? null
    const merged = new Map<string, ShellVariable | typeof UNSET>()
    for (const name of names) {
      const values = ways.map(way => way.get(name))
      const first = values[0] ?? UNSET
      merged.set(name, values.every(value => isSame(value, first)) ? first : either(values, reason))
    }
    this.#variables.clear()
    for (const [name, value] of merged) this.#variables.set(name, value)
    this.#marked.clear()
    for (const way of ways) for (const name of way.#marked) this.#marked.add(name)
    this.#elsewhere = elsewhere
    this.exportAll = ways.some(way => way.exportAll)
    if (ways.some(({ directory }) => directory !== ways[0]?.directory)) this.directory = null
    else this.directory = ways[0]?.directory ?? null
    if (ways.some(({ positional }) => positional !== ways[0]?.positional)) this.positional = null
    else this.positional = ways[0]?.positional ?? null
    const endings = new Set(ways.map(way => way.ended))
    this.ended = endings.size === 1 ? (ways[0]?.ended ?? false) : 'maybe'
  }

  environment(): { variables: ReadonlyMap<string, ShellVariable>; complete: boolean } {
    const variables = new Map<string, ShellVariable>()
    for (const [name, variable] of this.#variables) if (variable !== UNSET) variables.set(name, variable)
    return { variables, complete: this.#elsewhere === null }
  }
}

function isSame(a: ShellVariable | typeof UNSET, b: ShellVariable | typeof UNSET): boolean {
  if (a === UNSET || b === UNSET) return a === b
  if (a.exported !== b.exported) return false
  if (!a.value.known || !b.value.known) return a.value === b.value
  return a.value.value === b.value.value
}

function either(values: readonly (ShellVariable | typeof UNSET)[], reason: string): ShellVariable {
  const set = values.filter(value => value !== UNSET)
  return {
    value: { known: false, reason },
    exported: set.some(value => value.exported),
    assignment: set.findLast(value => value.assignment !== null)?.assignment ?? null,
  }
}
