import { posix } from 'node:path'
import { phpCode } from '../../parsers/php/script.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { phpSites } from './_php-sites.ts'

/** Whether scripts of the machine begin sessions that PHP keeps; `unknown` where no script is in the audit. */
export type SessionUse = 'seen' | 'unknown' | 'other'

export function useOfSessions(deployment: Deployment, files: FileSystem): SessionUse {
  const roots = new Set(
    [...phpSites(deployment)].filter(site => site.files === files).map(({ root }) => root),
  )
  const found = [...roots].map(root => scriptsBelow(files, root))
  if (found.some(({ cares }) => cares)) return 'other'
  if (found.some(({ begins }) => begins)) return 'seen'
  return found.every(({ isEmpty }) => isEmpty) ? 'unknown' : 'other'
}

const FRAMEWORKS = /symfony|laravel|illuminate|laminas|zend|yiisoft|cakephp|codeigniter|drupal|typo3|magento/
const OWN_WAY =
  /gc_probability|session_gc\b|session_set_save_handler|session_save_path|SessionHandler|session\.save_(?:path|handler)/
const MOST_SCRIPTS = 200

interface Scripts {
  readonly begins: boolean
  readonly cares: boolean
  readonly isEmpty: boolean
}

function scriptsBelow(files: FileSystem, root: string): Scripts {
  const paths = [...filesBelow(files, root, { levels: 3, skipped: /^(?:node_modules|tests?|\..*)$/ })]
    .filter(path => /\.php$|\/\.user\.ini$/.test(path))
    .slice(0, MOST_SCRIPTS)
  const sources = paths.flatMap(path => sourceAt(files, path) ?? [])
  const requires = [root, posix.dirname(root)].flatMap(
    directory => sourceAt(files, `${directory}/composer.json`)?.text ?? [],
  )
  return {
    begins: sources.some(source => /\bsession_start\s*\(/.test(phpCode(source))),
    cares: requires.some(text => FRAMEWORKS.test(text)) || sources.some(({ text }) => OWN_WAY.test(text)),
    isEmpty: sources.length === 0,
  }
}
