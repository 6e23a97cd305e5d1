import { posix } from 'node:path'
import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { ApacheDirective } from '../configuration.ts'
import type { Fault, Walk } from './check.ts'

/** A path as httpd resolves it: relative ones from `ServerRoot`; null where nobody knows that. */
export function absolutePath(path: string, walk: Walk): string | null {
  if (path.startsWith('/')) return posix.normalize(path)
  const root = walk.unit.serverRoot
  return root.known ? posix.join(root.value, path) : null
}

/** A file that httpd opens or asks for while it reads its configuration; silent where it may well be there. */
export function fileFault(
  directive: ApacheDirective,
  path: string,
  word: ApacheWord | undefined,
  walk: Walk,
): Fault | null {
  return missingFault(directive, path, word, walk, 'file')
}

export function directoryFault(
  directive: ApacheDirective,
  path: string,
  word: ApacheWord | undefined,
  walk: Walk,
): Fault | null {
  return missingFault(directive, path, word, walk, 'directory')
}

/** Of some paths httpd asks only whether anything is there. */
export function existsFault(
  directive: ApacheDirective,
  path: string,
  word: ApacheWord | undefined,
  walk: Walk,
): Fault | null {
  return missingFault(directive, path, word, walk, null)
}

function missingFault(
  directive: ApacheDirective,
  path: string,
  word: ApacheWord | undefined,
  walk: Walk,
  wanted: 'file' | 'directory' | null,
): Fault | null {
  const absolute = absolutePath(path, walk)
  if (absolute === null) return null
  const { files } = walk.unit
  const kind = files.kind(absolute)
  if (kind !== null && (wanted === null || kind === wanted || (wanted === 'file' && kind === 'other')))
    return null
  if (kind === null && !isMissing(absolute, files)) return null
  // Git without symbolic links writes where they lead into a file of their name.
  if (kind === 'file' && LINKED_OUT.test(absolute)) return null
  const message =
    kind === null
      ? `\`${directive.name}\` names ${absolute}, which is not there`
      : `\`${directive.name}\` names ${absolute}, which is no ${wanted}`
  return { code: 'path-missing', message, word }
}

/**
 * Red Hat's `/etc/httpd` has links to `/var/log/httpd`, `/run/httpd` and the modules, which copies of the
 * directory and repositories seldom keep.
 */
const LINKED_OUT = /^\/etc\/[^/]+\/(?:logs|run|state|modules)(?:\/|$)/

/** A path that no machine has: who vouches for it vouches for every path, as a whole machine does. */
export const NOWHERE = '/-/-/-'

/**
 * True where the audit can tell that nothing is there. In a copy of some directories it holds the directory,
 * which lacks the name: one that is missing as a whole was more likely left out, as keys and logs are.
 * A link that leads out of the root is there for the server, though nobody here can follow it.
 */
export function isMissing(path: string, files: FileSystem): boolean {
  if (files.kind(path) !== null || !files.covers(path) || LINKED_OUT.test(path)) return false
  for (let at = path; at !== '/'; at = posix.dirname(at)) {
    const directory = files.list(posix.dirname(at))
    if (directory !== null) return !directory.some(entry => entry.name === posix.basename(at))
    if (!files.covers(NOWHERE)) return false
  }
  return true
}
