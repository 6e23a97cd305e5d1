import { splitQuotedWords } from '../../parsers/text/quoted-words.ts'
import { posix } from 'node:path'
import type { Dockerfile, DockerFault } from '../../parsers/dockerfile/dockerfile.ts'
import { type DockerImage, imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { ContainerMount } from '../../src/deployment/containers/container.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { buildContext } from '../../src/deployment/containers/build-context.ts'
import { copiesOf, imageName, imageReference } from '../../src/deployment/containers/read-containers.ts'
import type { ApacheProgram, Deployment, Machine, NginxProgram } from '../../src/deployment/model.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import { isForHtaccess } from '../../src/servers/apache/htaccess-alone.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

/** Files of the images of nginx that configurations include. */
export const OF_NGINX_IMAGE = /^\/etc\/nginx\/(?:mime\.types|(?:fastcgi|uwsgi|scgi)_params|fastcgi\.conf)$/

/** What a container runs, by a compose file or by a Dockerfile that lies beside the files of a server. */
export interface RunImage {
  readonly machine: Machine
  /** As {@link Container.base}. */
  readonly base: string | null
  /** As {@link Container.reference}. */
  readonly reference: string | null
  readonly image: DockerImage | null
  /** The first line at which Docker refuses its Dockerfile. */
  readonly fault: DockerFault | null
  readonly mounts: readonly ContainerMount[]
  /** Where the paths of the mounts are found. */
  readonly files: FileSystem
  /** The command and where it is written; null where that of the base image holds, undefined where nobody knows. */
  readonly command: { readonly at: Place; readonly words: readonly string[] } | null | undefined
}

/** True where an image of nginx starts it as it does by itself: by its own command, or by the same words. */
export function startsNginxPlainly(command: RunImage['command']): boolean {
  if (command === null) return true
  const [program, option, value, ...others] = command?.words ?? []
  return (
    /^(?:\/usr\/sbin\/)?nginx$/.test(program ?? '') &&
    option === '-g' &&
    /^\s*daemon off;\s*$/.test(value ?? '') &&
    others.length === 0
  )
}

/** True for an image of somebody else, who may have put a main file of nginx into it. */
export function isForeignImage(base: string | null): boolean {
  return base?.includes('/') === true && !isNginxImage(base)
}

/** True where a variable says into which directory the start script writes what it makes of templates, or with which ending. */
export function movesTemplates({ machine: { container }, image }: RunImage): boolean {
  const given = container === null ? null : serviceVariables(container.service, container.hostFiles)
  return (
    given?.complete === false ||
    [...(image?.environment ?? []), ...(given?.variables ?? [])].some(({ name }) =>
      name.startsWith('NGINX_ENVSUBST_'),
    )
  )
}

const foreignCopies = memo((deployment: Deployment): readonly string[] =>
  [...runImages(deployment), ...looseImages(deployment)].flatMap(({ base, mounts }) =>
    isForeignImage(base) ? mounts.flatMap(({ path }) => path ?? []) : [],
  ),
)

/** True for a file that goes into such an image, as its directory does where that goes. */
export function isForForeignImage(deployment: Deployment, path: string): boolean {
  return foreignCopies(deployment).some(copied => path === copied || isBelow(path, copied))
}

/** Every container of the deployment, and every image that a Dockerfile beside its servers' files makes. */
export const runImages = memo((deployment: Deployment): readonly RunImage[] => [...allImages(deployment)])

function* allImages({ machines }: Deployment): Iterable<RunImage> {
  for (const machine of machines) {
    const { container } = machine
    if (container === null) {
      yield* imagesBeside(machine)
      continue
    }
    const { base, reference, image, fault, mounts, hostFiles, service } = container
    const isOwn = service.complete && service.entrypoint === null
    const own = service.command
    yield {
      machine,
      base,
      reference,
      image,
      fault,
      mounts,
      files: hostFiles,
      command: !isOwn
        ? undefined
        : own === null
          ? commandOf(image)
          : own.rest === null
            ? { at: own.at, words: own.words.map(({ text }) => text) }
            : undefined,
    }
  }
}

/**
 * What Dockerfiles make that no compose file builds, wherever they lie: nobody knows from which directory, so that
 * their files are where all of them are found.
 */
export const looseImages = memo((deployment: Deployment): readonly RunImage[] =>
  deployment.machines.flatMap(machine => {
    const { loose } = machine
    if (loose === null) return []
    const { files, dockerfiles } = loose
    return dockerfiles.flatMap(path => {
      const source = sourceAt(files, path)
      const dockerfile = source === null ? null : readDockerfile(source)
      // A part of one, which a program puts together with others.
      if (dockerfile === null || dockerfile.stages.length === 0) return []
      return (
        runImageOf(
          machine,
          dockerfile,
          buildContext(dockerfile, path, files) ?? posix.dirname(path),
          files,
        ) ?? []
      )
    })
  }),
)

function commandOf(image: DockerImage | null): RunImage['command'] {
  if (image === null) return null
  if (image.entrypoint !== null) return undefined
  const { command } = image
  if (command === null) return null
  return {
    at: command.at,
    words:
      command.form === 'exec'
        ? command.words.map(({ text }) => text)
        : splitQuotedWords(command.script)
            .map(({ text }) => text)
            .filter((word, index) => index > 0 || word !== 'exec'),
  }
}

/** Where the files of a server lie; of `.htaccess` files alone, the directories that they are for. */
function homesOf(program: NginxProgram | ApacheProgram): readonly string[] {
  return program.configuration.sources.flatMap(source =>
    program.kind === 'apache' && isForHtaccess(source)
      ? (program.configuration.occurrences.get('documentroot') ?? []).map(({ args }) => args[0]?.value ?? '/')
      : isStandIn(source)
        ? []
        : [posix.dirname(source.path)],
  )
}

/** As many directories are looked into, and Dockerfiles read. */
const MOST = 6
const LEVELS = 3

function* imagesBeside(machine: Machine): Iterable<RunImage> {
  const { files, programs } = machine
  const directories = new Set<string>()
  for (const program of programs) {
    if (program.kind !== 'nginx' && program.kind !== 'apache') continue
    for (const home of homesOf(program)) {
      if (directories.size >= MOST) break
      let directory = home
      for (let level = 0; level < LEVELS; level++) {
        directories.add(directory)
        directory = posix.dirname(directory)
      }
    }
  }
  let read = 0
  for (const directory of directories) {
    for (const { name } of files.list(directory) ?? []) {
      if (!/^Dockerfile(?:\.\w+)?$/.test(name) || ++read > MOST) continue
      const source = sourceAt(files, posix.join(directory, name))
      const dockerfile = source === null ? null : readDockerfile(source)
      const made = dockerfile === null ? null : runImageOf(machine, dockerfile, directory, files)
      if (made !== null) yield made
    }
  }
}

/** Null for what has no stage. */
function runImageOf(
  machine: Machine,
  dockerfile: Dockerfile,
  directory: string,
  files: FileSystem,
): RunImage | null {
  const image = imageOfStage(dockerfile, null)
  return image === null
    ? null
    : {
        machine,
        base: imageName(image.base),
        reference: imageReference(image.base),
        image,
        fault: dockerfile.fault,
        mounts: copiesOf(image, directory, files),
        files,
        command: commandOf(image),
      }
}

/** What a container starts, as text. */
export function startedText({ command, machine }: RunImage): string {
  const entrypoint = machine.container?.service.entrypoint?.words.map(({ text }) => text) ?? []
  return [...(command?.words ?? []), ...entrypoint].join(' ')
}

/** The path in the container of `HOST:CONTAINER:ro`; all of it where it is written in the long form. */
export function targetPlace({ at, target }: ContainerMount) {
  const text = at.source.code.slice(at.start, at.end)
  const start = text.indexOf(`:${target}`)
  return start === -1 ? at : { ...at, start: at.start + start + 1, end: at.start + start + 1 + target.length }
}

/** True for a file that a container is given; what is read with its main file is called as the container has it. */
export function isMounted({ path: file }: Source, mounts: RunImage['mounts']): boolean {
  return mounts.some(
    ({ path, target }) => path !== null && [path, target].some(each => file === each || isBelow(file, each)),
  )
}
