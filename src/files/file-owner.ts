import type { Source } from '../../parsers/text/source.ts'
import { STAND_IN, standInName } from '../../parsers/text/stand-in.ts'
import type { FileSystem } from './file-system.ts'
import type { Machine } from './machine.ts'

/**
 * How a report names a file.
 *
 * @param path another file of the same machine, of which no source is at hand
 */
export type FileNamer = (source: Source, path?: string) => string

/** A source is read from one file system, and so is one machine's. */
const owners = new WeakMap<Source, Pick<Machine, 'fileName'>>()

/** A source that no machine has read, of which a report names the path so. */
export function ownedSource(source: Source, fileName: Machine['fileName']): Source {
  owners.set(source, { fileName })
  return source
}

/** The files of a machine whose servers another machine of the repository is audited with. */
export function ownedFiles(files: FileSystem, owner: Machine): FileSystem {
  return {
    ...files,
    read(path) {
      const result = files.read(path)
      if (result.kind === 'source') owners.set(result.source, owner)
      return result
    },
  }
}

/** How a report names the files that are read when a machine is audited, its own and those of others. */
export function fileNamer(machine: Machine): FileNamer {
  return (source, path = source.path) =>
    path.startsWith(STAND_IN) ? standInName(path) : (owners.get(source) ?? machine).fileName(path)
}
