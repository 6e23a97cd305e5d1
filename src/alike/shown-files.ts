import type { FileSystem } from '../files/file-system.ts'
import type { Machine } from '../files/machine.ts'
import type { Site } from './group-sites.ts'
import { wordsOf } from './words.ts'

/** What an audit asked the files, by path: all that it may know of them. */
export interface Asked {
  readonly looked: Set<string>
  readonly listed: Set<string>
  readonly read: Set<string>
}

/** The machine without some sites, as if nobody had made them, and what is asked of its files. */
export function withoutSites(
  machine: Machine,
  sites: readonly Site[],
): { readonly machine: Machine; readonly asked: Asked } {
  const asked: Asked = { looked: new Set(), listed: new Set(), read: new Set() }
  const hidden = sites.flatMap(({ files }) => files.map(({ source }) => source.path))
  const names = new Set(sites.flatMap(({ names }) => names))
  const fragments: Machine['fragments'] = (reached, whole, isTaken) =>
    // The others are read in place of them.
    machine.fragments(new Set([...reached, ...hidden]), whole, isTaken)
  return { machine: { ...machine, files: shownFiles(machine.files, names, asked), fragments }, asked }
}

/** The files without directory entries of these names. */
function shownFiles(files: FileSystem, names: ReadonlySet<string>, asked: Asked): FileSystem {
  const lists = new Map<string, ReturnType<FileSystem['list']>>()
  const looking =
    <T>(look: (path: string) => T) =>
    (path: string): T => {
      asked.looked.add(path)
      return look(path)
    }
  return {
    ...files,
    kind: looking(files.kind),
    realPath: looking(files.realPath),
    mode: looking(files.mode),
    refusal: looking(files.refusal),
    covers: looking(files.covers),
    read(path) {
      asked.read.add(path)
      return files.read(path)
    },
    list(path) {
      asked.listed.add(path)
      const known = lists.get(path)
      if (known !== undefined) return known
      const entries = files.list(path)
      const shown = entries?.filter(({ name }) => !wordsOf(name).some(word => names.has(word))) ?? null
      lists.set(path, shown)
      return shown
    },
  }
}
