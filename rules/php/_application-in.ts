import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { isLaravel, PROJECT_FILES } from '../_php-projects.ts'
import { joomlaRewrites } from './_joomla.ts'

/** The application whose script in a directory answers every page; null where there is none, or nobody knows. */
export const applicationIn = memoByKey((files: FileSystem, root: string): string | null => {
  const has = (path: string): boolean => files.kind(posix.join(root, path)) === 'file'
  if (!has('index.php')) return null
  if (has('wp-config.php') || (has('wp-blog-header.php') && has('wp-login.php'))) return 'WordPress'
  if (has('core/lib/Drupal.php') || startsWith(files, root, 'DrupalKernel')) return 'Drupal'
  if (startsWith(files, root, 'Magento\\Framework\\App\\Bootstrap')) return 'Magento'
  if (has('LocalSettings.php') && has('load.php')) return 'MediaWiki'
  if (joomlaRewrites(files, root) !== null) return 'Joomla'
  if (has('remote.php') && has('version.php') && has('config/config.php')) return 'Nextcloud'
  if (has(`../${PROJECT_FILES.Laravel}`) || isLaravelInPart(files, root)) return 'Laravel'
  if (has(`../${PROJECT_FILES.CodeIgniter}`)) return 'CodeIgniter'
  return has(`../${PROJECT_FILES.Symfony}`) && has('../config/bundles.php') ? 'Symfony' : null
})

/** True where the script of every page uses a class. */
function startsWith(files: FileSystem, root: string, name: string): boolean {
  return sourceAt(files, posix.join(root, 'index.php'))?.text.includes(name) === true
}

/** True for the public directory of a project of which a part is here. */
function isLaravelInPart(files: FileSystem, root: string): boolean {
  return isLaravel(files, posix.join(root, '..')) && files.kind(posix.join(root, '../routes')) !== null
}
