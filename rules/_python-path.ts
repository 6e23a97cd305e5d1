import { posix } from 'node:path'
import type { Application } from '../src/deployment/model.ts'
import type { FileSystem } from '../src/files/file-system.ts'

/** What Apache's configuration puts on the path; null where that is not known. */
export function configuredPath({
  configuration,
  processGroup,
  daemon,
}: Application): readonly string[] | null {
  if (!processGroup.known) return null
  if (processGroup.value === '') {
    const { occurrences } = configuration
    return ['wsgipythonpath', 'wsgipythonhome'].some(name => occurrences.has(name)) ? null : []
  }
  if (daemon === null || daemon.options.has('chroot')) return null
  const path: string[] = []
  for (const option of ['python-path', 'home']) {
    const value = daemon.options.get(option)?.value
    if (value === undefined) continue
    if (!value.known) return null
    path.push(...value.value.split(':'))
  }
  return path
}

/** True where a directory has a module or a package of this name. */
export function holdsModule(files: FileSystem, directory: string, module: string): boolean {
  const inside = posix.join(directory, module)
  return files.kind(`${inside}.py`) === 'file' || files.kind(inside) === 'directory'
}

export function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '')
}
