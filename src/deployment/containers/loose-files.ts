import { posix } from 'node:path'
import type { ComposeProject } from '../../../parsers/compose/compose.ts'
import { dockerfilePaths } from '../../../parsers/dockerfile/dockerfile-paths.ts'
import type { Repository } from '../../files/machine.ts'
import { mountedFiles } from '../../files/mounted-files.ts'
import { GUNICORN, startersOf, writtenName } from '../../files/starters.ts'
import { MOST_MANIFESTS } from '../kubernetes/manifest-sets.ts'
import { containerOfImage } from './images-alone.ts'
import { machineOf } from './join-containers.ts'
import { readContainers } from './read-containers.ts'
import type { MachineInput } from '../build/machines.ts'
import type { LooseFiles, LooseStarters } from '../model.ts'

/** So many Dockerfiles are read of a repository, and as many units. */
const MOST = 150

/**
 * A machine that stands for the Dockerfiles which no project of a repository builds, for its manifests of Kubernetes and
 * its units, and for the projects of which no container comes; none where there are none. And the containers of those Dockerfiles
 * that start an application, each alone.
 */
export function looseFiles(
  repository: Repository,
  projects: readonly ComposeProject[],
): readonly (readonly MachineInput[])[] {
  const { files } = repository
  const loose = looseOf(repository, projects)
  const inPods = new Set(
    projects.flatMap(project =>
      project.startedBy === 'pods'
        ? readContainers(project, files, projects).flatMap(({ image }) => image?.stage.at.source.path ?? [])
        : [],
    ),
  )
  const containers = loose.dockerfiles.flatMap(path =>
    inPods.has(path) ? [] : (containerOfImage(files, path) ?? []),
  )
  const { dockerfiles, projects: unread } = loose
  const { services, uwsgi, gunicorn } = loose.starters
  const found = [dockerfiles, loose.manifests, unread, services, uwsgi, gunicorn]
  if (found.every(each => each.length === 0)) return []
  // Nothing lies on it: the files of the repository are other machines'.
  const none = mountedFiles(files, [])
  return [
    [{ files: none, nginx: [], apache: [], applications: [], loose }],
    ...containers.map(container => [{ ...machineOf(container, undefined), beside: loose }]),
  ]
}

/** What a repository has of which no container of a compose file comes. */
export function looseOf(repository: Repository, projects: readonly ComposeProject[]): LooseFiles {
  const { files, manifests } = repository
  const own = projects.filter(({ startedBy }) => startedBy !== 'pods')
  return {
    files,
    dockerfiles: looseDockerfiles(repository, own),
    manifests: manifests.slice(0, MOST_MANIFESTS),
    starters: looseStarters(repository),
    projects: own.filter(project => readContainers(project, files, projects).length === 0),
    hasBuilds: own.some(({ services }) => [...services.values()].some(({ build }) => build !== null)),
  }
}

function looseStarters({ starters, modules }: Repository): LooseStarters {
  const units = startersOf(starters, 'unit').map(path => ({ name: writtenName(posix.basename(path)), path }))
  return {
    services: units.filter(({ name }) => name.endsWith('.service')).slice(0, MOST),
    uwsgi: startersOf(starters, 'vassal').slice(0, MOST),
    gunicorn: modules.filter(path => GUNICORN.test(path)).slice(0, MOST),
  }
}

/** The Dockerfiles of a repository that none of its compose projects builds. */
export function looseDockerfiles(
  { dockerfiles }: Repository,
  projects: readonly ComposeProject[],
): readonly string[] {
  const built = new Set(
    projects.flatMap(({ services, startedBy }) =>
      startedBy === 'pods'
        ? []
        : [...services.values()].flatMap(({ build }) =>
            build?.context.known === true && build.dockerfile?.known !== false
              ? dockerfilePaths(build.context.value, build.dockerfile?.value ?? null)
              : [],
          ),
    ),
  )
  return dockerfiles.filter(path => !built.has(path)).slice(0, MOST)
}
