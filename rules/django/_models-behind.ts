import { importedFile, importedNames } from '../../src/deployment/django/imported-names.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** No script leads to more of them before it comes to models. */
const MOST_FILES = 60

/** Models of Django itself. */
export const OF_DJANGO = /^django\.contrib\.\w+\.models$/

/** The models that a file imports whatever happens, itself or through others of the project; null where it needs none. */
export function modelsBehind(
  files: FileSystem,
  settings: DjangoSettings,
  path: string,
  seen: Set<string>,
): string | null {
  const source = sourceAt(files, path)
  if (source === null || seen.has(path) || seen.size > MOST_FILES) return null
  seen.add(path)
  if (/^class[ \t]+\w+\([^)]*\b(?:models\.Model|Abstract(?:Base)?User)\b/m.test(source.code))
    return path.replace(/^.*\/(\w+\/\w+)\.py$/, '$1').replaceAll('/', '.')
  for (const imported of importedNames(files, path)) {
    if (OF_DJANGO.test(imported.module)) return imported.module
    if (imported.module.startsWith('django.')) continue
    const next = importedFile(files, settings, path, imported)
    const found = next === null ? null : modelsBehind(files, settings, next, seen)
    if (found !== null) return found
  }
  return null
}
