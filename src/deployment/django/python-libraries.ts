import type { PythonFacts } from '../model.ts'
import { posix } from 'node:path'
import type { Place } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'

/** Something that an application loads, and what says so. */
export interface PythonLibrary {
  /** Lower case, as pip writes it; of a Django application, its dotted name. */
  readonly name: string
  readonly at: Place | null
}

const REQUIREMENTS = ['requirements.txt', 'requirements/base.txt', 'requirements/production.txt']

/**
 * The libraries that an application names: its `INSTALLED_APPS`, the engines of its databases, and the
 * requirements beside its script or in the two directories above.
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

/** What the requirements beside a script name, or those in the two directories above. */
export function requiredLibraries(files: FileSystem, script: string): readonly PythonLibrary[] {
  const found: PythonLibrary[] = []
  let directory = script
  for (let level = 0; level < 3; level++) {
    directory = posix.dirname(directory)
    if (directory === '/') break
    for (const name of REQUIREMENTS) {
      const path = posix.join(directory, name)
      const read = files.kind(path) === 'file' ? files.read(path) : null
      if (read?.kind !== 'source') continue
      let start = 0
      for (const line of read.source.code.split('\n')) {
        const library = /^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(line)?.[0]
        if (library !== undefined) {
          const at = { source: read.source, start, end: start + library.length }
          found.push({ name: library.toLowerCase().replaceAll('_', '-'), at })
        }
        start += line.length + 1
      }
    }
  }
  return found
}
