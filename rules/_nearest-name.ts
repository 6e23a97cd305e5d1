import { posix } from 'node:path'
import { isSlip } from '../parsers/text/slip.ts'
import type { FileSystem } from '../src/files/file-system.ts'

/** The first part of a path that is not there, and the one name beside it that differs by a letter. */
export function nearestName(
  files: FileSystem,
  path: string,
): { readonly missing: string; readonly present: string } | null {
  let directory = '/'
  for (const missing of path.split('/').slice(1)) {
    if (/[*?[]/.test(missing)) return null
    const next = posix.join(directory, missing)
    if (files.kind(next) !== null) {
      directory = next
      continue
    }
    const names = files.list(directory) ?? []
    // A link that leads nowhere has the name and is no slip.
    if (names.some(({ name }) => name === missing)) return null
    const near = names.filter(({ name }) => isSlip(name.toLowerCase(), missing.toLowerCase(), 1))
    const [only] = near
    return only !== undefined && near.length === 1 ? { missing, present: only.name } : null
  }
  return null
}
