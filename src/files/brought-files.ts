import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Source } from '../../parsers/text/source.ts'
import { matchesShellPattern } from '../../parsers/wildcard/shell-pattern.ts'
import { hasWildcard } from '../../parsers/wildcard/tokens.ts'
import { isDockerfile } from './dockerfiles.ts'

/** A file or a directory that stands elsewhere when the commands of a repository run. */
export interface Brought {
  /** As the file that says so names it: below its directory, or one above. */
  readonly from: string
  /** Absolute, or of a copy as its command has it. */
  readonly to: string
  /** That of the file that says so. */
  readonly directory: string
}

/** What a Dockerfile copies, and what other texts mount. */
export function broughtBy(source: Source): readonly Brought[] {
  const directory = posix.dirname(source.path)
  if (isDockerfile(source.path))
    return readDockerfile(source).stages.flatMap(({ copies }) =>
      copies.flatMap(({ sources, target, intoDirectory, from }) => {
        if (!target.known || from !== null) return []
        return sources.flatMap(each => {
          if (!each.known) return []
          const isFile =
            intoDirectory && posix.basename(each.value).includes('.') && !each.value.endsWith('/')
          const to = isFile ? posix.join(target.value, posix.basename(each.value)) : target.value
          return [{ from: each.value, to: posix.normalize(to), directory }]
        })
      }),
    )
  return [...source.text.matchAll(VOLUME)].map(
    ({ 1: from = '', 2: to = '', 3: long = '', 4: target = '' }) => ({
      from: (from || long).replace(/^\$\{?PWD\}?/, '.'),
      to: posix.normalize(to || target),
      directory,
    }),
  )
}

/** `./nginx.conf:/etc/nginx/nginx.conf:ro`, also behind `docker run -v`, and the long form of compose files. */
const VOLUME =
  /(?<=[\s"'=])((?:\.{1,2}\/|\$\{?PWD\}?\/|[\w-]+\/)[^\s:"']*):(\/[^\s:"']+)|\bsource:[ \t]*["']?(\.[^\s"']+)["']?\s+target:[ \t]*["']?(\/[^\s"']+)/g

/** What a path of a command is, as those that bring it there call it: their `directory`, and the file `from` it. */
export type Origins = (
  path: string,
  isDirectory: boolean,
) => readonly { readonly from: string; readonly directory: string }[]

/** Finds what brings a path to its place; a repository may bring thousands of files, and name as many in commands. */
export function originsIn(all: readonly Brought[]): Origins {
  const inOrder = all.map((brought, order) => ({ ...brought, order }))
  const absolute = inOrder.filter(({ to }) => to.startsWith('/'))
  const byTarget = groupBy(absolute, ({ to }) => to)
  const byDirectory = groupBy(absolute, ({ to }) => posix.dirname(to))
  const byRelative = groupBy(
    inOrder.filter(({ to }) => !to.startsWith('/')),
    ({ to }) => posix.normalize(to),
  )
  const sorted = [...byTarget.keys()].sort()
  const candidates = (path: string, isDirectory: boolean): typeof absolute => {
    if (!path.startsWith('/')) return [...(byRelative.get(posix.normalize(path)) ?? [])]
    const found = [
      ...directoriesAround(path).flatMap(around => byTarget.get(around) ?? []),
      ...(byDirectory.get(posix.dirname(path)) ?? []),
      ...(isDirectory ? targetsBelow(path, sorted).flatMap(target => byTarget.get(target) ?? []) : []),
    ]
    return [...new Set(found)].sort((one, other) => one.order - other.order)
  }
  return (path, isDirectory) =>
    candidates(path, isDirectory).flatMap(brought => {
      const from = originOf(path, brought, isDirectory)
      return from === null ? [] : [{ from, directory: brought.directory }]
    })
}

/** A path, and every directory in which it lies. */
function directoriesAround(path: string): readonly string[] {
  const found = [path, '/']
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    found.push(path.slice(0, at))
  return found
}

/** Those of sorted paths that lie below a directory. */
function targetsBelow(directory: string, sorted: readonly string[]): readonly string[] {
  const inside = directory === '/' ? '/' : `${directory}/`
  let low = 0
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < inside) low = middle + 1
    else high = middle
  }
  let end = low
  while (end < sorted.length && sorted[end]!.startsWith(inside)) end++
  return sorted.slice(low, end)
}

/** As what brings a file names it where a command calls it so; null where it brings another one. */
function originOf(
  path: string,
  { from, to }: Pick<Brought, 'from' | 'to'>,
  isDirectory: boolean,
): string | null {
  if (!path.startsWith('/')) return from
  if (isDirectory && isBelow(to, path)) return from
  if (isBelow(path, to)) return posix.join(from, path.slice(to.length))
  return posix.dirname(path) === posix.dirname(to) && isCalled(posix.basename(to), posix.basename(path))
    ? from
    : null
}

/** True where a name is the one that a command has, which may be a pattern of a shell. */
export function isCalled(name: string, pattern: string): boolean {
  return hasWildcard(pattern) ? matchesShellPattern(pattern, name) === true : name === pattern
}
