import { existsSync, lstatSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isFolder } from '../../files/disk-file-system.ts'

export const AUDITRC = '.auditrc'

/**
 * The `.auditrc` nearest to an audited path: in its folder, or above it up to the top of its repository
 * or of the file system. Null where there is none.
 *
 * @param path absolute; a file, a folder, or something that is not there
 */
export function findAuditrc(path: string): string | null {
  for (let folder = isFolder(path) ? path : dirname(path); ; folder = dirname(folder)) {
    const file = join(folder, AUDITRC)
    if (isThere(file)) return file
    if (existsSync(join(folder, '.git')) || folder === dirname(folder)) return null
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
