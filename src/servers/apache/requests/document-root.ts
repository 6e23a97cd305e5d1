import { posix } from 'node:path'
import { type Fact, known, unknown } from '../../fact.ts'
import { toBytes } from '../../regex.ts'
import { effective, serverLevels } from '../queries/effective.ts'
import { argumentPlace, isSettled } from '../queries/places.ts'
import type { ApacheWalk } from './request.ts'

/** The `DocumentRoot` of the virtual host, else of the main server, as bytes and without its last slash. */
export function documentRoot({
  configuration,
  host,
}: Pick<ApacheWalk, 'configuration' | 'host'>): Fact<string> {
  const { directives, open } = effective(configuration, serverLevels(host), 'DocumentRoot')
  const line = directives.at(-1)
  const written = line?.args[0]?.value
  if (line === undefined || written === undefined)
    return unknown(open ?? 'no `DocumentRoot` is written, and the default lies where httpd was built for')
  const at = argumentPlace(line, 0)
  if (!isSettled(written)) return unknown('the `DocumentRoot` is not known here', at)
  if (open !== null && directives.length === 0) return unknown(open, at)
  const path = serverRelative(configuration, written)
  return path.known ? known(toBytes(path.value.replace(/(?<=.)\/+$/, '')), at) : path
}

/** A path as written is below `ServerRoot` where it does not begin with a slash. */
export function serverRelative(configuration: ApacheWalk['configuration'], written: string): Fact<string> {
  if (written.startsWith('/')) return known(written)
  const { serverRoot } = configuration
  return serverRoot.known ? known(posix.join(serverRoot.value, written)) : serverRoot
}
