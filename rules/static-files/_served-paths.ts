import type { Place } from '../../parsers/text/source.ts'
import { PASSES } from '../../src/servers/nginx/queries/locations.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'

/** A file, a directory or a socket that the workers of a server open. */
export interface ServedPath {
  readonly path: string
  readonly at: Place
}

const CONNECT = [...PASSES, 'server'] as const

/** What `root`, `alias`, files of passwords and sockets of nginx name, as it is written. */
export function* pathsOfNginx({ occurrences }: NginxConfiguration): Iterable<ServedPath> {
  for (const name of ['root', 'alias', 'auth_basic_user_file'])
    for (const line of occurrences.get(name) ?? [])
      yield { path: line.args[0]?.value ?? '', at: argumentPlace(line, 0) }
  for (const name of CONNECT)
    for (const line of occurrences.get(name) ?? []) {
      const [, path] = /^(?:\w+:\/\/)?unix:\/*(\/[^:]*)/.exec(line.args[0]?.value ?? '') ?? []
      if (path !== undefined) yield { path, at: argumentPlace(line, 0) }
    }
}

const MAPPED = [
  ['documentroot', 0],
  ['alias', 1],
  ['scriptalias', 1],
  ['wsgiscriptalias', 1],
  ['authuserfile', 0],
  ['authgroupfile', 0],
] as const

const PROXIED = ['proxypass', 'proxypassmatch', 'balancermember', 'sethandler', 'rewriterule'] as const

/** The same of Apache: its directories, scripts and sockets, `unix:/run/app.sock|http://localhost/`. */
export function* pathsOfApache({ occurrences }: ApacheConfiguration): Iterable<ServedPath> {
  for (const [name, index] of MAPPED)
    for (const line of occurrences.get(name) ?? [])
      yield { path: line.args[index]?.value ?? '', at: argumentPlace(line, index) }
  for (const name of PROXIED)
    for (const line of occurrences.get(name) ?? [])
      for (const [index, { value }] of line.args.entries()) {
        const [, path] = /^(?:proxy:)?unix:\/*(\/[^|]*)/.exec(value) ?? []
        if (path !== undefined) yield { path, at: argumentPlace(line, index) }
      }
}

/** True where others may enter a directory, as far as its mode tells; null where the audit does not see it. */
export function isOpenToOthers(files: FileSystem, path: string): boolean | null {
  const mode = files.mode(path)
  if (mode === null || (!hasOwnModes(files) && USUAL_MODES.has(mode & 0o777))) return null
  return (mode & 0o001) !== 0
}

/** Those of a directory that Git or an archive makes: they say nothing of the machine whose files it holds. */
const USUAL_MODES: ReadonlySet<number> = new Set([0o755, 0o775, 0o777])

/** True for the files of a running machine, and for a copy that has kept what others may not read. */
function hasOwnModes(files: FileSystem): boolean {
  return (
    files.kind('/proc') === 'directory' || CLOSED.some(path => ((files.mode(path) ?? 0o004) & 0o004) === 0)
  )
}

const CLOSED = ['/etc/shadow', '/etc/gshadow', '/etc/sudoers', '/etc/ssl/private']
