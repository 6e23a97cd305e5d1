import { posix } from 'node:path'
import type { FileSystem } from '../../files/file-system.ts'

/** Packages of tutorials, under whose names nothing is installed. */
const OF_TUTORIALS = /^(?:app|apps|src|server|backend|web|site|project|mysite|myproject|myapp|main)$/

/**
 * The module that is meant where a package on the way to it is called otherwise: `shop.web.app` of `shop.webapp.app`
 * where the package `shop` has no `webapp`, and one other that has an `app`. Null where none is, or several are.
 */
export function renamedModule(
  files: FileSystem,
  module: string,
  directories: readonly string[],
): string | null {
  const parts = module.split('.')
  const [first = ''] = parts
  if (parts.length < 2) return null
  const homes = directories.filter(each => files.kind(each) === 'directory')
  const home = homes.find(each => files.kind(posix.join(each, first)) === 'directory')
  if (home === undefined) {
    const [only, ...others] = homes
    return only === undefined || others.length > 0 || !OF_TUTORIALS.test(first)
      ? null
      : renamed(files, only, parts, 0)
  }
  for (let at = 1, directory = posix.join(home, first); at < parts.length - 1; at++) {
    if (files.kind(posix.join(directory, '__init__.py')) !== 'file') return null
    const next = posix.join(directory, parts[at] ?? '')
    if (files.kind(next) !== 'directory') return renamed(files, directory, parts, at)
    directory = next
  }
  return null
}

/** The only package of a directory that has what follows the part which the directory does not have. */
function renamed(files: FileSystem, directory: string, parts: readonly string[], at: number): string | null {
  const part = parts[at] ?? ''
  const entries = files.list(directory) ?? []
  if (entries.some(({ name }) => name === part || name.startsWith(`${part}.`))) return null
  const rest = parts.slice(at + 1)
  const found = entries.filter(
    ({ name, kind }) =>
      kind === 'directory' &&
      files.kind(posix.join(directory, name, '__init__.py')) === 'file' &&
      files.kind(`${posix.join(directory, name, ...rest)}.py`) === 'file',
  )
  const [only, ...others] = found
  return only === undefined || others.length > 0
    ? null
    : [...parts.slice(0, at), only.name, ...rest].join('.')
}
