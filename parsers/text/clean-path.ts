import { posix } from 'node:path'

/** An absolute path with its dots and doubled slashes resolved, and without a slash at its end; `/` stays. */
export function cleanPath(path: string): string {
  return posix.normalize(path).replace(/(.)\/$/, '$1')
}
