import { memo } from '../../../../parsers/collections/memo.ts'
import { isUnknownWord, type Place } from '../../../../parsers/text/source.ts'
import { compilePcre, type Pcre, toBytes } from '../../regex.ts'
import type { NginxDirective } from '../configuration.ts'
import { argumentPlace, namePlace } from './places.ts'
import { childrenNamed } from './scope.ts'

export type LocationModifier = '' | '=' | '^~' | '~' | '~*' | '@'

/** A `location` as nginx reads its arguments; the modifier may be glued to the name. */
export interface NginxLocation {
  readonly directive: NginxDirective
  /** `@` for a named location, though nginx takes it for the first letter of the name. */
  readonly modifier: LocationModifier
  /** The prefix, expression or name (`@fallback`), without modifier. */
  readonly name: string
  readonly at: Place
}

/** As it is called in messages: `location ~ \.php$`. */
export function locationTitle({ args }: NginxDirective): string {
  return `location ${args.map(({ value }) => value).join(' ')}`
}

export function readLocation(directive: NginxDirective): NginxLocation {
  const [first, second] = directive.args
  if (first === undefined) return { directive, modifier: '', name: '', at: namePlace(directive) }
  if (second !== undefined) {
    const modifier = first.value
    const isKnown = modifier === '=' || modifier === '^~' || modifier === '~' || modifier === '~*'
    return {
      directive,
      modifier: isKnown ? modifier : '',
      name: second.value,
      at: argumentPlace(directive, 1),
    }
  }
  const at = argumentPlace(directive, 0)
  for (const modifier of ['=', '^~', '~*', '~'] as const) {
    if (first.value.startsWith(modifier))
      return { directive, modifier, name: first.value.slice(modifier.length), at }
  }
  return { directive, modifier: first.value.startsWith('@') ? '@' : '', name: first.value, at }
}

/** The locations directly in a server or location, as nginx arranges them to find one. */
export interface LocationIndex {
  readonly exact: ReadonlyMap<string, NginxLocation>
  /** Prefixes, `^~` among them. */
  readonly prefixes: ReadonlyMap<string, NginxLocation>
  /** The lengths of all prefixes, longest first. */
  readonly lengths: readonly number[]
  readonly regexes: readonly { readonly location: NginxLocation; readonly regex: Pcre | null }[]
  readonly named: ReadonlyMap<string, NginxLocation>
  /** Locations whose name is a template's placeholder. */
  readonly unread: readonly NginxLocation[]
  /** Prefixes ending in `/` of a location that hands requests on: nginx redirects the name without slash to them. */
  readonly redirecting: ReadonlySet<string>
}

/** Names are bytes, as nginx compares them. */
export const locationIndex = memo(buildIndex)

function buildIndex(scope: NginxDirective): LocationIndex {
  const exact = new Map<string, NginxLocation>()
  const prefixes = new Map<string, NginxLocation>()
  const regexes: { location: NginxLocation; regex: Pcre | null }[] = []
  const named = new Map<string, NginxLocation>()
  const unread: NginxLocation[] = []
  const redirecting = new Set<string>()
  for (const directive of childrenNamed(scope, 'location')) {
    const location = readLocation(directive)
    if (isUnknownWord(location.name)) {
      unread.push(location)
      continue
    }
    const name = toBytes(location.name)
    switch (location.modifier) {
      case '@':
        if (!named.has(name)) named.set(name, location)
        break
      case '~':
      case '~*':
        regexes.push({
          location,
          regex: compilePcre(location.name, { caseless: location.modifier === '~*' }),
        })
        break
      default: {
        const map = location.modifier === '=' ? exact : prefixes
        if (map.has(name)) break
        map.set(name, location)
        if (name.endsWith('/') && passesOn(directive)) redirecting.add(name)
      }
    }
  }
  const lengths = [...new Set([...prefixes.keys()].map(name => name.length))].sort((a, b) => b - a)
  return { exact, prefixes, lengths, regexes, named, unread, redirecting }
}

/** The directives that hand a request to another server. */
export const PASSES = [
  'proxy_pass',
  'fastcgi_pass',
  'uwsgi_pass',
  'scgi_pass',
  'grpc_pass',
  'memcached_pass',
] as const

const PASS_NAMES: ReadonlySet<string> = new Set(PASSES)

/** True for such a directive. */
export function isPass(name: string): boolean {
  return PASS_NAMES.has(name)
}

/** True for a block that hands requests to another server. */
export function passesOn(location: NginxDirective): boolean {
  return location.children.some(({ name }) => isPass(name))
}

/** True for a block that holds the other, or is that itself. */
export function isAround(outer: NginxDirective, block: NginxDirective): boolean {
  for (let at: NginxDirective | null = block; at !== null; at = at.parent) if (at === outer) return true
  return false
}

/** Every location below a server or location, nested ones behind their outer one, in reading order. */
export function locationsOf(scope: NginxDirective): readonly NginxDirective[] {
  const own = childrenNamed(scope, 'location')
  return own.flatMap(location => [location, ...locationsOf(location)])
}
