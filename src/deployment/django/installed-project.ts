import { posix } from 'node:path'
import type { FileSystem } from '../../files/file-system.ts'

/** Files with which a package is installed in place, so that it is found wherever Python is started. */
const INSTALLED = ['setup.py', 'setup.cfg', 'pyproject.toml']

/** True for the directory of a project that may be installed among the packages of Python. */
export function mayBeInstalled(files: FileSystem, directory: string): boolean {
  return INSTALLED.some(name => files.kind(posix.join(directory, name)) === 'file')
}
