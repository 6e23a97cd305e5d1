import { posix } from 'node:path'
import type { FileSystem } from '../../files/file-system.ts'
import type { Fact } from '../../servers/fact.ts'
import { type DjangoSettings, projectDirectory } from './settings.ts'

/** A URL of the site and the directory that Django keeps its files in. */
export interface DirectoryOfUrl {
  /** Begins and ends with a slash. */
  readonly url: string
  /** Absolute, without a last slash. */
  readonly directory: string
  readonly urlAt: Fact<unknown>['at']
  readonly directoryAt: Fact<unknown>['at']
}

/**
 * `STATIC_URL` with `STATIC_ROOT`, or `MEDIA_URL` with `MEDIA_ROOT`, of an application at the root of its
 * site; null where one is not known, not set, or the URL is another host's.
 */
export function directoryOfUrl(settings: DjangoSettings, kind: 'STATIC' | 'MEDIA'): DirectoryOfUrl | null {
  const url = settings.get(`${kind}_URL`)
  const directory = settings.get(`${kind}_ROOT`)
  if (url?.known !== true || directory?.known !== true) return null
  if (typeof url.value !== 'string' || typeof directory.value !== 'string') return null
  if (!directory.value.startsWith('/') || url.value === '' || /^(?:[a-z]+:)?\/\//i.test(url.value))
    return null
  // Django puts the script's own path, which is `/` here, before a relative URL.
  const path = posix.normalize(`/${url.value}/`)
  if (path === '/') return null
  return {
    url: path,
    directory: posix.normalize(directory.value).replace(/(?<=.)\/$/, ''),
    urlAt: url.at,
    directoryAt: directory.at,
  }
}

/** The same of an application that knows that it stands below a prefix, which Django puts before a relative URL. */
export function directoryOfUrlBelow(
  settings: DjangoSettings,
  kind: 'STATIC' | 'MEDIA',
  prefix: string,
): DirectoryOfUrl | null {
  const found = directoryOfUrl(settings, kind)
  const url = settings.get(`${kind}_URL`)
  const isRelative = url?.known === true && typeof url.value === 'string' && !url.value.startsWith('/')
  return found === null || !isRelative ? found : { ...found, url: prefix + found.url }
}

/** True where uploads lie in `MEDIA_ROOT`, as they do unless another storage is set, and views do not hand them out. */
export function keepsUploadsInFiles(settings: DjangoSettings): boolean {
  return ['DEFAULT_FILE_STORAGE', 'STORAGES', 'SENDFILE_BACKEND', 'SENDFILE_ROOT'].every(
    name => settings.get(name) === null,
  )
}

/** Whether middleware of the application serves its static files, as WhiteNoise does; undefined where nobody can tell. */
export function servesOwnStaticFiles(settings: DjangoSettings): boolean | undefined {
  const middleware = settings.get('MIDDLEWARE')
  if (middleware === null) return false
  if (!middleware.known || !Array.isArray(middleware.value)) return undefined
  const names: readonly unknown[] = middleware.value
  if (names.some(name => typeof name === 'string' && /whitenoise|dj_static|static/i.test(name))) return true
  return names.every(name => typeof name === 'string') ? false : undefined
}

/**
 * Whether the URLs of the application may lead to Django's own view of files, which serves them without `DEBUG`
 * too. True also where the module that lists them is not read.
 */
export function mayRouteToFiles(files: FileSystem, settings: DjangoSettings): boolean {
  const urls = settings.get('ROOT_URLCONF')
  const directory = projectDirectory(settings)
  if (urls?.known !== true || typeof urls.value !== 'string' || directory === null) return true
  const read = files.read(posix.join(directory, `${urls.value.replaceAll('.', '/')}.py`))
  return read.kind !== 'source' || /views\.static|views import static|staticfiles/.test(read.source.code)
}
