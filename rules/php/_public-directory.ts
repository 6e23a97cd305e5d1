import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
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

/** Packages that put the script of all pages into a public directory, where none of their own files may be here. */
const PACKAGES: readonly (readonly [RegExp, string, string])[] = [
  [/"laravel\/framework"/, 'Laravel', 'public'],
  [/"symfony\/(?:framework-bundle|runtime)"/, 'Symfony', 'public'],
  [/"codeigniter4\/framework"/, 'CodeIgniter', 'public'],
  [/"slim\/slim"/, 'Slim', 'public'],
  [/"yiisoft\/yii2"/, 'Yii', 'web'],
]

/** The project that a directory is, where it has no script of its own. */
export const projectIn = memoByKey((files: FileSystem, path: string): Project | null => {
  const has = (name: string): boolean => files.kind(posix.join(path, name)) === 'file'
  if (files.kind(path) !== 'directory' || has('index.php') || has('index.html')) return null
  const found = PROJECTS.find(
    ({ marker, directory }) => has(marker) && has(posix.join(directory, 'index.php')),
  )
  if (found !== undefined) return found
  const manifest = sourceAt(files, posix.join(path, 'composer.json'))?.text ?? ''
  const required = PACKAGES.find(
    ([name, , directory]) => name.test(manifest) && has(posix.join(directory, 'index.php')),
  )
  if (required === undefined) return null
  const [, name, directory] = required
  return { name, marker: 'composer.json', directory }
})
