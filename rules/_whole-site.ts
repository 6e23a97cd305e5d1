import { posix } from 'node:path'
import { memo } from '../parsers/collections/memo.ts'
import type { Source } from '../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../src/files/file-system.ts'

/**
 * True for a file of nginx in a package of YunoHost that asks for no path: such an application is the whole site of a
 * domain, and its `__PATH__` is nothing but a slash.
 *
 * @see https://doc.yunohost.org/en/dev/packaging/manifest
 */
export function isOfWholeSite({ path }: Source, files: FileSystem): boolean {
  const home = posix.dirname(path)
  const manifest =
    sourceAt(files, posix.join(home, 'manifest.toml')) ??
    sourceAt(files, posix.join(home, '../manifest.toml'))
  return manifest !== null && asksForNoPath(manifest)
}

const asksForNoPath = memo(
  ({ text }: Source): boolean =>
    /^[ \t]*\[install(?:\.domain)?\]/m.test(text) &&
    !/^[ \t]*(?:\[install\.path\]|path(?:\.\w+)?[ \t]*=)/m.test(text),
)
