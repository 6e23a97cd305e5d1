import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { PROJECT_FILES } from '../_php-projects.ts'

export interface Project {
  readonly name: string
  /** A file that lies beside the public directory. */
  readonly marker: string
  /** The public directory, below the project. */
  readonly directory: string
}

const PROJECTS: readonly Project[] = [
  { name: 'Laravel', marker: PROJECT_FILES.Laravel, directory: 'public' },
  { name: 'Symfony', marker: PROJECT_FILES.Symfony, directory: 'public' },
  { name: 'CodeIgniter', marker: PROJECT_FILES.CodeIgniter, directory: 'public' },
  { name: 'Yii', marker: 'yii', directory: 'web' },
  { name: 'Drupal', marker: 'web/core/lib/Drupal.php', directory: 'web' },
]

/** The project that a directory is, where it has no script of its own. */
export const projectIn = memoByKey((files: FileSystem, path: string): Project | null => {
  const has = (name: string): boolean => files.kind(posix.join(path, name)) === 'file'
  if (files.kind(path) !== 'directory' || has('index.php')) return null
  return (
    PROJECTS.find(({ marker, directory }) => has(marker) && has(posix.join(directory, 'index.php'))) ?? null
  )
})
