import type { FileSystem } from '../src/files/file-system.ts'

/** Files and directories by which a machine is one of Debian or of what is made of it. */
const OF_DEBIAN = ['/etc/debian_version', '/etc/apt', '/etc/apache2', '/etc/nginx/sites-enabled']

export function isDebian(files: FileSystem): boolean {
  return OF_DEBIAN.some(path => files.kind(path) !== null)
}
