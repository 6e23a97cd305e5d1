import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import { compareBytes } from './byte-order.ts'
import type { DirectoryEntry, FileSystem } from './file-system.ts'

/** Files that stand where another file system has nothing. */
export interface Overlay {
  readonly sources: ReadonlyMap<string, Source>
  /** Each leads to a file of either, and never to another link; one that leads nowhere is not there. */
  readonly links?: ReadonlyMap<string, string>
}

/** `base`, and what of an overlay it has nothing in the place of. */
export function overlaidFiles(base: FileSystem, { sources, links = new Map() }: Overlay): FileSystem {
  const fileAt = (path: string): string => {
    const target = base.kind(path) === null ? links.get(path) : undefined
    return target ?? path
  }
  const kindAt = (path: string): DirectoryEntry['kind'] => {
    const file = fileAt(path)
    return base.kind(file) ?? (sources.has(file) ? 'file' : null)
  }
  const names = new Map<string, Map<string, DirectoryEntry>>()
  for (const path of [...sources.keys(), ...links.keys()]) {
    let kind = kindAt(path)
    for (let each = path; kind !== null && each !== '/'; each = posix.dirname(each)) {
      const above = posix.dirname(each)
      const known = names.get(above) ?? new Map<string, DirectoryEntry>()
      names.set(above, known.set(posix.basename(each), { name: posix.basename(each), kind }))
      kind = 'directory'
    }
  }
  return {
    ...base,
    read(path) {
      const file = fileAt(path)
      const source = base.kind(file) === null ? sources.get(file) : undefined
      return source === undefined ? base.read(file) : { kind: 'source', source }
    },
    kind: path => kindAt(path) ?? (names.has(path) ? 'directory' : null),
    list(path) {
      const own = names.get(path)
      if (own === undefined) return base.list(path)
      const entries = new Map([...own, ...(base.list(path) ?? []).map(entry => [entry.name, entry] as const)])
      return [...entries.values()].sort((a, b) => compareBytes(a.name, b.name))
    },
    realPath(path) {
      const file = fileAt(path)
      return base.kind(file) === null && sources.has(file) ? file : base.realPath(file)
    },
  }
}
