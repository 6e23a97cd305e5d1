import type { FileSystem } from '../../../files/file-system.ts'
import { mountedFiles } from '../../../files/mounted-files.ts'
import type { Mount } from '../../../files/mounts.ts'

/** Everything of the base, and the mounts over it: of what is not there, the base alone knows whether that says anything. */
export function mountedOver(base: FileSystem, mounts: readonly Mount[]): FileSystem {
  const mounted = mountedFiles(base, [{ at: '/', disk: '/' }, ...mounts])
  return {
    ...mounted,
    covers: path => base.covers(path),
    realPath: path => base.realPath(path) ?? mounted.realPath(path),
  }
}
