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
    const ending = parts.slice(from).join('/')
    const found = directoriesAbove(named)
      .map(home => posix.join(home, ending))
      .filter(each => files.kind(each) === 'file')
    if (found.length > 0) return found
  }
  return []
}

function directoriesAbove(path: string): readonly string[] {
  const directory = posix.dirname(path)
  return directory === path || directory === '.' ? [] : [directory, ...directoriesAbove(directory)]
}
