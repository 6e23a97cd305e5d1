import { posix } from 'node:path'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { hasWildcard } from '../../../../parsers/wildcard/tokens.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { Reading } from './reading.ts'

/** A path as httpd takes it: relative ones begin at the ServerRoot of this moment. Null where that is unknown. */
export function absolutePath(reading: Reading, path: string): string | null {
  if (isUnknownWord(path)) return null
  if (path.startsWith('/')) return posix.normalize(path)
  const { serverRoot } = reading
  if (!serverRoot.known || isUnknownWord(serverRoot.value)) return null
  return posix.join(serverRoot.value, path)
}

/** Where packages, images and httpd's own build keep the configuration. */
const HOMES = /^(?:\/etc\/(?:apache2|httpd)|\/usr\/local\/(?:apache2|etc\/apache24))\//

/**
 * What a fragment includes, where nobody knows the ServerRoot or a repository has the inside of that directory: in the
 * first directory upward from the file that has the path. Null where none has it, and for what is at its own place.
 *
 * @param from the file that holds the `Include`
 */
export function nearFragment(files: FileSystem, from: string, path: string): string | null {
  if (isUnknownWord(path) || path.includes('${')) return null
  const isThere = (each: string): boolean => files.kind(fixedPart(each)) !== null
  if (path.startsWith('/') && (!HOMES.test(path) || isThere(path))) return null
  const inside = posix.normalize(path.replace(HOMES, ''))
  if (!inside.includes('/') || inside.startsWith('../') || hasWildcard(inside.split('/')[0] ?? ''))
    return null
  for (let directory = posix.dirname(from); ; directory = posix.dirname(directory)) {
    const found = posix.join(directory, inside)
    if (found !== from && isThere(found)) return found
    if (directory === '/') return null
  }
}

/** A path, or the directory of a pattern before its first wildcard. */
function fixedPart(path: string): string {
  const parts = path.split('/')
  const first = parts.findIndex(part => hasWildcard(part))
  return first === -1 ? path : parts.slice(0, first).join('/')
}
