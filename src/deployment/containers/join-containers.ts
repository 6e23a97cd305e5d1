import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import type { ComposeProject } from '../../../parsers/compose/compose.ts'
import { readDockerfile } from '../../../parsers/dockerfile/read-dockerfile.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import type { Repository } from '../../files/machine.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import type { NginxConfiguration } from '../../servers/nginx/configuration.ts'
import { isStandIn } from '../../../parsers/text/stand-in.ts'
import type { MachineInput } from '../build/machines.ts'
import { brings, filesAround, HOMES, MOST_DOCKERFILES } from './brought-files.ts'
import type { Container } from './container.ts'
import { leadsInto } from './leads-into.ts'
import { readContainers } from './read-containers.ts'

export type Configurations = Pick<MachineInput, 'nginx' | 'apache'>
type Configuration = NginxConfiguration | ApacheConfiguration

/** Servers of the repository that were read apart from those of a deployment. */
export interface ReadApart extends Configurations {
  readonly files: FileSystem
  readonly locate: Repository['locate']
}

/** Reads the servers of a repository of which a file is wanted. */
export type ReadServers = (isWanted: (path: string) => boolean) => readonly ReadApart[]

/** Reads the server of a container of which its image has every file; none where there is no such server. */
export type ReadImage = (container: Container) => Servers | undefined

/** What is known of the projects that some deployment holds. */
export type JoinedProjects = Map<ComposeProject, JoinedProject | BesideHost>

/** A project whose containers stand in the deployment of servers of the host. */
interface BesideHost {
  /** The servers of its containers there, where those of the host proxy to the ports that they publish. */
  readonly behind: readonly Configuration[]
}

interface JoinedProject {
  readonly containers: readonly Container[]
  /** Every server of the repository that one of them brings. */
  readonly homes: Homes
  /** The servers that each deployment holds. */
  readonly held: (readonly Configuration[])[]
}

type Homes = ReadonlyMap<Container, Servers>
/** Servers with the files among which they were read. */
export type Servers = Configurations & Pick<MachineInput, 'files'>

/**
 * The deployments that servers of a repository make: with the other containers of each project that brings
 * their files into one, and the servers of these, else on a machine whose ports the containers publish.
 *
 * @param input the servers, read side by side
 * @param joined the projects that some deployment holds, to which those of these servers are added
 * @param readApart reads those of the other servers of which a container brings every file
 * @param readImage reads those of which no file is in the repository
 */
export function withContainers(
  input: MachineInput,
  { files, locate, dockerfiles }: Repository,
  projects: readonly ComposeProject[],
  joined: JoinedProjects,
  readApart: ReadServers,
  readImage: ReadImage,
): readonly (readonly MachineInput[])[] {
  const deployments = new Map<ComposeProject, readonly MachineInput[]>()
  const placed = new Set<Configuration>()
  for (const project of projects) {
    const before = joined.get(project)
    const known = before === undefined || 'behind' in before ? undefined : before
    const containers = known?.containers ?? readContainers(project, files, projects)
    const own = homesOf([{ ...input, locate }], containers)
    if (own.size === 0) continue
    const brought = configurationsIn(own)
    for (const each of brought) placed.add(each)
    // They stand in one deployment, with what leads into them.
    if (before !== undefined && 'behind' in before && brought.every(each => before.behind.includes(each)))
      continue
    const entry = known ?? {
      containers,
      homes: homesOf(
        readApart(path => containers.some(container => brings(container, path))),
        containers,
      ),
      held: [],
    }
    joined.set(project, entry)
    const servers = new Map(own)
    // Of several sets that one container brings, nobody knows which of them are read together.
    for (const [container, others] of entry.homes)
      if (!own.has(container) && others.nginx.length <= 1 && others.apache.length <= 1)
        servers.set(container, others)
    const all = configurationsIn(servers)
    if (entry.held.some(held => held.length === all.length && held.every(each => all.includes(each))))
      continue
    entry.held.push(all)
    deployments.set(
      project,
      containers.map(container => machineOf(container, servers.get(container) ?? readImage(container))),
    )
  }
  const nginx = input.nginx.filter(each => !placed.has(each))
  const apache = input.apache.filter(each => !placed.has(each))
  if (nginx.length + apache.length === 0) return [...deployments.values()]
  // What pods listen on is published on no machine of the audit.
  const onHost = projects.filter(({ startedBy }) => startedBy !== 'pods')
  // What a script runs besides is another way to run what Compose does, or a part of it.
  const composed = onHost.filter(({ startedBy }) => startedBy === 'compose')
  const [only, ...others] = composed.length > 0 ? composed : onHost
  const isForImage = [...nginx, ...apache].some(({ sources }) =>
    sources.some(source => !isStandIn(source) && isCopied(locate(source.path), dockerfiles, files)),
  )
  const isPlain = placed.size === 0 && others.length === 0
  const besideHost = onHost.length === 0 || isForImage ? undefined : isPlain ? ofPlain(only) : ledInto()
  const beside = besideHost === undefined ? [] : besideOf(besideHost)
  if (besideHost !== undefined && !joined.has(besideHost))
    joined.set(besideHost, {
      behind: isLedInto(besideHost) ? beside.flatMap(each => [...each.nginx, ...each.apache]) : [],
    })
  // The containers stand in one deployment, with what leads into them.
  if (besideHost !== undefined) deployments.delete(besideHost)
  return [...deployments.values(), [{ ...input, nginx, apache }, ...beside]]

  /** Of several projects, or beside servers that a container brings, the one whose published ports these proxy to. */
  function ledInto(): ComposeProject | undefined {
    const led = onHost.filter(isLedInto)
    return led.length === 1 ? led[0] : undefined
  }

  /** The one project, unless its containers stand behind other servers of the host already. */
  function ofPlain(project: ComposeProject | undefined): ComposeProject | undefined {
    const before = project === undefined ? undefined : joined.get(project)
    const isBehind = before !== undefined && 'behind' in before && before.behind.length > 0
    return project === undefined || !isBehind || isLedInto(project) ? project : undefined
  }

  function isLedInto(project: ComposeProject): boolean {
    return leadsInto({ nginx, apache }, readContainers(project, files, projects))
  }

  function besideOf(project: ComposeProject): readonly MachineInput[] {
    const containers = readContainers(project, files, projects)
    const homes = homesOf(
      readApart(path => containers.some(container => brings(container, path))),
      containers,
    )
    return containers.map(container => {
      const servers = homes.get(container)
      // Of several sets that one container brings, nobody knows which of them are read together.
      const isOne = servers !== undefined && servers.nginx.length <= 1 && servers.apache.length <= 1
      return machineOf(container, isOne ? servers : readImage(container))
    })
  }
}

/**
 * True for a file that some Dockerfile, which none of the containers is built from, puts where a server reads it:
 * it is for that image, and not for the machine whose ports the containers publish.
 */
function isCopied(file: string | null, dockerfiles: readonly string[], files: FileSystem): boolean {
  if (file === null) return false
  return dockerfiles.slice(0, MOST_DOCKERFILES).some(path => {
    const source = sourceAt(files, path)
    return source !== null && copiesIntoHomes(source).some(copied => `${file}/`.includes(`/${copied}/`))
  })
}

/** What a Dockerfile copies to where a server reads it, by its path in a directory that nobody knows. */
const copiesIntoHomes = memo((source: Source): readonly string[] =>
  readDockerfile(source).stages.flatMap(({ copies }) =>
    copies.flatMap(({ from, sources, target }) =>
      from === null && target.known && HOMES.test(target.value)
        ? sources.flatMap(each => {
            const copied = each.known ? posix.normalize(each.value).replace(/^\/|\/$/g, '') : ''
            return /^[\w-][\w./-]*$/.test(copied) ? [copied] : []
          })
        : [],
    ),
  ),
)

/**
 * The deployments that projects make of which no server's configuration is in the audit.
 *
 * @param joined the projects that some server's deployment holds
 * @param readApart reads the servers of other machines, which hold the projects of their containers
 */
export function containersAlone(
  { files }: Repository,
  projects: readonly ComposeProject[],
  joined: ReadonlyMap<ComposeProject, unknown>,
  readApart: ReadServers,
  readImage: ReadImage,
): readonly (readonly MachineInput[])[] {
  return projects.flatMap(project => {
    if (joined.has(project)) return []
    const containers = readContainers(project, files, projects)
    const held = homesOf(
      readApart(path => containers.some(container => brings(container, path))),
      containers,
    )
    return held.size > 0 ? [] : [containers.map(container => machineOf(container, readImage(container)))]
  })
}

function configurationsIn(homes: Homes): readonly Configuration[] {
  return [...homes.values()].flatMap(({ nginx, apache }) => [...nginx, ...apache])
}

/** Which container brings every file of a server. */
function homesOf(read: readonly ReadApart[], containers: readonly Container[]): Homes {
  const homes = new Map<
    Container,
    { nginx: NginxConfiguration[]; apache: ApacheConfiguration[]; files: FileSystem }
  >()
  for (const { nginx, apache, files, locate } of read) {
    const homeOf = ({ sources }: Configuration) => {
      const paths = sources.flatMap(source => (isStandIn(source) ? [] : (locate(source.path) ?? [])))
      const container =
        paths.length === 0
          ? undefined
          : containers.find(container => paths.every(path => brings(container, path)))
      if (container === undefined) return undefined
      const home = homes.get(container) ?? { nginx: [], apache: [], files }
      homes.set(container, home)
      return home
    }
    for (const configuration of nginx) homeOf(configuration)?.nginx.push(configuration)
    for (const configuration of apache) homeOf(configuration)?.apache.push(configuration)
  }
  return homes
}

export function machineOf(container: Container, servers: Servers | undefined): MachineInput {
  return {
    name: container.service.name,
    names: container.names,
    files: servers === undefined ? container.files : filesAround(servers.files, container),
    nginx: servers?.nginx ?? [],
    apache: servers?.apache ?? [],
    container,
  }
}
