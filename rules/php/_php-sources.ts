import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** The configuration of a WordPress: in the directory of its files, or in the one above; null where neither has it. */
export function wordpressConfiguration(files: FileSystem, root: string): Source | null {
  return sourceAt(files, `${root}/wp-config.php`) ?? sourceAt(files, `${posix.dirname(root)}/wp-config.php`)
}

/** The configuration of a Moodle: in the directory of its files, or above its `public`; null where neither has it. */
export function moodleConfiguration(files: FileSystem, root: string): Source | null {
  const source =
    sourceAt(files, `${root}/config.php`) ??
    (posix.basename(root) === 'public' ? sourceAt(files, `${posix.dirname(root)}/config.php`) : null)
  return source !== null && /\$CFG->dataroot/.test(source.code) ? source : null
}
