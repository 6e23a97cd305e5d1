import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { apacheDirective, apacheSection, type OverrideClass, overrideClasses } from '../directives.ts'
import { effective } from './effective.ts'
import { argumentPlace, isSettled } from './places.ts'
import type { Level } from './sections-for.ts'

/** What the server's own files let a `.htaccess` in one directory say. */
export interface Overrides {
  /** False where httpd does not look for the file at all. */
  readonly reads: boolean
  /**
   * True where no `AllowOverride` holds: httpd then reads the file and lets nothing stand in it, though
   * its documentation calls that the default and the same as `None`.
   */
  readonly unset: boolean
  readonly classes: ReadonlySet<OverrideClass>
  /** Names of `AllowOverrideList`, lower case. */
  readonly list: ReadonlySet<string>
  /** The words of `Options=…`, lower case; null where every option may stand. */
  readonly options: ReadonlySet<string> | null
  /** Of `Nonfatal=`: what is passed over instead of answered with 500. */
  readonly nonfatal: { readonly override: boolean; readonly unknown: boolean }
  /** The `AllowOverride` that holds. */
  readonly at: Place | null
}

const CLASSES: readonly OverrideClass[] = ['AuthConfig', 'FileInfo', 'Indexes', 'Limit', 'Options']

/** The `AllowOverride` and `AllowOverrideList` of a directory, from the levels above its `.htaccess`. */
export function overridesFor(configuration: ApacheConfiguration, levels: readonly Level[]): Fact<Overrides> {
  const allow = effective(configuration, levels, 'AllowOverride')
  const listed = effective(configuration, levels, 'AllowOverrideList')
  const directive = allow.directives.at(-1)
  const words = (directive?.args ?? []).map(({ value }) => value)
  // What a list outside of a fragment might add to `All` is in it already.
  const isAll = words.some(word => word.toLowerCase() === 'all')
  const open = allow.open ?? (isAll ? null : listed.open)
  if (open !== null) return unknown(open)
  const names = (listed.directives.at(-1)?.args ?? []).map(({ value }) => value.toLowerCase())
  if (![...words, ...names].every(isSettled)) return unknown('the value is filled in elsewhere')
  const list = new Set(names.filter(name => name !== 'none'))
  return known(readWords(words, list, directive))
}

function readWords(
  words: readonly string[],
  list: ReadonlySet<string>,
  directive: ApacheDirective | undefined,
): Overrides {
  const classes = new Set<OverrideClass>()
  let options: Set<string> | null = null
  let none = false
  const nonfatal = { override: false, unknown: false }
  for (const word of words) {
    const [name = '', value] = word.toLowerCase().split('=')
    if (name === 'none') none = true
    else if (name === 'all') for (const each of CLASSES) classes.add(each)
    else if (name === 'nonfatal') {
      nonfatal.override ||= value === 'override' || value === 'all'
      nonfatal.unknown ||= value === 'unknown' || value === 'all'
    } else {
      const found = CLASSES.find(each => each.toLowerCase() === name)
      if (found !== undefined) classes.add(found)
      if (found === 'Options' && value !== undefined) options = new Set(value.split(','))
    }
  }
  return {
    reads: !none || list.size > 0,
    unset: directive === undefined,
    classes,
    list,
    options,
    nonfatal,
    at: directive === undefined ? null : argumentPlace(directive, 0),
  }
}

/** A directive that httpd turns away in a `.htaccess`: every request to the directory is then answered with 500. */
export interface Refusal {
  readonly directive: ApacheDirective
  /** The classes of which one would let it stand; none where it may not stand in any `.htaccess`. */
  readonly wanted: readonly OverrideClass[]
  /** The word of `Options` that is not in the list of `AllowOverride Options=…`; null for the directive itself. */
  readonly option: ApacheWord | null
}

/** The directives of a `.htaccess` that may not stand there, in reading order; none where httpd only passes over them. */
export function refusals(children: readonly ApacheDirective[], overrides: Overrides): readonly Refusal[] {
  if (!overrides.reads) return []
  const { nonfatal } = overrides
  return notAllowed(children, overrides).filter(
    ({ directive, option }) => !nonfatal.override || option !== null || isInRequireSection(directive),
  )
}

/** The directives that httpd passes over instead of answering 500 (`Nonfatal=Override`), with all that is in them. */
export function passedOver(
  children: readonly ApacheDirective[],
  overrides: Overrides,
): readonly ApacheDirective[] {
  if (!overrides.nonfatal.override) return []
  return notAllowed(children, overrides)
    .filter(({ directive, option }) => option === null && !isInRequireSection(directive))
    .map(({ directive }) => directive)
}

/** mod_authz_core reads the lines of its sections itself, and `Nonfatal` is not its concern. */
export function isInRequireSection({ parent }: ApacheDirective): boolean {
  return parent !== null && (/^require(?:all|any|none)$/i.test(parent.name) || isInRequireSection(parent))
}

function notAllowed(children: readonly ApacheDirective[], overrides: Overrides): readonly Refusal[] {
  const found: Refusal[] = []
  const visit = (directive: ApacheDirective): void => {
    const name = directive.name.toLowerCase()
    const facts = directive.section ? apacheSection(name) : apacheDirective(name)
    // An unknown name is a fault of its own.
    if (facts === undefined) return
    const wanted = overrideClasses(facts)
    if (!overrides.list.has(name) && !wanted.some(each => overrides.classes.has(each)))
      found.push({ directive, wanted, option: null })
    else if (name === 'options') {
      const option = refusedOption(directive, overrides)
      if (option !== undefined) found.push({ directive, wanted, option })
    }
    for (const child of directive.children) visit(child)
  }
  for (const child of children) visit(child)
  return found
}

function refusedOption({ args }: ApacheDirective, { options }: Overrides): ApacheWord | undefined {
  if (options === null || options.has('all')) return undefined
  return args.find(({ value }) => {
    const option = value.replace(/^[+-]/, '').toLowerCase()
    if (option === 'none' || option === 'all') return option === 'all' && options.size === 0
    return !options.has(option) && !(option === 'includesnoexec' && options.has('includes'))
  })
}
