import { posix } from 'node:path'
import type { Source } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'

/** A file, by the path at which the server sees it: in a container not that of the source. */
export interface FoundFile {
  readonly source: Source
  readonly path: string
}

/** The file of a module in the first directory that has it. */
export function findModule(files: FileSystem, module: string, directories: readonly string[]): Source | null {
  return findFile(files, module, directories)?.source ?? null
}

/** The same, with the path that was found. */
export function findFile(
  files: FileSystem,
  module: string,
  directories: readonly string[],
): FoundFile | null {
  const relative = module.replaceAll('.', '/')
  for (const directory of directories) {
    const base = relative === '' ? directory : posix.join(directory, relative)
    for (const path of [`${base}.py`, `${base}/__init__.py`]) {
      if (files.kind(path) !== 'file') continue
      const read = files.read(path)
      if (read.kind === 'source') return { source: read.source, path }
    }
  }
  return null
}
