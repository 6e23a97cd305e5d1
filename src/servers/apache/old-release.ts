import type { ServerVersion } from '../version.ts'
import type { Reading } from './reading/reading.ts'

/** The last release of 2.2, which knows the most. */
const LAST_OF_2_2 = '2.2.34'

/** Modules that 2.4 has no more, or under another name. */
const GONE: ReadonlySet<string> = new Set(
  ['authn_default', 'authz_default', 'authn_alias', 'mem_cache', 'disk_cache'].map(name => `${name}_module`),
)

/** Directives that 2.4 refuses, of which nobody who writes for it has any. */
const REFUSED = [
  'rewritelog',
  'rewriteloglevel',
  'rewritelock',
  'sslmutex',
  'authzdefaultauthoritative',
  'authdefaultauthoritative',
  'lockfile',
  'acceptmutex',
]

/** What 2.2 has not, and would refuse. */
const NEW = ['mutex', 'requireall', 'requireany', 'requirenone', 'if', 'elseif', 'else', 'errorlogformat']

/**
 * The release for which a main file was written where nothing else tells it: 2.2, where it loads modules that 2.4
 * has not and none of those without which 2.4 does nothing, or names the lock files of 2.2 and includes as 2.2 did.
 * Null for any other. By what else 2.4 refuses they say it, as fragments do, where no line is one that 2.2 would refuse. Of 2.2 the tables know nothing: what it would refuse stays unknown.
 */
export function oldRelease(reading: Reading, version: ServerVersion): ServerVersion | null {
  const { modules, occurrences, executed, fragments } = reading
  if (version.from !== 'assumed') return null
  if (modules.has('authz_core_module') || executed.some(({ name }) => name === 'IncludeOptional')) return null
  const gone = [...modules.values()].find(({ id }) => GONE.has(id))
  const isNew = (): boolean => NEW.some(name => occurrences.has(name)) || requiresAll(reading)
  if (fragments && isNew()) return null
  const names = fragments || !isNew() ? REFUSED : ['lockfile', 'acceptmutex']
  const lock = names.flatMap(name => occurrences.get(name) ?? [])[0]
  const at =
    gone?.at ??
    (lock === undefined ? null : { source: lock.source, start: lock.nameStart, end: lock.nameEnd })
  return at === null ? null : { value: LAST_OF_2_2, from: 'directives', at }
}

/** `Require all granted`, which every file has that was written for 2.4. */
function requiresAll({ occurrences }: Reading): boolean {
  return (occurrences.get('require') ?? []).some(({ args: [word] }) => word?.value.toLowerCase() === 'all')
}
