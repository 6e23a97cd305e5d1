import { withoutComments } from '../../../parsers/python/without-comments.ts'
import { posix } from 'node:path'
import { matchedPlace, type Place } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import type { DjangoSettings } from './settings.ts'

/** How Celery of a project reads the settings of Django. */
export interface CeleryConfiguration {
  /** `CELERY` of `namespace="CELERY"`; null where there is none. */
  readonly namespace: string | null
  /** The call that says so. */
  readonly at: Place
  /** False where the file also sets a broker by itself. */
  readonly isBrokerOfSettings: boolean
}

const NAMES = ['celery.py', 'celery_app.py', 'celeryapp.py', 'celeryconf.py']
const CALL =
  /\bconfig_from_object\(\s*(?:["']django\.conf:settings["']|settings)\s*(?:,\s*namespace\s*=\s*["'](\w+)["']\s*)?,?\s*\)/g

/** The modules of Celery beside the settings of a project, and in the package around them, the nearest first. */
export function celeryModules(files: FileSystem, settings: DjangoSettings): readonly string[] {
  const [own] = settings.files
  if (own === undefined) return []
  const directory = posix.dirname(own)
  return [directory, posix.dirname(directory)]
    .flatMap(each => NAMES.map(name => posix.join(each, name)))
    .filter(path => files.kind(path) === 'file')
}

/** The configuration in the nearest of them; null where there is none, or several. */
export function celeryConfiguration(files: FileSystem, settings: DjangoSettings): CeleryConfiguration | null {
  const source = celeryModules(files, settings)
    .map(path => sourceAt(files, path))
    .find(each => each !== null)
  if (source == null) return null
  // Comments hold the other ways of doing it.
  const code = withoutComments(source.code)
  const [found, ...others] = code.matchAll(CALL)
  if (found === undefined || others.length > 0 || code.split('config_from_object').length > 2) return null
  return {
    namespace: found[1] ?? null,
    at: matchedPlace(source, found),
    isBrokerOfSettings: !/broker/i.test(code),
  }
}
