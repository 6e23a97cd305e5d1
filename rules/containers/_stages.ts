import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import type { Dockerfile, DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { looseImages, runImages } from './_images.ts'

/** A Dockerfile that Docker takes, with what its build is given. */
export interface BuiltFile {
  readonly dockerfile: Dockerfile
  readonly source: Source
  /** The directory that the build is given; null where nobody knows. */
  readonly context: string | null
  readonly files: FileSystem
  readonly machine: Machine
}

/** Every Dockerfile once, of compose files and of those that lie beside the files of a server or alone. */
export const builtFiles = memo((deployment: Deployment): readonly BuiltFile[] => {
  const found = new Map<Source, BuiltFile>()
  for (const { image, fault, machine, files } of [...runImages(deployment), ...looseImages(deployment)]) {
    const source = image?.stage.at.source
    if (source === undefined || fault !== null || source.template || found.has(source)) continue
    const build = machine.container?.service.build ?? null
    const context = build?.context.known === true ? build.context.value : null
    found.set(source, {
      dockerfile: readDockerfile(source),
      source,
      context: context?.startsWith('/') === true ? posix.normalize(context) : null,
      files,
      machine,
    })
  }
  return [...found.values()]
})

/** A stage and those that it builds on, the nearest first. */
export function chainOf({ stages }: Dockerfile, stage: DockerStage): readonly DockerStage[] {
  const chain: DockerStage[] = []
  for (let each: DockerStage | undefined = stage; each !== undefined; ) {
    chain.push(each)
    each = each.base === null ? undefined : stages[each.base]
  }
  return chain
}

/** The image from outside on which a stage stands, without Docker's own registry; null where nobody knows. */
export function baseOf(dockerfile: Dockerfile, stage: DockerStage): string | null {
  const image = chainOf(dockerfile, stage).at(-1)?.image
  return image?.known === true ? image.value.replace(/^(?:docker\.io\/)?(?:library\/)?/, '') : null
}
