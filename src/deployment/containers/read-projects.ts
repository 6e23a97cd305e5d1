import { posix } from 'node:path'
import { type ComposeProject, saysWhatRuns } from '../../../parsers/compose/compose.ts'
import {
  composeFilesIn,
  MAIN_NAMES,
  OVERRIDE_NAMES,
  readCompose,
} from '../../../parsers/compose/read-project.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { startedProjects } from './started-projects.ts'
import { sourceAt } from '../../files/file-system.ts'
import { podProjects } from '../kubernetes/pod-projects.ts'
import type { Repository } from '../../files/machine.ts'

/** No repository has more projects that are looked at. */
const MOST_PROJECTS = 200

/** What starts containers together in a repository: compose files, commands and their like, and the manifests of pods. */
export function readProjects(repository: Repository): readonly ComposeProject[] {
  return [...composeProjects(repository), ...startedProjects(repository), ...podProjects(repository)]
}

/** True where some file of a repository may say which containers run. */
export function mayHaveProjects({ composeFiles, containerStarters, manifests }: Repository): boolean {
  return composeFiles.length + containerStarters.length + manifests.length > 0
}

/**
 * The projects of compose files: what `docker compose` reads in each directory, and each file of another name
 * (`docker-compose.prod.yml`), alone where it says of every service what it runs, else laid over the main file, also
 * over that of a directory above (`overrides/compose.tls.yml`).
 * What another file includes is no project of its own.
 */
function composeProjects({ files, composeFiles }: Repository): readonly ComposeProject[] {
  const options = { read: (path: string) => sourceAt(files, path) }
  const projects = allProjects(composeFiles, options)
  const included = new Set(projects.flatMap(({ sources }) => sources.slice(1)))
  return projects.filter(({ sources: [main] }) => main === undefined || !included.has(main))
}

function allProjects(
  composeFiles: readonly string[],
  options: { readonly read: (path: string) => Source | null },
): readonly ComposeProject[] {
  const projects: ComposeProject[] = []
  const depth = (path: string): number => path.split('/').length
  const directories = [...new Set(composeFiles.map(path => posix.dirname(path)))]
  for (const directory of directories.sort((a, b) => depth(a) - depth(b))) {
    const together = ofDevContainer(directory, options.read)
    if (together !== null) {
      projects.push(readCompose(together, options))
      continue
    }
    const [main, ...overrides] = composeFilesIn(directory, options)
    if (main !== undefined) projects.push(readCompose([main, ...overrides], options))
    for (const path of composeFiles) {
      const name = posix.basename(path)
      if (posix.dirname(path) !== directory || MAIN_NAMES.includes(name) || OVERRIDE_NAMES.includes(name))
        continue
      const source = options.read(path)
      if (source === null || source === main || overrides.includes(source)) continue
      const alone = readCompose([source], options)
      if ([...alone.services.values()].every(saysWhatRuns)) projects.push(alone)
      else {
        const base = main ?? mainAbove(directory, alone, options)
        if (base !== null) projects.push(readCompose([base, source], options))
      }
      if (projects.length >= MOST_PROJECTS) return projects
    }
  }
  return projects
}

/** The nearest main file above that says what those services run of which a file does not; null where there is none. */
function mainAbove(
  directory: string,
  part: ComposeProject,
  options: { readonly read: (path: string) => Source | null },
): Source | null {
  const parent = posix.dirname(directory)
  if (parent === directory) return null
  const [main] = composeFilesIn(parent, options)
  if (main === undefined) return mainAbove(parent, part, options)
  const { services } = readCompose([main], options)
  const isOver = [...part.services.values()].every(
    service => saysWhatRuns(service) || services.has(service.name),
  )
  return isOver ? main : null
}

/** The files that an editor lays over each other where `devcontainer.json` lists several; null where it does not. */
function ofDevContainer(
  directory: string,
  read: (path: string) => Source | null,
): readonly [Source, ...Source[]] | null {
  const text = read(posix.join(directory, 'devcontainer.json'))?.text.replace(/^\s*\/\/.*$/gm, '')
  const list = text === undefined ? undefined : /"dockerComposeFile"\s*:\s*\[([^\]]*)\]/.exec(text)?.[1]
  const paths = [...(list ?? '').matchAll(/"([^"]+)"/g)].map(([, path = '']) =>
    posix.resolve(directory, path),
  )
  const [first, ...others] = paths.flatMap(path => read(path) ?? [])
  return first === undefined || others.length === 0 ? null : [first, ...others]
}
