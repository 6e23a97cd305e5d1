import { memo } from '../collections/memo.ts'
import { type Fact, unknown } from '../text/fact.ts'
import type { Source } from '../text/source.ts'
import {
  factOf,
  placeIn,
  placeOf,
  sliceWritten,
  trimWritten,
  type WrittenText,
} from '../text/written-text.ts'
import type { Dockerfile, DockerStage, DockerVariable } from './dockerfile.ts'
import { dockerFault } from './faults.ts'
import { logicalLines } from './logical-lines.ts'
import { StageReading } from './read-stage.ts'
import { expandDockerWord, splitAtBlanks, splitRawWords } from './words.ts'

export interface DockerfileOptions {
  /** What `--build-arg` gives, as `build.args` of a compose file does. */
  readonly args?: ReadonlyMap<string, Fact<string>>
}

/** No Dockerfile that a person writes is longer (UTF-16 units). */
const LONGEST = 1024 * 1024
/** Nor has one more stages: what stands behind them is not read. */
const MOST_STAGES = 500

/** Reads a Dockerfile as BuildKit does. It never throws; an instruction that it does not know is passed over. */
export function readDockerfile(source: Source, { args }: DockerfileOptions = {}): Dockerfile {
  return args === undefined || args.size === 0 ? withoutArguments(source) : read(source, args)
}

/** Many rules ask for the same file. */
const withoutArguments = memo((source: Source): Dockerfile => read(source, new Map()))

function read(source: Source, args: NonNullable<DockerfileOptions['args']>): Dockerfile {
  const stages: DockerStage[] = []
  if (source.code.length > LONGEST) return { source, stages, globals: [], fault: null }
  const { lines, escaper } = logicalLines(source)
  /** `ARG` before the first `FROM`: known to `FROM`, and to the stages that name them again. */
  const globals = new Map<string, string | undefined>()
  const written: DockerVariable[] = []
  let reading: StageReading | null = null
  for (const { text, documents } of lines) {
    const instruction = /^([A-Za-z]+)(?:[ \t]+|$)/.exec(text.text)
    if (instruction === null) continue
    const name = instruction[1]!.toUpperCase()
    const rest = trimWritten(sliceWritten(text, instruction[0].length))
    const at = placeIn(text, 0, instruction[1]!.length)
    if (name === 'FROM') {
      if (reading !== null) stages.push(reading.finish())
      reading = null
      if (stages.length >= MOST_STAGES) break
      const words = splitAtBlanks(rest).filter(word => !word.text.startsWith('--'))
      const image = words[0] ?? rest
      const expanded = expandDockerWord(image, escaper, each =>
        globals.has(each) ? globals.get(each) : null,
      )
      const alias = words[1]?.text.toLowerCase() === 'as' ? (words[2]?.text.toLowerCase() ?? null) : null
      const named = stageIndex(stages, expanded.text)
      const below = named === null ? undefined : stages[named]
      // A stage that only names an image, `FROM node:22 AS base`, is that image.
      const isBare = below !== undefined && hasNothing(below)
      const base = isBare ? below.base : named
      reading = new StageReading({
        at,
        name: alias,
        image: isBare ? below.image : factOf(expanded),
        base,
        parent: base === null ? null : (stages[base] ?? null),
        escaper,
        args,
        globals,
        stages,
      })
    } else if (reading !== null) reading.read(name, rest, documents, at)
    else if (name === 'ARG') {
      for (const word of splitRawWords(rest, escaper)) written.push(readGlobal(word, escaper, args, globals))
    }
  }
  if (reading !== null) stages.push(reading.finish())
  return { source, stages, globals: written, fault: dockerFault(source, lines, escaper) }
}

function hasNothing(stage: DockerStage): boolean {
  const { copies, runs, exposes, volumes, environment, args, users, command, entrypoint } = stage
  return (
    [copies, runs, exposes, volumes, environment, args, users].every(each => each.length === 0) &&
    [command, entrypoint, stage.workingDirectory, stage.healthcheck, stage.shell].every(each => each === null)
  )
}

/** The stage of a name: the last one that is called so. */
function stageIndex(stages: readonly DockerStage[], name: string): number | null {
  const index = stages.findLastIndex(stage => stage.name !== null && stage.name === name.toLowerCase())
  return index === -1 ? null : index
}

function readGlobal(
  word: WrittenText,
  escaper: string,
  args: ReadonlyMap<string, Fact<string>>,
  globals: Map<string, string | undefined>,
): DockerVariable {
  const equals = word.text.indexOf('=')
  const name = equals === -1 ? word.text : word.text.slice(0, equals)
  const given = args.get(name)
  const lookup = (each: string) => (globals.has(each) ? globals.get(each) : null)
  const fact =
    given ??
    (equals === -1 ? null : factOf(expandDockerWord(sliceWritten(word, equals + 1), escaper, lookup)))
  globals.set(name, fact?.known === true ? fact.value : undefined)
  const at = placeOf(word)
  return { name, value: fact ?? unknown('whoever builds the image decides', at), at }
}
