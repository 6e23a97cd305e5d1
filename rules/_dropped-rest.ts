import { isUnknownWord } from '../parsers/text/source.ts'
import { groupsOf } from '../parsers/pcre/walk.ts'
import type { PcreTree } from '../parsers/pcre/tree.ts'
import { pathsOfPattern } from '../src/deployment/requests/paths-into.ts'
import type { NginxConfiguration, NginxDirective } from '../src/servers/nginx/configuration.ts'
import { interpolate, variableNames } from '../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../src/servers/nginx/queries/locations.ts'
import { matchPattern } from '../src/servers/nginx/queries/match-pattern.ts'
import { selectLocation } from '../src/servers/nginx/queries/select-location.ts'
import { enclosingServer } from '../src/servers/nginx/queries/servers.ts'
import { literalStrings } from '../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../src/servers/pcre/read-pattern.ts'
import { fromBytes, toBytes } from '../src/servers/regex.ts'
import { known, unknown } from '../parsers/text/fact.ts'

/** A path whose rest is lost, and what it becomes. */
export interface DroppedRest {
  readonly path: string
  readonly becomes: string
}

/**
 * What an expression location makes of every URL below one of its words, where the value has only the word and not what
 * stands behind it: `^/(static|scan)` and `/app/$1`. Null where the rest may be kept, or nothing shows that the word is a
 * directory.
 *
 * @param value whose variables are groups of the expression alone
 */
export function droppedRest(
  configuration: NginxConfiguration,
  location: NginxDirective,
  value: string,
): DroppedRest | null {
  const { modifier, name } = readLocation(location)
  if ((modifier !== '~' && modifier !== '~*') || isUnknownWord(name)) return null
  const caseless = modifier === '~*'
  const tree = readPattern(name, { caseless })
  const server = enclosingServer(location)
  if (tree === null || server === null) return null
  const groups = variableNames(value).map(each => numberOf(each, tree))
  const words = groups.flatMap(group => (group === null ? [] : [wordsOf(tree, group)]))
  if (groups.length === 0 || words.length < groups.length) return null
  if (!words.every(isListOfWords) || !(goesOn(name) || words.flat().some(each => ASSETS.test(each ?? ''))))
    return null
  for (const path of pathsOfPattern(name, caseless)) {
    const [one, two] = ['one/a.js', 'two/b.css'].map(page => {
      const below = `${path.replace(/\/$/, '')}/${page}`
      const match = matchPattern(name, toBytes(below), caseless)
      if (match === null || match === undefined) return null
      const selected = selectLocation(configuration, server, toBytes(below))
      if (!selected.known || selected.value.location?.directive !== location) return null
      const made = interpolate(value, variable => {
        const group = numberOf(variable, tree)
        return group === null ? unknown('no group') : known(match.captures[group] ?? '')
      })
      return made.known ? fromBytes(made.value) : null
    })
    if (one !== null && one !== undefined && one === two)
      return { path: path.replace(/\/$/, ''), becomes: one }
  }
  return null
}

/** The group that a variable is, by its number or its name. */
function numberOf(variable: string, { groups, names }: PcreTree): number | null {
  if (/^[1-9]$/.test(variable)) return Number(variable) <= groups ? Number(variable) : null
  return names.find(({ name }) => name === variable)?.group ?? null
}

function wordsOf(tree: PcreTree, group: number): readonly string[] | null {
  const node = groupsOf(tree).get(group)
  return node?.kind === 'group' ? literalStrings({ ...tree, alternatives: node.alternatives }) : null
}

/** Words of letters: a language chooses one page for all of its URLs. */
function isListOfWords(words: readonly string[] | null): boolean {
  return words?.every(word => /\w{3}/.test(word)) === true
}

/** True for an expression that says itself that paths go on behind the word. */
function goesOn(pattern: string): boolean {
  return /\/\)?(?:\(?\.[*+]\)*)?[?*]?\)?\$?$/.test(pattern)
}

const ASSETS =
  /^\/?(?:static|assets?|media|images?|img|pictures|css|js|javascripts?|styles?|stylesheets?|scripts?|fonts?|files?|uploads?|downloads?|public|dist|build|storage|vendor|bundles?|themes?|plugins?|api|_next|_nuxt)\/?$/i
