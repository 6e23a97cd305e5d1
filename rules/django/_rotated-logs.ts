import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { entryPlace } from './_setting-entries.ts'

/** A file of a handler that rotates it by itself. */
export interface RotatedLog {
  readonly path: string
  /** Of the path. */
  readonly at: Place
  /** Of the class of the handler. */
  readonly classAt: Place | null
  readonly isUsed: boolean
  readonly rotates: boolean
}

const ROTATING = /^logging\.handlers\.((?:Timed)?RotatingFileHandler)$/

/** The files that handlers of `LOGGING` rotate. */
export function rotatedLogs(settings: DjangoSettings): readonly RotatedLog[] {
  const logging = settings.get('LOGGING')
  if (settings.names.has('LOGGING_CONFIG') || logging?.known !== true || !(logging.value instanceof Map))
    return []
  const outer = logging.value as Dictionary
  return [...inside(outer, 'handlers')].flatMap(([name, handler]): readonly RotatedLog[] => {
    if (!(handler instanceof Map) || typeof name !== 'string') return []
    const entries = handler as Dictionary
    const [path, kind] = [entries.get('filename'), entries.get('class')]
    const [, rotating] = typeof kind === 'string' ? (ROTATING.exec(kind) ?? []) : []
    const place = (key: string): Place | null =>
      entryPlace(settings, 'LOGGING', ['handlers', name, key], 'value')
    const at = place('filename')
    if (rotating === undefined || typeof path !== 'string' || at === null) return []
    const isUsed = loggersOf(outer).some(logger => {
      const used: unknown = logger.get('handlers')
      return Array.isArray(used) && used.includes(name)
    })
    return [
      {
        path,
        at,
        classAt: place('class'),
        isUsed: isUsed && !isOfDebug(outer, entries),
        // By size, Python rotates only what has both of the numbers.
        rotates:
          rotating.startsWith('Timed') ||
          ['maxBytes', 'backupCount'].every(key => Number(entries.get(key) ?? 0) > 0),
      },
    ]
  })
}

type Dictionary = ReadonlyMap<unknown, unknown>

function inside(outer: Dictionary, key: string): Dictionary {
  const found = outer.get(key)
  return found instanceof Map ? found : new Map<unknown, unknown>()
}

function loggersOf(outer: Dictionary): readonly Dictionary[] {
  return [outer.get('root'), ...inside(outer, 'loggers').values()].filter(
    (each): each is Dictionary => each instanceof Map,
  )
}

/** True where a filter lets lines pass while `DEBUG` is on alone, or nobody knows which it does. */
function isOfDebug(outer: Dictionary, handler: Dictionary): boolean {
  const names = handler.get('filters')
  if (names === undefined) return false
  if (!Array.isArray(names)) return true
  return (names as readonly unknown[]).some(name => {
    const filter = inside(outer, 'filters').get(name)
    const made: unknown = filter instanceof Map ? filter.get('()') : null
    return typeof made !== 'string' || made.endsWith('RequireDebugTrue')
  })
}
