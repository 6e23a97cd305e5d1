import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/deployment/places.ts'

/** Where mod_wsgi puts the sockets over which Apache's processes reach the daemon processes. */
export interface SocketDirectory {
  /** Links that lie in the root are followed. */
  readonly path: string
  readonly at: Place
}

/** The directory that `WSGISocketPrefix` names; null where it is not written or hangs on what is not known. */
export function wsgiSocketDirectory(
  configuration: ApacheConfiguration,
  files: FileSystem,
): SocketDirectory | null {
  const directive = configuration.occurrences.get('wsgisocketprefix')?.at(-1)
  const prefix = directive?.args[0]?.value
  if (
    directive === undefined ||
    prefix === undefined ||
    !/^[\x20-\x7e]+$/.test(prefix) ||
    prefix.includes('${')
  )
    return null
  // A relative prefix begins at the ServerRoot, as every other path of httpd.
  const { serverRoot } = configuration
  if (!prefix.startsWith('/') && !serverRoot.known) return null
  const full = posix.resolve(serverRoot.known ? serverRoot.value : '/', prefix)
  const directory = posix.dirname(full)
  return { path: files.realPath(directory) ?? directory, at: argumentPlace(directive, 0) }
}

/** A directory on the way to a path that only its owner, or its owner and group, may enter. */
export interface ClosedDirectory {
  readonly path: string
  readonly groupMayEnter: boolean
}

/** The first such directory; null where all are open, undefined where the audit does not know the permissions. */
export function closedDirectory(files: FileSystem, path: string): ClosedDirectory | null | undefined {
  let isKnown = true
  const parts = path.split('/').filter(part => part !== '')
  for (let length = 1; length <= parts.length; length++) {
    const directory = `/${parts.slice(0, length).join('/')}`
    const mode = files.mode(directory)
    if (mode === null) isKnown = false
    else if ((mode & 0o001) === 0) return { path: directory, groupMayEnter: (mode & 0o010) !== 0 }
  }
  return isKnown ? null : undefined
}
