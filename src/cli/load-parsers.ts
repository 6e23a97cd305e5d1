import { setFlagsFromString } from 'node:v8'
import { loadPythonParser } from '../../parsers/python/load-python-parser.ts'
import type { PythonParser } from '../../parsers/python/python-module.ts'
import { loadShellParser } from '../../parsers/shell/load-shell-parser.ts'
import type { ShellParser } from '../../parsers/shell/shell-environment.ts'
import type { AuditSettings } from '../understand/settings.ts'
import { wantedGrammars } from '../deployment/build/programs/app-server.ts'
import type { ComposeProject } from '../../parsers/compose/compose.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { commandsOfContainer } from '../deployment/build/programs/app-commands.ts'
import { commandsOfScripts, scriptsOf } from '../deployment/build/programs/script-commands.ts'
import { withStarters } from '../deployment/build/programs/with-starters.ts'
import { containerOfImage } from '../deployment/containers/images-alone.ts'
import { looseDockerfiles } from '../deployment/containers/loose-files.ts'
import { readContainers } from '../deployment/containers/read-containers.ts'
import { mayHaveProjects, readProjects } from '../deployment/containers/read-projects.ts'
import type { Machine } from '../files/discover.ts'
import type { FileSystem } from '../files/file-system.ts'
import { grammarFiles } from '../files/grammars.ts'
import type { Repository } from '../files/machine.ts'
import { environmentScript, readEnvironment } from '../servers/apache/read-environment.ts'

/** The parts of the settings that need a grammar, which is loaded only where a machine has a file for it. */
export async function loadParsers(
  machines: readonly Machine[],
  defines: readonly string[],
): Promise<Required<Pick<AuditSettings, 'compose' | 'environment' | 'python' | 'shell'>>> {
  const hasScript = machines.some(({ files, apacheMains }) =>
    apacheMains.some(main => environmentScript(files, main) !== null),
  )
  const hasApache = machines.some(machine => machine.hasApache)
  const repositories = new Map(
    machines.flatMap(({ repository }) =>
      repository === undefined ? [] : [[repository.files, repository] as const],
    ),
  )
  const hasCompose = [...repositories.values()].some(mayHaveProjects)
  const compose = hasCompose ? projectsOf : null
  const containers = [...repositories.values()].flatMap(repository => {
    const projects = compose?.(repository) ?? []
    return [
      ...projects.flatMap(project => readContainers(project, repository.files)),
      ...looseDockerfiles(repository, projects).flatMap(
        path => containerOfImage(repository.files, path) ?? [],
      ),
    ]
  })
  const wanted = [
    ...machines.map(({ files, repository }) =>
      repository === undefined
        ? wantedGrammars(files)
        : wantedGrammars(withStarters(files, repository), undefined, repository.applications),
    ),
    ...machines.map(({ files, repository, startsAlone }) => {
      const scripts = startsAlone === true ? scriptsOf(repository) : null
      return scripts === null
        ? { shell: false, python: false }
        : wantedGrammars(files, commandsOfScripts(files, scripts, null))
    }),
    ...containers.map(container => wantedGrammars(container.files, commandsOfContainer(container))),
  ]
  const startsShell = wanted.some(each => each.shell)
  const shell = hasScript || startsShell ? await shellParser() : null
  return {
    environment: ({ files, repository }, main) =>
      readEnvironment(files, shell, main, {
        defines,
        isForImage: (repository?.dockerfiles.length ?? 0) > 0,
      }),
    // Apache's configuration leads to a WSGI script, an application server to its configuration and settings.
    python: hasApache || wanted.some(each => each.python) ? await pythonParser() : null,
    shell: startsShell ? shell : null,
    compose,
  }
}

/**
 * V8 optimises a WebAssembly module as a whole while the process waits, half a second for these grammars.
 * They read a few short files: the code of its baseline compiler is ready at once and fast enough.
 */
function compileQuickly(): void {
  setFlagsFromString('--liftoff-only')
}

/** Grammars are loaded once a process: a second time costs memory that nothing gives back. */
const shellParser = onceLoaded(loadShell)
const pythonParser = onceLoaded(loadPython)

function onceLoaded<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | null = null
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = null
      throw error
    })
    return loaded
  }
}

async function loadShell(): Promise<ShellParser> {
  const { runtime, bash } = grammarFiles()
  compileQuickly()
  return loadShellParser({ runtime, grammar: bash })
}

const knownProjects = memo((_: FileSystem) => new Map<string, readonly ComposeProject[]>())

function projectsOf(repository: Repository): readonly ComposeProject[] {
  const known = knownProjects(repository.files)
  const { composeFiles, containerStarters, manifests } = repository
  const key = [...composeFiles, '', ...containerStarters, '', ...manifests].join('\n')
  const projects = known.get(key) ?? readProjects(repository)
  known.set(key, projects)
  return projects
}

async function loadPython(): Promise<PythonParser> {
  const { runtime, python } = grammarFiles()
  compileQuickly()
  return loadPythonParser({ runtime, grammar: python })
}
