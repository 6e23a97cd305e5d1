import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** What a project says of the release of PHP that it runs on. */
export interface RequiredPhp {
  readonly at: Place
  /** As Composer has it, `^7.4|^8.0`. */
  readonly constraint: string
}

/** The `php` that the nearest `composer.json` above a directory requires; null where none says it. */
export const requiredPhp = memoByKey((files: FileSystem, directory: string): RequiredPhp | null => {
  let above = directory
  for (let level = 0; level < MOST_LEVELS; level++) {
    const source = sourceAt(files, posix.join(above, 'composer.json'))
    if (source !== null) {
      const match = REQUIRED.exec(source.text)
      const constraint = match?.[2]
      if (match === null || constraint === undefined) return null
      const start = match.index + (match[1]?.length ?? 0)
      return { at: { source, start, end: start + constraint.length }, constraint }
    }
    if (above === '/') return null
    above = posix.dirname(above)
  }
  return null
})

const MOST_LEVELS = 5
const REQUIRED = /("require"\s*:\s*\{[^{}]*?"php"\s*:\s*")([^"]+)"/

/**
 * True where PHP 8 is among the releases.
 *
 * @see https://getcomposer.org/doc/articles/versions.md
 */
export function permitsPhp8({ constraint }: RequiredPhp): boolean {
  return constraint
    .split('|')
    .some(
      range =>
        /^\s*[\^~=v]*\s*8(?:\.|\s|$)/.test(range) ||
        (/>=?\s*[5-8]/.test(range) && !/<=?\s*(?:[5-7]|8(?:\.0)*(?![.\d]))/.test(range)),
    )
}
