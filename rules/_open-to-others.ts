import type { FileSystem } from '../src/files/file-system.ts'

/** True where others may enter a directory, as far as its mode tells; null where the audit does not see it. */
export function isOpenToOthers(files: FileSystem, path: string): boolean | null {
  const mode = files.mode(path)
  if (mode === null || (!hasOwnModes(files) && USUAL_MODES.has(mode & 0o777))) return null
  return (mode & 0o001) !== 0
}

/** Those of a directory that Git or an archive makes: they say nothing of the machine whose files it holds. */
const USUAL_MODES: ReadonlySet<number> = new Set([0o755, 0o775, 0o777])

/** True for the files of a running machine, and for a copy that has kept what others may not read. */
function hasOwnModes(files: FileSystem): boolean {
  return (
    files.kind('/proc') === 'directory' || CLOSED.some(path => ((files.mode(path) ?? 0o004) & 0o004) === 0)
  )
}

const CLOSED = ['/etc/shadow', '/etc/gshadow', '/etc/sudoers', '/etc/ssl/private']
