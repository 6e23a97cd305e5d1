import { compareBytes } from '../../files/byte-order.ts'
import type { FileSystem } from '../../files/file-system.ts'

/** True where nginx hands the path of an `include` to `glob(3)`; else it opens it as it stands. */
export function isGlob(path: string): boolean {
  return /[*?[]/.test(path)
}

/**
 * The paths that `glob(3)` finds in the C locale, in the order of their bytes: a leading dot has to be
 * named, `*` crosses no slash, a backslash makes the next character literal, braces and `~` mean nothing.
 */
export function expandGlob(files: FileSystem, pattern: string): readonly string[] {
  let found = ['']
  const segments = pattern.split('/').filter(segment => segment !== '')
  for (const [index, segment] of segments.entries()) {
    if (hasWildcard(segment)) found = found.flatMap(folder => matching(files, folder, segment))
    else {
      found = found.map(folder => `${folder}/${segment.replace(/\\(.)/g, '$1')}`)
      // Folders on the way may lie outside of what is audited, where nobody may look.
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
  return names.every((name, index) => matchesSegment(bytes(name), bytes(segments[index] ?? '')))
}

function matching(files: FileSystem, folder: string, segment: string): string[] {
  const paths: string[] = []
  const pattern = bytes(segment)
  for (const { name } of files.list(folder === '' ? '/' : folder) ?? [])
    if (matchesSegment(bytes(name), pattern)) paths.push(`${folder}/${name}`)
  return paths
}

/** A link that leads nowhere is found too, as `glob` asks for the link and not for what it leads to. */
function exists(files: FileSystem, path: string): boolean {
  if (files.kind(path) !== null) return true
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  return files.list(path.slice(0, slash) || '/')?.some(entry => entry.name === name) ?? false
}

/** A `[` that nothing closes is an ordinary character. */
function hasWildcard(segment: string): boolean {
  return /[*?]|\[[^\]]*\]/.test(segment)
}

/** In the C locale a character is a byte. */
function bytes(name: string): string {
  return /[^\0-\x7f]/.test(name) ? Buffer.from(name).toString('latin1') : name
}

/** `fnmatch(3)` with FNM_PERIOD for one part of a path. */
export function matchesSegment(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.') && !pattern.startsWith('\\.')) return false
  let at = 0
  let inPattern = 0
  let starAt = -1
  let starInPattern = -1
  while (at < name.length) {
    if (pattern[inPattern] === '*') {
      starInPattern = ++inPattern
      starAt = at
      continue
    }
    const next = matchOne(name, at, pattern, inPattern)
    if (next !== -1) {
      inPattern = next
      at++
    } else if (starInPattern !== -1) {
      inPattern = starInPattern
      at = ++starAt
    } else return false
  }
  while (pattern[inPattern] === '*') inPattern++
  return inPattern === pattern.length
}

/** The offset in the pattern behind the piece that matches the character at `at`, or -1. */
function matchOne(name: string, at: number, pattern: string, start: number): number {
  const character = name[at]
  if (start >= pattern.length || character === undefined) return -1
  if (pattern[start] === '?') return start + 1
  if (pattern[start] === '[') {
    const bracket = matchBracket(character, pattern, start)
    if (bracket !== null) return bracket.matches ? bracket.end : -1
  }
  const escaped = pattern[start] === '\\' && start + 1 < pattern.length
  const literal = escaped ? start + 1 : start
  return pattern[literal] === character ? literal + 1 : -1
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[\0-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
}

/** Null where the bracket is not closed and so is none. */
function matchBracket(
  character: string,
  pattern: string,
  start: number,
): { readonly matches: boolean; readonly end: number } | null {
  let at = start + 1
  const negated = pattern[at] === '!' || pattern[at] === '^'
  if (negated) at++
  let matches = false
  for (let first = true; first || pattern[at] !== ']'; first = false) {
    if (at >= pattern.length) return null
    const named = /^\[:([a-z]+):\]/.exec(pattern.slice(at, at + 12))
    if (named !== null) {
      matches ||= CLASSES[named[1] ?? '']?.test(character) ?? false
      at += named[0].length
      continue
    }
    if (pattern[at] === '\\' && at + 1 < pattern.length) at++
    const low = pattern[at] ?? ''
    at++
    if (pattern[at] === '-' && at + 1 < pattern.length && pattern[at + 1] !== ']') {
      at++
      if (pattern[at] === '\\' && at + 1 < pattern.length) at++
      matches ||= low <= character && character <= (pattern[at] ?? '')
      at++
    } else matches ||= low === character
  }
  return { matches: matches !== negated, end: at + 1 }
}
