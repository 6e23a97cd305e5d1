import type { NginxDirective } from '../../servers/nginx/configuration.ts'
import { readLocation } from '../../servers/nginx/queries/locations.ts'
import { sampleTexts } from '../../servers/pcre/sample-texts.ts'
import { fromBytes } from '../../servers/regex.ts'
import { MISSING } from './made-up-requests.ts'

/** As many paths are made of one expression. */
const MOST = 12

/**
 * Paths that lead a request into a block, as far as it is told by the location around it: the name itself and a
 * page below it, or what an expression matches. Decoded; of a server, its start page and a page that is missing.
 */
export function pathsInto(block: NginxDirective): readonly string[] {
  for (let at: NginxDirective | null = block; at !== null && at.context !== 'http'; at = at.parent) {
    if (at.name !== 'location') continue
    const { modifier, name } = readLocation(at)
    switch (modifier) {
      case '@':
        return []
      case '=':
        return name.startsWith('/') ? [name] : []
      case '':
      case '^~':
        if (!name.startsWith('/')) return []
        return [name, name.endsWith('/') ? `${name}${MISSING}` : `${name}/${MISSING}`]
      case '~':
      case '~*':
        return pathsOfPattern(name, modifier === '~*')
    }
  }
  return ['/', `/${MISSING}`]
}

/** Paths that an expression matches, with a page that is missing where it takes anything. */
export function pathsOfPattern(pattern: string, caseless: boolean): readonly string[] {
  const { texts } = sampleTexts(pattern, { caseless, filler: MISSING })
  return texts.slice(0, MOST).map(text => {
    const path = fromBytes(text)
    return path.startsWith('/') ? path : `/${MISSING}${path}`
  })
}
