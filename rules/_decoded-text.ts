import { lengthOf } from '../parsers/pcre/length.ts'
import { groupsOf } from '../parsers/pcre/walk.ts'
import type { NginxConfiguration, NginxDirective } from '../src/servers/nginx/configuration.ts'
import { conditionWords } from '../src/servers/nginx/queries/conditions.ts'
import { variableNames } from '../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../src/servers/nginx/queries/locations.ts'
import { isAnchoredAtEnd, isAnchoredAtStart, mayHold } from '../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../src/servers/pcre/read-pattern.ts'
import { compilePcre } from '../src/servers/regex.ts'
import { isCaughtByLocation, refusesLineFeeds } from './_line-feed-guards.ts'

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
    const isPath = name === 'uri' || name === 'document_uri'
    const group = isPath ? null : groupOf(directive, name)
    if (!isPath && group === null) {
      const line = setBeside(directive, name)
      const variable = line === null ? null : decodedVariable(line.args[1]?.value ?? '', line, occurrences)
      if (variable !== null) return variable
      continue
    }
    const isOpen =
      group === null
        ? !isPathBounded(directive)
        : isGroupOpen(directive, group, /^\d$/.test(name)) && !isPathAsSent(directive)
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

/** The number of a group, also by its name in the expression of the location; null for any other variable. */
function groupOf({ parent }: NginxDirective, variable: string): number | null {
  if (/^[1-9]$/.test(variable)) return Number(variable)
  if (parent?.name !== 'location') return null
  const { modifier, name } = readLocation(parent)
  if (!/^~\*?$/.test(modifier) || !name.includes('(?')) return null
  return readPattern(name)?.names.find(each => each.name.toLowerCase() === variable)?.group ?? null
}

/** The one `set` of the variable in the block of a line, where none of its conditions sets it too. */
function setBeside(directive: NginxDirective, variable: string): NginxDirective | null {
  const { parent } = directive
  if (parent === null || directive.name === 'set') return null
  const [line, ...others] = parent.children.flatMap(child => setsIn(child, variable))
  return line?.parent === parent && others.length === 0 ? line : null
}

function setsIn(line: NginxDirective, variable: string): readonly NginxDirective[] {
  if (line.name === 'set') return line.args[0]?.value.toLowerCase() === `$${variable}` ? [line] : []
  return line.name === 'if' ? line.children.flatMap(child => setsIn(child, variable)) : []
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
function isGroupOpen(directive: NginxDirective, group: number, isNumbered: boolean): boolean {
  const { parent } = directive
  if (parent === null) return false
  // A rewrite or a condition in front of it may have matched something else; a group with a name stays.
  const isPreceded =
    isNumbered &&
    parent.children.some(
      child =>
        child !== directive && (child.name === 'rewrite' || child.name === 'if' || child.name === 'set'),
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
