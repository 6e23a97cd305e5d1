import type { NginxDirective } from '../../servers/nginx/configuration.ts'
import type { Deployment, NginxServer } from '../model.ts'
import { locationPath } from './location-path.ts'
import { servesFile } from './anonymous-request.ts'

/**
 * The path of the URL at which a `root` or `alias` gives a file to a stranger; null where nginx does not, or
 * where nobody can tell.
 *
 * @param file absolute path of a file that is taken to be there
 */
export function urlOfFile(
  deployment: Pick<Deployment, 'filesOf'>,
  server: NginxServer,
  folder: NginxDirective,
  file: string,
): string | null {
  const base = folderOf(folder)
  if (base.includes('$') || !file.startsWith(`${base}/`)) return null
  const inside = file.slice(base.length)
  const { parent } = folder
  let url = inside
  if (folder.name === 'alias') {
    const prefix = parent === null ? null : locationPath(parent)
    if (prefix === null) return null
    url = prefix.endsWith('/') ? prefix + inside.slice(1) : prefix + inside
  }
  return servesFile(deployment, server, url, file) ? url : null
}

/** The folder that a `root` or `alias` names, as written, without the slash at its end. */
export function folderOf({ args }: NginxDirective): string {
  const folder = args[0]?.value ?? ''
  return folder.endsWith('/') ? folder.replace(/\/+$/, '') : folder
}
