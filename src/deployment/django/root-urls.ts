import { memoByKey } from '../../../parsers/collections/memo.ts'
import { withoutComments } from '../../../parsers/python/without-comments.ts'
import type { Place } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { type DjangoSettings, projectDirectory } from './settings.ts'

/** A URL without a variable part that a project answers, such as `/sitemap.xml`. */
export interface RootUrl {
  readonly path: string
  /** The route, as it is written. */
  readonly at: Place
}

/**
 * The files that `ROOT_URLCONF` and what it includes at the same level have routes for. Others that it may have are not
 * seen: a path that is missing here may be answered.
 */
export function rootFileUrls(files: FileSystem, settings: DjangoSettings): readonly RootUrl[] {
  const module = settings.get('ROOT_URLCONF')
  const directory = projectDirectory(settings)
  if (module?.known !== true || typeof module.value !== 'string' || directory === null) return []
  return urlsOf(files, `${directory} ${module.value}`)
}

/** How deep a module without a prefix includes another one. */
const DEPTH = 3

const urlsOf = memoByKey((files: FileSystem, key: string): readonly RootUrl[] => {
  const [directory = '', module = ''] = key.split(' ')
  return urlsIn(files, directory, module, DEPTH)
})

/** `path("robots.txt", …)`, `re_path(r"^robots\.txt$", …)` and `url(…)`. */
const ROUTE =
  /\b(?:(path)[ \t]*\(\s*["']([\w./-]+\.\w+)["']|(?:re_path|url)[ \t]*\(\s*r?["']\^((?:[\w/-]|\\?[.-])+\\?\.\w+)\/?\$["'])\s*,/g
const INCLUDE =
  /\b(?:path[ \t]*\(\s*|(?:re_path|url)[ \t]*\(\s*r?)["']\^?["']\s*,\s*include\(\s*\(?\s*["']([\w.]+)["']/g

function urlsIn(files: FileSystem, directory: string, module: string, depth: number): readonly RootUrl[] {
  const path = `${directory}/${module.replaceAll('.', '/')}`
  const source = sourceAt(files, `${path}.py`) ?? sourceAt(files, `${path}/__init__.py`)
  if (source === null || !source.text.includes('urlpatterns')) return []
  const text = withoutComments(source.text)
  const own = [...text.matchAll(ROUTE)].map(match => {
    const route = match[2] ?? match[3] ?? ''
    const start = match.index + match[0].indexOf(route)
    return { path: `/${route.replaceAll('\\', '')}`, at: { source, start, end: start + route.length } }
  })
  const included =
    depth === 0
      ? []
      : [...text.matchAll(INCLUDE)].flatMap(([, name = '']) => urlsIn(files, directory, name, depth - 1))
  return [...own, ...included]
}
