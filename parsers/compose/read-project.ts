import { posix } from 'node:path'
import { parseDotenv } from '../dotenv/parse-dotenv.ts'
import type { Fact } from '../text/fact.ts'
import type { VariableLookup } from '../text/interpolate.ts'
import type { Source } from '../text/source.ts'
import type {
  ComposeFault,
  ComposeOptions,
  ComposeProject,
  ComposeResource,
  ComposeService,
  ComposeVariable,
} from './compose.ts'
import { incomplete, mergeServices, withoutKeys } from './merge-services.ts'
import { type ComposeFile, type ComposeInclude, readComposeFile } from './read-file.ts'
import type { WrittenService } from './read-service.ts'

/** The names that Compose looks for, the first of which wins. */
export const MAIN_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
/** What is laid over a main file that nobody named. */
export const OVERRIDE_NAMES = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
]

/** No chain of `extends` or `include` is longer, */
const DEEPEST = 16
/** and no project has more files. */
const MOST_FILES = 200

/**
 * The files that `docker compose` reads in a directory: those of `COMPOSE_FILE` in its `.env`, else the main
 * file and its override. Empty where there is none.
 */
export function composeFilesIn(directory: string, { read }: ComposeOptions): readonly Source[] {
  const inside = (name: string): Source | null => read(posix.join(directory, name))
  const variables = dotenvIn(directory, read)
  const named = variables.get('COMPOSE_FILE')
  if (named !== undefined && named !== '') {
    const paths = named.split(variables.get('COMPOSE_PATH_SEPARATOR') ?? ':')
    return paths.flatMap(path => read(posix.resolve(directory, path)) ?? [])
  }
  const main = firstOf(MAIN_NAMES, inside)
  if (main === null) return []
  const override = firstOf(OVERRIDE_NAMES, inside)
  return override === null ? [main] : [main, override]
}

function firstOf(names: readonly string[], inside: (name: string) => Source | null): Source | null {
  for (const name of names) {
    const source = inside(name)
    if (source !== null) return source
  }
  return null
}

/**
 * Reads a project as Compose would: each file's variables (from `.env` beside the first), `extends` and
 * `include` followed, and later files laid over earlier ones. It never throws; what cannot be read makes the
 * project incomplete.
 *
 * @param files the main file, and what is laid over it, in this order
 */
export function readCompose(files: readonly [Source, ...Source[]], { read }: ComposeOptions): ComposeProject {
  return new Reading(read).project(files, posix.dirname(files[0].path), null, 0)
}

function dotenvIn(directory: string, read: ComposeOptions['read']): ReadonlyMap<string, string> {
  return variablesOf([posix.join(directory, '.env')], read)
}

function variablesOf(paths: readonly string[], read: ComposeOptions['read']): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const path of paths) {
    const source = read(path)
    if (source === null) continue
    for (const { name, value } of parseDotenv(source)) if (value.known) values.set(name, value.value)
  }
  return values
}

class Reading {
  private readonly sources = new Set<Source>()
  /** Files that services of others extend, by the variables they were read with. */
  private readonly bases = new Map<VariableLookup, Map<Source, ComposeFile | null>>()
  private readonly faults: ComposeFault[] = []
  private complete = true

  constructor(private readonly read: ComposeOptions['read']) {}

  project(
    files: readonly [Source, ...Source[]],
    directory: string,
    envFiles: readonly string[] | null,
    depth: number,
  ): ComposeProject {
    const variables = variablesOf(envFiles ?? [posix.join(directory, '.env')], this.read)
    const lookup: VariableLookup = name =>
      variables.get(name) ?? (name === 'PWD' ? directory : name === 'COMPOSE_PROJECT_NAME' ? undefined : null)
    const services = new Map<string, ComposeService>()
    const parts = { networks: tableOf(), volumes: tableOf(), configs: tableOf(), secrets: tableOf() }
    let name: Fact<string> | null = null
    let legacy = false
    const lay = (others: Pick<ComposeProject, 'networks' | 'volumes' | 'configs' | 'secrets'>): void => {
      for (const part of ['networks', 'volumes', 'configs', 'secrets'] as const)
        for (const [key, resource] of others[part]) parts[part].set(key, resource)
    }
    for (const source of files) {
      const file = this.file(source, directory, lookup)
      if (file === null) continue
      for (const included of file.includes) {
        const project = this.include(included, depth)
        if (project === null) continue
        for (const [key, service] of project.services) services.set(key, service)
        lay(project)
      }
      for (const key of file.replaced) services.delete(key)
      for (const [key, written] of file.services) {
        const service = this.extended(written, file, lookup, 0)
        const former = services.get(key)
        services.set(key, former === undefined ? service : mergeServices(former, service, written.replaced))
      }
      lay(file)
      name = file.name ?? name
      legacy ||= file.legacy
    }
    if (depth === 0)
      for (const [key, service] of services) services.set(key, withFileVariables(service, this.read))
    const { faults, complete } = this
    const sources = [...this.sources]
    const enabledProfiles = new Set((variables.get('COMPOSE_PROFILES') ?? '').split(/\s*,\s*/))
    return {
      startedBy: 'compose',
      directory,
      name,
      services,
      ...parts,
      enabledProfiles,
      sources,
      faults,
      legacy,
      complete,
    }
  }

  private file(source: Source, directory: string, lookup: VariableLookup): ComposeFile | null {
    if (this.sources.size >= MOST_FILES) {
      this.complete = false
      return null
    }
    this.sources.add(source)
    const file = readComposeFile(source, { directory, lookup })
    if (file.broken) this.complete = false
    this.faults.push(...file.faults)
    return file
  }

  private baseFile(source: Source, lookup: VariableLookup): ComposeFile | null {
    const read = this.bases.get(lookup) ?? new Map<Source, ComposeFile | null>()
    this.bases.set(lookup, read)
    let file = read.get(source)
    if (file === undefined) {
      file = this.file(source, posix.dirname(source.path), lookup)
      read.set(source, file)
    }
    return file
  }

  private include({ paths, directory, envFiles }: ComposeInclude, depth: number): ComposeProject | null {
    const sources = paths.map(path => (path.known ? this.read(path.value) : null))
    const known = sources.filter(source => source !== null)
    const [first, ...others] = known
    if (known.length < sources.length || depth > DEEPEST) this.complete = false
    if (first === undefined || depth > DEEPEST || this.sources.has(first)) return null
    const base = directory?.known === true ? directory.value : posix.dirname(first.path)
    const env = envFiles?.flatMap(path => (path.known ? [path.value] : [])) ?? null
    return this.project([first, ...others], base, env, depth + 1)
  }

  /** A service with its bases below it. */
  private extended(
    written: WrittenService,
    file: ComposeFile,
    lookup: VariableLookup,
    depth: number,
  ): ComposeService {
    const own = withoutKeys(written.service, written.reset)
    if (written.extends === null) return own
    const base = this.base(written.extends, file, lookup, depth)
    if (base === null) {
      this.complete = false
      return incomplete(own)
    }
    return mergeServices(base, own, written.replaced)
  }

  private base(
    { service, file: path }: NonNullable<WrittenService['extends']>,
    file: ComposeFile,
    lookup: VariableLookup,
    depth: number,
  ): ComposeService | null {
    if (!service.known || depth > DEEPEST) return null
    let from: ComposeFile | null = file
    if (path !== null) {
      const source = path.known ? this.read(path.value) : null
      // Its paths belong to its own directory, its variables are those of the project.
      from = source === null ? null : this.baseFile(source, lookup)
    }
    const written = from?.services.get(service.value)
    return from === null || written === undefined ? null : this.extended(written, from, lookup, depth + 1)
  }
}

/** What the files of `env_file` set, and `environment` does not: the last file that has a variable counts. */
function withFileVariables(service: ComposeService, read: ComposeOptions['read']): ComposeService {
  if (service.envFiles.length === 0) return service
  const own = new Set(service.environment.map(({ name }) => name))
  const found = new Map<string, ComposeVariable>()
  for (const { path } of service.envFiles) {
    const source = path.known ? read(path.value) : null
    for (const variable of source === null ? [] : parseDotenv(source))
      if (!own.has(variable.name)) found.set(variable.name, variable)
  }
  return found.size === 0 ? service : { ...service, fileVariables: [...found.values()] }
}

function tableOf(): Map<string, ComposeResource> {
  return new Map()
}
