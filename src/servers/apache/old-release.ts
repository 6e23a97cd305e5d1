import type { ServerVersion } from '../version.ts'
import type { Reading } from './reading/reading.ts'

/** The last release of 2.2, which knows the most. */
const LAST_OF_2_2 = '2.2.34'

/** Modules that 2.4 has no more, or under another name. */
const GONE: ReadonlySet<string> = new Set(
  ['authn_default', 'authz_default', 'authn_alias', 'mem_cache', 'disk_cache'].map(name => `${name}_module`),
)

/**
 * The release for which a main file was written where nothing else tells it: 2.2, where it loads modules that 2.4
 * has not and none of those without which 2.4 does nothing, or names the lock files of 2.2 and includes as 2.2 did.
 * Null for any other. Of 2.2 the tables know nothing: what it would refuse stays unknown.
 */
export function oldRelease(
  { modules, occurrences, executed, fragments }: Reading,
  version: ServerVersion,
): ServerVersion | null {
  if (version.from !== 'assumed' || fragments) return null
  if (modules.has('authz_core_module') || executed.some(({ name }) => name === 'IncludeOptional')) return null
  const gone = [...modules.values()].find(({ id }) => GONE.has(id))
  const lock = ['lockfile', 'acceptmutex'].flatMap(name => occurrences.get(name) ?? [])[0]
  const at =
    gone?.at ??
    (lock === undefined ? null : { source: lock.source, start: lock.nameStart, end: lock.nameEnd })
  return at === null ? null : { value: LAST_OF_2_2, from: 'directives', at }
}
