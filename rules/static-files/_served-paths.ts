import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'

/** A file, a directory or a socket that the workers of a server open. */
export interface ServedPath {
  readonly path: string
  readonly at: Place
}

const PASSES = ['proxy_pass', 'fastcgi_pass', 'uwsgi_pass', 'scgi_pass', 'grpc_pass', 'server'] as const

/** What `root`, `alias` and sockets of nginx name, as it is written. */
export function* pathsOfNginx({ occurrences }: NginxConfiguration): Iterable<ServedPath> {
  for (const name of ['root', 'alias'])
    for (const line of occurrences.get(name) ?? [])
      yield { path: line.args[0]?.value ?? '', at: argumentPlace(line, 0) }
  for (const name of PASSES)
    for (const line of occurrences.get(name) ?? []) {
      const [, path] = /^(?:\w+:\/\/)?unix:(\/[^:]*)/.exec(line.args[0]?.value ?? '') ?? []
      if (path !== undefined) yield { path, at: argumentPlace(line, 0) }
    }
}

const MAPPED = [
  ['documentroot', 0],
  ['alias', 1],
  ['scriptalias', 1],
  ['wsgiscriptalias', 1],
] as const

/** The same of Apache: its directories and scripts. */
export function* pathsOfApache({ occurrences }: ApacheConfiguration): Iterable<ServedPath> {
  for (const [name, index] of MAPPED)
    for (const line of occurrences.get(name) ?? [])
      yield { path: line.args[index]?.value ?? '', at: argumentPlace(line, index) }
}
