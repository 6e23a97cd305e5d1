import type { Machine } from './files/machine.ts'
import type { ApacheConfiguration } from './servers/apache/configuration.ts'
import { isRefused, refusedHtaccessOf } from './servers/apache/queries/htaccess.ts'

/** The `.htaccess` files that an Apache here reads, or whichever serves their directories, and the audit could not. */
export function refusedHtaccess({
  machine: { files, htaccess, apacheMains },
  apache,
}: {
  readonly machine: Machine
  readonly apache: readonly ApacheConfiguration[]
}): readonly string[] {
  const served = apache.flatMap(server => refusedHtaccessOf(server, files))
  // `htaccess.txt` and its like wait to be called so.
  const alone = htaccess.filter(path => path.endsWith('/.htaccess') && isRefused(files, path))
  return [...new Set([...served, ...(apacheMains.length > 0 ? [] : alone)])]
}
