import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'

export type FileKind = 'file' | 'directory' | 'other'

export interface DirectoryEntry {
  readonly name: string
  /** Kind of what a link leads to; null where it leads nowhere or out of the root. */
  readonly kind: FileKind | null
}

export type ReadResult =
  | { readonly kind: 'source'; readonly source: Source }
  /** `missing` covers a link that leads out of the root; `unreadable` carries the system's reason. */
  | { readonly kind: 'missing' | 'directory' | 'other' | 'unreadable' | 'too-large'; readonly reason: string }

/**
 * The files of one audited root. Every path is absolute and POSIX, as the server itself would write
 * it: `/etc/nginx/nginx.conf`, whatever the root is called on the machine of the audit.
 *
 * Reading is synchronous: the servers read one file after the other, and so does the model of them.
 */
export interface FileSystem {
  /** The same `Source` object for the same real file, so that it is parsed once. */
  read(path: string): ReadResult
  /** Entries in C-locale (byte) order; null where there is no such directory or it cannot be read. */
  list(path: string): readonly DirectoryEntry[] | null
  /** Links followed; null where nothing is there. */
  kind(path: string): FileKind | null
  /** The path with every link inside the root resolved; null where nothing is there. */
  realPath(path: string): string | null
  /** The permission bits, as `stat` gives them; null where nothing is there or they are unknown. */
  mode(path: string): number | null
  /**
   * The system's reason why it shows nothing of the path, or does not list the directory that it is; null
   * where it refuses nothing. Such a path may be there.
   */
  refusal(path: string): string | null
  /**
   * True where the absence of a file is evidence: the path belongs to a tree that the audit holds.
   * `/opt/site/app.wsgi` is not covered by a root that has only `/etc`.
   */
  covers(path: string): boolean
  /**
   * The path as a report names it: relative to the working directory in which the tool was started where
   * the file lies below it, else absolute on the machine of the audit.
   */
  display(path: string): string
  /** Every file that was read so far. */
  sources(): Iterable<Source>
}

/** The text of a file; null where none lies there, or where it cannot be read, which the file system notes. */
export function sourceAt(files: FileSystem, path: string): Source | null {
  const read = files.kind(path) === 'file' ? files.read(path) : null
  return read?.kind === 'source' ? read.source : null
}

/** Why the text of a file cannot be had, in the words of the system; empty where it can. */
export function whyUnread(files: FileSystem, path: string): string {
  const read = files.read(path)
  return files.refusal(path) ?? (read.kind === 'source' ? '' : read.reason)
}

/** How far a walk goes. */
export interface Reach {
  /** So many levels below the directory are entered. */
  readonly levels: number
  /** Names of directories that are not entered. */
  readonly skipped: RegExp
}

/** The files in a directory and below it, each directory where its name stands among the others. */
export function* filesBelow(
  files: FileSystem,
  directory: string,
  { levels, skipped }: Reach,
): Generator<string, void> {
  for (const { name, kind } of files.list(directory) ?? []) {
    const path = posix.join(directory, name)
    if (kind === 'file') yield path
    else if (kind === 'directory' && levels > 0 && !skipped.test(name))
      yield* filesBelow(files, path, { levels: levels - 1, skipped })
  }
}

export interface WholeReach extends Reach {
  readonly most: number
  readonly isWanted: (name: string) => boolean
}

/** Every file of a kind; null where there are more of them, where they lie deeper, or where one directory cannot be listed. */
export function everyFileBelow(
  files: FileSystem,
  directory: string,
  { levels, skipped, most, isWanted }: WholeReach,
): readonly string[] | null {
  const found: string[] = []
  const visit = (here: string, left: number): boolean => {
    const names = files.list(here)
    if (names === null || left < 0) return false
    return names.every(({ name, kind }) => {
      const path = posix.join(here, name)
      if (kind === 'directory') return skipped.test(name) || visit(path, left - 1)
      if (kind === 'file' && isWanted(name)) found.push(path)
      return found.length <= most
    })
  }
  return visit(directory, levels) ? found : null
}
