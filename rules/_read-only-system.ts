import type { ServiceUnit } from '../parsers/systemd/service-unit.ts'
import type { Place } from '../parsers/text/source.ts'
import { isBelow } from '../parsers/text/is-below.ts'
import { inRun } from './_in-run.ts'

/** A service for which `ProtectSystem=strict` makes all files read-only, but for what the unit names. */
export interface ReadOnlySystem {
  /** `strict`, as it is written. */
  readonly at: Place
  readonly mayWrite: (path: string) => boolean
}

/** Settings that give a service another view of the files. */
const OWN_VIEW =
  /^(?:Bind(?:ReadOnly)?Paths|RootDirectory|RootImage|TemporaryFileSystem|PermissionsStartOnly|PrivateUsers|DynamicUser)$/

/** Null where the unit does not say so, or not all of it is known. */
export function readOnlySystem(service: ServiceUnit): ReadOnlySystem | null {
  const { protectSystem, readWritePaths, runtimeDirectories, stateDirectories, privateTmp, unit } = service
  if (protectSystem?.known !== true || protectSystem.at === null || protectSystem.value !== 'strict')
    return null
  if (unit.settings.some(({ name }) => OWN_VIEW.test(name))) return null
  const allowed = [...readWritePaths, ...runtimeDirectories, ...stateDirectories]
  if (allowed.some(({ known }) => !known)) return null
  const open = [
    '/dev',
    '/proc',
    '/sys',
    ...allowed.flatMap(fact => (fact.known ? fact.value.split(/\s+/) : [])),
  ]
  for (const { name, value } of unit.settings) {
    const base = name === 'LogsDirectory' ? '/var/log' : name === 'CacheDirectory' ? '/var/cache' : null
    if (base !== null) open.push(...value.split(/\s+/).map(each => `${base}/${each}`))
    // Its name of before.
    if (name === 'ReadWriteDirectories') open.push(...value.split(/\s+/))
  }
  if (privateTmp?.known === true && privateTmp.value) open.push('/tmp', '/var/tmp')
  const roots = open.map(path => inRun(path.replace(/^[-+]+/, '').replace(/\/+$/, '')))
  return {
    at: protectSystem.at,
    mayWrite: path => roots.some(root => isBelow(inRun(path), root)),
  }
}
