import { posix } from 'node:path'
import type { FileSystem } from '../files/file-system.ts'

/**
 * True where the audit shows that nothing is at a path: the nearest folder above it that is there can be
 * listed and has no such entry. A link that leads out of the root, or a folder that may not be entered,
 * shows nothing.
 */
export function isAbsent(files: FileSystem, path: string): boolean {
  if (!path.startsWith('/') || !files.covers(path)) return false
  let entry = posix.normalize(path).replace(/\/+$/, '')
  while (entry !== '') {
    const folder = posix.dirname(entry)
    const entries = files.list(folder)
    if (entries !== null) return !entries.some(({ name }) => name === posix.basename(entry))
    if (files.kind(folder) !== null || folder === '/') return false
    entry = folder
  }
  return false
}
