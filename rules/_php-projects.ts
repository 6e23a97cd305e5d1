import { posix } from 'node:path'
import { memoByKey } from '../parsers/collections/memo.ts'
import { type FileSystem, sourceAt } from '../src/files/file-system.ts'

/** A file that lies beside the public directory of a project, by the framework that puts it there. */
export const PROJECT_FILES = { Laravel: 'artisan', Symfony: 'bin/console', CodeIgniter: 'spark' } as const

/** True for the directory of a project of Laravel, of which a part alone may be here. */
export const isLaravel = memoByKey((files: FileSystem, project: string): boolean => {
  if (files.kind(posix.join(project, PROJECT_FILES.Laravel)) === 'file') return true
  if (sourceAt(files, posix.join(project, 'composer.json'))?.text.includes('"laravel/framework"') === true)
    return true
  if (/\bLARAVEL_START\b/.test(sourceAt(files, posix.join(project, 'public/index.php'))?.text ?? ''))
    return true
  return ['.env', '.env.example'].some(name => {
    const text = sourceAt(files, posix.join(project, name))?.text ?? ''
    return (
      /^APP_KEY=(?:base64:\S*)?[ \t]*\r?$/m.test(text) && /^(?:SESSION|CACHE)_(?:DRIVER|STORE)=/m.test(text)
    )
  })
})
