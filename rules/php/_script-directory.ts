import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'

/** The root of a location as a plain path, without its last slash; null where it is not known. */
export function documentRoot({ server, block }: Pick<NginxConnection, 'server' | 'block'>): string | null {
  const base = fileBase(server.configuration, block)
  if (!base.known || base.value.kind !== 'root' || /[$\uFFFC-\uFFFF]/.test(base.value.path)) return null
  return base.value.path.startsWith('/') ? cleanPath(base.value.path) : null
}

/** The directory that a value of `SCRIPT_FILENAME` puts before the name of the script; null where it is not known. */
export function scriptDirectory(value: string, root: string | null): string | null {
  const match =
    /^(\$document_root|\$realpath_root|\/[^$]*)\/?\$(?:fastcgi_script_name|\{fastcgi_script_name\}|uri)$/.exec(
      value,
    )
  if (match === null) return null
  const [, written = ''] = match
  return written.startsWith('$') ? root : cleanPath(written)
}
