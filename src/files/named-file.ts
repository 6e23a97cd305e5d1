import { below } from '../../parsers/text/is-below.ts'
import { posix } from 'node:path'
import { parseNginx } from '../../parsers/nginx/parse.ts'
import { fragmentContexts } from '../servers/nginx/fragments.ts'
import type { FileSystem } from './file-system.ts'
import { isMainName, judgePath, MAIN_FILES } from './known-places.ts'
import { isNamedHtaccessAlone } from './look.ts'
import { PROGRAMS, type Program } from './program.ts'
import type { ReadAs } from './read-as.ts'
import { recognise } from './recognise.ts'

/** What a file is read as that somebody named. */
export interface NamedFile {
  readonly path: string
  readonly program: Program
  readonly part: 'main' | 'fragment' | 'htaccess'
  /** True where its lines stand in a `location`, whatever else they might fit. */
  readonly isInLocation: boolean
  /** How it is read, for people; null where its place leaves no choice. */
  readonly readAs: string | null
}

/**
 * Says what a file is that the user named: what they say, else its content, and where that tells nothing its
 * place and name. Null where nothing does.
 */
export function readNamedFile(
  files: FileSystem,
  path: string,
  within = '/',
  as: ReadAs | null = null,
): NamedFile | null {
  const read = files.read(path)
  if (read.kind !== 'source') return null
  const verdict = judgePath(below(path, within))
  const isHtaccess = verdict?.kind === 'htaccess' && !isNamedHtaccessAlone(read.source, posix.basename(path))
  if (as === 'htaccess' || (as === null && isHtaccess)) {
    return { path, program: 'apache', part: 'htaccess', isInLocation: false, readAs: '.htaccess' }
  }
  if (as === 'nginx-location') {
    const readAs = 'lines of an nginx location'
    return { path, program: 'nginx', part: 'fragment', isInLocation: true, readAs }
  }
  const recognised = recognise(read.source)
  const named = PROGRAMS.find(each => isMainName(path, each)) ?? null
  const place = verdict !== null && 'program' in verdict ? verdict.program : null
  const begins = includesServer(files, path, read.source.text)
  const program = as ?? recognised?.program ?? place ?? named ?? (begins ? 'apache' : null)
  if (program === null) return null
  const real = files.realPath(path)
  const isKnown = MAIN_FILES[program].some(place => files.realPath(place) === real)
  const own = recognised?.program === program ? recognised.part : null
  const part = own ?? (named === program ? 'whole' : 'inner')
  const isMain =
    isKnown ||
    part === 'whole' ||
    (part === 'outer' && isMainName(path, program)) ||
    (program === 'apache' && begins)
  const what = isMain ? 'main file' : program === 'nginx' ? insideOf(read.source) : 'lines of a main file'
  const readAs = isKnown ? null : `${what} of ${program === 'nginx' ? 'nginx' : 'Apache'}`
  return { path, program, part: isMain ? 'main' : 'fragment', isInLocation: false, readAs }
}

/** The block of nginx in which the lines of a fragment stand. */
function insideOf(source: Parameters<typeof fragmentContexts>[0]): string {
  const contextOf = fragmentContexts(source)
  const contexts = new Set(
    parseNginx(source).children.flatMap(node => (node.kind === 'directive' ? [contextOf(node)] : [])),
  )
  const [context] = contexts
  if (contexts.size !== 1 || context === undefined || context === 'unknown') return 'lines of some block'
  return context === 'main' ? 'lines of a main file' : `lines of a \`${context}\` block`
}

/** True where a file of Apache begins with another that sets a server up: then it is the main one. */
function includesServer(files: FileSystem, path: string, text: string): boolean {
  const target = /^[ \t]*Include[ \t]+"?([^\s"*?[]+)/im.exec(text)?.[1]
  if (target === undefined) return false
  const read = files.read(posix.resolve(posix.dirname(path), target))
  const recognised = read.kind === 'source' ? recognise(read.source) : null
  return recognised?.program === 'apache' && (recognised.part === 'whole' || recognised.part === 'outer')
}
