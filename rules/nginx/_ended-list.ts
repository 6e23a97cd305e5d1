import { branchesAt } from '../../src/servers/presence.ts'
import { escapePattern } from '../../parsers/text/escape-pattern.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { hides, looksAround, matchesEveryPath, samplesOf } from './_hidden-patterns.ts'

/**
 * The line in front of this one, in its block, behind which nginx asks nothing more of the rewrite module, whatever the
 * path: a `break`, a `return`, or a `rewrite` with a last flag that matches every path of the location. Null where
 * there is none, or a statement of a template stands between the two.
 */
export function endOfList(directive: NginxDirective): NginxDirective | null {
  const { parent, source } = directive
  const siblings = parent?.children ?? []
  const own = siblings.indexOf(directive)
  let isOwnPath = true
  for (const line of siblings.slice(0, own)) {
    const ends = line.name === 'break' || line.name === 'return' || (isOwnPath && rewritesAll(line, parent))
    if (ends) {
      const isTogether =
        line.source === source &&
        !source.gaps.some(gap => gap > line.node.start && gap < directive.node.start) &&
        branchesAt(source, line.node.start).length === 0
      return isTogether ? line : null
    }
    // What follows is asked of another path.
    if (
      line.name === 'rewrite' ||
      (line.name === 'if' && line.children.some(({ name }) => name === 'rewrite'))
    )
      isOwnPath = false
  }
  return null
}

function rewritesAll({ name, args }: NginxDirective, parent: NginxDirective | null): boolean {
  const [pattern, target, flag] = args.map(({ value }) => value)
  if (name !== 'rewrite' || pattern === undefined || isUnknownWord(pattern)) return false
  if (
    !/^(?:last|break|redirect|permanent)$/.test(flag ?? '') &&
    !/^(?:https?:\/\/|\$scheme)/.test(target ?? '')
  )
    return false
  if (matchesEveryPath(pattern)) return true
  if (parent?.name !== 'location' || looksAround(pattern)) return false
  const { modifier, name: path } = readLocation(parent)
  if (modifier === '@' || isUnknownWord(path) || path === '') return false
  const isRegex = modifier === '~' || modifier === '~*'
  const literal = escapePattern(path)
  const own = {
    pattern: isRegex ? path : modifier === '=' ? `^${literal}$` : `^${literal}.*$`,
    caseless: modifier === '~*',
  }
  // The prefix itself is a path of its own: `/app/` beside `^/app/(.+)$`.
  return [own, ...(isRegex || modifier === '=' ? [] : [{ pattern: `^${literal}$`, caseless: false }])].every(
    each => hides({ pattern, caseless: false }, each, () => samplesOf(each)),
  )
}
