import type { Place } from '../../../../parsers/text/source.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { effective } from './effective.ts'
import { argumentPlace } from './places.ts'
import type { Level } from './sections-for.ts'

export type HeaderAction =
  | 'add'
  | 'append'
  | 'merge'
  | 'set'
  | 'setifempty'
  | 'unset'
  | 'edit'
  | 'edit*'
  | 'echo'
  | 'note'

/** One `Header` or `RequestHeader` that holds. */
export interface HeaderLine {
  readonly directive: ApacheDirective
  /** `always` goes out with every response, `onsuccess` only with those below 400 that httpd did not make itself. */
  readonly table: 'always' | 'onsuccess'
  readonly action: HeaderAction
  /** As written. */
  readonly name: string
  readonly nameAt: Place
  /** The value, or the expression of `edit`; null where the action takes none. */
  readonly value: string | null
  readonly valueAt: Place | null
  /** `env=…`, `expr=…` or `early` behind it; null where the line holds for every request. */
  readonly condition: string | null
}

export interface HeaderLines {
  /** In the order in which mod_headers carries them out. */
  readonly lines: readonly HeaderLine[]
  /** Null where these are all; otherwise why there may be more. */
  readonly open: string | null
}

/** What mod_headers does to responses in a scope: the lines of all levels, outer first; nothing is replaced. */
export function responseHeaders(configuration: ApacheConfiguration, levels: readonly Level[]): HeaderLines {
  const { directives, open } = effective(configuration, levels, 'Header')
  return { lines: directives.map(headerLine).filter(line => line !== null), open }
}

const ACTIONS = new Set<string>([
  'add',
  'append',
  'merge',
  'set',
  'setifempty',
  'unset',
  'edit',
  'edit*',
  'echo',
  'note',
])

/** `Header [always|onsuccess] action name [value [replacement]] [early|env=…|expr=…]`; null where httpd refuses it. */
export function headerLine(directive: ApacheDirective): HeaderLine | null {
  const words = directive.args
  const first = words[0]?.value.toLowerCase()
  const tabled = first === 'always' || first === 'onsuccess'
  let at = tabled ? 1 : 0
  const action = words[at]?.value.toLowerCase() ?? ''
  const name = words[at + 1]
  if (!ACTIONS.has(action) || name === undefined) return null
  const nameAt = argumentPlace(directive, at + 1)
  at += 2
  const takes = action === 'unset' || action === 'echo' ? 0 : action.startsWith('edit') ? 2 : 1
  const value = takes > 0 ? words[at] : undefined
  const condition = words[at + takes]?.value ?? null
  return {
    directive,
    table: tabled ? first : 'onsuccess',
    action: action as HeaderAction,
    name: name.value.replace(/:$/, ''),
    nameAt,
    value: value?.value ?? null,
    valueAt: value === undefined ? null : argumentPlace(directive, at),
    condition,
  }
}

/** The state of one header after all lines of its table. */
export interface HeaderState {
  /** Each value that goes out; null for one that only the response decides (`edit`, `echo`, a condition). */
  readonly values: readonly (string | null)[]
  /** The last line that changed it. */
  readonly line: HeaderLine
}

/**
 * The headers that one table leaves, by lower-case name, if nothing but mod_headers sets them. On an
 * error only `always` goes out; on success both do, and what both set goes out twice.
 */
export function headerTable(
  lines: readonly HeaderLine[],
  table: HeaderLine['table'],
): ReadonlyMap<string, HeaderState> {
  const states = new Map<string, HeaderState>()
  for (const line of lines) {
    if (line.table !== table) continue
    const name = line.name.toLowerCase()
    const before = states.get(name)?.values ?? []
    const values = afterLine(line, before)
    if (values !== null) states.set(name, { values, line })
  }
  return states
}

function afterLine(line: HeaderLine, before: readonly (string | null)[]): readonly (string | null)[] | null {
  if (line.condition !== null) return line.action === 'note' ? null : [...before, null]
  const { value } = line
  switch (line.action) {
    case 'set':
      return [value]
    case 'setifempty':
      return before.length === 0 ? [value] : before
    case 'unset':
      return []
    case 'add':
      return [...before, value]
    case 'append':
      return before.length === 0 ? [value] : [...before.slice(0, -1), joined(before.at(-1) ?? null, value)]
    case 'merge': {
      if (before.length === 0) return [value]
      const parts = before.flatMap(text =>
        text === null ? [null] : text.split(',').map(part => part.trim()),
      )
      if (parts.includes(value)) return before
      return parts.includes(null)
        ? [...before, null]
        : [...before.slice(0, -1), joined(before.at(-1) ?? null, value)]
    }
    case 'edit':
    case 'edit*':
    case 'echo':
      return before.length === 0 && line.action !== 'echo' ? null : [null]
    case 'note':
      return null
  }
}

function joined(before: string | null, value: string | null): string | null {
  return before === null || value === null ? null : `${before}, ${value}`
}
