import { posix } from 'node:path'
import type { FileSystem } from '../files/file-system.ts'

/**
 * True where the audit shows that nothing is at a path: the nearest directory above it that is there can be
 * listed and has no such entry. A link that leads out of the root, or a directory that may not be entered,
 * shows nothing.
 */
export function isAbsent(files: FileSystem, path: string): boolean {
  if (!path.startsWith('/') || !files.covers(path)) return false
  let entry = posix.normalize(path).replace(/\/+$/, '')
  while (entry !== '') {
    const directory = posix.dirname(entry)
    const entries = files.list(directory)
    if (entries !== null) return !entries.some(({ name }) => name === posix.basename(entry))
    if (files.kind(directory) !== null || directory === '/') return false
    entry = directory
  }
  return false
}

/** True of a tree that git keeps: whoever keeps one leaves files of passwords out of it. */
export function isKeptByGit(files: FileSystem, directory = '/'): boolean {
  return ['.git', '.gitignore'].some(name => files.kind(posix.join(directory, name)) !== null)
}
