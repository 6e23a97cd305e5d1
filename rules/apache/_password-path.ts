import { posix } from 'node:path'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { mayBePathOfUrl, unfilledStart } from '../_misread-path.ts'

/** A path that somebody wrote as another program reads it. */
export interface MisreadPath {
  readonly message: string
  readonly help: string
  /** False where the file itself is not in the audit, so that the path alone tells what is meant. */
  readonly isCertain: boolean
}

const MISSED = 'so every password is answered with 500'

/** What only a shell or mod_rewrite would fill in: to Apache it is the name of a directory below `ServerRoot`. */
export function unfilledPath(written: string): MisreadPath | null {
  const mark = unfilledStart(written)
  return mark === null
    ? null
    : {
        message: `Apache takes \`${mark}\` as it stands, below \`ServerRoot\`: could not open password file, ${MISSED}`,
        help: 'Write the whole path of the file, from `/` on',
        isCertain: true,
      }
}

/**
 * The path of a URL in place of that of a file: from some directory around the section on, it is there, or leads to the
 * directory of the section itself.
 */
export function pathOfUrl(
  files: FileSystem,
  { source, parent }: ApacheDirective,
  written: string,
  isLone: boolean,
): MisreadPath | null {
  if (!mayBePathOfUrl(written)) return null
  // In a repository its own directory stands for `/`, which it is on no machine.
  if (!isLone && files.kind(written) !== null) return null
  const own = posix.basename(source.path).startsWith('.ht')
    ? posix.dirname(source.path)
    : parent?.name === 'Directory'
      ? (parent.args[0]?.value ?? '').replace(/(?<=.)\/+$/, '')
      : ''
  if (!own.startsWith('/')) return null
  const around = directoriesAround(own).filter(each => isLone || each !== '/')
  const found = around.map(each => posix.join(each, written)).find(path => files.kind(path) === 'file')
  const directory = posix.dirname(written)
  const isOfOwn = directory !== '/' && own.endsWith(directory) && (isLone || own !== directory)
  if (found === undefined && !isOfOwn) return null
  return {
    message: `\`${written}\` is the path of a URL: Apache looks for the file from the root of the file system on, where it is not, ${MISSED}`,
    help: 'Write the whole path of the file, from `/` on, with that of the document root before it',
    isCertain: found !== undefined,
  }
}

function directoriesAround(path: string): readonly string[] {
  return path === '/' ? ['/'] : [path, ...directoriesAround(posix.dirname(path))]
}
