import type { Source } from '../../parsers/text/source.ts'
import type { FileSystem } from './file-system.ts'

/** `files` with one file replaced or added: what an editor or a pipe holds instead of the disk. */
export function overlay(files: FileSystem, source: Source): FileSystem {
  const isIt = (path: string): boolean => path === source.path || files.realPath(path) === source.path
  return {
    ...files,
    read: path => (isIt(path) ? { kind: 'source', source } : files.read(path)),
    kind: path => (isIt(path) ? 'file' : files.kind(path)),
    realPath: path => (isIt(path) ? source.path : files.realPath(path)),
    *sources() {
      yield source
      yield* files.sources()
    },
  }
}
