import { posix } from 'node:path'
import type { Place, Source } from '../text/source.ts'

/** A line of `.dockerignore`. */
export interface IgnoreLine {
  readonly at: Place
  readonly pattern: string
  /** False for `!`, which lets something in again. */
  readonly isExcluded: boolean
}

/** @see https://docs.docker.com/build/concepts/context/#dockerignore-files */
export function readIgnore(source: Source): readonly IgnoreLine[] {
  return [...source.text.matchAll(/^[ \t]*(!?)([^#\s][^\r\n]*?)[ \t]*\r?$/gm)].map(match => {
    const [text, bang = '', pattern = ''] = match
    const start = match.index + text.indexOf(pattern)
    return {
      at: { source, start, end: start + pattern.length },
      pattern: posix.normalize(pattern).replace(/^\/|\/$/g, ''),
      isExcluded: bang === '',
    }
  })
}

/** True of a name, or of a pattern with stars alone that it has. */
function isNamed(name: string, pattern: string): boolean {
  if (!/^[\w.*-]+$/.test(pattern) || pattern.includes('**')) return name === pattern
  return new RegExp(`^${pattern.replace(/[.-]/g, '\\$&').replaceAll('*', '[^/]*')}$`).test(name)
}

/** The line that leaves a path of the build's context out; null where none surely does. */
export function leftOutBy(lines: readonly IgnoreLine[], path: string): Place | null {
  let found: Place | null = null
  for (const { at, pattern, isExcluded } of lines) {
    const isWhole = pattern === path || path.startsWith(`${pattern}/`) || pattern === '*' || pattern === '**'
    const isAnyDepth =
      pattern.startsWith('**/') && path.split('/').some(name => isNamed(name, pattern.slice(3)))
    const isFirst = isNamed(path.split('/')[0] ?? '', pattern)
    if (isExcluded && (isWhole || isAnyDepth || isFirst)) found = at
    // What lets something of it in again, lets it be there.
    else if (!isExcluded && (pattern.includes('*') || isWhole || pattern.startsWith(`${path}/`))) found = null
  }
  return found
}
