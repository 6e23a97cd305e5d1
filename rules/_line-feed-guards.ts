import { memo, memoByKey } from '../parsers/collections/memo.ts'
import type { NginxConfiguration, NginxDirective } from '../src/servers/nginx/configuration.ts'
import { conditionWords } from '../src/servers/nginx/queries/conditions.ts'
import { readLocation } from '../src/servers/nginx/queries/locations.ts'
import { compilePcre } from '../src/servers/regex.ts'

type Occurrences = NginxConfiguration['occurrences']

/** True where the server refuses every path with line feeds before it comes to this line. */
export function refusesLineFeeds(directive: NginxDirective, occurrences: Occurrences): boolean {
  let inner = directive
  for (let block = directive.parent; block !== null && block.name !== 'http'; block = block.parent) {
    const guards = guardsOf(occurrences, block)
    // Of one block, what rewrites runs in the order of its lines; a header is added behind all of them.
    const isInOrder = inner.name === 'return' || inner.name === 'rewrite' || inner.name === 'if'
    if (guards.some(guard => !isInOrder || block.children.indexOf(guard) < block.children.indexOf(inner)))
      return true
    inner = block
  }
  return false
}

/**
 * True where another location takes every path with a line feed that this line's own would get: an expression beside it
 * is asked although the longest prefix is known, but for `^~` and what expressions in front of it have taken.
 */
export function isCaughtByLocation(directive: NginxDirective): boolean {
  let inner: NginxDirective | null = null
  for (let block = directive.parent; block !== null && block.name !== 'http'; block = block.parent) {
    if (block.name !== 'location' && block.name !== 'server') continue
    const guards = lineFeedLocationsOf(block)
    if (inner === null) {
      // What the server rewrites it rewrites before it looks for a location.
      if (block.name === 'server') return false
      if (guards.length > 0) return true
    } else {
      const { modifier, name } = readLocation(inner)
      // Nothing is asked behind `^~`, and nobody comes to a name by the path.
      if (modifier === '^~' || name.startsWith('@')) return false
      const isPattern = modifier === '~' || modifier === '~*'
      const taken = isPattern ? block.children.indexOf(inner) : Number.POSITIVE_INFINITY
      const path = isPattern ? '/a\nb' : `${name}a\nb`
      if (guards.some(guard => block.children.indexOf(guard) < taken && takes(guard, path))) return true
      // An expression that matches inside is taken before those of the level above are asked.
      if (isPattern) return false
    }
    inner = block
  }
  return false
}

/** Locations of a block that turn away what has a line feed in its path. */
const lineFeedLocationsOf = memo((block: NginxDirective): readonly NginxDirective[] =>
  block.children.filter(
    child =>
      child.name === 'location' &&
      child.children.some(
        line => turnsAway(line) || (line.name === 'deny' && line.args[0]?.value === 'all'),
      ) &&
      GUARDED.every(path => takes(child, path)),
  ),
)

const GUARDED = ['/a\nb', '/zq/y\n', '/\n/index.php']

function takes(location: NginxDirective, path: string): boolean {
  const { modifier, name } = readLocation(location)
  if (modifier !== '~' && modifier !== '~*') return false
  return compilePcre(name, { caseless: modifier === '~*' })?.test(path) === true
}

/** Conditions of a block that turn away what has a line feed in its path. */
const guardsOf = memoByKey((occurrences: Occurrences, block: NginxDirective): readonly NginxDirective[] =>
  block.children.filter(
    child => child.name === 'if' && child.children.some(turnsAway) && holdsForLineFeeds(child, occurrences),
  ),
)

/** True for a condition that holds for every path with a line feed, decoded or not. */
function holdsForLineFeeds(condition: NginxDirective, occurrences: Occurrences): boolean {
  const [subject = '', operator = '', pattern = ''] = conditionWords(condition)
  if (operator === '') return isSetForLineFeeds(subject, null, condition, occurrences)
  if (operator === '=') return isSetForLineFeeds(subject, pattern, condition, occurrences)
  return /^~\*?$/.test(operator) && matchesLineFeeds(subject, pattern, operator === '~*')
}

/**
 * True where a `map`, or conditions in front of this one, give the variable a value that holds for every path with a line
 * feed.
 *
 * @param wanted the value with which it is compared; null where any counts but an empty one and `0`
 */
function isSetForLineFeeds(
  variable: string,
  wanted: string | null,
  condition: NginxDirective,
  occurrences: Occurrences,
): boolean {
  const counts = (value: string): boolean =>
    wanted === null ? value !== '' && value !== '0' : value === wanted
  const map = occurrences.get('map')?.find(({ args }) => args[1]?.value === variable)
  const subject = map?.args[0]?.value ?? ''
  const isMapped = (map?.children ?? []).some(({ name, args }) => {
    const [, caseless, pattern] = /^~(\*?)(.*)$/s.exec(name) ?? []
    return (
      pattern !== undefined &&
      counts(args[0]?.value ?? '') &&
      matchesLineFeeds(subject, pattern, caseless === '*')
    )
  })
  return isMapped || (condition.parent?.children ?? []).some(isSetting)

  function isSetting(each: NginxDirective): boolean {
    if (each.name !== 'if' || each.node.start >= condition.node.start) return false
    const [tested = '', operator = '', pattern = ''] = conditionWords(each)
    if (!/^~\*?$/.test(operator) || !matchesLineFeeds(tested, pattern, operator === '~*')) return false
    return each.children.some(
      ({ name, args }) => name === 'set' && args[0]?.value === variable && counts(args[1]?.value ?? ''),
    )
  }
}

function matchesLineFeeds(subject: string, pattern: string, caseless: boolean): boolean {
  const regex = compilePcre(pattern, { caseless })
  const paths = PATHS.get(subject.replace(/[{}]/g, '').toLowerCase()) ?? []
  return regex !== null && paths.length > 0 && paths.every(path => regex.test(path) === true)
}

const DECODED = ['/a\nb']
const AS_SENT = ['/a%0ab', '/a%0Ab']
const PATHS: ReadonlyMap<string, readonly string[]> = new Map([
  ['$uri', DECODED],
  ['$document_uri', DECODED],
  ['$request_uri', AS_SENT],
  ['$request', AS_SENT],
])

/** With an error, or to another path, which is written out. */
function turnsAway({ name, args }: NginxDirective): boolean {
  if (name === 'return') return /^4\d\d$/.test(args[0]?.value ?? '')
  return name === 'rewrite' && args[0]?.value === '^' && /^\/[^$]*$/.test(args[1]?.value ?? '')
}
