import { posix } from 'node:path'
import type { FileSystem } from '../files/file-system.ts'

/**
 * What a repository keeps of a path that is on the server alone: the files whose paths, seen from a directory above
 * that which names it, end as it does, of the longest such ending.
 *
 * @param named the path of the file that names it, such as a unit
 */
export function keptPaths(files: FileSystem, named: string, path: string): readonly string[] {
  const parts = posix.normalize(path).slice(1).split('/')
  for (let from = 1; from < parts.length; from++) {
    const found = [...filesAbove(files, named, parts.slice(from).join('/'))]
    if (found.length > 0) return found
  }
  return []
}

/** The file of a name in the nearest directory above another file; null where none has it. */
export function nearestAbove(files: FileSystem, path: string, name: string): string | null {
  for (const found of filesAbove(files, path, name)) return found
  return null
}

function* filesAbove(files: FileSystem, path: string, name: string): Iterable<string> {
  for (let directory = posix.dirname(path); ; directory = posix.dirname(directory)) {
    const found = posix.join(directory, name)
    if (files.kind(found) === 'file') yield found
    if (directory === '/' || directory === '.') return
  }
}
