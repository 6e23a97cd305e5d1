import { posix } from 'node:path'
import { compareBytes } from './byte-order.ts'
import type { DirectoryEntry, FileKind, FileSystem } from './file-system.ts'
import { type Mount, mountTable } from './mounts.ts'

/**
 * The files of a container: what of another file system stands where in it, and nothing else. What an image
 * holds besides is not known, so that nothing is absent. Its sources are those of the other, with their paths.
 *
 * @param mounts `disk` is a path of `base`; of several at one place the first counts
 * @param made files that are there too, and that nobody can read; a mounted one stands in the place of its like
 */
export function mountedFiles(
  base: FileSystem,
  mounts: readonly Mount[],
  made: readonly string[] = [],
): FileSystem {
  const table = mountTable(mounts)
  const below = (path: string): string | null => table.toDisk(posix.resolve('/', path))
  const mounted = (path: string): FileKind | null => {
    const found = below(path)
    return found === null ? null : base.kind(found)
  }
  const isMade = (path: string): boolean => made.includes(posix.resolve('/', path)) && mounted(path) === null
  const kind: FileSystem['kind'] = path => {
    const own = mounted(path)
    if (own !== null) return own
    if (isMade(path)) return 'file'
    return table.namesIn(posix.resolve('/', path)).length > 0 ? 'directory' : null
  }
  return {
    read(path) {
      if (isMade(path)) return { kind: 'unreadable', reason: 'a command makes it' }
      const found = below(path)
      return found === null ? { kind: 'missing', reason: 'no such file' } : base.read(found)
    },
    list(path) {
      const found = below(path)
      const entries = new Map<string, DirectoryEntry>()
      for (const entry of (found === null ? null : base.list(found)) ?? []) entries.set(entry.name, entry)
      for (const name of table.namesIn(posix.resolve('/', path)))
        entries.set(name, { name, kind: kind(posix.join(path, name)) })
      for (const file of made)
        if (posix.dirname(file) === posix.resolve('/', path) && isMade(file))
          entries.set(posix.basename(file), { name: posix.basename(file), kind: 'file' })
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
