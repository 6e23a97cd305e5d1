import { posix } from 'node:path'
import { compareBytes } from './byte-order.ts'
import type { DirectoryEntry, FileSystem } from './file-system.ts'
import { type Mount, mountTable } from './mounts.ts'

/**
 * The files of a container: what of another file system stands where in it, and nothing else. What an image
 * holds besides is not known, so that nothing is absent. Its sources are those of the other, with their paths.
 *
 * @param mounts `disk` is a path of `base`; of several at one place the first counts
 */
export function mountedFiles(base: FileSystem, mounts: readonly Mount[]): FileSystem {
  const table = mountTable(mounts)
  const below = (path: string): string | null => table.toDisk(posix.resolve('/', path))
  const kind: FileSystem['kind'] = path => {
    const found = below(path)
    const own = found === null ? null : base.kind(found)
    if (own !== null) return own
    return table.namesIn(posix.resolve('/', path)).length > 0 ? 'directory' : null
  }
  return {
    read(path) {
      const found = below(path)
      return found === null ? { kind: 'missing', reason: 'no such file' } : base.read(found)
    },
    list(path) {
      const found = below(path)
      const entries = new Map<string, DirectoryEntry>()
      for (const entry of (found === null ? null : base.list(found)) ?? []) entries.set(entry.name, entry)
      for (const name of table.namesIn(posix.resolve('/', path)))
        entries.set(name, { name, kind: kind(posix.join(path, name)) })
      if (entries.size === 0 && kind(path) !== 'directory') return null
      return [...entries.values()].sort((a, b) => compareBytes(a.name, b.name))
    },
    kind,
    realPath: path => (kind(path) === null ? null : posix.resolve('/', path)),
    mode(path) {
      const found = below(path)
      return found === null ? null : base.mode(found)
    },
    refusal(path) {
      const found = below(path)
      return found === null ? null : base.refusal(found)
    },
    covers: () => false,
    display(path) {
      const found = below(path)
      return found === null ? path : base.display(found)
    },
    sources: () => base.sources(),
  }
}
