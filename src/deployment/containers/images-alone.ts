import { posix } from 'node:path'
import { memoByKey } from '../../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService } from '../../../parsers/compose/compose.ts'
import type { DockerImage } from '../../../parsers/dockerfile/image-of-stage.ts'
import { imageOfStage } from '../../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../../parsers/dockerfile/read-dockerfile.ts'
import { known, unknown } from '../../../parsers/text/fact.ts'
import { isBelow } from '../../../parsers/text/is-below.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { namesServer } from '../../files/starters.ts'
import { commandsOfContainer, fileReader } from '../build/programs/app-commands.ts'
import { buildContext } from './build-context.ts'
import type { Container, ContainerMount } from './container.ts'
import { copiesOf, filesInside, imageName, imageReference, leftOutOf } from './read-containers.ts'

/**
 * The container of an image that starts an application and that no compose file runs: `docker run` or a platform starts
 * it, with whatever ports, variables and mounts. Null for any other image, and where nobody knows what it is built from.
 */
export const containerOfImage = memoByKey((files: FileSystem, path: string): Container | null => {
  const container = builtContainer(files, path)
  const isFilled = container !== null && (container.mounts.length > 0 || isPublished(container.image))
  return isFilled && startsServer(container) ? container : null
})

/** The container of any image that no compose file runs, and that has files of the repository. */
export const imageContainer = memoByKey((files: FileSystem, path: string): Container | null => {
  const container = builtContainer(files, path)
  return container === null || container.mounts.length === 0 ? null : container
})

/** The same of an image that may have only what its stages make; null where nobody knows what it is built from. */
export const builtContainer = memoByKey((files: FileSystem, path: string): Container | null => {
  const source = sourceAt(files, path)
  const dockerfile = source === null ? null : readDockerfile(source)
  const image = dockerfile === null ? null : imageOfStage(dockerfile, null)
  if (dockerfile === null || image === null || dockerfile.fault !== null) return null
  const context = buildContext(dockerfile, path, files)
  const mounts = context === null ? [] : copiesOf(image, context, files)
  if (context === null) return null
  const service = serviceOf(image, context, path)
  const project = projectOf(service, context)
  return {
    project,
    service,
    image,
    fault: null,
    base: imageName(image.base),
    reference: imageReference(image.base),
    files: filesInside(mounts, files, leftOutOf(files, context, path), image),
    hostFiles: files,
    mounts,
    networks: ['default'],
    names: [],
    allNames: new Set(),
    projects: [project],
    isAlone: true,
  }
})

/** An image with something in place of what it has somewhere. */
export function withMounts(container: Container, more: readonly ContainerMount[]): Container {
  const { mounts, service, hostFiles, image } = container
  const { build } = service
  if (more.length === 0 || build === null || !build.context.known) return container
  const kept = mounts.filter(({ target }) => !more.some(other => isBelow(target, other.target)))
  const path = posix.join(build.context.value, build.dockerfile?.known === true ? build.dockerfile.value : '')
  const isLeftOut = leftOutOf(hostFiles, build.context.value, path)
  return { ...container, mounts: [...more, ...kept], files: filesInside(kept, hostFiles, isLeftOut, image) }
}

/** True for what a stage makes and the runtime of .NET starts: no file of the repository is in it. */
function isPublished(image: DockerImage | null): boolean {
  const base = image?.base
  return (
    base?.known === true && /^mcr\.microsoft\.com\/dotnet\/(?:nightly\/)?(?:aspnet|runtime)/.test(base.value)
  )
}

/** True also for a script that names one, which is read when it is followed. */
export function startsServer(container: Container): boolean {
  const read = fileReader(container.files)
  return commandsOfContainer(container).some(({ command: { words, directory } }) =>
    words.some(({ text }) => {
      if (namesServer(text)) return true
      const home = directory?.known === true ? directory.value : '/'
      const script = /^[\w./-]+$/.test(text) ? read(posix.resolve(home, text)) : null
      return script !== null && script !== 'missing' && namesServer(script.code)
    }),
  )
}

function projectOf(service: ComposeService, directory: string): ComposeProject {
  const none = new Map()
  return {
    startedBy: 'nobody',
    directory,
    name: null,
    services: new Map([[service.name, service]]),
    networks: none,
    volumes: none,
    configs: none,
    secrets: none,
    enabledProfiles: new Set(),
    sources: [service.at.source],
    faults: [],
    legacy: false,
    complete: false,
  }
}

const BY_HAND = unknown('whoever runs the image says it')

/** What the image alone says of its container. */
function serviceOf({ stage: { at } }: DockerImage, context: string, path: string): ComposeService {
  return {
    name: posix.basename(context) || 'app',
    at,
    keys: [at],
    image: null,
    build: {
      at,
      context: known(context),
      dockerfile: known(posix.relative(context, path)),
      dockerfileInline: null,
      target: null,
      args: [],
    },
    ports: [],
    expose: [],
    volumes: [],
    volumesFrom: [],
    tmpfs: [],
    configs: [],
    secrets: [],
    networks: null,
    networkMode: null,
    links: [],
    externalLinks: [],
    extraHosts: [],
    hostname: null,
    domainName: null,
    containerName: null,
    restart: null,
    dependsOn: [],
    command: null,
    healthcheck: null,
    entrypoint: null,
    user: null,
    workingDirectory: null,
    environment: [],
    envFiles: [{ at, path: BY_HAND, required: true }],
    labels: [],
    readOnly: null,
    replicas: null,
    pullPolicy: null,
    unconfined: false,
    profiles: [],
    complete: false,
  }
}
