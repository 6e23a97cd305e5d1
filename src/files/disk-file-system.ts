import { isBelow } from '../../parsers/text/is-below.ts'
import { isUtf8 } from 'node:buffer'
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs'
import { isAbsolute, posix, relative, sep } from 'node:path'
import { compareBytes } from './byte-order.ts'
import { HOMES } from './known-places.ts'
import { isMadeAtRunTime, wholeDirectories } from './coverage.ts'
import type { DirectoryEntry, FileKind, FileSystem, ReadResult } from './file-system.ts'
import { type Mount, mountTable } from './mounts.ts'
import { nestedSource, textsIn } from './nested-files.ts'
import { nestedPath, splitNested } from './nested-path.ts'
import { fileNotice, type Notice, type NoticeCode } from './notice.ts'
import { BUDGET_SPENT, type ReadBudget, readBudget, takeFile } from './read-budget.ts'
import { systemReason } from './system-reason.ts'
import { type Filling, type FillingOf, toSource } from './to-source.ts'

export interface DiskFileSystemOptions {
  /** Absolute directory that reports name paths relative to; the process's own where absent. */
  readonly workingDirectory?: string
  /** Texts in place of what the disk has, or has not: by absolute path of this machine, links resolved. */
  readonly texts?: ReadonlyMap<string, string>
  /** Bytes of the largest file that is read. */
  readonly maximumSize?: number
  /** What the whole audit may still read. */
  readonly budget?: ReadBudget
  /** What is filled in, in a file, by absolute path of this machine; asked of no file of a live machine. */
  readonly fillingOf?: FillingOf
}

export interface DiskFileSystem extends FileSystem {
  /** What the disk refused: each path once. */
  notices(): readonly Notice[]
  /** The beginning of a regular file, up to some bytes, kept nowhere; null where there is none to read. */
  peek(path: string, bytes: number): string | null
}

/** 10 MB: a hundred times the largest configuration seen, and far below a log that an Include swallows. */
const MAXIMUM_SIZE = 10_000_000
/** Linux takes paths of 4,096 bytes; those of a server may be shorter than they are below the root. */
const LONGEST_PATH = 4096
/** As many as Linux follows before it says ELOOP. */
const MAXIMUM_LINKS = 40

/** What a path leads to: a path inside the root without links, and what lies there. */
interface Resolved {
  readonly path: string
  readonly kind: FileKind
  /** Bytes. */
  readonly size: number
  /** Null where nobody knows it. */
  readonly mode: number | null
}

/** Nothing of the path can be seen, or nothing of what is below it. */
interface Refusal {
  readonly refused: string
}

/**
 * The files of a machine: those below an absolute directory of this one that stands for `/`, or what is
 * mounted where, and nothing else.
 *
 * Links are followed as a server on that machine would follow them: an absolute target begins at its root,
 * and `..` cannot leave it. A relative one that leads nowhere there may still lead, where it really stands, to
 * something that is mounted: so repositories link from one directory to another. Only regular files are opened, so that no fifo, socket or device blocks.
 */
export function diskFileSystem(
  root: string | readonly Mount[],
  options: DiskFileSystemOptions = {},
): DiskFileSystem {
  const table = mountTable(typeof root === 'string' ? [{ at: '/', disk: root }] : root)
  const workingDirectory = options.workingDirectory ?? process.cwd()
  const maximumSize = options.maximumSize ?? MAXIMUM_SIZE
  const budget = options.budget ?? readBudget()
  const directories = new Map<string, Resolved | Refusal | null>()
  const found = new Map<string, Resolved>()
  const results = new Map<string, ReadResult>()
  const lists = new Map<string, readonly DirectoryEntry[] | null>()
  const refused = new Map<string, Pick<Notice, 'code' | 'text'>>()

  const { toDisk } = table
  const shown = new Map<string, string>()
  const display = (path: string): string => {
    let name = shown.get(path)
    if (name === undefined) {
      const file = splitNested(path)?.outer ?? path
      const disk = toDisk(file) ?? file
      name = displayPath(splitNested(disk)?.outer ?? disk, workingDirectory)
      shown.set(path, name)
    }
    return name
  }
  const refuse = (path: string, code: NoticeCode, text: string): string => {
    refused.set(path, { code, text })
    return text
  }

  /** Resolves a directory, remembered, since thousands of files share a few. */
  const resolveDirectory = (path: string, depth: number): Resolved | Refusal | null => {
    const known = directories.get(path)
    if (known !== undefined) return known
    const resolved = path === '/' ? rootOf(toDisk('/')) : resolveEntry(path, depth)
    directories.set(path, resolved)
    return resolved
  }
  const resolveEntry = (path: string, depth: number): Resolved | Refusal | null => {
    const slash = path.lastIndexOf('/')
    const name = path.slice(slash + 1)
    const parent = resolveDirectory(slash <= 0 ? '/' : path.slice(0, slash), depth)
    if (parent === null || 'refused' in parent) return parent
    if (parent.kind !== 'directory') return null
    if (name === '' || name === '.') return parent
    if (name === '..') return resolveDirectory(posix.dirname(parent.path), depth)
    const real = parent.path === '/' ? `/${name}` : `${parent.path}/${name}`
    const disk = toDisk(real)
    const isMounted = table.namesIn(parent.path).includes(name)
    if (disk === null) return isMounted ? madeDirectory(real) : null
    const written = splitNested(disk)
    if (written !== null) return writtenAt(real, written.outer)
    let stats: Stats | undefined
    let target = ''
    try {
      stats = lstatSync(disk, { throwIfNoEntry: false })
      if (stats?.isSymbolicLink()) target = readlinkSync(disk)
    } catch (error) {
      // Whether it is there does not show: what is refused is the directory around it.
      return isAbsence(error) ? null : { refused: refuse(parent.path, 'unreadable', systemReason(error)) }
    }
    if (stats === undefined) {
      if (isMounted) return madeDirectory(real)
      const laid = options.texts?.get(disk)
      return laid === undefined ? null : { path: real, kind: 'file', size: laid.length, mode: 0o644 }
    }
    if (stats.isFile() && root !== '/') target = linkTextOf(disk, stats, parent.path)
    if (target === '') return resolvedAt(real, stats)
    if (depth >= MAXIMUM_LINKS) return null
    const led = resolveEntry(target.startsWith('/') ? target : `${parent.path}/${target}`, depth + 1)
    if (led !== null) return led
    const lain = target.startsWith('/') && toDisk('/') === null ? inHomeAround(parent.path, target) : null
    if (lain !== null) return resolveEntry(lain, depth + 1)
    const shown = table.fromDisk(posix.resolve(posix.dirname(disk), target))
    if (shown === null || shown === posix.resolve(parent.path, target)) return null
    // Whoever links in circles through both worlds is followed a few times and not a million.
    return resolveEntry(shown, depth + MAXIMUM_LINKS / 4)
  }
  /** A text that is mounted where the file says that holds it: who may read it there, that does not say. */
  const writtenAt = (path: string, outer: string): Resolved | null => {
    const laid = options.texts?.get(outer)
    const size = laid?.length ?? statSync(outer, { throwIfNoEntry: false })?.size
    return size === undefined ? null : { path, kind: 'file', size, mode: null }
  }
  /**
   * Where a file of a server's own directory lies in one of which nobody said that it stands for that: Debian's
   * `nginx/sites-enabled/default` leads to `/etc/nginx/sites-available/default`. Null where it lies in none around.
   */
  const inHomeAround = (directory: string, target: string): string | null => {
    const home = HOMES.find(({ path }) => target.startsWith(`${path}/`))
    if (home === undefined) return null
    const rest = target.slice(home.path.length)
    for (let above = directory; toDisk(above) !== null; above = posix.dirname(above)) {
      const path = `${above}${rest}`
      const disk = toDisk(path)
      if (disk !== null && existsSync(disk)) return path
    }
    return null
  }
  /** Discovery, includes and rules ask for the same files again: the system is asked once. */
  const lookUp = (path: string): Resolved | Refusal | null => {
    const known = found.get(path)
    if (known !== undefined) return known
    const nested = splitNested(path)
    if (nested !== null) {
      const around = lookUp(nested.outer)
      if (around === null || 'refused' in around) return around
      return { ...around, path: nestedPath(around.path, nested.index) }
    }
    // The system takes none of them.
    if (path.length > LONGEST_PATH) return null
    // Of a tree that holds `etc` alone, applications name thousands of files in directories that are not there.
    const slash = path.indexOf('/', 1)
    if (slash !== -1 && resolveDirectory(path.slice(0, slash), 0) === null) return null
    const resolved = resolveEntry(path, 0)
    if (resolved === null || 'refused' in resolved) return resolved
    found.set(path, resolved)
    return resolved
  }
  const resolve = (path: string): Resolved | null => {
    const resolved = lookUp(path)
    return resolved === null || 'refused' in resolved ? null : resolved
  }

  const readResolved = ({ path, kind, size }: Resolved): ReadResult => {
    if (kind === 'directory') return { kind, reason: 'it is a directory' }
    const own = splitNested(path)
    const lain = own === null ? toDisk(path) : null
    const kept = lain === null || posix.basename(lain) === posix.basename(path) ? null : lain
    const written = kept === null ? null : splitNested(kept)
    const nested = own ?? written
    const file = nested?.outer ?? path
    const disk = written?.outer ?? toDisk(file)
    const sourceOf = (text: string, encoding: DecodedText['encoding'] = 'utf8'): ReadResult => {
      const filling = disk === null ? null : fillingIn(path, disk)
      if (nested === null) return { kind: 'source', source: toSource(path, text, encoding, filling, kept) }
      const inner = textsIn(nested.outer, text)[nested.index]
      return inner === undefined
        ? { kind: 'missing', reason: 'no such file' }
        : { kind: 'source', source: nestedSource(path, text, inner, encoding, filling, kept) }
    }
    const laid = options.texts?.get(disk ?? '')
    if (laid !== undefined) return sourceOf(laid)
    if (kind === 'other') return { kind, reason: 'it is neither a file nor a directory' }
    if (size > maximumSize) {
      const reason = `it is larger than ${maximumSize / 1_000_000} MB`
      return { kind: 'too-large', reason: refuse(path, 'too-large', reason) }
    }
    if (!takeFile(budget, size)) return { kind: 'too-large', reason: refuse(path, 'limit', BUDGET_SPENT) }
    try {
      // Also what /proc calls empty: some of it never ends, and some waits for an event.
      const { text, encoding }: DecodedText =
        size === 0 ? { text: '', encoding: 'utf8' } : readText(disk ?? diskPath(file))
      return sourceOf(text, encoding)
    } catch (error) {
      return { kind: 'unreadable', reason: refuse(path, 'unreadable', systemReason(error)) }
    }
  }

  const fillingIn = (path: string, disk: string): Filling | null =>
    options.fillingOf === undefined || covers(path) ? null : options.fillingOf(disk)
  const covers = (path: string): boolean => {
    // What is refused at all shows only to those who asked for it, as callers did.
    const resolved = refused.size === 0 ? null : lookUp(path)
    if (resolved !== null && 'refused' in resolved) return false
    if (root === '/') return true
    if (isMadeAtRunTime(path)) return false
    whole ??= isOverImage(toDisk('/')) ? [] : wholeDirectories(namesIn)
    return whole.some(directory => isBelow(posix.normalize(path), directory))
  }
  const diskPath = (path: string): string => {
    const disk = toDisk(path)
    if (disk === null) throw new Error(`${path} is mounted nowhere`)
    return disk
  }
  const kindOfPath = (path: string): FileKind | null => resolve(path)?.kind ?? null
  let whole: readonly string[] | null = null
  const namesIn = (path: string): ReadonlySet<string> | null => {
    const disk = resolve(path)?.kind === 'directory' ? toDisk(path) : null
    if (disk === null) return null
    try {
      return new Set(readdirSync(disk))
    } catch {
      return null
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
      const directory = resolved.path === '/' ? '' : resolved.path
      const mounted = table.namesIn(resolved.path)
      let entries: readonly DirectoryEntry[] | null = null
      try {
        const disk = toDisk(resolved.path)
        const there = disk === null || isMade(resolved) ? [] : readdirSync(disk, { withFileTypes: true })
        entries = there
          .filter(({ name }) => {
            // A name that is not UTF-8 cannot be opened by the name that Node gives it.
            const isLost = name.includes('\uFFFD')
            if (isLost) refuse(`${directory}/${name}`, 'name-not-utf8', NAME_LOST)
            return !isLost
          })
          .sort((a, b) => compareBytes(a.name, b.name))
          .map(entry => {
            if (entry.isFile()) return { name: entry.name, kind: 'file' }
            if (entry.isDirectory()) return { name: entry.name, kind: 'directory' }
            const target = entry.isSymbolicLink() ? resolve(`${directory}/${entry.name}`) : null
            if (target !== null) return { name: entry.name, kind: target.kind }
            return { name: entry.name, kind: entry.isSymbolicLink() ? null : 'other' }
          })
        for (const laid of options.texts?.keys() ?? []) {
          const name = posix.basename(laid)
          if (posix.dirname(laid) !== disk || entries.some(entry => entry.name === name)) continue
          entries = withMounted(entries, [name], () => 'file')
        }
        if (mounted.length > 0)
          entries = withMounted(entries, mounted, name => kindOfPath(`${directory}/${name}`))
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
    covers,
    peek(path, bytes) {
      const resolved = resolve(path)
      if (resolved === null || resolved.kind !== 'file') return null
      const laid = options.texts?.get(toDisk(resolved.path) ?? '')
      if (laid !== undefined) return laid.slice(0, bytes)
      try {
        return beginningOf(diskPath(resolved.path), Math.min(bytes, resolved.size))
      } catch (error) {
        refuse(resolved.path, 'unreadable', systemReason(error))
        return null
      }
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

/**
 * The target of a link of which a checkout on Windows has made a file that holds its target: of nothing else is a file in
 * a directory of enabled ones that one path is all of. Empty for every other file.
 */
function linkTextOf(disk: string, { size }: Stats, directory: string): string {
  if (
    size < 3 ||
    size > LONGEST_LINK ||
    !/^(?:sites|mods|conf|modules)[-_.]enabled$/.test(posix.basename(directory))
  )
    return ''
  const text = (beginningOn(disk, LONGEST_LINK) ?? '').trim()
  return /^\.{0,2}\/[\w./@+-]*[\w@+-]$/.test(text) ? text : ''
}

const LONGEST_LINK = 300

/** True for files that a Dockerfile beside or above them copies over those of its image. */
function isOverImage(root: string | null): boolean {
  if (root === null) return false
  let directory = root
  for (let up = 0; up < 3 && directory !== posix.dirname(directory); up++) {
    if (existsSync(posix.join(directory, 'Dockerfile'))) return true
    directory = posix.dirname(directory)
  }
  return false
}

/** Relative to the working directory where the path lies below it, else as it is. */
export function displayPath(path: string, workingDirectory: string): string {
  // What most paths are, without the work that others need.
  if (sep === '/' && path.startsWith('/') && !/\/(?:\.|\/|$)/.test(path) && path !== workingDirectory) {
    const below = workingDirectory === '/' ? '/' : `${workingDirectory}/`
    return path.startsWith(below) ? path.slice(below.length) : path
  }
  const short = relative(workingDirectory, path)
  if (short === '') return '.'
  const outside = short === '..' || short.startsWith(`..${sep}`) || isAbsolute(short)
  return (outside ? path : short).split(sep).join('/')
}

/** True for a directory of this machine; false also for what the system will not look at. */
export function isDirectory(path: string): boolean {
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

/** The first bytes of a regular file of this machine, as UTF-8; null where there is none to read. */
export function beginningOn(path: string, bytes: number): string | null {
  try {
    const stats = statSync(path)
    return stats.isFile() ? beginningOf(path, Math.min(bytes, stats.size)) : null
  } catch {
    return null
  }
}

/** The first bytes of a file, as UTF-8. */
function beginningOf(path: string, bytes: number): string {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(bytes)
    return buffer.subarray(0, readSync(file, buffer, 0, bytes, 0)).toString('utf8')
  } finally {
    closeSync(file)
  }
}

function rootOf(root: string | null): Resolved | null {
  if (root === null) return madeDirectory('/')
  const stats = statSync(root, { throwIfNoEntry: false })
  return stats === undefined ? null : resolvedAt('/', stats)
}

/** A directory that is there because something is mounted below it. */
function madeDirectory(path: string): Resolved {
  return { path, kind: 'directory', size: MADE, mode: 0o755 }
}

const MADE = -1

function isMade({ size }: Resolved): boolean {
  return size === MADE
}

function withMounted(
  entries: readonly DirectoryEntry[],
  names: readonly string[],
  kindOf: (name: string) => FileKind | null,
): readonly DirectoryEntry[] {
  const others = entries.filter(({ name }) => !names.includes(name))
  return [...others, ...names.map(name => ({ name, kind: kindOf(name) }))].sort((a, b) =>
    compareBytes(a.name, b.name),
  )
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
