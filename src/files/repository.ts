import { below } from '../../parsers/text/is-below.ts'
import { mayBeginApplication } from './applications.ts'
import { containerStartersAmong } from './container-starters.ts'
import { isComposeFile, isDockerfile } from './dockerfiles.ts'
import type { FileSystem } from './file-system.ts'
import type { Repository } from './machine.ts'
import { isManifest } from './manifests.ts'
import { beginningOfHolder, writtenFiles } from './nested-files.ts'
import { GUNICORN, isOfChapter, isOfPhp, isRunScript, isStartScript, starterKind } from './starters.ts'

/**
 * What of some paths lies beside the files of servers; null where nothing there brings, starts or is an application.
 *
 * @param within the directory whose names say what a file is, and not those of the directories above it
 * @param isPlaced true for the root of a machine, of which only what lies where programs look for it starts one
 * @param peek the beginning of a file; null where it cannot be read
 */
export function repositoryAmong(
  paths: readonly string[],
  {
    files,
    within,
    isPlaced,
    peek,
  }: {
    readonly files: FileSystem
    readonly within: string
    readonly isPlaced: boolean
    readonly peek: (path: string, bytes: number) => string | null
  },
): Repository | null {
  const composeFiles = paths.filter(isComposeFile)
  const dockerfiles = paths.filter(path => isDockerfile(below(path, within)))
  const manifests = paths.filter(path => isManifest(below(path, within), bytes => peek(path, bytes)))
  const containerStarters = containerStartersAmong(paths, path => below(path, within), peek)
  const lying = isPlaced ? [] : paths
  const starters = lying.flatMap(path => {
    const beginning = (bytes: number): string | null => peek(path, bytes)
    const kind = isOfChapter(below(path, within)) ? null : starterKind(path, beginning)
    return kind === null || isRunScript(path, beginning) ? [] : { path, kind }
  })
  const written = lying.flatMap(path => {
    const beginning = isOfChapter(below(path, within)) ? null : beginningOfHolder(path, peek)
    return beginning === null ? [] : writtenFiles(path, beginning)
  })
  const phpFiles = lying.filter(isOfPhp)
  const applications = isPlaced ? null : paths.filter(path => mayBeginApplication(path, within))
  const scripts = lying.filter(isStartScript)
  const frontControllers = lying.filter(path => path.endsWith('/index.php'))
  const wsgiScripts = lying.filter(path => path.endsWith('.wsgi'))
  const started = [starters, written, scripts, applications ?? [], wsgiScripts]
  const found = [
    composeFiles,
    containerStarters,
    dockerfiles,
    manifests,
    phpFiles,
    frontControllers,
    ...started,
  ]
  if (found.every(each => each.length === 0)) return null
  const isStarted = started.some(each => each.length > 0)
  return {
    files,
    within,
    composeFiles,
    containerStarters,
    dockerfiles,
    manifests,
    starters,
    writtenFiles: written,
    scripts,
    phpFiles,
    frontControllers,
    // What gunicorn is configured by says by its name what starts the application.
    modules: isStarted
      ? [...lying.filter(path => path.endsWith('.py')), ...wsgiScripts]
      : lying.filter(path => GUNICORN.test(path)),
    applications,
    locate: path => path,
  }
}

/** What is read of a repository beside the files of servers, which to those are files of another program. */
export function filesBeside(repository: Repository | undefined): ReadonlySet<string> {
  if (repository === undefined) return new Set()
  const { starters, scripts, phpFiles } = repository
  return new Set([...starters.map(({ path }) => path), ...scripts, ...phpFiles])
}
