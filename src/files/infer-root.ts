import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { isPiece } from './other-program.ts'
import { SERVER_DIRECTORIES, SYSTEM_DIRECTORIES } from './known-places.ts'

/** Where the audited files lie, as their servers would see it. */
export interface AuditRoot {
  /** The directory of this machine that stands for `/`. */
  readonly root: string
  /**
   * The one directory of the root that belongs to the audit, `/` for all of it. Of a directory that is no
   * machine's tree (a private prefix, a repository of fragments) the paths are those of this machine, and
   * what lies beside it says nothing.
   */
  readonly within: string
}

/**
 * The root where nobody said: what the audited path's own directories tell.
 *
 * `web1/etc/nginx` has its root at `web1`, `/usr/local/etc/nginx` at `/`. A directory that holds
 * `etc/nginx` and the like is a root itself, and a directory in which nothing tells stands alone.
 *
 * @param directory absolute; the audited directory, or the one that holds the audited file
 */
export function inferRoot(directory: string): AuditRoot {
  const root = machineRoot(directory)
  return root === null ? { root: '/', within: directory } : { root, within: '/' }
}

function machineRoot(directory: string): string | null {
  if (isRoot(directory)) return directory
  for (let above = directory; above !== dirname(above); above = dirname(above)) {
    for (const known of SERVER_DIRECTORIES) {
      if (above.endsWith(known)) return above.slice(0, -known.length) || '/'
    }
    const root = rootOfEtc(above)
    if (root !== null && isRoot(root)) return root
  }
  return null
}

const SERVER_PREFIXES = SERVER_DIRECTORIES.map(directory => `${directory}/`)
const ANY_PREFIX = new RegExp(SERVER_PREFIXES.join('|'))

/**
 * The prefixes under which some paths inside a directory lie in a machine's tree: `/web1` of
 * `/web1/etc/nginx/nginx.conf`, empty of `/etc/nginx/nginx.conf`.
 */
export function nestedRoots(paths: readonly string[]): ReadonlySet<string> {
  const roots = new Set<string>()
  for (const path of paths) {
    if (!ANY_PREFIX.test(path)) continue
    for (const known of SERVER_PREFIXES) {
      const at = path.indexOf(known)
      if (at === -1 || isPiece(path)) continue
      roots.add(path.slice(0, at))
      break
    }
  }
  return roots
}

/**
 * The root in whose tree a path lies, the innermost of several: in it, and there in a directory that a machine
 * has. Null where it is no machine's.
 */
export function rootAround(path: string, roots: ReadonlySet<string>): string | null {
  if (roots.size === 0) return null
  for (let slash = path.lastIndexOf('/'); slash !== -1; slash = path.lastIndexOf('/', slash - 1)) {
    const prefix = path.slice(0, slash)
    if (roots.has(prefix) && SYSTEM_DIRECTORIES.has(path.slice(slash + 1).split('/')[0] ?? '')) return prefix
    if (slash === 0) break
  }
  return null
}

/** True for a directory that holds a server's configuration where a machine's root holds it. */
function isRoot(directory: string): boolean {
  const prefix = directory === '/' ? '' : directory
  return SERVER_DIRECTORIES.some(known => existsSync(prefix + known))
}

/** `/usr/local/etc` and `/opt/homebrew/etc` belong to the machine's root, not to the directory above them. */
function rootOfEtc(directory: string): string | null {
  if (!directory.endsWith('/etc')) return null
  return directory.replace(/(?:\/usr\/local|\/opt\/homebrew)?\/etc$/, '') || '/'
}
