import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'

/** The configuration of a WordPress: in the directory of its files, or in the one above; null where neither has it. */
export function wordpressConfiguration(files: FileSystem, root: string): Source | null {
  return scriptAt(files, `${root}/wp-config.php`) ?? scriptAt(files, `${posix.dirname(root)}/wp-config.php`)
}

/** A file that a script is, or reads; null where it is not in the audit. */
export function scriptAt(files: FileSystem, path: string): Source | null {
  const read = files.kind(path) === 'file' ? files.read(path) : null
  return read?.kind === 'source' ? read.source : null
}

/** The text of a script with blanks in place of its comments. */
export function scriptCode({ text }: Source): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(^|[\s;])(?:\/\/|#)[^\n]*/g, comment => ' '.repeat(comment.length))
}
