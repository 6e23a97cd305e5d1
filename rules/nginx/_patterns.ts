import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'

/** A regular expression that nginx compares with a path, or with a variable of `if`. */
export interface Pattern {
  readonly pattern: string
  readonly caseless: boolean
  /** True where the expression is denied, `!~`. */
  readonly negated: boolean
  readonly at: Place
}

/** Those that no placeholder is in, of locations, rewrites and conditions. */
export function* patternsOf(configuration: NginxConfiguration): Iterable<Pattern> {
  const { occurrences } = configuration
  for (const directive of occurrences.get('location') ?? []) {
    const { modifier, name, at } = readLocation(directive)
    if (modifier === '~' || modifier === '~*') yield* whole(name, modifier === '~*', at)
  }
  for (const directive of occurrences.get('rewrite') ?? [])
    yield* whole(directive.args[0]?.value ?? '', false, argumentPlace(directive, 0))
  for (const directive of occurrences.get('if') ?? []) yield* condition(directive)
}

function* whole(pattern: string, caseless: boolean, at: Place, negated = false): Iterable<Pattern> {
  if (!isUnknownWord(pattern)) yield { pattern, caseless, negated, at }
}

/** The expression of `if ($variable ~ …)`, without the parenthesis that the last word ends with. */
function* condition(directive: NginxDirective): Iterable<Pattern> {
  const [, operator = '', pattern = ''] = conditionWords(directive)
  const index = directive.args.findIndex(({ value }) => value === operator)
  if (!/^!?~\*?$/.test(operator) || index === -1) return
  const at = argumentPlace(directive, index + 1)
  const isQuoted = /^["']/.test(at.source.text.slice(at.start, at.start + 1))
  const end = directive.args[index + 1]?.value === pattern || isQuoted ? at.end : at.end - 1
  yield* whole(pattern, operator.endsWith('*'), { ...at, end }, operator.startsWith('!'))
}

/** How many groups a pattern has; null where it cannot be read. */
export function groupsIn(pattern: string): number | null {
  const tree = isUnknownWord(pattern) ? null : readPattern(pattern)
  return tree === null || tree.problem !== null ? null : tree.groups
}
