import { posix } from 'node:path'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import type { Reading } from './reading.ts'

/** A path as httpd takes it: relative ones begin at the ServerRoot of this moment. Null where that is unknown. */
export function absolutePath(reading: Reading, path: string): string | null {
  if (isUnknownWord(path)) return null
  if (path.startsWith('/')) return posix.normalize(path)
  const { serverRoot } = reading
  if (!serverRoot.known || isUnknownWord(serverRoot.value)) return null
  return posix.join(serverRoot.value, path)
}
