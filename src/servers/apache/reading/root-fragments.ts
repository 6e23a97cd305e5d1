import { posix } from 'node:path'
import { parseApache } from '../../../../parsers/apache/parse.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import { matchesAprName } from '../../../../parsers/wildcard/apr-fnmatch.ts'
import { hasWildcard } from '../../../../parsers/wildcard/tokens.ts'
import type { Reading } from './reading.ts'

/**
 * The fragments that no other fragment includes by its absolute path: the others are read at the place
 * of their Include.
 */
export function rootFragments(reading: Reading, fragments: readonly Source[]): readonly Source[] {
  const included = new Set<Source>()
  for (const source of fragments) {
    for (const node of parseApache(source)) {
      if (node.kind !== 'directive' || !/^include(?:optional)?$/i.test(node.name.value)) continue
      const target = node.words[0]?.value
      if (!target?.startsWith('/') || target.includes('${')) continue
      for (const other of fragments) {
        if (other !== source && isIncluded(reading, target, other.path)) included.add(other)
      }
    }
  }
  const roots = fragments.filter(source => !included.has(source))
  // Fragments that include each other in a ring are all read, and the ring is said.
  return roots.length > 0 ? roots : fragments
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
