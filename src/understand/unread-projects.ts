import { posix } from 'node:path'
import type { Deployment } from '../deployment/model.ts'
import type { DjangoSettings } from '../deployment/django/settings.ts'
import { beginsDjango, managesDjango, settingsNamed } from '../files/applications.ts'
import { type FileSystem, sourceAt } from '../files/file-system.ts'
import type { Repository } from '../files/machine.ts'

/**
 * The `wsgi.py`, `asgi.py` and `manage.py` of a repository that name settings of Django of which no deployment has read
 * any: nothing is seen to start their projects.
 *
 * @param deployments read only where there are such files
 */
export function unreadProjects(
  { files, applications }: Pick<Repository, 'files' | 'applications'>,
  deployments: readonly Deployment[],
): readonly string[] {
  const begun = (applications ?? []).flatMap(path => {
    const source = sourceAt(files, path)
    return source !== null && (beginsDjango(source) || managesDjango(source)) ? [source] : []
  })
  if (begun.length === 0) return []
  const read = new Set(deployments.flatMap(deployment => [...settingsFiles(deployment)]).map(posix.dirname))
  return begun.flatMap(({ path, code }) => {
    const name = (settingsNamed(code) ?? 'settings').replaceAll('.', '/')
    const homes = [posix.dirname(posix.dirname(path)), posix.dirname(path)]
    const isRead = homes.some(home => read.has(posix.dirname(posix.join(home, name))))
    return isRead ? [] : [path]
  })
}

/** Where the settings lie that the programs of a deployment run with, in the repository. */
function* settingsFiles({
  programs,
  applications,
  moduleOf,
  pythonOf,
  filesOf,
}: Deployment): Iterable<string> {
  for (const program of programs) {
    const loaded = program.kind === 'app-server' ? moduleOf(program) : null
    const { container, files } = program.machine
    if (loaded !== null) yield* pathsOf([loaded.settings, ...loaded.beside()], container?.files ?? files)
  }
  for (const application of applications) {
    const facts = pythonOf(application)
    if (facts !== null)
      yield* pathsOf([facts.settings, ...facts.beside()], filesOf(application.configuration))
  }
}

function pathsOf(all: readonly (DjangoSettings | null)[], files: FileSystem): readonly string[] {
  return all.flatMap(settings => {
    const [own] = settings?.files ?? []
    const source = own === undefined ? null : sourceAt(files, own)
    return source === null ? [] : [source.kept ?? source.path]
  })
}
