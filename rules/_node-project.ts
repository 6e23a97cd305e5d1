import type { AppServerProgram } from '../src/deployment/model.ts'
import type { FileSystem } from '../src/files/file-system.ts'

/** A directory with a `package.json`, and the files among which it lies. */
export interface NodeProject {
  readonly files: FileSystem
  readonly directory: string
}

/** Where the sources lie: what the image is built of, or the directory in which the machine starts it. */
export function projectOf({
  machine: { container, files },
  directory,
}: AppServerProgram): NodeProject | null {
  const home = container === null ? directory : (container.service.build?.context ?? null)
  if (home?.known !== true || !home.value.startsWith('/')) return null
  return { files: container?.hostFiles ?? files, directory: home.value }
}
