import { posix } from 'node:path'
import { memo, memoByKey } from '../../../parsers/collections/memo.ts'
import type { ComposeProject } from '../../../parsers/compose/compose.ts'
import { readDockerfile } from '../../../parsers/dockerfile/read-dockerfile.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import type { FragmentSet } from '../../files/fragment-sets.ts'
import type { Repository } from '../../files/machine.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import type { NginxConfiguration } from '../../servers/nginx/configuration.ts'
import type { MachineInput } from '../build/machines.ts'
import type { Container } from './container.ts'
import { readContainers } from './read-containers.ts'
import { writesFile } from './written-files.ts'

/** Where images of nginx and Apache keep their configuration. */
const HOMES =
  /^\/(?:etc\/(?:nginx|apache2|httpd)|usr\/local\/(?:nginx|apache2|openresty)|opt\/bitnami\/(?:nginx|apache))(?:\/|$)/

export type Configurations = Pick<MachineInput, 'nginx' | 'apache'>
type Configuration = NginxConfiguration | ApacheConfiguration

/** Servers of the repository that were read apart from those of a deployment. */
export interface ReadApart extends Configurations {
  readonly files: FileSystem
  readonly locate: Repository['locate']
}

/** Reads the servers of a repository of which a file is wanted. */
export type ReadServers = (isWanted: (path: string) => boolean) => readonly ReadApart[]

/** What is known of the projects that some deployment holds. */
export type JoinedProjects = Map<ComposeProject, JoinedProject | 'beside a host'>

interface JoinedProject {
  readonly containers: readonly Container[]
  /** Every server of the repository that one of them brings. */
  readonly homes: Homes
  /** The servers that each deployment holds. */
  readonly held: (readonly Configuration[])[]
}

type Homes = ReadonlyMap<Container, Servers>
type Servers = Configurations & Pick<MachineInput, 'files'>

/**
 * The deployments that servers of a repository make: with the other containers of each project that brings
 * their files into one, and the servers of these, else on a machine whose ports the containers publish.
 *
 * @param input the servers, read side by side
 * @param joined the projects that some deployment holds, to which those of these servers are added
 * @param readApart reads those of the other servers of which a container brings every file
 */
export function withContainers(
  input: MachineInput,
  { files, locate, dockerfiles }: Repository,
  projects: readonly ComposeProject[],
  joined: JoinedProjects,
  readApart: ReadServers,
): readonly (readonly MachineInput[])[] {
  const deployments: (readonly MachineInput[])[] = []
  const placed = new Set<Configuration>()
  for (const project of projects) {
    const before = joined.get(project)
    const known = before === 'beside a host' ? undefined : before
    const containers = known?.containers ?? readContainers(project, files, projects)
    const own = homesOf([{ ...input, locate }], containers)
    if (own.size === 0) continue
    for (const { nginx, apache } of own.values()) for (const each of [...nginx, ...apache]) placed.add(each)
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
    const all = [...servers.values()].flatMap(({ nginx, apache }) => [...nginx, ...apache])
    if (entry.held.some(held => held.length === all.length && held.every(each => all.includes(each))))
      continue
    entry.held.push(all)
    deployments.push(containers.map(container => machineOf(container, servers.get(container))))
  }
  const nginx = input.nginx.filter(each => !placed.has(each))
  const apache = input.apache.filter(each => !placed.has(each))
  if (nginx.length + apache.length === 0) return deployments
  const [only, ...others] = projects
  const isForImage = [...nginx, ...apache].some(({ sources }) =>
    sources.some(({ path }) => isCopied(locate(path), dockerfiles, files)),
  )
  const besideHost = placed.size > 0 || others.length > 0 || isForImage ? undefined : only
  const beside = besideHost === undefined ? [] : readContainers(besideHost, files)
  if (besideHost !== undefined && !joined.has(besideHost)) joined.set(besideHost, 'beside a host')
  return [
    ...deployments,
    [{ ...input, nginx, apache }, ...beside.map(container => machineOf(container, undefined))],
  ]
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

/** So many Dockerfiles are read for it. */
const MOST_DOCKERFILES = 60

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
): readonly (readonly MachineInput[])[] {
  return projects.flatMap(project => {
    if (joined.has(project)) return []
    const containers = readContainers(project, files, projects)
    const held = homesOf(
      readApart(path => containers.some(container => brings(container, path))),
      containers,
    )
    return held.size > 0 ? [] : [containers.map(container => machineOf(container, undefined))]
  })
}

const NGINX_IMAGES = /^(?:nginx|nginxinc\/nginx-unprivileged|nginx\/nginx|ubuntu\/nginx)$/

/**
 * True where the containers that fragments are brought into all run nginx's own image with its own main file.
 *
 * @param paths files of the repository
 */
export function haveStockMain(
  paths: readonly string[],
  { files, locate }: Repository,
  projects: readonly ComposeProject[],
): boolean {
  const located = paths.flatMap(path => locate(path) ?? [])
  if (located.length === 0 || located.length < paths.length) return false
  const bringing = projects
    .flatMap(project => readContainers(project, files))
    .filter(container => located.every(path => brings(container, path)))
  return (
    bringing.length > 0 &&
    bringing.every(
      ({ base, mounts }) =>
        NGINX_IMAGES.test(base ?? '') &&
        mounts.every(({ target }) => target !== '/etc/nginx' && target !== '/etc/nginx/nginx.conf'),
    )
  )
}

/** Which container brings every file of a server. */
function homesOf(read: readonly ReadApart[], containers: readonly Container[]): Homes {
  const homes = new Map<
    Container,
    { nginx: NginxConfiguration[]; apache: ApacheConfiguration[]; files: FileSystem }
  >()
  for (const { nginx, apache, files, locate } of read) {
    const homeOf = ({ sources }: Configuration) => {
      const paths = sources.flatMap(({ path }) => locate(path) ?? [])
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

/**
 * The files of the container over those among which the configuration of its server was read: what a `root` holds is
 * mounted or copied there, and what nothing brings may still lie in the image.
 */
const filesAround = memoByKey((own: FileSystem, container: Container): FileSystem => {
  const inside = container.files
  const isInside = (path: string): boolean => inside.kind(path) !== null
  return {
    ...own,
    read: path => (isInside(path) ? inside : own).read(path),
    list: path => (isInside(path) ? inside : own).list(path),
    kind: path => inside.kind(path) ?? own.kind(path),
    realPath: path => (isInside(path) ? inside : own).realPath(path),
    mode: path => (isInside(path) ? inside : own).mode(path),
    refusal: path => (isInside(path) ? inside : own).refusal(path),
    display: path => (isInside(path) ? inside : own).display(path),
  }
})

/** True where a mount, the image or the compose file puts a file of the repository where a server reads it. */
function brings(container: Container, file: string): boolean {
  const isMounted = container.mounts.some(({ path, target }) => {
    if (path === null || (file !== path && !file.startsWith(`${path}/`))) return false
    return HOMES.test(target + file.slice(path.length))
  })
  return isMounted || writesFile(container, file, target => HOMES.test(target))
}

/**
 * A set of fragments as containers read it: where some of its files are brought into one container and others into
 * another, they are no files of one server.
 */
export function partByContainers(
  set: FragmentSet,
  { files, locate }: Repository,
  projects: readonly ComposeProject[],
): readonly FragmentSet[] {
  const paths = [...set.nginx, ...set.apache]
  if (paths.length < 2 || projects.length === 0) return [set]
  const containers = projects.flatMap(project => readContainers(project, files, projects))
  const parts: { readonly homes: Set<Container>; readonly paths: Set<string> }[] = []
  for (const path of paths) {
    const located = locate(path)
    const homes = located === null ? [] : containers.filter(container => brings(container, located))
    if (homes.length === 0) continue
    const touched = parts.filter(part => homes.some(home => part.homes.has(home)))
    const merged = {
      homes: new Set([...homes, ...touched.flatMap(part => [...part.homes])]),
      paths: new Set([path, ...touched.flatMap(part => [...part.paths])]),
    }
    parts.splice(0, parts.length, ...parts.filter(part => !touched.includes(part)), merged)
  }
  if (parts.length < 2) return [set]
  const homeless = new Set(paths.filter(path => !parts.some(part => part.paths.has(path))))
  return [homeless, ...parts.map(part => part.paths)]
    .map(own => ({
      ...set,
      nginx: set.nginx.filter(path => own.has(path)),
      apache: set.apache.filter(path => own.has(path)),
    }))
    .filter(({ nginx, apache }) => nginx.length + apache.length > 0)
}
