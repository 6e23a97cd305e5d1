import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { importedNames } from '../../src/deployment/django/imported-names.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import type { FileSystem } from '../../src/files/file-system.ts'

/** The files of Python that a program loads when it is started. */
export interface LoadedFiles {
  /** As the program sees them: of a container its own. */
  readonly files: FileSystem
  /** That of the module which is named. */
  readonly own: string
  /** It, and those that it imports, whatever happens. */
  readonly paths: readonly string[]
}

/** Null where the module of a program is not in the audit. A source is called as it lies in the repository. */
export const loadedBy = memoByKey((deployment: Deployment, program: AppServerProgram): LoadedFiles | null => {
  const loaded = deployment.moduleOf(program)
  if (loaded === null || loaded.source === null || loaded.source === 'missing') return null
  const files = program.machine.container?.files ?? program.machine.files
  const roots = loaded.searchPath ?? []
  const path = loaded.module.replaceAll('.', '/')
  const named = /\.(?:py|wsgi)$/.test(loaded.module) ? [loaded.module] : []
  const own = roots
    .flatMap(each => [
      posix.join(each, `${path}.py`),
      posix.join(each, path, '__init__.py'),
      // The `wsgi-file` of uWSGI is a path.
      ...named.map(file => posix.resolve(each, file)),
    ])
    .find(each => files.kind(each) === 'file')
  return own === undefined ? null : { files, own, paths: loadedFiles(files, own, roots) }
})

const MOST_FILES = 60

/** A module, and those of its own directories that it imports, and these import. */
export function loadedFiles(
  files: FileSystem,
  first: string,
  roots: readonly string[],
  imports: typeof importedNames = importedNames,
): readonly string[] {
  const found = [first]
  for (const path of found) {
    for (const { module, name } of imports(files, path)) {
      const [, dots = '', rest = ''] = /^(\.*)(.*)$/.exec(module) ?? []
      const parents = dots === '' ? roots : [posix.join(posix.dirname(path), '../'.repeat(dots.length - 1))]
      for (const parent of parents) {
        const base = posix.join(parent, rest.replaceAll('.', '/'))
        const next = [
          `${base}.py`,
          `${base}/__init__.py`,
          ...(name === null ? [] : [`${base}/${name}.py`, `${base}/${name}/__init__.py`]),
        ]
        for (const each of next)
          if (found.length < MOST_FILES && !found.includes(each) && files.kind(each) === 'file')
            found.push(each)
      }
    }
  }
  return found
}
