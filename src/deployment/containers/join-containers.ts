import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import type { ComposeProject } from '../../../parsers/compose/compose.ts'
import { readDockerfile } from '../../../parsers/dockerfile/read-dockerfile.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
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

type Configurations = Pick<MachineInput, 'nginx' | 'apache'>

/**
 * The deployments that servers of a repository make: with the other containers of each project that brings
 * their files into one, else on a machine whose ports the containers publish.
 *
 * @param input the servers, read side by side
 * @param joined the projects that some deployment holds, to which those of these servers are added
 */
export function withContainers(
  input: MachineInput,
  { files, locate, dockerfiles }: Repository,
  projects: readonly ComposeProject[],
  joined: Set<ComposeProject>,
): readonly (readonly MachineInput[])[] {
  const deployments: (readonly MachineInput[])[] = []
  const placed = new Set<NginxConfiguration | ApacheConfiguration>()
  const bringing = (
    containers: readonly Container[],
    { sources }: NginxConfiguration | ApacheConfiguration,
  ): Container | null => {
    const paths = sources.flatMap(({ path }) => locate(path) ?? [])
    if (paths.length === 0) return null
    return containers.find(container => paths.every(path => brings(container, path))) ?? null
  }
  for (const project of projects) {
    const containers = readContainers(project, files, projects)
    const homes = new Map<NginxConfiguration | ApacheConfiguration, Container>()
    for (const configuration of [...input.nginx, ...input.apache]) {
      const container = bringing(containers, configuration)
      if (container !== null) homes.set(configuration, container)
    }
    if (homes.size === 0) continue
    joined.add(project)
    for (const configuration of homes.keys()) placed.add(configuration)
    const of = (container: Container): Configurations => ({
      nginx: input.nginx.filter(each => homes.get(each) === container),
      apache: input.apache.filter(each => homes.get(each) === container),
    })
    deployments.push(containers.map(container => machineOf(container, of(container), input)))
  }
  const nginx = input.nginx.filter(each => !placed.has(each))
  const apache = input.apache.filter(each => !placed.has(each))
  if (nginx.length + apache.length === 0) return deployments
  const [only, ...others] = projects
  const isForImage = [...nginx, ...apache].some(({ sources }) =>
    sources.some(({ path }) => isCopied(locate(path), dockerfiles, files)),
  )
  const besideHost = deployments.length > 0 || others.length > 0 || isForImage ? undefined : only
  if (besideHost !== undefined) joined.add(besideHost)
  const beside =
    besideHost === undefined
      ? []
      : readContainers(besideHost, files).map(container =>
          machineOf(container, { nginx: [], apache: [] }, input),
        )
  return [...deployments, [{ ...input, nginx, apache }, ...beside]]
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
 */
export function containersAlone(
  input: MachineInput,
  { files }: Repository,
  projects: readonly ComposeProject[],
  joined: ReadonlySet<ComposeProject>,
): readonly (readonly MachineInput[])[] {
  return projects.flatMap(project =>
    joined.has(project)
      ? []
      : [
          readContainers(project, files, projects).map(container =>
            machineOf(container, { nginx: [], apache: [] }, input),
          ),
        ],
  )
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

function machineOf(
  container: Container,
  { nginx, apache }: Configurations,
  { files }: MachineInput,
): MachineInput {
  const isServer = nginx.length + apache.length > 0
  return {
    name: container.service.name,
    names: container.names,
    files: isServer ? files : container.files,
    nginx,
    apache,
    container,
  }
}

/** True where a mount, the image or the compose file puts a file of the repository where a server reads it. */
function brings(container: Container, file: string): boolean {
  const isMounted = container.mounts.some(({ path, target }) => {
    if (path === null || (file !== path && !file.startsWith(`${path}/`))) return false
    return HOMES.test(target + file.slice(path.length))
  })
  return isMounted || writesFile(container, file, target => HOMES.test(target))
}
