import { posix } from 'node:path'
import type { DockerFault } from '../../parsers/dockerfile/dockerfile.ts'
import { type DockerImage, imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ContainerMount } from '../../src/deployment/containers/container.ts'
import { copiesOf, imageName } from '../../src/deployment/containers/read-containers.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import type { FileSystem } from '../../src/files/file-system.ts'

/** The images of nginx itself, without their tag: their main file and their start script are known. */
export const NGINX_IMAGES = /^(?:nginx|nginxinc\/nginx-unprivileged|nginx\/nginx)$/

/** What a container runs, by a compose file or by a Dockerfile that lies beside the files of a server. */
export interface RunImage {
  readonly machine: Machine
  /** As {@link Container.base}. */
  readonly base: string | null
  /** The same with its tag, as it is written: `nginx:1.27-alpine`. */
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

/** Every container of the deployment, and every image that a Dockerfile beside its servers' files makes. */
export function* runImages({ machines }: Deployment): Iterable<RunImage> {
  for (const machine of machines) {
    const { container } = machine
    if (container === null) {
      yield* imagesBeside(machine)
      continue
    }
    const { base, image, fault, mounts, hostFiles, service } = container
    const isOwn = service.complete && service.entrypoint === null
    const own = service.command
    yield {
      machine,
      base,
      reference: referenceOf(image?.base ?? (service.build === null ? service.image : null)),
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

function referenceOf(image: Fact<string> | null): string | null {
  return image?.known === true ? image.value.replace(/^(?:docker\.io\/)?(?:library\/)?/, '') : null
}

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
        : command.script.text.trim().split(/\s+/),
  }
}

/** As many directories are looked into, and Dockerfiles read. */
const MOST = 6
const LEVELS = 3

function* imagesBeside(machine: Machine): Iterable<RunImage> {
  const { files, programs } = machine
  const directories = new Set<string>()
  for (const program of programs) {
    if (program.kind !== 'nginx') continue
    for (const { path } of program.configuration.sources) {
      if (directories.size >= MOST) break
      let directory = posix.dirname(path)
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
      const file = files.read(posix.join(directory, name))
      const dockerfile = file.kind === 'source' ? readDockerfile(file.source) : null
      const image = dockerfile === null ? null : imageOfStage(dockerfile, null)
      if (dockerfile === null || image === null) continue
      yield {
        machine,
        base: imageName(image.base),
        reference: referenceOf(image.base),
        image,
        fault: dockerfile.fault,
        mounts: copiesOf(image, directory, files),
        files,
        command: commandOf(image),
      }
    }
  }
}
