import { posix } from 'node:path'
import { memo } from '../../../../parsers/collections/memo.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { conditionsAround } from './conditions-around.ts'
import { type Capacity, limitsOf, type Mpm, mpm, type MpmKind } from './mpm.ts'
import { namePlace } from './places.ts'

interface SupposedWorkers {
  readonly configuration: ApacheConfiguration
  readonly mpm: Mpm
  readonly capacity: Capacity
}

/**
 * The arithmetic of files without the main file, as far as they are for one MPM: what they leave out has its default,
 * as in the main files of the distributions, which leave these limits to the files of the MPM.
 */
export const supposedWorkers = memo((configuration: ApacheConfiguration): readonly SupposedWorkers[] => {
  const own = mpm(configuration)
  if (configuration.main !== null || (own.known && own.value.capacity.known)) return []
  return KINDS.flatMap(kind => {
    const lineOf = (...names: readonly string[]): ApacheDirective | undefined =>
      names
        .flatMap(name => configuration.occurrences.get(name) ?? [])
        .findLast(line => {
          const meant = kindOf(configuration, line)
          return meant === kind || (meant === null && names[0] !== 'maxrequestworkers')
        })
    const workers = lineOf('maxrequestworkers', 'maxclients')
    if (workers === undefined) return []
    const limits = limitsOf(kind, {
      serverLimit: lineOf('serverlimit'),
      threadsPerChild: lineOf('threadsperchild'),
      threadLimit: lineOf('threadlimit'),
      maxRequestWorkers: workers,
    })
    return limits.capacity.known ? [{ configuration, mpm: limits, capacity: limits.capacity.value }] : []
  })
})

const KINDS: readonly MpmKind[] = ['prefork', 'worker', 'event']

/** The MPM that a line is for: by the condition around it, the name of its file, or the only one that is loaded. */
function kindOf({ modules }: ApacheConfiguration, line: ApacheDirective): MpmKind | null {
  const asked = conditionsAround(namePlace(line)).filter(({ name }) => name === 'ifmodule')
  for (const { asks } of asked) {
    const kind = kindNamed(asks)
    if (kind !== null) return kind
  }
  if (asked.length > 0) return null
  const ofFile = kindNamed(posix.basename(line.source.path))
  if (ofFile !== null) return ofFile
  const loaded = KINDS.filter(kind => modules.has(`mpm_${kind}_module`))
  return loaded.length === 1 ? loaded[0]! : null
}

function kindNamed(text: string): MpmKind | null {
  const name = /^(?:mpm_)?(prefork|worker|event)(?:_module|\.c|\.conf)\b/.exec(text)?.[1]
  return KINDS.find(kind => kind === name) ?? null
}
