import { posix } from 'node:path'
import { memo } from '../../../../parsers/collections/memo.ts'
import type { FileKind, FileSystem } from '../../../files/file-system.ts'
import { fromBytes } from '../../regex.ts'
import type { ApacheConfiguration } from '../configuration.ts'
import { isSettled } from '../queries/places.ts'
import type { ApacheWalk } from './request.ts'

/**
 * What stands at a path (bytes): null for nothing, undefined where nobody knows. Outside of what the audit
 * covers the caller may assume something, and what the configuration names is taken to be there.
 */
export function fileKind(
  { configuration, options, targets }: ApacheWalk,
  bytes: string,
): FileKind | null | undefined {
  const path = fromBytes(bytes.length > 1 && bytes.endsWith('/') ? bytes.slice(0, -1) : bytes)
  const kind = options.files?.kind(path) ?? null
  if (kind !== null) return kind
  if (options.files?.covers(path)) return null
  const { directories, files } = namedPaths(configuration)
  if (directories.has(path)) return 'directory'
  if (files.has(path)) return 'file'
  if (isBelowFile(path, options.files, files)) return null
  const assumed = options.assume?.(path)
  if (assumed !== undefined) return assumed
  return targets.has(path) ? 'file' : undefined
}

/** True for what follows a file, which is its `PATH_INFO`. */
function isBelowFile(path: string, files: FileSystem | null, named: ReadonlySet<string>): boolean {
  for (let above = posix.dirname(path); above !== '/'; above = posix.dirname(above)) {
    if (named.has(above)) return true
    const kind = files?.kind(above) ?? null
    if (kind !== null) return kind === 'file'
  }
  return false
}

/**
 * Takes the file of a subrequest or an internal redirect to be there where nobody knows: whoever wrote
 * `RewriteRule . /index.php` has that file.
 */
export function assumeTarget(walk: ApacheWalk, bytes: string): void {
  if (/\.[^/]*$/.test(bytes)) walk.targets.add(fromBytes(bytes))
}

/** True where the audit holds the file, null where it is only assumed. */
export function isHeld({ options: { files } }: ApacheWalk, path: string): true | null {
  return files !== null && files.kind(path) !== null ? true : null
}

interface NamedPaths {
  readonly directories: ReadonlySet<string>
  readonly files: ReadonlySet<string>
}

/** The document roots, the `<Directory>` sections, the targets of aliases, and all above them. */
const namedPaths = memo(({ occurrences }: ApacheConfiguration): NamedPaths => {
  const directories = new Set<string>(['/'])
  const files = new Set<string>()
  const addDirectory = (written: string) => {
    let path = posix.join(written, '/').replace(/(?<=.)\/$/, '')
    for (; !directories.has(path); path = posix.dirname(path)) directories.add(path)
  }
  const lines = (name: string) => occurrences.get(name) ?? []
  const isPlain = (path: string) => path.startsWith('/') && isSettled(path)
  for (const { args } of [...lines('documentroot'), ...lines('directory')]) {
    const path = args[0]?.value ?? ''
    if (isPlain(path) && !/[*?[]/.test(path)) addDirectory(path)
  }
  for (const { args, name } of ['alias', 'scriptalias', 'wsgiscriptalias'].flatMap(lines)) {
    const path = args[1]?.value ?? ''
    if (!isPlain(path)) continue
    const isFile = !path.endsWith('/') && (name !== 'Alias' || /\.[^/]*$/.test(path))
    addDirectory(isFile ? posix.dirname(path) : path)
    if (isFile) files.add(path)
  }
  return { directories, files }
})

const ROOT = new Set(
  'bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var'.split(' '),
)

/**
 * Whether the first part of a path (`/var` of `/var/www`) is there: mod_rewrite asks so whether it was given a
 * path of the file system. Where the audit does not hold it, every system has some, and names others.
 */
export function firstPartExists(walk: ApacheWalk, bytes: string): boolean {
  const first = /^\/+([^/]*)/.exec(bytes)?.[1] ?? ''
  const kind = fileKind(walk, `/${first}`)
  return kind === undefined || kind === null ? ROOT.has(first) : true
}
