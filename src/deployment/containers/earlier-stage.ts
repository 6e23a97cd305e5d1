import { posix } from 'node:path'
import { isBelow } from '../../../parsers/text/is-below.ts'
import { imageOfStage } from '../../../parsers/dockerfile/image-of-stage.ts'
import type { FileSystem } from '../../files/file-system.ts'
import type { Container } from './container.ts'
import { copiesOf, filesInside } from './read-containers.ts'

/** A file where an earlier stage of the build has it, from which it was copied. */
export interface InEarlierStage {
  readonly path: string
  readonly files: FileSystem
}

/** Where `COPY --from=build` took a file of the image; null for any other file. */
export function inEarlierStage(
  { image, service, hostFiles }: Container,
  path: string,
): InEarlierStage | null {
  const context = service.build?.context
  if (image === null || context?.known !== true || !context.value.startsWith('/')) return null
  for (const step of image.steps.toReversed()) {
    if (!('sources' in step) || step.from === null || step.stage === null) continue
    const [source, ...others] = step.sources
    if (source?.known !== true || others.length > 0 || !step.target.known) continue
    if (!isBelow(path, step.target.value)) continue
    const own = image.stages.findIndex(({ copies }) => copies.includes(step))
    const stage = step.stage < own ? imageOfStage(image, String(step.stage)) : null
    if (stage === null) return null
    return {
      path: posix.join(source.value, posix.relative(step.target.value, path)),
      files: filesInside(copiesOf(stage, context.value, hostFiles), hostFiles),
    }
  }
  return null
}
