import { posix } from 'node:path'
import { compareBytes } from './byte-order.ts'
import type { DirectoryEntry, FileKind, FileSystem, ReadResult } from './file-system.ts'
import { nestedSource, textsIn } from './nested-files.ts'
import { nestedPath, splitNested } from './nested-path.ts'
import { toSource } from './to-source.ts'

export interface MemoryFileSystemOptions {
  /** Directories whose missing files are evidence; `['/']`, everything, where absent. */
  readonly covers?: readonly string[]
  /** What stands before a path in a report; `.`, which leaves `etc/nginx/nginx.conf`, where absent. */
  readonly root?: string
  /** Symbolic links: their own path to their target, absolute or relative to the link's directory. */
  readonly links?: Readonly<Record<string, string>>
  /** Permission bits by path; unknown where absent. */
  readonly modes?: Readonly<Record<string, number>>
}

const MAXIMUM_LINKS = 40

/**
 * A file system made of texts: path (with or without its first slash) to content. Directories are there
 * because something lies in them; a key that ends in `/` is an empty directory.
 */
export function memoryFileSystem(
  files: Readonly<Record<string, string>>,
  options: MemoryFileSystemOptions = {},
): FileSystem {
  const texts = new Map<string, string>()
  const links = new Map<string, string>()
  const names = new Map<string, Set<string>>([['/', new Set()]])

  const addDirectory = (path: string): void => {
    if (names.has(path)) return
    names.set(path, new Set())
    addName(path)
  }
  const addName = (path: string): void => {
    const parent = posix.dirname(path)
    addDirectory(parent)
    names.get(parent)?.add(posix.basename(path))
  }
  for (const [key, text] of Object.entries(files)) {
    const path = posix.resolve('/', key)
    if (key.endsWith('/')) {
      addDirectory(path)
    } else {
      texts.set(path, text)
      addName(path)
    }
  }
  for (const [key, target] of Object.entries(options.links ?? {})) {
    const path = posix.resolve('/', key)
    links.set(path, target)
    addName(path)
  }

  const realPath = (path: string): string | null => {
    const nested = splitNested(path)
    if (nested !== null) {
      const outer = realPath(nested.outer)
      return outer === null ? null : nestedPath(outer, nested.index)
    }
    if (links.size === 0) {
      const plain = posix.resolve('/', path)
      return texts.has(plain) || names.has(plain) ? plain : null
    }
    return follow(path, 0)
  }
  const follow = (path: string, depth: number): string | null => {
    if (depth > MAXIMUM_LINKS) return null
    const parts = path.split('/').filter(part => part !== '' && part !== '.')
    let real = '/'
    for (const [index, part] of parts.entries()) {
      if (!names.has(real)) return null
      if (part === '..') {
        real = posix.dirname(real)
        continue
      }
      const next = posix.join(real, part)
      const target = links.get(next)
      if (target !== undefined) {
        return follow(posix.join(posix.resolve(real, target), ...parts.slice(index + 1)), depth + 1)
      }
      real = next
    }
    return texts.has(real) || names.has(real) ? real : null
  }
  const kind = (path: string): FileKind | null => {
    const real = realPath(path)
    if (real === null) return null
    return names.has(real) ? 'directory' : 'file'
  }

  const covered = (options.covers ?? ['/']).map(directory => posix.resolve('/', directory))
  const modes = new Map(
    Object.entries(options.modes ?? {}).map(([path, mode]) => [posix.resolve('/', path), mode] as const),
  )
  const sources = new Map<string, ReadResult>()

  return {
    read(path) {
      const real = realPath(path)
      if (real === null) return { kind: 'missing', reason: 'no such file' }
      const known = sources.get(real)
      if (known !== undefined) return known
      const nested = splitNested(real)
      if (nested !== null) {
        const outer = texts.get(nested.outer) ?? ''
        const inner = textsIn(nested.outer, outer)[nested.index]
        if (inner === undefined) return { kind: 'missing', reason: 'no such file' }
        const result: ReadResult = { kind: 'source', source: nestedSource(real, outer, inner, 'utf8') }
        sources.set(real, result)
        return result
      }
      const text = texts.get(real)
      if (text === undefined) return { kind: 'directory', reason: 'it is a directory' }
      const result: ReadResult = { kind: 'source', source: toSource(real, text) }
      sources.set(real, result)
      return result
    },
    list(path) {
      const real = realPath(path)
      const entries = real === null ? undefined : names.get(real)
      if (entries === undefined) return null
      const directory = real ?? '/'
      return [...entries]
        .sort(compareBytes)
        .map((name): DirectoryEntry => ({ name, kind: kind(posix.join(directory, name)) }))
    },
    kind,
    realPath,
    mode(path) {
      const real = realPath(path)
      return real === null ? null : (modes.get(real) ?? null)
    },
    refusal: () => null,
    covers(path) {
      return covered.some(
        directory => directory === '/' || path === directory || path.startsWith(`${directory}/`),
      )
    },
    display(path) {
      const root = options.root ?? '.'
      const shown = splitNested(path)?.outer ?? path
      if (root === '.') return shown.slice(1)
      return root === '/' ? shown : posix.join(root, shown)
    },
    *sources() {
      for (const result of sources.values()) if (result.kind === 'source') yield result.source
    },
  }
}
