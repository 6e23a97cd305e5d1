import { posix } from 'node:path'
import type { ComposeProject } from '../../../parsers/compose/compose.ts'
import type { Repository } from '../../files/machine.ts'
import { mountedFiles } from '../../files/mounted-files.ts'
import { readContainers } from './read-containers.ts'
import type { MachineInput } from '../build/machines.ts'

/** So many Dockerfiles are read of a repository. */
const MOST = 150
/** And so many files that may hold manifests. */
export const MOST_MANIFESTS = 300

/**
 * A machine that stands for the Dockerfiles which no project of a repository builds, for its manifests of Kubernetes,
 * and for the projects of which no container comes; none where there are none.
 */
export function looseFiles(
  { files, dockerfiles, manifests }: Repository,
  projects: readonly ComposeProject[],
): readonly (readonly MachineInput[])[] {
  const built = new Set(
    projects.flatMap(({ services }) =>
      [...services.values()].flatMap(({ build }) =>
        build?.context.known === true && build.dockerfile?.known !== false
          ? [posix.resolve(build.context.value, build.dockerfile?.value ?? 'Dockerfile')]
          : [],
      ),
    ),
  )
  const loose = {
    files,
    dockerfiles: dockerfiles.filter(path => !built.has(path)).slice(0, MOST),
    manifests: manifests.slice(0, MOST_MANIFESTS),
    projects: projects.filter(project => readContainers(project, files, projects).length === 0),
  }
  if (loose.dockerfiles.length + loose.manifests.length + loose.projects.length === 0) return []
  // Nothing lies on it: the files of the repository are other machines'.
  const none = mountedFiles(files, [])
  return [[{ files: none, nginx: [], apache: [], applications: [], loose }]]
}
