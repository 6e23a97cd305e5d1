import { matchesName } from '../../../parsers/wildcard/libc-fnmatch.ts'
import { hasWildcard } from '../../../parsers/wildcard/tokens.ts'
import { compareBytes } from '../../files/byte-order.ts'
import type { FileSystem } from '../../files/file-system.ts'

/** True where nginx hands the path of an `include` to `glob(3)`; else it opens it as it stands. */
export function isGlob(path: string): boolean {
  return /[*?[]/.test(path)
}

/**
 * The paths that `glob(3)` finds in the C locale, in the order of their bytes: a leading dot has to be
 * named, `*` crosses no slash, a backslash makes the next character literal, braces and `~` mean nothing.
 *
 * @param refused takes the directories on the way that the system does not show
 */
export function expandGlob(files: FileSystem, pattern: string, refused: string[] = []): readonly string[] {
  let found = ['']
  const segments = pattern.split('/').filter(segment => segment !== '')
  for (const [index, segment] of segments.entries()) {
    if (hasWildcard(segment)) found = found.flatMap(directory => matching(files, directory, segment, refused))
    else {
      found = found.map(directory => `${directory}/${segment.replace(/\\(.)/g, '$1')}`)
      // Directories on the way may lie outside of what is audited, where nobody may look.
      if (index === segments.length - 1) found = found.filter(path => exists(files, path))
    }
    if (found.length === 0) return found
  }
  return found.sort(compareBytes)
}

/** Whether `glob(3)` would take the path for the pattern, were it there. */
export function matchesPath(path: string, pattern: string): boolean {
  const names = path.split('/').filter(name => name !== '')
  const segments = pattern.split('/').filter(segment => segment !== '')
  if (names.length !== segments.length) return false
  return names.every((name, index) => matchesName(bytes(segments[index] ?? ''), bytes(name)))
}

function matching(files: FileSystem, directory: string, segment: string, refused: string[]): string[] {
  const paths: string[] = []
  const pattern = bytes(segment)
  const names = files.list(directory === '' ? '/' : directory)?.map(({ name }) => name)
  if (names === undefined && directory !== '' && files.refusal(directory) !== null) refused.push(directory)
  // What the system lists too; only a pattern that begins with a dot takes them.
  for (const name of names === undefined ? [] : [...names, '.', '..'])
    if (matchesName(pattern, bytes(name))) paths.push(`${directory}/${name}`)
  return paths
}

/** A link that leads nowhere is found too, as `glob` asks for the link and not for what it leads to. */
function exists(files: FileSystem, path: string): boolean {
  if (files.kind(path) !== null) return true
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  return files.list(path.slice(0, slash) || '/')?.some(entry => entry.name === name) ?? false
}

/** In the C locale a character is a byte. */
function bytes(name: string): string {
  return /[^\0-\x7f]/.test(name) ? Buffer.from(name).toString('latin1') : name
}
