import { posix } from 'node:path'
import { memoByKey } from '../../../parsers/collections/memo.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { type DjangoSettings, projectDirectory } from './settings.ts'

/** `from django.conf.urls import url`: one of its names, or null for `import django.utils.six`. */
export interface ImportedName {
  readonly module: string
  readonly name: string | null
  /** The name, or the module where there is none. */
  readonly at: Place
}

const IMPORT =
  /^(?:from[ \t]+(\.*\w[\w.]*|\.+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#(]+)|import[ \t]+(\w[\w.]*))/gm
const IMPORT_ANYWHERE = new RegExp(IMPORT.source.replace('^', String.raw`^[ \t]*`), 'gm')

/** What a Python file imports whatever happens, at its top level. */
export const importedNames = memoByKey((files: FileSystem, path: string): readonly ImportedName[] =>
  namesIn(files, path, IMPORT),
)

/** The same with what its functions import when they are called. */
export const importedAnywhere = memoByKey((files: FileSystem, path: string): readonly ImportedName[] =>
  namesIn(files, path, IMPORT_ANYWHERE),
)

function namesIn(files: FileSystem, path: string, pattern: RegExp): readonly ImportedName[] {
  const source = sourceAt(files, path)
  if (source === null) return []
  // Strings of several lines and comments may hold anything.
  const code = source.text.replace(/("""|''')[\s\S]*?\1|#[^\n]*/g, text => text.replace(/[^\n]/g, ' '))
  return [...code.matchAll(pattern)].flatMap((match): ImportedName[] => {
    const { index, 0: whole, 1: from, 2: names = '', 3: plain } = match
    const module = from ?? plain ?? ''
    const at = (start: number, length: number): Place => ({ source, start, end: start + length })
    if (from === undefined)
      return [{ module, name: null, at: at(index + whole.length - module.length, module.length) }]
    const begin = index + whole.length - names.length
    return [...names.matchAll(/(\w+)(?:[ \t]+as[ \t]+\w+)?/g)].map(({ index: offset, 1: name = '' }) => ({
      module,
      name,
      at: at(begin + offset, name.length),
    }))
  })
}

/** The file of a module of the project to which settings belong; null where it is not in the audit. */
export function moduleOfProject(
  files: FileSystem,
  settings: DjangoSettings,
  module: string,
): { readonly path: string; readonly source: Source } | null {
  const directory = projectDirectory(settings)
  if (directory === null) return null
  const base = posix.join(directory, module.replaceAll('.', '/'))
  for (const path of [`${base}.py`, `${base}/__init__.py`]) {
    const source = files.kind(path) === 'file' ? sourceAt(files, path) : null
    if (source !== null) return { path, source }
  }
  return null
}

/** The file of the project that an import of one of its files loads last; null where it loads none of them. */
export function importedFile(
  files: FileSystem,
  settings: DjangoSettings,
  importer: string,
  { module, name }: ImportedName,
): string | null {
  const [, dots = '', rest = ''] = /^(\.*)(.*)$/.exec(module) ?? []
  if (dots === '')
    return (
      (name === null ? null : moduleOfProject(files, settings, `${module}.${name}`)?.path) ??
      moduleOfProject(files, settings, module)?.path ??
      null
    )
  let directory = posix.dirname(importer)
  for (let level = 1; level < dots.length; level++) directory = posix.dirname(directory)
  const base = posix.join(directory, rest.replaceAll('.', '/'))
  const candidates = [
    ...(name === null ? [] : [`${base}/${name}.py`, `${base}/${name}/__init__.py`]),
    `${base}.py`,
    `${base}/__init__.py`,
  ]
  return candidates.find(path => files.kind(path) === 'file') ?? null
}
