import { posix } from 'node:path'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Source } from '../../parsers/text/source.ts'
import { sliceWritten, type WrittenText } from '../../parsers/text/written-text.ts'
import { looseImages, type RunImage, runImages } from './_images.ts'
import type { DockerCommand } from '../../parsers/dockerfile/dockerfile.ts'
import { filesInside } from '../../src/deployment/containers/read-containers.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** A container, or an image that no compose file starts. */
export type Started = Pick<Container, 'image' | 'reference' | 'fault' | 'mounts' | 'files' | 'hostFiles'> & {
  readonly service: ComposeService | null
  readonly project: Container['project'] | null
}

/** Every container of a deployment, and every image that a Dockerfile beside its servers' files makes. */
export function* startedIn(deployment: Deployment): Iterable<Started> {
  for (const image of runImages(deployment)) yield startedBy(image)
}

/** What Dockerfiles make that no compose file builds. */
export function looseIn(deployment: Deployment): readonly Started[] {
  return looseImages(deployment).map(startedBy)
}

/** The container itself, where a compose file has it. */
export function startedBy({ machine, image, reference, fault, mounts, files }: RunImage): Started {
  if (machine.container !== null) return machine.container
  return {
    service: null,
    project: null,
    image,
    reference,
    fault,
    mounts,
    files: filesInside(mounts, files),
    hostFiles: files,
  }
}

/**
 * The words of what a container starts first: its entry point, else its command. Of a script of a shell they are the
 * first command, as far as the next operator; empty where the image's own is started.
 */
export function startedWords({ service, image }: Started): readonly WrittenText[] {
  if (service !== null && service.entrypoint !== null) return service.entrypoint.words
  if (image?.entrypoint != null) return wordsOf(image.entrypoint)
  if (service !== null && service.command !== null) return service.command.words
  return image?.command == null ? [] : wordsOf(image.command)
}

function wordsOf(command: DockerCommand): readonly WrittenText[] {
  if (command.form === 'exec') return command.words
  const { script } = command
  const end = /[;&|\n]|$/.exec(script.text)!.index
  return [...script.text.slice(0, end).matchAll(/\S+/g)].map(({ 0: word, index }) =>
    sliceWritten(script, index, index + word.length),
  )
}

/** A file of the repository that a container starts. */
export interface Script {
  readonly source: Source
  readonly mode: number | null
}

/** A file of the repository that a word names by its path; null for every other word. */
export function scriptAt(
  { service, image, files }: Started,
  { text }: Pick<WrittenText, 'text'>,
): Script | null {
  if (!text.includes('/') && !text.endsWith('.sh')) return null
  const directory = service?.workingDirectory ?? image?.workingDirectory ?? null
  if (!text.startsWith('/') && directory?.known !== true) return null
  const path = posix.resolve(directory?.known === true ? directory.value : '/', text)
  const source = sourceAt(files, path)
  return source === null ? null : { source, mode: files.mode(path) }
}

/** What the build of an image runs, as text; empty where no Dockerfile of it is in the audit. */
export function buildSteps({ image }: Pick<Container, 'image'>): readonly string[] {
  return (image?.steps ?? []).flatMap(step => {
    if ('sources' in step) return []
    const { command, documents } = step
    const text = commandText(command)
    return [text, ...documents.map(document => document.text.text)]
  })
}

/** All that a container is seen to run, as texts: its build, what it starts, and the scripts among that. */
export function textsRun(container: Started): readonly string[] {
  const words = startedWords(container)
  return [
    words.map(({ text }) => text).join(' '),
    ...words.map(word => scriptAt(container, word)?.source.code ?? ''),
    ...buildSteps(container),
  ]
}

/** False for directories of libraries and sources, such as the gems of Ruby in `/usr/local/bundle`. */
function mayHoldPrograms(directory: string): boolean {
  return (
    /^\/$|^\/(?:usr|bin|usr\/local)(?:\/|$)/.test(directory) &&
    !/^\/usr\/(?:local\/)?(?:bundle|lib|share|include|src)(?:\/|$)/.test(directory)
  )
}

/** What an earlier stage or another image brings may have it. */
export function copiesPrograms({ image }: Pick<Container, 'image'>): boolean {
  return (image?.steps ?? []).some(
    step =>
      'sources' in step && step.from !== null && (!step.target.known || mayHoldPrograms(step.target.value)),
  )
}
