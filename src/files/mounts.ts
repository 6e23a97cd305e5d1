import { posix } from 'node:path'

/** A file or directory of this machine and where it stands in the file system of an audited one. */
export interface Mount {
  /** Absolute, as the audited machine names it. */
  readonly at: string
  /** Absolute on this machine, links resolved. */
  readonly disk: string
}

/** Between the paths of an audited machine and those of this one. */
export interface MountTable {
  /** Null where nothing is mounted. */
  toDisk(path: string): string | null
  /** The first path that shows a file of this machine; null where none does. */
  fromDisk(path: string): string | null
  /** Names that stand in a directory because something is mounted there or below. */
  namesIn(directory: string): readonly string[]
}

/** Of several mounts that hold a path the innermost counts. */
export function mountTable(mounts: readonly Mount[]): MountTable {
  const [only] = mounts
  if (mounts.length === 1 && only?.at === '/') return rootTable(only.disk)
  const innermost = [...mounts].sort((a, b) => b.at.length - a.at.length)
  const names = new Map<string, Set<string>>()
  for (const { at } of mounts) {
    // A target that is no absolute path, as a broken compose file writes one, ends at `.`.
    for (let path = at; path !== '/' && path !== '.'; path = posix.dirname(path)) {
      const above = posix.dirname(path)
      const known = names.get(above) ?? new Set()
      names.set(above, known.add(posix.basename(path)))
    }
  }
  const nearest = [...mounts].sort((a, b) => b.disk.length - a.disk.length)
  return {
    toDisk(path) {
      for (const { at, disk } of innermost) {
        const rest = restBelow(path, at)
        if (rest !== null) return joined(disk, rest)
      }
      return null
    },
    fromDisk(path) {
      for (const { at, disk } of nearest) {
        const rest = restBelow(path, disk)
        if (rest !== null) return joined(at, rest)
      }
      return null
    },
    namesIn: directory => [...(names.get(directory) ?? [])],
  }
}

/** One directory that stands for `/`: nearly every audit has no other. */
function rootTable(root: string): MountTable {
  const prefix = root === '/' ? '' : root
  return {
    toDisk: path => (path === '/' ? root : prefix + path),
    fromDisk(path) {
      const rest = restBelow(path, root)
      return rest === null ? null : joined('/', rest)
    },
    namesIn: () => [],
  }
}

/** `/a/b` below `/` is `/a/b`, below `/a` is `/b`, below itself empty; null where it lies elsewhere. */
function restBelow(path: string, directory: string): string | null {
  if (directory === '/') return path === '/' ? '' : path
  if (path === directory) return ''
  return path.startsWith(`${directory}/`) ? path.slice(directory.length) : null
}

function joined(directory: string, rest: string): string {
  if (rest === '') return directory
  return directory === '/' ? rest : directory + rest
}
