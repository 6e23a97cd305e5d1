import { isUnknownWord } from '../../../parsers/text/source.ts'
import type { NginxDirective } from '../../servers/nginx/configuration.ts'
import { readLocation } from '../../servers/nginx/queries/locations.ts'
import type { Deployment, NginxServer } from '../model.ts'
import { locationPath } from './location-path.ts'
import { servesFile } from './anonymous-request.ts'

/**
 * The path of the URL at which a `root` or `alias` gives a file to an anonymous client; null where nginx does not, or
 * where nobody can tell.
 *
 * @param file absolute path of a file that is taken to be there
 */
export function urlOfFile(
  deployment: Pick<Deployment, 'filesOf'>,
  server: NginxServer,
  directory: NginxDirective,
  file: string,
): string | null {
  const base = directoryOf(directory)
  if (base.includes('$') || !file.startsWith(`${base}/`)) return null
  const inside = file.slice(base.length)
  const { parent } = directory
  let url = inside
  if (directory.name === 'alias') {
    const prefix = parent === null ? null : locationPath(parent)
    if (prefix === null) return null
    url = prefix.endsWith('/') ? prefix + inside.slice(1) : prefix + inside
  }
  return servesFile(deployment, server, url, file) ? url : null
}

/** The directory that a `root` or `alias` names, as written, without the slash at its end. */
export function directoryOf({ args }: NginxDirective): string {
  const directory = args[0]?.value ?? ''
  return directory.endsWith('/') ? directory.replace(/\/+$/, '') : directory
}

/**
 * The directory out of which all that a `root` or `alias` gives comes, as written: below a `root` in the location of a
 * prefix lies that prefix, which an `alias` leaves out.
 */
export function servedDirectory(line: NginxDirective): string {
  const directory = directoryOf(line)
  const { name, parent } = line
  if (name !== 'root' || parent?.name !== 'location') return directory
  const { modifier, name: prefix } = readLocation(parent)
  const isBelow = (modifier === '' || modifier === '^~') && prefix.startsWith('/') && !isUnknownWord(prefix)
  return isBelow ? directory + prefix.replace(/\/+$/, '') : directory
}
