import { posix } from 'node:path'
import { withoutComments } from '../../../parsers/python/without-comments.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { isAbsent } from '../is-absent.ts'
import { directoryNearby } from './app-server-python.ts'
import { mayBeInstalled } from './installed-project.ts'

/** What lies at the name that `celery -A` is given. */
export type CeleryApplication =
  /** The file that makes the application, or may. */
  | { readonly kind: 'found'; readonly source: Source }
  /** No such module; `near` is the directory that has it, `instead` the only package beside it with one of Celery. */
  | { readonly kind: 'missing'; readonly near: string | null; readonly instead: string | null }
  /** A module in which nothing can be an application. */
  | { readonly kind: 'empty'; readonly source: Source }

/** Null where nobody knows. */
export function celeryApplication(
  files: FileSystem,
  directory: string,
  written: string,
): CeleryApplication | null {
  const [name = ''] = written.split(':')
  if (!/^[\w-]+(?:\.[\w-]+)*$/.test(name)) return null
  const parts = name.split('.')
  const [first = ''] = parts
  const names = files.list(directory)
  if (names === null) return null
  if (!names.some(each => each.name === first || each.name.startsWith(`${first}.`)))
    return missingFrom(files, directory, first)
  const path = posix.join(directory, ...parts)
  const source = moduleAt(files, path)
  if (source !== null) return applicationIn(files, path, source)
  // The directory of a project often has the name of the package in it.
  const doubled = posix.join(directory, first)
  if (parts.length === 1 && moduleAt(files, posix.join(doubled, first)) !== null)
    return mayBeInstalled(files, directory) ||
      mayBeInstalled(files, doubled) ||
      !isAbsent(files, `${doubled}/celery.py`)
      ? null
      : { kind: 'missing', near: doubled, instead: null }
  // `shop.celery.app` is a name of a module.
  const outer = parts.length > 1 ? moduleAt(files, posix.dirname(path)) : null
  if (outer !== null && /\bCelery\b|\bimport\b/.test(outer.code)) return { kind: 'found', source: outer }
  const isPackage = outer?.path.endsWith('/__init__.py') ?? isAbsent(files, `${posix.dirname(path)}.py`)
  return parts.length > 1 && isPackage && isAbsent(files, `${path}.py`) && isAbsent(files, path)
    ? { kind: 'missing', near: null, instead: null }
    : null
}

function moduleAt(files: FileSystem, path: string): Source | null {
  return sourceAt(files, `${path}.py`) ?? sourceAt(files, posix.join(path, '__init__.py'))
}

/** Celery looks for `app` and `celery`, for the module `celery` of a package, and for any application among the names. */
function applicationIn(files: FileSystem, path: string, source: Source): CeleryApplication {
  const inside = moduleAt(files, posix.join(path, 'celery'))
  if (inside !== null) return { kind: 'found', source: inside }
  const code = withoutComments(source.text)
  return /\b(?:app|celery|Celery|import|exec|globals|setattr|__path__)\b/.test(code) ||
    files.kind(posix.join(path, 'celery')) !== null
    ? { kind: 'found', source }
    : { kind: 'empty', source }
}

/** No project has more packages beside each other. */
const MOST_PACKAGES = 50

function missingFrom(files: FileSystem, directory: string, first: string): CeleryApplication | null {
  const near = directoryNearby(files, first, [directory])
  if (near !== null) return { kind: 'missing', near, instead: null }
  const names = files.list(directory) ?? []
  // Of a project of Django the application is one of its own packages.
  if (!names.some(({ name }) => name === 'manage.py') || mayBeInstalled(files, directory)) return null
  const packages = names
    .filter(({ kind }) => kind === 'directory')
    .slice(0, MOST_PACKAGES)
    .filter(({ name }) =>
      /\bCelery\(/.test(sourceAt(files, posix.join(directory, name, 'celery.py'))?.code ?? ''),
    )
  const [only] = packages
  return only === undefined || packages.length > 1
    ? null
    : { kind: 'missing', near: null, instead: only.name }
}
