import { posix } from 'node:path'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import { type ImportedName, importedNames } from '../../src/deployment/django/imported-names.ts'
import { installedApps } from '../../src/deployment/django/python-libraries.ts'
import { projectDirectory } from '../../src/deployment/django/settings.ts'
import type { Application, Deployment, PythonFacts } from '../../src/deployment/model.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { loadedFiles } from '../app-server/_loaded-files.ts'

/**
 * What an application imports whatever happens: its script, the modules of its own directories that this loads, and of a
 * Django project the settings, the models and the views of the routes.
 */
export function* loadedModules(
  deployment: Deployment,
  application: Application,
  python: PythonFacts,
): Iterable<ImportedName> {
  const files = deployment.filesOf(application.configuration)
  const configured = ['python-path', 'home'].flatMap(option => {
    const value = application.daemon?.options.get(option)?.value
    return value?.known === true ? value.value.split(':') : []
  })
  const own = posix.dirname(python.path)
  const project = python.settings === null ? null : projectDirectory(python.settings)
  const found = [...configured, ...python.script.path, own, project ?? own]
  const roots = [...new Set(found.filter(posix.isAbsolute))]
  const seen = new Set<string>()
  for (const first of [python.path, ...(project === null ? [] : filesOfProject(files, python, project))]) {
    for (const path of seen.has(first) ? [] : loadedFiles(files, first, roots)) {
      if (seen.has(path)) continue
      seen.add(path)
      yield* importedNames(files, path)
    }
  }
}

const INCLUDED = /\binclude\(\s*\(?\s*["']([\w.]+)["']/g

/** What Django loads of a project by names that stand in texts. */
function filesOfProject(files: FileSystem, python: PythonFacts, project: string): readonly string[] {
  const settings = python.settings!
  const fileOf = (module: string): string | null => {
    const base = posix.join(project, module.replaceAll('.', '/'))
    return [`${base}.py`, `${base}/__init__.py`].find(path => files.kind(path) === 'file') ?? null
  }
  const models = installedApps(python).map(({ name }) => fileOf(`${name.replace(/\.apps\.\w+$/, '')}.models`))
  const urls = settings.get('ROOT_URLCONF')
  const root = urls?.known === true && typeof urls.value === 'string' ? fileOf(urls.value) : null
  const text = root === null ? '' : withoutComments(sourceAt(files, root)?.text ?? '')
  const included = [...text.matchAll(INCLUDED)].map(([, module = '']) => fileOf(module))
  return [...settings.files, root, ...included, ...models].filter(path => path !== null)
}
