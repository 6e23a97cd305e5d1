import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { overlap } from '../../parsers/text/is-below.ts'
import { copiesOf, filesInside, leftOutOf } from '../../src/deployment/containers/read-containers.ts'
import type { FileSystem } from '../../src/files/file-system.ts'

/** The files that an image has of its context. */
export function builtFilesOf(image: DockerImage, context: string, files: FileSystem): FileSystem {
  const { path } = image.stage.at.source
  return filesInside(copiesOf(image, context, files), files, leftOutOf(files, context, path))
}

/** True where a step may put something at a path that no file of the context shows: of another stage, of a download. */
export function mayBringOther({ steps }: DockerImage, path: string): boolean {
  return steps.some(
    step =>
      'sources' in step &&
      (!step.target.known ||
        step.documents.length > 0 ||
        ((step.from !== null || step.kind === 'ADD' || step.sources.some(({ known }) => !known)) &&
          overlap(path, step.target.value))),
  )
}

/** True where a stage and those below it are in one directory from their first line to their last. */
export function hasOneDirectory({ stage, stages }: DockerImage): boolean {
  const { source } = stage.at
  const chain = [stage]
  for (let below = stage.base; below !== null; ) {
    const next = stages[below]
    if (next === undefined) return false
    chain.push(next)
    below = next.base
  }
  const directories = chain.flatMap(each => {
    const end = stages[stages.indexOf(each) + 1]?.at.start ?? source.code.length
    return [...source.code.slice(each.at.start, end).matchAll(/^[ \t]*WORKDIR[ \t]+(\S+)/gim)].map(
      ([, path = '']) => cleanPath(path),
    )
  })
  return new Set(directories).size === 1
}
