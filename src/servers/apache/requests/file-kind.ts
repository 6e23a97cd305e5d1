import { posix } from 'node:path'
import { memo } from '../../../../parsers/collections/memo.ts'
import type { FileKind } from '../../../files/file-system.ts'
import { fromBytes } from '../../regex.ts'
import type { ApacheConfiguration } from '../configuration.ts'
import { isSettled } from '../queries/places.ts'
import type { ApacheWalk } from './request.ts'

/**
 * What stands at a path (bytes): null for nothing, undefined where nobody knows. Outside of what the audit
 * covers the caller may assume something, and a directory that the configuration names is taken to be there.
 */
export function fileKind(
  { configuration, options, targets }: ApacheWalk,
  bytes: string,
): FileKind | null | undefined {
  const path = fromBytes(bytes.length > 1 && bytes.endsWith('/') ? bytes.slice(0, -1) : bytes)
  const kind = options.files?.kind(path) ?? null
  if (kind !== null) return kind
  if (options.files?.covers(path)) return null
  const assumed = options.assume?.(path)
  if (assumed !== undefined) return assumed
  if (targets.has(path)) return 'file'
  return namedDirectories(configuration).has(path) ? 'directory' : undefined
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

/** The document roots, the targets of aliases, the `<Directory>` sections, and all above them. */
const namedDirectories = memo(({ occurrences }: ApacheConfiguration): ReadonlySet<string> => {
  const names = new Set<string>(['/'])
  const add = (written: string | undefined) => {
    if (written === undefined || !written.startsWith('/') || !isSettled(written)) return
    let path = posix.join(written, '/').replace(/(?<=.)\/$/, '')
    for (; !names.has(path); path = posix.dirname(path)) names.add(path)
  }
  for (const { args } of occurrences.get('documentroot') ?? []) add(args[0]?.value)
  for (const { args } of occurrences.get('directory') ?? []) {
    const path = args[0]?.value ?? ''
    if (!/[*?[]/.test(path)) add(path)
  }
  for (const { args } of occurrences.get('alias') ?? []) {
    const target = args[1]?.value
    // An alias may name a file as well.
    if (target !== undefined) add(/\.[^/]*$/.test(target) ? posix.dirname(target) : target)
  }
  for (const { args } of occurrences.get('scriptalias') ?? []) {
    const target = args[1]?.value
    if (target?.endsWith('/')) add(target)
  }
  return names
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
