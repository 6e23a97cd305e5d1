import { posix } from 'node:path'
import type { DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import type { Place } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** A stage and those below it, the lowest first. */
export function stageChain(stages: readonly DockerStage[], stage: DockerStage): readonly DockerStage[] {
  const below = stage.base === null ? undefined : stages[stage.base]
  return below === undefined ? [stage] : [...stageChain(stages, below), stage]
}

/** A line of a requirements file. */
export interface Requirement {
  readonly name: string
  /** The major version that it begins with; null where it is open. */
  readonly release: number | null
  readonly at: Place
}

/** The lines of a requirements file, and of those that it names; those with a marker are left out. */
export function* requirementsIn(files: FileSystem, path: string, depth = 0): Iterable<Requirement> {
  const source = files.kind(path) === 'file' && depth < 3 ? sourceAt(files, path) : null
  if (source === null) return
  let start = 0
  for (const line of source.code.split('\n')) {
    const other = /^-r[ \t]*(\S+)/.exec(line)?.[1]
    if (other !== undefined) yield* requirementsIn(files, posix.join(posix.dirname(path), other), depth + 1)
    const match =
      /^([A-Za-z][\w.-]*)(?:\[[^\]]*\])?[ \t]*(?:(?:===?|~=|>=?)[ \t]*(\d+)[^;@]*|[<!][^;@]*)?(?:[ \t]#.*)?$/.exec(
        line.trimEnd().replace(/\s*\\$/, ''),
      )
    // Of this one there were packages that are compiled.
    if (match !== null && !/^psycopg2==2\.7\b/.test(line)) {
      const [, name = '', major] = match
      yield {
        name,
        release: major === undefined ? null : Number(major),
        at: { source, start, end: start + name.length },
      }
    }
    start += line.length + 1
  }
}
