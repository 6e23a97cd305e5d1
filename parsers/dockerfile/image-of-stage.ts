import type { Fact } from '../text/fact.ts'
import type { DockerCopy, Dockerfile, DockerRun, DockerStage } from './dockerfile.ts'

/** A stage with all that it has from the stages below it. */
export interface DockerImage {
  readonly stage: DockerStage
  /** Of its whole Dockerfile, from which steps may copy. */
  readonly stages: readonly DockerStage[]
  /** The image from outside on which all of it stands. */
  readonly base: Fact<string>
  /** Of the stage and those below it, in the order of the build. */
  readonly steps: readonly (DockerCopy | DockerRun)[]
  readonly exposes: DockerStage['exposes']
  readonly volumes: DockerStage['volumes']
  readonly environment: DockerStage['environment']
  /** Null where the base image's own holds. */
  readonly workingDirectory: Fact<string> | null
  readonly user: Fact<string> | null
  readonly shell: DockerStage['shell']
  /** Null where the base image's own holds: of the command only where no entry point is written. */
  readonly command: DockerStage['command']
  readonly entrypoint: DockerStage['entrypoint']
  readonly healthcheck: DockerStage['healthcheck']
}

/**
 * What is built where a target is named, or the last stage where none is (`target` null). Null where no stage
 * is called so.
 */
export function imageOfStage(
  { stages }: Pick<Dockerfile, 'stages'>,
  target: string | null,
): DockerImage | null {
  const index =
    target === null
      ? stages.length - 1
      : Math.max(
          stages.findLastIndex(({ name }) => name !== null && name === target.toLowerCase()),
          /^\d+$/.test(target) ? Number(target) : -1,
        )
  const stage = stages[index]
  if (stage === undefined) return null
  const chain = [stage]
  for (let below = stage.base; below !== null; ) {
    const next = stages[below]
    if (next === undefined) break
    chain.unshift(next)
    below = next.base
  }
  const last = <K extends 'workingDirectory' | 'user' | 'shell' | 'entrypoint' | 'healthcheck'>(
    key: K,
  ): DockerStage[K] => chain.findLast(each => each[key] !== null)?.[key] ?? (null as DockerStage[K])
  const entrypoint = chain.findLastIndex(each => each.entrypoint !== null)
  const command = chain.findLastIndex(each => each.command !== null)
  return {
    stage,
    stages,
    base: chain[0]!.image,
    steps: chain.flatMap(each => [...each.copies, ...each.runs].sort((a, b) => a.at.start - b.at.start)),
    exposes: chain.flatMap(({ exposes }) => exposes),
    volumes: chain.flatMap(({ volumes }) => volumes),
    environment: chain.flatMap(({ environment }) => environment),
    workingDirectory: last('workingDirectory'),
    user: last('user'),
    shell: last('shell'),
    // A new entry point takes the command away that was there before it.
    command: command >= entrypoint ? (chain[command]?.command ?? null) : null,
    entrypoint: last('entrypoint'),
    healthcheck: last('healthcheck'),
  }
}
