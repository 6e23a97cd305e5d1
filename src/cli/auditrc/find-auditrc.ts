import { existsSync, lstatSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDirectory } from '../../files/disk-file-system.ts'

export const AUDITRC = '.auditrc'

/**
 * The `.auditrc` nearest to an audited path: in its directory, or above it up to the top of its repository
 * or of the file system. Null where there is none.
 *
 * @param path absolute; a file, a directory, or something that is not there
 */
export function findAuditrc(path: string): string | null {
  for (let directory = isDirectory(path) ? path : dirname(path); ; directory = dirname(directory)) {
    const file = join(directory, AUDITRC)
    if (isThere(file)) return file
    if (existsSync(join(directory, '.git')) || directory === dirname(directory)) return null
  }
}

/** A link that leads nowhere is there too: what somebody put there is not passed over in silence. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}
