import type { Source } from '../../parsers/text/source.ts'
import type { FileSystem } from './file-system.ts'
import type { Machine } from './machine.ts'

/** A source is read from one file system, and so is one machine's. */
const owners = new WeakMap<Source, Machine>()

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
export function fileNamer(machine: Machine): (source: Source, path?: string) => string {
  return (source, path = source.path) => (owners.get(source) ?? machine).fileName(path)
}
