import { posix } from 'node:path'
import { memoByKey } from '../../../parsers/collections/memo.ts'
import { withoutComments } from '../../../parsers/python/without-comments.ts'
import type { Place } from '../../../parsers/text/source.ts'
import { everyFileBelow, type FileSystem, sourceAt } from '../../files/file-system.ts'
import { celeryModules } from './celery-configuration.ts'
import { type DjangoSettings, projectDirectory } from './settings.ts'

/** A task that the schedule of beat names. */
export interface ScheduledTask {
  /** Dotted, as in `shop.tasks.expire`. */
  readonly name: string
  readonly at: Place
}

/** Every `"task": "…"` of a file that holds a schedule. */
export const scheduledTasks = memoByKey((files: FileSystem, path: string): readonly ScheduledTask[] => {
  const source = sourceAt(files, path)
  if (source === null || !/beat_?schedule/i.test(source.text)) return []
  const code = withoutComments(source.text)
  return [...code.matchAll(TASK)].map(match => {
    const name = match[2] ?? ''
    const end = match.index + match[0].length
    return { name, at: { source, start: end - name.length - 2, end } }
  })
})

const TASK = /(["'])task\1\s*:\s*["']([A-Za-z_]\w*(?:\.\w+)+)["']/g

/** Every name of a task that `CELERY_TASK_ROUTES`, or `task_routes`, sends to a queue of its own; patterns are none. */
export const routedTasks = memoByKey((files: FileSystem, path: string): readonly ScheduledTask[] => {
  const source = sourceAt(files, path)
  if (source === null) return []
  const code = withoutComments(source.text)
  return [...code.matchAll(ROUTES)].flatMap(routes =>
    [...routes[0].matchAll(ROUTE)].map(match => {
      const name = match[1] ?? ''
      const start = routes.index + match.index
      return { name, at: { source, start, end: start + name.length + 2 } }
    }),
  )
})

/** A dictionary whose values are dictionaries, up to its end. */
const ROUTES = /\b(?:CELERY_(?:TASK_)?ROUTES|task_routes)\s*=\s*\{(?:[^{}]|\{[^{}]*\})*\}/g
const ROUTE = /["']([A-Za-z_]\w*(?:\.\w+)+)["'](?=\s*:\s*\{)/g

/** The files of a project that may hold the schedule: its settings, and the module of Celery beside them. */
export function scheduleFiles(files: FileSystem, settings: DjangoSettings): readonly string[] {
  return [...settings.files, ...celeryModules(files, settings)]
}

/**
 * Why no worker knows a task: its module is not there, or holds nothing of its name; null where it may be known.
 * A task has the name of its module and its function, unless some file of the project writes another one out.
 */
export function missingTask(
  files: FileSystem,
  settings: DjangoSettings,
  { name, at }: ScheduledTask,
): 'module' | 'function' | null {
  const directory = projectDirectory(settings)
  const parts = name.split('.')
  const last = parts.pop() ?? ''
  const [first = ''] = parts
  // Packages of others are not in the audit.
  if (directory === null || files.kind(posix.join(directory, first)) !== 'directory') return null
  const missing = missingBelow(files, directory, parts, last)
  if (missing === null) return null
  const all = pythonFiles(files, directory)
  const whole = new RegExp(`(?<![\\w.])${name.replaceAll('.', '\\.')}(?![\\w.])`, 'g')
  if (all === null) return null
  for (const path of all) {
    const source = sourceAt(files, path)
    if (source === null) return null
    // Where the schedule stands it stands once.
    if ((source.text.match(whole)?.length ?? 0) > (source === at.source ? 1 : 0)) return null
    if (missing.isOpen && source !== at.source && new RegExp(`\\b${last}\\b`).test(source.text)) return null
  }
  return missing.what
}

/** What lacks; `isOpen` where the module imports everything of another one, which may have it. */
function missingBelow(
  files: FileSystem,
  directory: string,
  module: readonly string[],
  name: string,
): { readonly what: 'module' | 'function'; readonly isOpen: boolean } | null {
  let here = directory
  for (const [index, part] of module.entries()) {
    const inside = posix.join(here, part)
    const isPackage = files.kind(inside) === 'directory'
    const source = sourceAt(files, isPackage ? posix.join(inside, '__init__.py') : `${inside}.py`)
    if (isPackage && source !== null && /__path__|pkgutil|pkg_resources/.test(source.code)) return null
    const isLast = index === module.length - 1
    if (isLast && source !== null)
      return new RegExp(`\\b${name}\\b`).test(source.code)
        ? null
        : { what: 'function', isOpen: /\bimport\s*\(?\s*\*/.test(source.code) }
    if (!isPackage) {
      const names = files.list(here)
      // What is compiled, or generated, has another ending.
      if (names === null || names.some(each => each.name.startsWith(`${part}.`))) return null
      return index === 0 ? null : { what: 'module', isOpen: false }
    }
    here = inside
  }
  return null
}

/** No project of an audit has more; and of a larger one nobody knows all names. */
const MOST_FILES = 4000
const DEEPEST = 12
const OTHERS = /^(?:node_modules|\.git|venv|\.venv|env|static|media|locale|__pycache__)$/

/** Every file of Python below a directory; null where there are too many, or one cannot be listed. */
export const pythonFiles = memoByKey((files: FileSystem, directory: string): readonly string[] | null =>
  everyFileBelow(files, directory, {
    levels: DEEPEST,
    skipped: OTHERS,
    most: MOST_FILES,
    isWanted: name => name.endsWith('.py'),
  }),
)
