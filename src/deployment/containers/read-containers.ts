import { cleanPath } from '../../../parsers/text/clean-path.ts'
import { posix } from 'node:path'
import { isBelow } from '../../../parsers/text/is-below.ts'
import { memo, memoByKey } from '../../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeResource, ComposeService } from '../../../parsers/compose/compose.ts'
import type { DockerCopy, DockerFault } from '../../../parsers/dockerfile/dockerfile.ts'
import { dockerfilePaths } from '../../../parsers/dockerfile/dockerfile-paths.ts'
import { leftOutBy, readIgnore } from '../../../parsers/dockerfile/ignore.ts'
import { type DockerImage, imageOfStage } from '../../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../../parsers/dockerfile/read-dockerfile.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import { matchesName } from '../../../parsers/wildcard/libc-fnmatch.ts'
import { hasWildcard } from '../../../parsers/wildcard/tokens.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { textsIn } from '../../files/nested-files.ts'
import { nestedPath } from '../../files/nested-path.ts'
import { filesWithout } from '../../files/files-without.ts'
import { mountedFiles } from '../../files/mounted-files.ts'
import { filesWrittenInto } from './written-files.ts'
import type { Container, ContainerMount } from './container.ts'

/** The services of a project that have a network of their own. */
export function readContainers(
  project: ComposeProject,
  files: FileSystem,
  projects: readonly ComposeProject[] = aloneIn(project),
): readonly Container[] {
  const read = readTogether(projects)
  const byFiles = read.get(project) ?? new Map<FileSystem, readonly Container[]>()
  read.set(project, byFiles)
  let containers = byFiles.get(files)
  if (containers === undefined) {
    const allNames = namesIn(projects)
    containers = ownContainers(project, files).map(container => ({ ...container, allNames, projects }))
    byFiles.set(files, containers)
  }
  return containers
}

/**
 * The services of a project that use the network of the host: no machines of their own, and what they open is open on
 * the host.
 */
export const containersOnHost = memoByKey(
  (project: ComposeProject, files: FileSystem): readonly Container[] => {
    const alone = { allNames: namesIn(aloneIn(project)), projects: aloneIn(project) }
    return [...project.services.values()].flatMap(service =>
      isOnHost(service) ? [{ ...readContainer(project, service, files), ...alone }] : [],
    )
  },
)

/** True for a service with `network_mode: host`. */
export function isOnHost({ networkMode }: ComposeService): boolean {
  return networkMode?.known === true && networkMode.value === 'host'
}

const aloneIn = memo((project: ComposeProject): readonly ComposeProject[] => [project])

/** Every set of files of a repository asks for the containers of every project. */
const readTogether = memo(
  (_: readonly ComposeProject[]) => new Map<ComposeProject, Map<FileSystem, readonly Container[]>>(),
)

const namesIn = memo(
  (projects: readonly ComposeProject[]): ReadonlySet<string> =>
    new Set(projects.flatMap(({ services }) => [...services.values()].flatMap(namesOf))),
)

type OwnContainer = Omit<Container, 'allNames' | 'projects'>

/** Each project is asked for by every set of files that may belong to it. */
const known = memo((_: ComposeProject) => new Map<FileSystem, readonly OwnContainer[]>())

function ownContainers(project: ComposeProject, files: FileSystem): readonly OwnContainer[] {
  let containers = known(project).get(files)
  if (containers === undefined) {
    containers = [...project.services.values()].flatMap(service =>
      sharesNetwork(service) && ownerOf(project, service) === null
        ? []
        : [readContainer(project, service, files)],
    )
    known(project).set(files, containers)
  }
  return containers
}

/** The container of its pod whose network one has, itself too; null for one that has one alone, or that of others. */
function ownerOf(
  { startedBy, services }: ComposeProject,
  { networkMode }: ComposeService,
): ComposeService | null {
  if (startedBy !== 'pods' || networkMode?.known !== true) return null
  return services.get(/^service:(.*)$/.exec(networkMode.value)?.[1] ?? '') ?? null
}

/** True for one that uses the host's network, or that of another container. */
function sharesNetwork({ networkMode }: ComposeService): boolean {
  return networkMode !== null && !(networkMode.known && /^(?:bridge|default)$/.test(networkMode.value))
}

function readContainer(project: ComposeProject, service: ComposeService, files: FileSystem): OwnContainer {
  const build = service.build ?? buildOfSameImage(project, service)
  const built = build === null ? null : readImage(build, files)
  const mounts = [
    ...mountsOf(project, service),
    ...(built?.image == null ? [] : copiesOf(built.image, built.context, files)),
  ]
  const visible = mounts.filter(
    ({ from, target }, index) =>
      // What the image has below a mount is hidden; a new volume begins with what the image has.
      from !== 'COPY' ||
      !mounts
        .slice(0, index)
        .some(other => other.volume === null && other.from !== 'COPY' && isBelow(target, other.target)),
  )
  const image = built?.image?.base ?? (build === null ? service.image : null)
  const links = project.legacy ? [] : (service.networks ?? null)
  const owner = ownerOf(project, service)
  return {
    project,
    service,
    image: built?.image ?? null,
    fault: built?.fault ?? null,
    base: imageName(image),
    reference: imageReference(image),
    files: filesInside(visible, files, built?.isLeftOut ?? null, built?.image ?? null),
    hostFiles: files,
    mounts: visible,
    networks:
      links === null ? ['default'] : links.flatMap(({ network }) => (network.known ? [network.value] : [])),
    names: owner === null || owner === service ? namesOf(service) : [],
    sharesWith: owner,
    isAlone: false,
  }
}

/** Compose builds an image once, and every service that names it runs it. */
function buildOfSameImage({ services }: ComposeProject, { image }: ComposeService): ComposeService['build'] {
  if (image?.known !== true) return null
  for (const { build, image: built } of services.values())
    if (build !== null && built?.known === true && built.value === image.value) return build
  return null
}

/**
 * Paths as a container sees them, by what stands where.
 *
 * @param isLeftOut which paths of the build's context `.dockerignore` leaves out; null where there is none
 * @param image whose commands write files of a server
 */
export function filesInside(
  mounts: readonly ContainerMount[],
  files: FileSystem,
  isLeftOut: ((path: string) => boolean) | null = null,
  image: DockerImage | null = null,
): FileSystem {
  const inside = mountedFiles(
    files,
    mounts.flatMap(({ target, path }) => (path === null ? [] : [{ at: target, disk: path }])),
    image === null ? [] : filesWrittenInto(image),
  )
  if (isLeftOut === null) return inside
  const innermost = [...mounts].sort((a, b) => b.target.length - a.target.length)
  return filesWithout(inside, path => {
    const mount = innermost.find(each => each.path !== null && isBelow(path, each.target))
    return (
      mount?.from === 'COPY' &&
      mount.path !== null &&
      isLeftOut(posix.join(mount.path, posix.relative(mount.target, path)))
    )
  })
}

/** What `.dockerignore` leaves out of a build; null where there is none. */
export function leftOutOf(
  files: FileSystem,
  context: string,
  dockerfile: string,
): ((path: string) => boolean) | null {
  const list =
    sourceAt(files, `${dockerfile}.dockerignore`) ?? sourceAt(files, posix.join(context, '.dockerignore'))
  if (list === null) return null
  const lines = readIgnore(list)
  const asked = new Map<string, boolean>()
  return path => {
    const known = asked.get(path)
    if (known !== undefined) return known
    const isOut =
      path !== context && isBelow(path, context) && leftOutBy(lines, posix.relative(context, path)) !== null
    asked.set(path, isOut)
    return isOut
  }
}

function namesOf({ name, containerName, networks, reachedAs }: ComposeService): readonly string[] {
  if (reachedAs !== undefined) return reachedAs.map(each => each.name)
  const facts = [containerName, ...(networks ?? []).flatMap(({ aliases }) => aliases)]
  return [...new Set([name, ...facts.flatMap(fact => (fact?.known === true ? [fact.value] : []))])].map(
    each => each.toLowerCase(),
  )
}

/** `docker.io/library/nginx:1.25-alpine` is `nginx:1.25-alpine`. */
export function imageReference(image: Fact<string> | null): string | null {
  return image?.known === true ? image.value.replace(/^(?:docker\.io\/)?(?:library\/)?/, '') : null
}

/** `docker.io/library/nginx:1.25-alpine` is `nginx`. */
export function imageName(image: Fact<string> | null): string | null {
  const reference = imageReference(image)
  return reference?.replace(/@.*$/, '').replace(/:[^:/]*$/, '') || null
}

interface BuiltImage {
  /** Null where the Dockerfile has no such stage. */
  readonly image: DockerImage | null
  readonly fault: DockerFault | null
  readonly context: string
  readonly isLeftOut: ((path: string) => boolean) | null
}

function readImage(build: NonNullable<ComposeService['build']>, files: FileSystem): BuiltImage | null {
  const { context, target, dockerfileInline } = build
  if (!context.known || !context.value.startsWith('/') || dockerfileInline !== null) return null
  if (build.dockerfile !== null && !build.dockerfile.known) return null
  const path = dockerfilePaths(context.value, build.dockerfile?.value ?? null).find(
    each => files.kind(each) === 'file',
  )
  const read = path === undefined ? null : files.read(path)
  if (path === undefined || read?.kind !== 'source' || (target !== null && !target.known)) return null
  const args = new Map(
    build.args.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const])),
  )
  const dockerfile = readDockerfile(read.source, { args })
  return {
    image: imageOfStage(dockerfile, target?.value ?? null),
    fault: dockerfile.fault,
    context: context.value,
    isLeftOut: leftOutOf(files, context.value, path),
  }
}

/** Innermost first is not needed: of two at one path the later one of the file counts. */
function mountsOf(project: ComposeProject, service: ComposeService): readonly ContainerMount[] {
  const found: ContainerMount[] = []
  const isFilled = (directory: string): boolean =>
    service.configs.every(({ source, target }) => {
      const granted = source.known ? project.configs.get(source.value) : undefined
      const isOther = target.known && !isBelow(target.value, directory)
      return isOther || (granted !== undefined && pathOfConfig(granted) !== null)
    })
  for (const { target, source, kind, at, holdsConfigs } of service.volumes) {
    if (!target.known) continue
    const path =
      kind === 'bind' && source?.known === true && source.value.startsWith('/') ? source.value : null
    const volume = kind === 'volume' && source?.known === true ? source.value : null
    const device = volume === null ? null : (project.volumes.get(volume)?.device ?? null)
    found.unshift({
      target: cleanPath(target.value),
      path: path ?? (device?.known === true && device.value.startsWith('/') ? device.value : null),
      volume,
      from: 'volumes',
      at,
      ...(holdsConfigs === true && isFilled(target.value) && { isFilled: true }),
    })
  }
  for (const [grants, table] of [
    [service.configs, project.configs],
    [service.secrets, project.secrets],
  ] as const) {
    for (const { source, target, at } of grants) {
      const granted = source.known ? table.get(source.value) : undefined
      if (!target.known || granted === undefined) continue
      const path = pathOfConfig(granted)
      if (path === null && project.startedBy !== 'pods') continue
      found.unshift({ target: cleanPath(target.value), path, volume: null, from: 'configs', at })
    }
  }
  return found
}

/** Directories that lie in every image that has them, of the system and of the servers' own images. */
const OF_IMAGES: ReadonlySet<string> = new Set([
  ...['/bin', '/etc', '/home', '/opt', '/root', '/srv', '/tmp', '/usr/bin', '/usr/local/bin', '/var'],
  ...['/etc/cron.d', '/etc/logrotate.d', '/docker-entrypoint.d', '/docker-entrypoint-initdb.d'],
  ...['/etc/nginx', '/etc/nginx/conf.d', '/usr/share/nginx/html'],
  ...[
    '/etc/apache2',
    '/etc/apache2/conf-available',
    '/etc/apache2/conf-enabled',
    '/etc/apache2/mods-enabled',
  ],
  ...['/etc/apache2/sites-available', '/etc/apache2/sites-enabled', '/var/www', '/var/www/html'],
  ...['/usr/local/apache2/conf', '/usr/local/apache2/conf/extra', '/usr/local/apache2/htdocs'],
  ...['/usr/local/etc/php', '/usr/local/etc/php/conf.d', '/usr/local/etc/php-fpm.d'],
])

function pathOfConfig({ file, content }: ComposeResource): string | null {
  return file?.known === true ? file.value : pathOfContent(content)
}

/** The path of a text that a compose file holds as a file; null where none of a server stands there. */
function pathOfContent(content: ComposeResource['content']): string | null {
  const at = content?.at ?? null
  if (at === null) return null
  const { path, text } = at.source
  const index = textsIn(path, text).findIndex(nested => at.start < nested.end && at.end > nested.start)
  return index === -1 ? null : nestedPath(path, index)
}

/** What `COPY` and `ADD` bring from the build's own context, the last first. */
export function copiesOf(
  { steps, stages, workingDirectory }: Pick<DockerImage, 'steps' | 'stages' | 'workingDirectory'>,
  context: string,
  files: FileSystem,
): readonly ContainerMount[] {
  const found: ContainerMount[] = []
  const home = workingDirectory?.known === true ? workingDirectory.value : null
  const isDirectory = (place: string): boolean =>
    place === home ||
    OF_IMAGES.has(place) ||
    steps.some(
      step =>
        'sources' in step &&
        step.target.known &&
        isBelow(step.target.value, place) &&
        (step.intoDirectory || step.target.value !== place),
    )
  for (const step of steps)
    if ('sources' in step)
      found.unshift(
        ...(step.from === null
          ? copyOf(step, context, files, isDirectory)
          : copyOfStage(step, stages, context, files)),
      )
  return found
}

function copyOf(
  copy: DockerCopy,
  context: string,
  files: FileSystem,
  isDirectory: (place: string) => boolean,
): readonly ContainerMount[] {
  const { target, at } = copy
  if (!target.known) return []
  return copy.sources.flatMap(source => {
    if (!source.known || source.value.includes('://')) return []
    const paths = matching(cleanPath(posix.join(context, source.value)), files)
    return paths.flatMap(path => {
      const kind = files.kind(path)
      if (kind === null) return []
      // Of a directory the content is copied, whatever the target.
      const isInto =
        kind === 'file' &&
        (copy.intoDirectory ||
          hasWildcard(source.value) ||
          isDirectory(target.value) ||
          // `COPY .htaccess /srv/www/public`: of a directory that is there the file becomes a part.
          (/^\.\w/.test(posix.basename(path)) && /^\w+$/.test(posix.basename(target.value))))
      const place = isInto ? posix.join(target.value, posix.basename(path)) : target.value
      return [{ target: cleanPath(place), path, volume: null, from: 'COPY', at } as const]
    })
  })
}

/** What an earlier stage has of the context, and this one copies from it; what a build made there is not among it. */
function copyOfStage(
  { stage, sources, target, at, intoDirectory }: DockerCopy,
  stages: DockerImage['stages'],
  context: string,
  files: FileSystem,
): readonly ContainerMount[] {
  const own = stages.findIndex(({ copies }) => copies.some(each => each.at === at))
  const image = stage === null || stage >= own ? null : imageOfStage({ stages }, String(stage))
  if (image === null || !target.known) return []
  const inside = copiesOf(image, context, files)
  return sources.flatMap(source => {
    if (!source.known || hasWildcard(source.value)) return []
    const wanted = cleanPath(source.value)
    const around = inside.find(each => isBelow(wanted, each.target))
    const mounts = inside.flatMap(each =>
      each !== around && isBelow(each.target, wanted)
        ? [{ ...each, target: posix.join(target.value, posix.relative(wanted, each.target)), at }]
        : [],
    )
    const path = around?.path == null ? null : posix.join(around.path, posix.relative(around.target, wanted))
    const kind = path === null ? null : files.kind(path)
    if (path === null || kind === null) return mounts
    const place =
      kind === 'file' && intoDirectory ? posix.join(target.value, posix.basename(path)) : target.value
    return [...mounts, { target: cleanPath(place), path, volume: null, from: 'COPY', at } as const]
  })
}

/** Patterns are followed in the last name alone. */
function matching(path: string, files: FileSystem): readonly string[] {
  if (!hasWildcard(path)) return [path]
  const directory = posix.dirname(path)
  if (hasWildcard(directory)) return []
  return (files.list(directory) ?? [])
    .filter(({ name }) => matchesName(posix.basename(path), name))
    .map(({ name }) => posix.join(directory, name))
}
