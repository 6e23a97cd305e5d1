import { memo, memoByKey } from '../parsers/collections/memo.ts'
import { lengthOf } from '../parsers/pcre/length.ts'
import { groupsOf } from '../parsers/pcre/walk.ts'
import type { NginxConfiguration, NginxDirective } from '../src/servers/nginx/configuration.ts'
import { conditionWords } from '../src/servers/nginx/queries/conditions.ts'
import { variableNames } from '../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../src/servers/nginx/queries/locations.ts'
import { isAnchoredAtEnd, isAnchoredAtStart, mayHold } from '../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../src/servers/pcre/read-pattern.ts'
import { compilePcre } from '../src/servers/regex.ts'

const LINE_FEED = 10

type Occurrences = NginxConfiguration['occurrences']

/**
 * The variable in a value through which a client may write a line feed, as `%0a` in a URL: the decoded path, or
 * what an expression captures of it. Null for none, where the location admits no such path or no client's, and where
 * the server refuses it.
 */
export function decodedVariable(
  value: string,
  directive: NginxDirective,
  occurrences: Occurrences,
): string | null {
  if (!value.includes('$')) return null
  for (const name of variableNames(value)) {
    if (name !== 'uri' && name !== 'document_uri' && !/^[1-9]$/.test(name)) continue
    const isOpen = /^[1-9]$/.test(name)
      ? isGroupOpen(directive, Number(name)) && !isPathAsSent(directive)
      : !isPathBounded(directive)
    if (!isOpen) continue
    return refusesLineFeeds(directive, occurrences) ||
      isCaughtByLocation(directive) ||
      isVerifiedAsSent(directive, occurrences) ||
      isEnteredByNobody(directive)
      ? null
      : name
  }
  return null
}

/**
 * True where the location asks another server about the very URL that the client sent, and would be open to everybody
 * else: a path that names the host to connect to is one that the other server has signed.
 */
function isVerifiedAsSent({ name, parent: location }: NginxDirective, occurrences: Occurrences): boolean {
  // These run before anybody is asked.
  if (name === 'return' || name === 'rewrite' || location?.name !== 'location') return false
  const asked = location.children.find(line => line.name === 'auth_request')?.args[0]?.value
  const pass = location.children.find(line => line.name === 'proxy_pass')?.args[0]?.value ?? ''
  if (asked === undefined || !/^(?:https?|\$[1-9]):\/\/\$[1-9]/.test(pass)) return false
  const check = (occurrences.get('location') ?? []).find(
    each => each.parent === location.parent && readLocation(each).name === asked,
  )
  return (
    check?.children.some(
      line =>
        (line.name === 'proxy_set_header' || line.name === 'proxy_pass') &&
        line.args.at(-1)?.value.includes('$request_uri') === true,
    ) === true
  )
}

/**
 * True for an `internal` location into which no line of its server sends a path of the client's: what comes in is the
 * text of a module, or of the backend with its `X-Accel-Redirect`.
 */
function isEnteredByNobody(directive: NginxDirective): boolean {
  let name: string | null = null
  for (let block = directive.parent; block !== null && block.name !== 'http'; block = block.parent) {
    if (block.name === 'server') return name !== null && !sendsPathsInto(block, name)
    if (block.name !== 'location') continue
    const location = readLocation(block)
    if (location.name.startsWith('@')) return false
    if (name !== null || block.children.some(line => line.name === 'internal')) name = location.name
  }
  return false
}

/** True where a `rewrite`, `try_files` or `error_page` of a block, or below it, may send a path of the client's there. */
function sendsPathsInto(block: NginxDirective, location: string): boolean {
  return block.children.some(child => {
    if (sendsPathsInto(child, location)) return true
    if (child.name !== 'rewrite' && child.name !== 'try_files' && child.name !== 'error_page') return false
    const target = child.args[child.name === 'rewrite' ? 1 : child.args.length - 1]?.value ?? ''
    if (!target.includes('$')) return false
    // What stands before the first variable has to be a part of the location's path.
    const head = /^\/([^/$]*)/.exec(target)?.[1]
    return head === undefined || head === '' || location.includes(head)
  })
}

/** True where a `rewrite` around it has made the path what the client sent, so that nothing captures a decoded one. */
function isPathAsSent(directive: NginxDirective): boolean {
  for (let block = directive.parent; block !== null && block.name !== 'http'; block = block.parent)
    if (
      block.children.some(
        ({ name, args }) => name === 'rewrite' && /^\$\{?request_uri\b/.test(args[1]?.value ?? ''),
      )
    )
      return true
  return false
}

/** True where the location around it admits no line feed: an exact path, or an expression that has none to its end. */
function isPathBounded(directive: NginxDirective): boolean {
  for (let block = directive.parent; block !== null; block = block.parent) {
    // Servers, thousands of them, are no lines that rewrite.
    if (block.name === 'http') return false
    if (block.children.some(child => child.name === 'rewrite' && rewritesLineFeedsAway(child, block)))
      return true
    if (block.name !== 'location') continue
    const { modifier, name } = readLocation(block)
    if (modifier === '=') return true
    if (modifier !== '~' && modifier !== '~*') return false
    const tree = readPattern(name)
    return tree === null || (isAnchoredAtStart(tree) && isAnchoredAtEnd(tree) && !mayHold(tree, LINE_FEED))
  }
  return false
}

/**
 * True for a `rewrite` that makes a path of what the client sent, escaped as it is, and for one that replaces each
 * path of its location by parts that hold no line feed.
 */
function rewritesLineFeedsAway({ args }: NginxDirective, block: NginxDirective): boolean {
  const [pattern, replacement] = args.map(({ value }) => value)
  if (pattern === undefined || replacement === undefined) return false
  if (/^\$\{?request_uri\b/.test(replacement)) return true
  if (block.name !== 'location' || /^~/.test(readLocation(block).modifier)) return false
  if (compilePcre(pattern)?.test(`${readLocation(block).name}a\r\nb`) !== true) return false
  return variableNames(replacement).every(
    variable => /^[1-9]$/.test(variable) && !takesLineFeed(pattern, Number(variable)),
  )
}

/** True where the group of the expression that matched last, as far as that is written around it, takes line feeds. */
function isGroupOpen(directive: NginxDirective, group: number): boolean {
  const { parent } = directive
  if (parent === null) return false
  // A rewrite or a condition in front of it may have matched something else.
  const isPreceded = parent.children.some(
    child => child !== directive && (child.name === 'rewrite' || child.name === 'if' || child.name === 'set'),
  )
  if (isPreceded) return false
  if (parent.name === 'if') {
    const [subject = '', operator = '', pattern = ''] = conditionWords(parent)
    if (!/^\$\{?(?:document_)?uri\}?$/.test(subject) || !/^~\*?$/.test(operator)) return false
    return takesLineFeed(pattern, group)
  }
  if (parent.name !== 'location') return false
  const { modifier, name } = readLocation(parent)
  return (modifier === '~' || modifier === '~*') && takesLineFeed(name, group)
}

function takesLineFeed(pattern: string, group: number): boolean {
  const tree = readPattern(pattern)
  if (tree === null || group > tree.groups || !mayHold(tree, LINE_FEED, group)) return false
  // One line feed alone begins no header.
  const groups = groupsOf(tree)
  const node = groups.get(group)
  return node?.kind !== 'group' || lengthOf(node.alternatives, groups).most > 2
}

/** True where the server refuses every path with line feeds before it comes to this line. */
function refusesLineFeeds(directive: NginxDirective, occurrences: Occurrences): boolean {
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
function isCaughtByLocation(directive: NginxDirective): boolean {
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
