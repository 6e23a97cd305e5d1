import { posix } from 'node:path'
import { parseApache } from '../../../../parsers/apache/parse.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import { matchesAprName } from '../../../../parsers/wildcard/apr-fnmatch.ts'
import { hasWildcard } from '../../../../parsers/wildcard/tokens.ts'
import { nearFragment } from './paths.ts'
import type { Reading } from './reading.ts'

/**
 * The fragments that no other fragment includes: the others are read at the place of their Include.
 */
export function rootFragments(reading: Reading, fragments: readonly Source[]): readonly Source[] {
  const included = new Set<Source>()
  for (const source of fragments) {
    for (const node of parseApache(source)) {
      if (node.kind !== 'directive' || !/^include(?:optional)?$/i.test(node.name.value)) continue
      const written = node.words[0]?.value ?? ''
      const target = nearFragment(reading.files, source.path, written) ?? written
      if (!target.startsWith('/') || target.includes('${')) continue
      const found = pathsAt(reading, posix.normalize(target))
      for (const other of fragments) {
        if (other === source) continue
        if (found.has(other.path) || isIncluded(reading, target, other.path)) included.add(other)
      }
    }
  }
  const roots = fragments.filter(source => !included.has(source))
  // Fragments that include each other in a ring are all read, and the ring is said.
  return roots.length > 0 ? roots : fragments
}

/** The sources that stand at a path, or match the pattern in its last name: a container has them at other places. */
function pathsAt({ files }: Reading, target: string): ReadonlySet<string> {
  const last = posix.basename(target)
  const directory = posix.dirname(target)
  if (hasWildcard(directory)) return new Set()
  const names = hasWildcard(last)
    ? (files.list(directory) ?? []).flatMap(({ name }) => (matchesAprName(last, name) ? [name] : []))
    : [last]
  return new Set(
    names.flatMap(name => {
      const read = files.read(posix.join(directory, name))
      return read.kind === 'source' ? [read.source.path] : []
    }),
  )
}

function isIncluded(reading: Reading, target: string, path: string): boolean {
  const pattern = posix.normalize(target)
  if (!hasWildcard(pattern)) {
    const real = reading.files.realPath(pattern) ?? pattern
    return path === real || path.startsWith(`${real}/`)
  }
  const wanted = pattern.split('/')
  const parts = path.split('/')
  if (parts.length < wanted.length) return false
  return wanted.every((part, index) =>
    hasWildcard(part) ? matchesAprName(part, parts[index] ?? '') : part === parts[index],
  )
}
