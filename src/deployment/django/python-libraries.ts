import { memo } from '../../../parsers/collections/memo.ts'
import type { PythonFacts } from '../model.ts'
import { posix } from 'node:path'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { REQUIREMENTS, requirementHomes } from './requirement-homes.ts'

/** Something that an application loads, and what says so. */
export interface PythonLibrary {
  /** Lower case, as pip writes it; of a Django application, its dotted name. */
  readonly name: string
  readonly at: Place | null
}

/**
 * The libraries that an application names: its `INSTALLED_APPS`, the engines of its databases, and the
 * requirements of its project.
 */
export function namedLibraries(files: FileSystem, python: PythonFacts): readonly PythonLibrary[] {
  return [...installedApps(python), ...engines(python), ...requiredLibraries(files, python.path)]
}

/** The entries of `INSTALLED_APPS` that are known. */
export function installedApps({ settings }: PythonFacts): readonly PythonLibrary[] {
  const apps = settings?.get('INSTALLED_APPS')
  if (apps?.known !== true || !Array.isArray(apps.value)) return []
  return apps.value.flatMap((name: unknown) => (typeof name === 'string' ? [{ name, at: apps.at }] : []))
}

function engines({ settings }: PythonFacts): readonly PythonLibrary[] {
  const databases = settings?.get('DATABASES')
  if (databases?.known !== true || !(databases.value instanceof Map)) return []
  return [...databases.value.values()].flatMap((database: unknown) => {
    const engine: unknown = database instanceof Map ? database.get('ENGINE') : undefined
    return typeof engine === 'string' ? [{ name: engine, at: databases.at }] : []
  })
}

/** What the requirements of the project name in which a script lies. */
export function requiredLibraries(files: FileSystem, script: string): readonly PythonLibrary[] {
  return requirementHomes(posix.dirname(script)).flatMap(directory =>
    // What a project file names may be for its developers.
    REQUIREMENTS.filter(name => name.startsWith('requirements')).flatMap(name => {
      const source = sourceAt(files, posix.join(directory, name))
      return source === null ? [] : librariesIn(source)
    }),
  )
}

const librariesIn = memo((source: Source): readonly PythonLibrary[] =>
  [...source.code.matchAll(/^[A-Za-z0-9][A-Za-z0-9._-]*/gm)].map(({ 0: name, index }) => ({
    name: name.toLowerCase().replaceAll('_', '-'),
    at: { source, start: index, end: index + name.length },
  })),
)
