import { isUtf8 } from 'node:buffer'
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { isAbsolute, posix, relative, sep } from 'node:path'
import { compareBytes } from './byte-order.ts'
import type { DirectoryEntry, FileKind, FileSystem, ReadResult } from './file-system.ts'
import { fileNotice, type Notice, type NoticeCode } from './notice.ts'
import { systemReason } from './system-reason.ts'
import { toSource } from './to-source.ts'

export interface DiskFileSystemOptions {
  /** Absolute folder that reports name paths relative to; the process's own where absent. */
  readonly workingDirectory?: string
  /** The one folder of the root that is read; everything else is as if it were not there, and no evidence. */
  readonly within?: string
  /** Bytes of the largest file that is read. */
  readonly maximumSize?: number
}

/** What the disk refused, beside the port itself: each path once. */
export interface DiskFileSystem extends FileSystem {
  notices(): readonly Notice[]
}

/** 10 MB: a hundred times the largest configuration seen, and far below a log that an Include swallows. */
const MAXIMUM_SIZE = 10_000_000
/** As many as Linux follows before it says ELOOP. */
const MAXIMUM_LINKS = 40

/** What a path leads to: a path inside the root without links, and what lies there. */
interface Resolved {
  readonly path: string
  readonly kind: FileKind
  /** Bytes. */
  readonly size: number
  readonly mode: number
}

/** Nothing of the path can be seen, or nothing of what is below it. */
interface Refusal {
  readonly refused: string
}

/**
 * The files below `root`, an absolute folder on this machine that stands for `/`.
 *
 * Links are followed as a server in that root would follow them: an absolute target begins at the root,
 * and `..` cannot leave it. Only regular files are opened, so that no fifo, socket or device blocks.
 */
export function diskFileSystem(root: string, options: DiskFileSystemOptions = {}): DiskFileSystem {
  const workingDirectory = options.workingDirectory ?? process.cwd()
  const maximumSize = options.maximumSize ?? MAXIMUM_SIZE
  const prefix = root === '/' ? '' : root
  const within = options.within ?? '/'
  const folders = new Map<string, Resolved | Refusal | null>()
  const found = new Map<string, Resolved>()
  const results = new Map<string, ReadResult>()
  const lists = new Map<string, readonly DirectoryEntry[] | null>()
  const refused = new Map<string, Pick<Notice, 'code' | 'text'>>()

  const toDisk = (path: string): string => (path === '/' ? root : prefix + path)
  const display = (path: string): string => displayPath(toDisk(path), workingDirectory)
  const refuse = (path: string, code: NoticeCode, text: string): string => {
    refused.set(path, { code, text })
    return text
  }

  /** Resolves a folder, remembered, since thousands of files share a few. */
  const resolveFolder = (path: string, depth: number): Resolved | Refusal | null => {
    const known = folders.get(path)
    if (known !== undefined) return known
    const resolved = path === '/' ? rootOf(root) : resolveEntry(path, depth)
    folders.set(path, resolved)
    return resolved
  }
  const resolveEntry = (path: string, depth: number): Resolved | Refusal | null => {
    const slash = path.lastIndexOf('/')
    const name = path.slice(slash + 1)
    const parent = resolveFolder(slash <= 0 ? '/' : path.slice(0, slash), depth)
    if (parent === null || 'refused' in parent) return parent
    if (parent.kind !== 'directory') return null
    if (name === '' || name === '.') return parent
    if (name === '..') return resolveFolder(posix.dirname(parent.path), depth)
    const real = parent.path === '/' ? `/${name}` : `${parent.path}/${name}`
    let stats: Stats | undefined
    let target = ''
    try {
      stats = lstatSync(toDisk(real), { throwIfNoEntry: false })
      if (stats?.isSymbolicLink()) target = readlinkSync(toDisk(real))
    } catch (error) {
      return isAbsence(error) ? null : { refused: refuse(real, 'unreadable', systemReason(error)) }
    }
    if (stats === undefined) return null
    if (!stats.isSymbolicLink()) return resolvedAt(real, stats)
    if (depth >= MAXIMUM_LINKS) return null
    return resolveEntry(target.startsWith('/') ? target : `${parent.path}/${target}`, depth + 1)
  }
  /** Discovery, includes and rules ask for the same files again: the system is asked once. */
  const lookUp = (path: string): Resolved | Refusal | null => {
    const known = found.get(path)
    if (known !== undefined) return known
    // Of a tree that holds `etc` alone, applications name thousands of files in folders that are not there.
    const slash = path.indexOf('/', 1)
    if (slash !== -1 && resolveFolder(path.slice(0, slash), 0) === null) return null
    const resolved = resolveEntry(path, 0)
    if (resolved === null || 'refused' in resolved) return resolved
    if (!isBelow(resolved.path, within)) return null
    found.set(path, resolved)
    return resolved
  }
  const resolve = (path: string): Resolved | null => {
    const resolved = lookUp(path)
    return resolved === null || 'refused' in resolved ? null : resolved
  }

  const readResolved = ({ path, kind, size }: Resolved): ReadResult => {
    if (kind === 'directory') return { kind, reason: 'it is a directory' }
    if (kind === 'other') return { kind, reason: 'it is neither a file nor a directory' }
    if (size > maximumSize) {
      const reason = `it is larger than ${maximumSize / 1_000_000} MB`
      return { kind: 'too-large', reason: refuse(path, 'too-large', reason) }
    }
    try {
      // Also what /proc calls empty: some of it never ends, and some waits for an event.
      const { text, encoding }: DecodedText =
        size === 0 ? { text: '', encoding: 'utf8' } : readText(toDisk(path))
      return { kind: 'source', source: toSource(path, text, encoding) }
    } catch (error) {
      return { kind: 'unreadable', reason: refuse(path, 'unreadable', systemReason(error)) }
    }
  }

  return {
    read(path) {
      const resolved = lookUp(path)
      if (resolved === null) return { kind: 'missing', reason: 'no such file' }
      if ('refused' in resolved) return { kind: 'unreadable', reason: resolved.refused }
      const known = results.get(resolved.path)
      if (known !== undefined) return known
      const result = readResolved(resolved)
      results.set(resolved.path, result)
      return result
    },
    list(path) {
      const resolved = resolve(path)
      if (resolved === null || resolved.kind !== 'directory') return null
      const known = lists.get(resolved.path)
      if (known !== undefined) return known
      const folder = resolved.path === '/' ? '' : resolved.path
      let entries: readonly DirectoryEntry[] | null = null
      try {
        entries = readdirSync(toDisk(resolved.path), { withFileTypes: true })
          .filter(({ name }) => {
            // A name that is not UTF-8 cannot be opened by the name that Node gives it.
            const isLost = name.includes('\uFFFD')
            if (isLost) refuse(`${folder}/${name}`, 'name-not-utf8', NAME_LOST)
            return !isLost
          })
          .sort((a, b) => compareBytes(a.name, b.name))
          .map(entry => {
            if (entry.isFile()) return { name: entry.name, kind: 'file' }
            if (entry.isDirectory()) return { name: entry.name, kind: 'directory' }
            const target = entry.isSymbolicLink() ? resolve(`${folder}/${entry.name}`) : null
            if (target !== null) return { name: entry.name, kind: target.kind }
            return { name: entry.name, kind: entry.isSymbolicLink() ? null : 'other' }
          })
      } catch (error) {
        refuse(resolved.path, 'unreadable', systemReason(error))
      }
      lists.set(resolved.path, entries)
      return entries
    },
    kind(path) {
      return resolve(path)?.kind ?? null
    },
    realPath(path) {
      return resolve(path)?.path ?? null
    },
    mode(path) {
      return resolve(path)?.mode ?? null
    },
    refusal(path) {
      const resolved = lookUp(path)
      if (resolved === null) return null
      if ('refused' in resolved) return resolved.refused
      return (resolved.kind === 'directory' && refused.get(resolved.path)?.text) || null
    },
    /**
     * A root that holds `etc/nginx` says nothing of `/etc/letsencrypt`: the first two folders of the path
     * have to be there, except below `/` itself, which holds everything.
     */
    covers(path) {
      // What is refused at all shows only to those who asked for it, as callers did.
      const resolved = refused.size === 0 ? null : lookUp(path)
      if (resolved !== null && 'refused' in resolved) return false
      if (within !== '/') return isBelow(posix.normalize(path), within)
      if (root === '/') return true
      const [first, second, third] = path.split('/').filter(part => part !== '')
      if (first === undefined) return true
      if (second === undefined) return true
      const folder = third === undefined ? `/${first}` : `/${first}/${second}`
      const above = resolveFolder(folder, 0)
      return above !== null && 'kind' in above && above.kind === 'directory'
    },
    display,
    *sources() {
      for (const result of results.values()) if (result.kind === 'source') yield result.source
    },
    notices() {
      return [...refused].map(([path, { code, text }]) => fileNotice(code, display(path), text))
    },
  }
}

/** True for a folder and everything in it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

/** Relative to the working directory where the path lies below it, else as it is. */
export function displayPath(path: string, workingDirectory: string): string {
  const short = relative(workingDirectory, path)
  if (short === '') return '.'
  const outside = short === '..' || short.startsWith(`..${sep}`) || isAbsolute(short)
  return (outside ? path : short).split(sep).join('/')
}

/** True for a folder of this machine; false also for what the system will not look at. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** A text and the encoding in which its bytes were read. */
export interface DecodedText {
  readonly text: string
  readonly encoding: 'utf8' | 'latin1'
}

/** Bytes as text: UTF-8, or Latin-1 where they are not, since the servers read bytes and refuse neither. */
export function decodeText(bytes: Buffer): DecodedText {
  return isUtf8(bytes)
    ? { text: bytes.toString('utf8'), encoding: 'utf8' }
    : { text: bytes.toString('latin1'), encoding: 'latin1' }
}

/** The text of a file of this machine. Throws what the system throws. */
export function readText(path: string): DecodedText {
  const text = readFileSync(path, 'utf8')
  return text.includes('\uFFFD') ? decodeText(readFileSync(path)) : { text, encoding: 'utf8' }
}

function rootOf(root: string): Resolved | null {
  const stats = statSync(root, { throwIfNoEntry: false })
  return stats === undefined ? null : resolvedAt('/', stats)
}

function resolvedAt(path: string, stats: Stats): Resolved {
  return { path, kind: kindOf(stats), size: stats.size, mode: stats.mode & 0o7777 }
}

function kindOf(stats: Stats): FileKind {
  if (stats.isFile()) return 'file'
  return stats.isDirectory() ? 'directory' : 'other'
}

/** The ways in which the system says that nothing is there, odd names included. */
function isAbsence(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'].includes(code)
}

/** Why a file is not read whose name Node cannot hand back to the system. */
export const NAME_LOST = 'its name is not UTF-8'
