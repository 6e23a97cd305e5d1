import { type Dirent, readdirSync } from 'node:fs'
import { systemReason } from './system-reason.ts'

export interface Walk {
  /** Files and links, as paths inside the root, sorted. */
  readonly paths: readonly string[]
  /** Directories that could not be listed: absolute path on this machine to the system's reason. */
  readonly refused: ReadonlyMap<string, string>
}

/** Trees that hold no configuration of this machine's servers, whatever their files are called. */
const IGNORED: ReadonlySet<string> = new Set(
  'node_modules .git .hg .svn site-packages __pycache__ .tox .terraform'.split(' '),
)

/**
 * Every file and link below some directories of a root, whatever their names are made of. Links are not
 * descended: what a server includes through one is reached by its include. The tree of a Python
 * environment is left out, and so are the packages that Composer installs.
 *
 * @param root absolute on this machine
 * @param directories inside the root; one that is not there holds nothing
 */
export function walk(root: string, directories: readonly string[]): Walk {
  const prefix = root === '/' ? '' : root
  const refused = new Map<string, string>()
  const paths: string[] = []
  const waiting = directories.map(directory => (directory === '/' ? '' : directory))
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    const entries = list(prefix + directory || '/', refused)
    const names = new Set(entries.map(({ name }) => name))
    if (names.has('pyvenv.cfg')) continue
    const isOfOthers = (name: string): boolean =>
      IGNORED.has(name) || (name === 'vendor' && names.has('composer.json'))
    for (const entry of entries) {
      const path = `${directory}/${entry.name}`
      if (entry.isDirectory()) {
        if (!isOfOthers(entry.name)) waiting.push(path)
      } else if (entry.isFile() || entry.isSymbolicLink()) paths.push(path)
    }
  }
  // Of two directories, one may lie in the other.
  return { paths: [...new Set(paths)].sort(), refused }
}

function list(directory: string, refused: Map<string, string>): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') refused.set(directory, systemReason(error))
    return []
  }
}
