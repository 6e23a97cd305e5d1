import type { FileSystem } from '../../files/file-system.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import type { VirtualHost } from '../../servers/apache/queries/virtual-hosts.ts'
import { documentRoot } from '../../servers/apache/requests/document-root.ts'
import { fromBytes } from '../../servers/regex.ts'

/**
 * Tells the directories, each with its last slash, whose `.htaccess` would be in the audit if there were one:
 * those that are in it themselves, and those below a document root that is.
 */
export function holdsDirectory(
  server: { readonly configuration: ApacheConfiguration; readonly host: VirtualHost | null },
  files: FileSystem,
): (directory: string) => boolean {
  const root = documentRoot(server)
  const path = root.known ? fromBytes(root.value) : ''
  const isHeld = path !== '' && files.kind(path) === 'directory'
  return directory =>
    (isHeld && directory.startsWith(`${path.replace(/\/$/, '')}/`)) ||
    files.kind(directory.replace(/(?<=.)\/$/, '')) === 'directory'
}
