import { posix } from 'node:path'
import type { Place, Source } from '../text/source.ts'

/** A line of `.dockerignore`. */
export interface IgnoreLine {
  readonly at: Place
  readonly pattern: string
  /** The names that the pattern has: behind its two stars at any depth, else in the context itself. */
  readonly name: RegExp
  /** False for `!`, which lets something in again. */
  readonly isExcluded: boolean
}

/** @see https://docs.docker.com/build/concepts/context/#dockerignore-files */
export function readIgnore(source: Source): readonly IgnoreLine[] {
  return [...source.text.matchAll(/^[ \t]*(!?)([^#\s][^\r\n]*?)[ \t]*\r?$/gm)].map(match => {
    const [text, bang = '', pattern = ''] = match
    const start = match.index + text.indexOf(pattern)
    const path = posix.normalize(pattern).replace(/^\/|\/$/g, '')
    return {
      at: { source, start, end: start + pattern.length },
      pattern: path,
      name: nameOf(path.replace(/^\*\*\//, '')),
      isExcluded: bang === '',
    }
  })
}

/** A name as it stands, or with stars alone. */
function nameOf(pattern: string): RegExp {
  const hasStars = /^[\w.*-]+$/.test(pattern) && !pattern.includes('**')
  const escaped = pattern.replace(/[\\^$.|?*+()[\]{}-]/g, '\\$&')
  return new RegExp(`^${hasStars ? escaped.replaceAll('\\*', '[^/]*') : escaped}$`)
}

/** The line that leaves a path of the build's context out; null where none surely does. */
export function leftOutBy(lines: readonly IgnoreLine[], path: string): Place | null {
  const names = path.split('/')
  let found: Place | null = null
  for (const { at, pattern, name, isExcluded } of lines) {
    const isWhole = pattern === path || path.startsWith(`${pattern}/`) || pattern === '*' || pattern === '**'
    const isAnyDepth = pattern.startsWith('**/') && names.some(each => name.test(each))
    const isFirst = !pattern.startsWith('**/') && name.test(names[0] ?? '')
    if (isExcluded && (isWhole || isAnyDepth || isFirst)) found = at
    // What lets something of it in again, lets it be there.
    else if (!isExcluded && (pattern.includes('*') || isWhole || pattern.startsWith(`${path}/`))) found = null
  }
  return found
}
