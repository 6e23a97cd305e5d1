import { memo } from '../parsers/collections/memo.ts'
import { withoutComments } from '../parsers/python/without-comments.ts'
import type { Source } from '../parsers/text/source.ts'
import { moduleOfProject } from '../src/deployment/django/imported-names.ts'
import type { DjangoSettings } from '../src/deployment/django/settings.ts'
import type { FileSystem } from '../src/files/file-system.ts'
import type { Route } from './_python-routes.ts'

/** The routes of the URLconf with which a project of Django begins; null where there may be others. */
export function routesOfDjango(files: FileSystem, settings: DjangoSettings): readonly Route[] | null {
  const urls = settings.get('ROOT_URLCONF')
  const middleware = settings.get('MIDDLEWARE')
  if (urls?.known !== true || typeof urls.value !== 'string') return null
  if (middleware !== null && !(middleware.known && keepsPaths(middleware.value))) return null
  const source = moduleOfProject(files, settings, urls.value)?.source
  return source === undefined ? null : routesOfUrls(source)
}

/** True of middleware that changes no path: that of Django, and of packages that are known. */
function keepsPaths(middleware: unknown): boolean {
  return (
    Array.isArray(middleware) &&
    middleware.every(
      name => typeof name === 'string' && /^(?:django\.|whitenoise\.|corsheaders\.|allauth\.)/.test(name),
    )
  )
}

/** What makes routes that are not written in the list. */
const OTHERS =
  /\bi18n_patterns\b|\burlpatterns\s*\.|\burlpatterns\s*\+=\s*(?!static\()|\]\s*\+\s*(?!static\()|\*\s*\w+|\bfor\b|\bimport_module\b/
const CALL = /(?<![\w.])(?:path|re_path|url)\(/g
const ROUTE = /(?<![\w.])(?:path|re_path|url)\(\s*r?(['"])(\^?)([^'"\n]*)\1/g

const routesOfUrls = memo((source: Source): readonly Route[] | null => {
  const code = withoutComments(source.code).replace(/^(?:from|import)\s.*$/gm, line =>
    ' '.repeat(line.length),
  )
  if (code.match(/\burlpatterns\s*(?::[^=\n]*)?=(?!=)/g)?.length !== 1 || OTHERS.test(code)) return null
  const routes = [...code.matchAll(ROUTE)].map(match => {
    const written = match[3] ?? ''
    const start = match.index + match[0].length - written.length - 1
    return { source, route: `/${written}`, whole: `/${written}`, start, isMount: true }
  })
  return routes.length === (code.match(CALL)?.length ?? 0) ? routes : null
})
