import { memo } from '../../../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { compilePcre, type PcreMatch } from '../../regex.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { interpolate, type Variables } from './interpolate.ts'
import { argumentPlace } from './places.ts'
import { hasUnreadInclude } from './scope.ts'

/** A `map` block: what its variable is made of, and its table as constants and expressions. */
export interface NginxMap {
  /** The source expression, such as `$http_x_forwarded_proto`. */
  readonly source: string
  /** The variable that it makes, in lower case, without `$`. */
  readonly variable: string
  /** Keys in lower case, as nginx compares them. */
  readonly exact: ReadonlyMap<string, NginxDirective>
  readonly leading: ReadonlyMap<string, NginxDirective>
  readonly trailing: ReadonlyMap<string, NginxDirective>
  readonly regexes: readonly NginxDirective[]
  readonly fallback: NginxDirective | null
  readonly hostnames: boolean
  /** False where unread files may add entries. */
  readonly complete: boolean
  readonly directive: NginxDirective
}

/** The maps of http by their variable; of two for the same one nginx keeps the last. */
export const maps = memo((configuration: NginxConfiguration): ReadonlyMap<string, NginxMap> => {
  const built = new Map<string, NginxMap>()
  for (const directive of configuration.occurrences.get('map') ?? []) {
    const [source, variable] = directive.args
    if (directive.context !== 'http' || source === undefined || !variable?.value.startsWith('$')) continue
    const map = readMap(configuration, directive, source.value, variable.value.slice(1).toLowerCase())
    built.set(map.variable, map)
  }
  return built
})

function readMap(
  configuration: NginxConfiguration,
  directive: NginxDirective,
  source: string,
  variable: string,
): NginxMap {
  const exact = new Map<string, NginxDirective>()
  const leading = new Map<string, NginxDirective>()
  const trailing = new Map<string, NginxDirective>()
  const regexes: NginxDirective[] = []
  let fallback: NginxDirective | null = null
  let hostnames = false
  let complete = !hasUnreadInclude(configuration, directive)
  for (const entry of directive.children) {
    const { name, args } = entry
    if (isUnknownWord(name)) complete = false
    if (name === 'include' || name === 'volatile') continue
    if (name === 'hostnames' && args.length === 0) {
      hostnames = true
    } else if (name === 'default') {
      fallback = entry
    } else if (name.startsWith('~')) {
      regexes.push(entry)
    } else {
      const key = (name.startsWith('\\') ? name.slice(1) : name).toLowerCase()
      if (hostnames && key.startsWith('*.')) leading.set(key.slice(2), entry)
      else if (hostnames && key.startsWith('.')) {
        leading.set(key.slice(1), entry)
        exact.set(key.slice(1), entry)
      } else if (hostnames && key.endsWith('.*')) trailing.set(key.slice(0, -2), entry)
      else exact.set(key, entry)
    }
  }
  return { source, variable, exact, leading, trailing, regexes, fallback, hostnames, complete, directive }
}

/** What a map's variable holds, and the match of the expression that gave it: `$1` is from it afterwards. */
export interface MapAnswer {
  readonly value: Fact<string>
  readonly match: PcreMatch | null
}

/** The value of a map's variable; unknown where its source is, or an expression cannot be evaluated. */
export function askMap(map: NginxMap, variables: Variables): MapAnswer {
  const source = interpolate(map.source, variables)
  if (!source.known) return { value: source, match: null }
  const at = argumentPlace(map.directive, 1)
  const found = findEntry(map, source.value)
  if (found === null)
    return { value: unknown('an expression of this `map` cannot be evaluated here', at), match: null }
  const { entry, match } = found
  if (entry === null)
    return {
      value: map.complete ? known('', at) : unknown('this `map` has entries that were not read', at),
      match,
    }
  const value = interpolate(
    entry.args[0]?.value ?? '',
    match === null ? variables : withMatch(match, variables),
  )
  return { value: { ...value, at: argumentPlace(entry, 0) }, match }
}

/** Every value that the map can give, as written: for rules that ask what is possible. */
export function mapValues(map: NginxMap): readonly string[] {
  const entries = [...map.exact.values(), ...map.leading.values(), ...map.trailing.values(), ...map.regexes]
  const values = new Set(entries.map(entry => entry.args[0]?.value ?? ''))
  values.add(map.fallback?.args[0]?.value ?? '')
  return [...values]
}

function findEntry(
  map: NginxMap,
  text: string,
): { readonly entry: NginxDirective | null; readonly match: PcreMatch | null } | null {
  const lower = text.toLowerCase()
  const key = map.hostnames && lower.endsWith('.') ? lower.slice(0, -1) : lower
  const entry = map.exact.get(key) ?? byDomain(map.leading, key) ?? byStem(map.trailing, key)
  if (entry !== undefined) return { entry, match: null }
  for (const candidate of text === '' ? [] : map.regexes) {
    const caseless = candidate.name.startsWith('~*')
    const regex = compilePcre(candidate.name.slice(caseless ? 2 : 1), { caseless })
    if (regex === null) return null
    const match = regex.match(text)
    if (match === undefined) return null
    if (match !== null) return { entry: candidate, match }
  }
  return { entry: map.fallback, match: null }
}

function byDomain(table: ReadonlyMap<string, NginxDirective>, key: string): NginxDirective | undefined {
  for (let dot = key.indexOf('.'); dot !== -1; dot = key.indexOf('.', dot + 1)) {
    const found = table.get(key.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}

function byStem(table: ReadonlyMap<string, NginxDirective>, key: string): NginxDirective | undefined {
  for (let dot = key.lastIndexOf('.'); dot > 0; dot = key.lastIndexOf('.', dot - 1)) {
    const found = table.get(key.slice(0, dot))
    if (found !== undefined) return found
  }
  return undefined
}

/** The groups of a match in front of the other variables. */
export function withMatch(match: PcreMatch, variables: Variables): Variables {
  return name => {
    const value = /^[1-9]$/.test(name) ? (match.captures[Number(name)] ?? '') : match.named.get(name)
    if (value === undefined) return variables(name)
    return known(value)
  }
}
