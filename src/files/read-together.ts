import { posix } from 'node:path'

/** A directory of which a server reads every file, whatever they take from each other. */
const READ_WHOLE = /[-_.]enabled$/

/**
 * The directory of the server that reads a file together with all others of that directory's, as the packages have
 * it: `/etc/apache2` for `/etc/apache2/sites-enabled/shop.conf` and `/etc/apache2/ports.conf`, `/etc/nginx` for
 * `/etc/nginx/sites-enabled/shop`. Null where two files of one directory may be of different machines.
 */
export function homeOfReader(path: string): string | null {
  const directory = posix.dirname(path)
  if (READ_WHOLE.test(posix.basename(directory))) return posix.dirname(directory)
  return path.endsWith('/apache2/ports.conf') ? directory : null
}
