import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'

/**
 * The path that an expression inside of a prefix asks for, where no path begins with both; null where one may. An
 * expression without `^` may match behind the prefix: only one that begins with the same directory is meant for the
 * whole path.
 */
export function foreignPath(directive: NginxDirective): string | null {
  const { parent } = directive
  if (parent?.name !== 'location') return null
  const { modifier, name: pattern } = readLocation(directive)
  const outer = readLocation(parent)
  if (!modifier.startsWith('~') || (outer.modifier !== '' && outer.modifier !== '^~')) return null
  if (isUnknownWord(pattern) || isUnknownWord(outer.name) || !outer.name.startsWith('/')) return null
  if (hasAlternatives(pattern)) return null
  const isAnchored = pattern.startsWith('^')
  const paths = literalStarts(isAnchored ? pattern.slice(1) : pattern)
  return paths.every(path => isForeign(path, outer.name, isAnchored)) ? (paths[0] ?? null) : null
}

function isForeign(path: string, prefix: string, isAnchored: boolean): boolean {
  const both = Math.min(path.length, prefix.length)
  if (path.slice(0, both).toLowerCase() === prefix.slice(0, both).toLowerCase()) return false
  if (isAnchored) return true
  const first = /^\/[^/]+\//.exec(prefix)?.[0]
  return first !== undefined && path.startsWith(first) && path.slice(first.length).includes('/')
}

/** A group of alternatives without groups of their own, which has to match once. */
const FIRST_GROUP = /^([^()[\]\\|]*)\((?:\?:)?([^()[\]]*)\)(?![?*{+])(.*)$/s

/** The letters with which the matches begin, of every alternative of the first group. */
function literalStarts(pattern: string): readonly string[] {
  const [, before = '', alternatives, behind = ''] = FIRST_GROUP.exec(pattern) ?? []
  if (alternatives === undefined) return [literalStart(pattern)]
  return alternatives.split('|').map(each => literalStart(before + each + behind))
}

/** The letters with which every match begins. */
function literalStart(pattern: string): string {
  let text = ''
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at] ?? ''
    const escaped = pattern[at + 1] ?? ''
    if (letter === '\\' && /[./_-]/.test(escaped)) at++
    else if (!/[\w/~%@:,=&;!'" -]/.test(letter)) break
    if (/[?*{]/.test(pattern[at + 1] ?? '')) break
    text += letter === '\\' ? escaped : letter
  }
  return text
}

/** True where `|` stands outside of every group. */
function hasAlternatives(pattern: string): boolean {
  let depth = 0
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at]
    if (letter === '\\') at++
    else if (letter === '(' || letter === '[') depth++
    else if (letter === ')' || letter === ']') depth--
    else if (letter === '|' && depth <= 0) return true
  }
  return false
}
