import { posix } from 'node:path'
import { memoByKey } from '../../../parsers/collections/memo.ts'
import type { ComposeService } from '../../../parsers/compose/compose.ts'
import type { DockerImage } from '../../../parsers/dockerfile/image-of-stage.ts'
import { imageOfStage } from '../../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../../parsers/dockerfile/read-dockerfile.ts'
import { known, unknown } from '../../../parsers/text/fact.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { namesServer } from '../../files/starters.ts'
import { commandsOfContainer, fileReader } from '../build/programs/app-commands.ts'
import { buildContext } from './build-context.ts'
import type { Container } from './container.ts'
import { plainProject, plainService } from './plain-service.ts'
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
  return container !== null && (container.mounts.length > 0 || holdsFiles(container.image)) ? container : null
})

/** True where a file of the image stands in the Dockerfile itself. */
function holdsFiles(image: DockerImage | null): boolean {
  return image?.steps.some(({ documents }) => documents.length > 0) === true
}

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
  const project = plainProject('nobody', context, [service])
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
    sharesWith: null,
    allNames: new Set(),
    projects: [project],
    isAlone: true,
  }
})

/** True for what a stage makes and the runtime of .NET starts: no file of the repository is in it. */
function isPublished(image: DockerImage | null): boolean {
  const base = image?.base
  return (
    base?.known === true && /^mcr\.microsoft\.com\/dotnet\/(?:nightly\/)?(?:aspnet|runtime)/.test(base.value)
  )
}

/** True also for a script that names one, which is read when it is followed. */
function startsServer(container: Container): boolean {
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

const BY_HAND = unknown('whoever runs the image says it')

/** What the image alone says of its container. */
function serviceOf({ stage: { at } }: DockerImage, context: string, path: string): ComposeService {
  return {
    ...plainService(posix.basename(context) || 'app', at),
    build: {
      at,
      context: known(context),
      dockerfile: known(posix.relative(context, path)),
      dockerfileInline: null,
      target: null,
      args: [],
    },
    envFiles: [{ at, path: BY_HAND, required: true }],
    complete: false,
  }
}
