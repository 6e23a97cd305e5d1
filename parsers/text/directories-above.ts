import { posix } from 'node:path'

/** The directory of a file, and those around it up to `/`, the nearest first. */
export function directoriesAbove(path: string): readonly string[] {
  const found: string[] = []
  for (let at = posix.dirname(posix.join('/', path)); ; at = posix.dirname(at)) {
    found.push(at)
    if (at === '/') return found
  }
}
