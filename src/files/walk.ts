import * as nodeFileSystem from 'node:fs'
import { posix } from 'node:path'
import glob from 'fast-glob'
import { systemReason } from './disk-file-system.ts'

export interface Walk {
  /** Files and links, as paths inside the root, sorted. */
  readonly paths: readonly string[]
  /** Directories that could not be listed: absolute path on this machine to the system's reason. */
  readonly refused: ReadonlyMap<string, string>
}

/** Trees that hold no configuration of this machine's servers, whatever their files are called. */
const IGNORED = [
  '**/node_modules/**',
  '**/.git/**',
  '**/.hg/**',
  '**/.svn/**',
  '**/site-packages/**',
  '**/__pycache__/**',
  '**/.tox/**',
  '**/.terraform/**',
]

/**
 * Every file and link below some folders of a root. Links are not descended: what a server includes
 * through one is reached by its include.
 *
 * `patterns` are globs inside the root without the first slash, such as `etc/**`.
 */
export function walk(root: string, patterns: readonly string[]): Walk {
  const refused = new Map<string, string>()
  const list = ((folder: string, options: { withFileTypes: true }) => {
    try {
      return nodeFileSystem.readdirSync(folder, options)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENOTDIR') refused.set(folder, systemReason(error))
      return []
    }
  }) as typeof nodeFileSystem.readdirSync
  const entries = glob.sync([...patterns], {
    cwd: root,
    ignore: IGNORED,
    dot: true,
    onlyFiles: false,
    followSymbolicLinks: false,
    objectMode: true,
    suppressErrors: true,
    fs: { readdirSync: list },
  })
  const files = entries.filter(({ dirent }) => dirent.isFile() || dirent.isSymbolicLink())
  const environments = files
    .filter(({ name }) => name === 'pyvenv.cfg')
    .map(({ path }) => `${posix.dirname(path)}/`)
  const paths = files
    .map(({ path }) => path)
    .filter(path => !environments.some(folder => path.startsWith(folder)))
    .map(path => `/${path}`)
    .sort()
  return { paths, refused }
}

/** The glob for all below a folder inside the root. */
export function folderPattern(folder: string): string {
  return folder === '/' ? '**' : `${glob.escapePath(folder.slice(1))}/**`
}
