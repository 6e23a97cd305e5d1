import { posix } from 'node:path'
import type { FileSystem } from './file-system.ts'
import { isMainName, judgePath, MAIN_FILES } from './known-places.ts'
import { below } from './look.ts'
import { PROGRAMS, type Program } from './program.ts'
import { recognise } from './recognise.ts'

/** What a file is read as that somebody named. */
export interface NamedFile {
  readonly path: string
  readonly program: Program
  /** True where it is read as a main file, false as a fragment. */
  readonly isMain: boolean
}

/**
 * Says what a file is that the user named: its content decides, and where that tells nothing its place and
 * name. Null where nothing does.
 */
export function readNamedFile(files: FileSystem, path: string, within = '/'): NamedFile | null {
  const read = files.read(path)
  // What a .htaccess means hangs on the configuration that lets it speak.
  if (read.kind !== 'source' || path.endsWith('/.htaccess')) return null
  const recognised = recognise(read.source)
  const named = PROGRAMS.find(each => isMainName(path, each)) ?? null
  const verdict = judgePath(below(path, within))
  const place = verdict !== null && 'program' in verdict ? verdict.program : null
  const begins = includesServer(files, path, read.source.text)
  const program = recognised?.program ?? place ?? named ?? (begins ? 'apache' : null)
  if (program === null) return null
  const real = files.realPath(path)
  const isKnown = MAIN_FILES[program].some(place => files.realPath(place) === real)
  const part = recognised?.part ?? (named === program ? 'whole' : 'inner')
  const isMain =
    isKnown ||
    part === 'whole' ||
    (part === 'outer' && isMainName(path, program)) ||
    (program === 'apache' && begins)
  return { path, program, isMain }
}

/** True where a file of Apache begins with another that sets a server up: then it is the main one. */
function includesServer(files: FileSystem, path: string, text: string): boolean {
  const target = /^[ \t]*Include[ \t]+"?([^\s"*?[]+)/im.exec(text)?.[1]
  if (target === undefined) return false
  const read = files.read(posix.resolve(posix.dirname(path), target))
  const recognised = read.kind === 'source' ? recognise(read.source) : null
  return recognised?.program === 'apache' && (recognised.part === 'whole' || recognised.part === 'outer')
}
