import { posix } from 'node:path'

/** Where a repository, or a directory of it, stands on a machine. */
export interface FoundEnd {
  readonly at: string
  readonly disk: string
  /** How many names the two paths have in common. */
  readonly shared: number
  /** The path of the repository. */
  readonly path: string
}

/**
 * The path of a repository that ends as a path of the machine does, in most names: what stands before these is one
 * directory. Null where none does, or where several do as well.
 */
export function bestEnd(wanted: string, paths: readonly string[]): FoundEnd | null {
  const names = wanted.split('/')
  let most = 0
  let found: string[] = []
  for (const path of paths) {
    const count = sharedEnd(names, path.split('/'))
    if (count < most) continue
    if (count > most) found = []
    most = count
    found.push(path)
  }
  const [path] = found
  if (path === undefined || most === 0 || found.length > 1) return null
  return {
    at: posix.resolve('/', names.slice(0, -most).join('/')),
    disk: path.split('/').slice(0, -most).join('/') || '/',
    shared: most,
    path,
  }
}

/** How many names two paths have in common, counted from their ends. */
function sharedEnd(a: readonly string[], b: readonly string[]): number {
  let count = 0
  while (count < a.length && count < b.length && a.at(-1 - count) === b.at(-1 - count)) count++
  return count
}
