import type { ServiceUnit } from '../parsers/systemd/service-unit.ts'
import { isBelow } from '../parsers/text/is-below.ts'
import type { Place } from '../parsers/text/source.ts'
import { inRun } from './_in-run.ts'

/** A service that may not write everywhere, whatever the permissions of files say. */
export interface ReadOnlySystem {
  /** What keeps it from writing a path: `strict`, or a path of `ReadOnlyPaths=`; null where nothing does. */
  readonly forbidding: (path: string) => Place | null
}

/** Settings that give a service another view of the files. */
const OWN_VIEW =
  /^(?:Bind(?:ReadOnly)?Paths|RootDirectory|RootImage|TemporaryFileSystem|PermissionsStartOnly|PrivateUsers)$/

/** What each value of `ProtectSystem=` makes read-only. */
const PROTECTED: ReadonlyMap<string, readonly string[]> = new Map([
  ['strict', ['/']],
  ['full', ['/usr', '/boot', '/efi', '/etc']],
  ['yes', ['/usr', '/boot', '/efi']],
])

/** Null where the unit forbids nothing, or not all of it is known. */
export function readOnlySystem(service: ServiceUnit): ReadOnlySystem | null {
  const { unit, readWritePaths, runtimeDirectories, stateDirectories, privateTmp } = service
  const { cacheDirectories, logsDirectories } = service
  const closed = closedBy(service)
  // `ExecStart=+…` is free of all of it.
  if (service.start.some(({ prefix }) => prefix.includes('+'))) return null
  if (closed === null || closed.length === 0 || unit.settings.some(({ name }) => OWN_VIEW.test(name)))
    return null
  const allowed = [
    ...[...readWritePaths, ...runtimeDirectories, ...stateDirectories],
    ...[...cacheDirectories, ...logsDirectories],
  ]
  if (allowed.some(({ known }) => !known)) return null
  const open = [
    '/dev',
    '/proc',
    '/sys',
    ...allowed.flatMap(fact => (fact.known ? fact.value.split(/\s+/) : [])),
  ]
  // The name of before.
  for (const { name, value } of unit.settings)
    if (name === 'ReadWriteDirectories') open.push(...value.split(/\s+/))
  if (isDynamic(service) || (privateTmp?.known === true && privateTmp.value)) open.push('/tmp', '/var/tmp')
  const roots = open.map(rootOf)
  return {
    forbidding: written => {
      const path = inRun(written)
      const forbidden = nearestOf(closed.filter(({ root }) => isBelow(path, root)))
      if (forbidden === null) return null
      // Of two that hold a path the one that is nearer to it decides.
      const isOpen = roots.some(root => isBelow(path, root) && root.length >= forbidden.root.length)
      return isOpen ? null : forbidden.at
    },
  }
}

interface Closed {
  readonly root: string
  readonly at: Place
}

function closedBy(service: ServiceUnit): readonly Closed[] | null {
  const { protectSystem, dynamicUser, readOnlyPaths } = service
  const closed: Closed[] = []
  if (protectSystem != null && !protectSystem.known) return null
  if (protectSystem?.known === true && protectSystem.at !== null)
    for (const root of PROTECTED.get(protectSystem.value) ?? []) closed.push({ root, at: protectSystem.at })
  if (isDynamic(service) && dynamicUser?.at != null) closed.push({ root: '/', at: dynamicUser.at })
  for (const path of readOnlyPaths) {
    if (!path.known) return null
    if (path.at !== null && /^[-+]*\//.test(path.value))
      closed.push({ root: rootOf(path.value), at: path.at })
  }
  return closed
}

/** It brings `ProtectSystem=strict` and `PrivateTmp=yes`. */
function isDynamic({ dynamicUser }: ServiceUnit): boolean {
  return dynamicUser?.known === true && dynamicUser.value
}

function nearestOf(closed: readonly Closed[]): Closed | null {
  return closed.reduce<Closed | null>(
    (best, each) => (best === null || each.root.length > best.root.length ? each : best),
    null,
  )
}

function rootOf(path: string): string {
  return inRun(path.replace(/^[-+]+/, '').replace(/(?<=.)\/+$/, ''))
}
