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
  const disks = new Map<string, string>()
  const places = new Map<string, string>()
  const names = new Map<string, Set<string>>()
  for (const { at, disk } of mounts) {
    if (!disks.has(at)) disks.set(at, disk)
    if (!places.has(disk)) places.set(disk, at)
    // A target that is no absolute path, as a broken compose file writes one, ends at `.`.
    for (let path = at; path !== '/' && path !== '.'; path = posix.dirname(path)) {
      const above = posix.dirname(path)
      const known = names.get(above) ?? new Set()
      names.set(above, known.add(posix.basename(path)))
    }
  }
  return {
    toDisk: path => exchanged(path, disks),
    fromDisk: path => exchanged(path, places),
    namesIn: directory => [...(names.get(directory) ?? [])],
  }
}

/** The path with the nearest directory at or above it put in its place; null where none is known. */
function exchanged(path: string, known: ReadonlyMap<string, string>): string | null {
  for (let above = path; ; above = posix.dirname(above)) {
    const other = known.get(above)
    if (other !== undefined) return joined(other, restBelow(path, above) ?? '')
    if (above === '/' || above === '.') return null
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
