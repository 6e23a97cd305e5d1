import { type Fact, known, unknown } from '../../fact.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { directivesAt } from '../queries/effective.ts'
import { argumentPlace, isSettled } from '../queries/places.ts'
import type { Level } from '../queries/sections-for.ts'
import type { RequestRecord } from './request.ts'

/** Lower case: `followsymlinks`, `indexes`, `multiviews`, `execcgi`… */
export interface OptionSet {
  readonly has: (name: string) => boolean
  /** The last line that took part; null where the default holds. */
  readonly directive: ApacheDirective | null
}

const ALL = ['indexes', 'includes', 'followsymlinks', 'symlinksifownermatch', 'execcgi', 'includesnoexec']

/** The `Options` in force: an absolute line replaces what stands outside of it, `+` and `-` change it. */
export function optionsFor({ walk, levels }: RequestRecord): Fact<OptionSet> {
  return optionsIn(walk.configuration, levels)
}

/** The same, of the sections that hold for a path. */
export function optionsIn(configuration: ApacheConfiguration, levels: readonly Level[]): Fact<OptionSet> {
  let set = new Set<string>(['followsymlinks'])
  let last: ApacheDirective | null = null
  for (const level of levels) {
    for (const directive of directivesAt(configuration, level, 'Options')) {
      const at = argumentPlace(directive, 0)
      if (level.applies === undefined) return unknown('a section that may apply sets `Options`', at)
      if (!directive.args.every(({ value }) => isSettled(value)))
        return unknown('the value of `Options` is not known here', at)
      set = apply(set, directive)
      last = directive
    }
  }
  return known({ has: name => set.has(name), directive: last }, last === null ? null : argumentPlace(last, 0))
}

function apply(outer: ReadonlySet<string>, directive: ApacheDirective): Set<string> {
  const words = directive.args.map(({ value }) => value.toLowerCase())
  const set = new Set(/^[+-]/.test(words[0] ?? '') ? outer : [])
  for (const word of words) {
    const name = word.replace(/^[+-]/, '')
    if (word.startsWith('-')) set.delete(name)
    else if (name === 'all') for (const each of ALL) set.add(each)
    else if (name !== 'none') set.add(name)
  }
  return set
}
