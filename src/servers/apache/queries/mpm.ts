import { memo } from '../../../../parsers/collections/memo.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { effective, serverLevels } from './effective.ts'
import { argumentPlace, isSettled } from './places.ts'

export type MpmKind = 'event' | 'worker' | 'prefork'

/** The multi-processing module and how many requests it serves at once. */
export interface Mpm {
  readonly kind: MpmKind
  readonly serverLimit: Fact<number>
  /** 1 in prefork. */
  readonly threadsPerChild: Fact<number>
  /** 1 in prefork. */
  readonly threadLimit: Fact<number>
  readonly maxRequestWorkers: Fact<number>
  /** What httpd makes of them when it starts; unknown where one of them is. */
  readonly capacity: Fact<Capacity>
}

export interface Capacity {
  /** Requests served at once. */
  readonly workers: number
  readonly processes: number
  readonly threadsPerChild: number
  /** What httpd changes and says so only in its error log. */
  readonly corrections: readonly Correction[]
}

export interface Correction {
  /** AH00508 and its like, as the error log numbers them for mpm_event or mpm_worker or prefork. */
  readonly kind:
    | 'threads-over-limit'
    | 'workers-below-threads'
    | 'workers-not-multiple'
    | 'workers-over-limit'
  readonly from: number
  readonly to: number
  readonly at: Place | null
}

const MPM_MODULES: readonly (readonly [string, MpmKind])[] = [
  ['mpm_event_module', 'event'],
  ['mpm_worker_module', 'worker'],
  ['mpm_prefork_module', 'prefork'],
]

/** The MPM that is loaded, with its limits; unknown where none is, or more than one. */
export const mpm = memo((configuration: ApacheConfiguration): Fact<Mpm> => {
  const loaded = MPM_MODULES.filter(([id]) => configuration.modules.has(id))
  const [first] = loaded
  if (first === undefined || loaded.length > 1) return unknown('the multi-processing module is not known')
  const line = (name: string): Line => {
    const { directives, open } = effective(configuration, serverLevels(null), name)
    return directives.at(-1) ?? open ?? undefined
  }
  return known(
    limitsOf(first[1], {
      serverLimit: line('ServerLimit'),
      threadsPerChild: line('ThreadsPerChild'),
      threadLimit: line('ThreadLimit'),
      maxRequestWorkers: line('MaxRequestWorkers'),
    }),
  )
})

/** What sets a limit: undefined where nothing does, a reason where that is not known. */
type Line = ApacheDirective | string | undefined

/** The limits that lines make, with the defaults of what they leave out. */
export function limitsOf(kind: MpmKind, lines: Readonly<Record<keyof Limits, Line>>): Mpm {
  const threaded = kind !== 'prefork'
  const limits = {
    serverLimit: number(lines.serverLimit, threaded ? 16 : 256),
    threadsPerChild: threaded ? number(lines.threadsPerChild, 25) : known(1),
    threadLimit: threaded ? number(lines.threadLimit, 64) : known(1),
    // The default is 16 processes of 25 threads whatever the other two say.
    maxRequestWorkers: number(lines.maxRequestWorkers, threaded ? 400 : 256),
  }
  return { kind, ...limits, capacity: capacityOf(limits) }
}

function number(directive: Line, fallback: number): Fact<number> {
  if (directive === undefined) return known(fallback)
  if (typeof directive === 'string') return unknown(directive)
  const at = argumentPlace(directive, 0)
  const text = directive.args[0]?.value ?? ''
  return isSettled(text) && /^\d+$/.test(text)
    ? known(Number(text), at)
    : unknown('it is not a number here', at)
}

type Limits = Pick<Mpm, 'serverLimit' | 'threadsPerChild' | 'threadLimit' | 'maxRequestWorkers'>

/** The corrections in the order in which mpm_event and mpm_worker make them before they start. */
function capacityOf({
  serverLimit,
  threadsPerChild,
  threadLimit,
  maxRequestWorkers,
}: Limits): Fact<Capacity> {
  for (const fact of [serverLimit, threadsPerChild, threadLimit, maxRequestWorkers])
    if (!fact.known) return unknown(fact.reason, fact.at)
  if (!serverLimit.known || !threadsPerChild.known || !threadLimit.known || !maxRequestWorkers.known)
    return unknown('a limit is not known')
  const corrections: Correction[] = []
  let threads = threadsPerChild.value
  let workers = maxRequestWorkers.value
  const limit = Math.max(serverLimit.value, 1)
  const most = Math.max(threadLimit.value, 1)
  if (threads > most) {
    corrections.push({
      kind: 'threads-over-limit',
      from: threads,
      to: most,
      at: threadsPerChild.at,
    })
    threads = most
  }
  threads = Math.max(threads, 1)
  if (workers < threads) {
    corrections.push({ kind: 'workers-below-threads', from: workers, to: threads, at: maxRequestWorkers.at })
    workers = threads
  }
  let processes = Math.floor(workers / threads)
  if (workers % threads !== 0) {
    corrections.push({
      kind: 'workers-not-multiple',
      from: workers,
      to: processes * threads,
      at: maxRequestWorkers.at,
    })
    workers = processes * threads
  }
  if (processes > limit) {
    corrections.push({
      kind: 'workers-over-limit',
      from: workers,
      to: limit * threads,
      at: maxRequestWorkers.at,
    })
    processes = limit
    workers = limit * threads
  }
  return known({ workers, processes, threadsPerChild: threads, corrections })
}
