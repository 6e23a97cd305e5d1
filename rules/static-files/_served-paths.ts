import type { Place } from '../../parsers/text/source.ts'
import { PASSES } from '../../src/servers/nginx/queries/locations.ts'
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
