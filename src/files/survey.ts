import { posix } from 'node:path'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { FileSystem } from './file-system.ts'
import { type Fragment, type FragmentSet, fragmentSets } from './fragment-sets.ts'
import { KEEPERS } from './coverage.ts'
import { confOf, HOMES, isMainName, isPart, judgePath, MAIN_FILES } from './known-places.ts'
import {
  type Candidate,
  type JudgedPath,
  judgePaths,
  lookInto,
  type LookOptions,
  type SkippedPath,
  skipped,
} from './look.ts'
import { PROGRAMS, type Program } from './program.ts'

/** The files of one file system, sorted by what they are to the servers. */
export interface Survey {
  /** Main files that run side by side, by the names under which the servers open them. */
  readonly mains: Readonly<Record<Program, readonly string[]>>
  /** Main files beside which no other runs. */
  readonly otherMains: readonly Candidate[]
  /** Files without a main file; see {@link import('./machine.ts').Machine.fragments}. */
  readonly fragments: (
    reached: ReadonlySet<string>,
    whole: Readonly<Record<Program, boolean>>,
    isTaken?: (path: string) => boolean,
  ) => readonly FragmentSet[]
  /** True where something of Apache's is among the files. */
  readonly hasApache: boolean
  readonly htaccess: readonly string[]
  /** What is not read; more is known once `fragments` was asked. */
  readonly skipped: () => readonly SkippedPath[]
  /** What is read though nothing says whether it is enabled; known once `fragments` was asked. */
  readonly unsettled: () => readonly UnsettledPath[]
}

/** A file that waits in a directory such as `sites-available`, and is read since that of enabled files is not there. */
export interface UnsettledPath {
  readonly path: string
  /** The name of the directory that would say whether it is enabled: `sites-enabled`. */
  readonly enabled: string
}

/** True for a file that can be its program's main file. */
export function isMain({ part, program, path }: Candidate): boolean {
  if (isMainName(path, program)) return part === 'whole' || part === 'outer'
  return part === 'whole' && !(program === 'apache' && isPart(path))
}

/**
 * Sorts the files of a machine's root: main files by the places where distributions put them, then by
 * content; the rest by content alone. Where a distribution's place has a main file, no other is in use.
 *
 * @param paths files and links inside the root
 * @param isAsked true for a path inside the root that belongs to the audit
 */
export function surveyRoot(
  files: FileSystem,
  paths: readonly string[],
  isAsked: (path: string) => boolean,
  options: LookOptions = {},
): Survey {
  const { mains, seen, refused } = mainsAtKnownPlaces(files, isAsked)
  // Nearly all files beside a main file are those it includes: they are looked into when it has been read,
  // and only if it did not come by.
  const homes = PROGRAMS.flatMap(program => mains[program].map(main => `${posix.dirname(main)}/`))
  const later: JudgedPath[] = []
  const candidates: Candidate[] = []
  const htaccess: string[] = []
  const left: SkippedPath[] = [...refused]
  for (const judged of judgePaths(paths, '/')) {
    const path = files.realPath(judged.named)
    if (path !== null && (seen.has(path) || !isAsked(path))) continue
    if (path !== null) seen.add(path)
    if (path !== null && homes.some(home => path.startsWith(home))) {
      later.push(judged)
      continue
    }
    const looked = lookInto(files, judged, options)
    if (looked?.kind === 'candidate') candidates.push(looked)
    else if (looked?.kind === 'skipped') left.push(looked)
    else if (looked?.kind === 'htaccess') htaccess.push(looked.path)
  }

  const otherMains: Candidate[] = []
  const fragments: Candidate[] = []
  for (const program of PROGRAMS) {
    const own = candidates.filter(candidate => candidate.program === program)
    const possible = withoutIncluded(files, own.filter(isMain), own)
    const [first, ...others] = possible
    fragments.push(...own.filter(candidate => !possible.includes(candidate)))
    if (first === undefined) continue
    if (mains[program].length > 0) left.push(...possible.map(notInUse))
    else if (others.length === 0) mains[program].push(first.named)
    else otherMains.push(...possible)
  }

  let sets: { readonly reached: number; readonly value: readonly FragmentSet[] } | null = null
  let unread: readonly SkippedPath[] = []
  let unsettled: readonly UnsettledPath[] = []
  return {
    mains,
    otherMains,
    fragments(reached, whole, isTaken = () => false) {
      if (sets?.reached === reached.size) return sets.value
      const unreached = fragments.filter(({ path }) => !reached.has(path))
      const found = lookAtUnreached({ files, paths: later, reached, whole, isTaken, mains, options })
      const enabled = settleOnDemand(files, [...unreached, ...found.candidates])
      unread = [...found.skipped, ...enabled.skipped]
      unsettled = enabled.unsettled
      sets = { reached: reached.size, value: fragmentSets(enabled.candidates.map(toFragment)) }
      return sets.value
    },
    hasApache: mains.apache.length > 0 || candidates.some(({ program }) => program === 'apache'),
    htaccess,
    skipped: () => [...withRefusedOnDemand(files, left), ...unread],
    unsettled: () => unsettled,
  }
}

export function toFragment({ named, path, source, program, part, sample }: Candidate): Fragment {
  return { path, group: named, source, program, part, sample }
}

function mainsAtKnownPlaces(
  files: FileSystem,
  isAsked: (path: string) => boolean,
): {
  readonly mains: Record<Program, string[]>
  readonly seen: Set<string>
  readonly refused: readonly SkippedPath[]
} {
  const mains: Record<Program, string[]> = { nginx: [], apache: [] }
  const seen = new Set<string>()
  const refused = new Map<string, SkippedPath>()
  for (const program of PROGRAMS) {
    for (const place of MAIN_FILES[program]) {
      const path = isAsked(place) ? files.realPath(place) : null
      if (path !== null && seen.has(path)) continue
      // It is read where the other has it: Debian's `httpd.conf` of 2.2.
      if (mains[program].some(main => includesBeside(files, main, place))) continue
      if (path === null || files.read(path).kind !== 'source') {
        const without = isAsked(place) ? refusedMain(files, place) : null
        if (without !== null) refused.set(without.path, without)
        if (without !== null && path !== null) seen.add(path)
        continue
      }
      seen.add(path)
      // The name by which the server opens it: what it includes is looked for beside that.
      mains[program].push(place)
    }
  }
  return { mains, seen, refused: [...refused.values()] }
}

/** True for a main file that names, in an `Include`, one of the directory in which it lies. */
function includesBeside(files: FileSystem, main: string, place: string): boolean {
  if (posix.dirname(main) !== posix.dirname(place)) return false
  const read = files.read(files.realPath(main) ?? main)
  if (read.kind !== 'source') return false
  const included = read.source.text.matchAll(/^[ \t]*Include(?:Optional)?[ \t]+"?([^\s"*?[]+)"?[ \t]*\r?$/gim)
  return [...included].some(([, path = '']) => posix.resolve(posix.dirname(main), path) === place)
}

/**
 * A main file that the system does not give, or the directory of its package that it does not show; null where
 * neither is seen to be there.
 */
function refusedMain(files: FileSystem, place: string): SkippedPath | null {
  if (files.kind(place) === 'file') {
    const read = files.read(place)
    return read.kind === 'source' ? null : { ...skipped(place, 'unreadable', read.reason), isRead: true }
  }
  const reason = files.refusal(place)
  if (reason === null) return null
  let directory = posix.dirname(place)
  while (files.realPath(directory) === null && directory !== '/') directory = posix.dirname(directory)
  const isServers = HOMES.some(({ path }) => isBelow(directory, path)) || directory === '/etc'
  return isServers ? { ...skipped(directory, 'unreadable', reason), isRead: true } : null
}

/** What lies beside main files that were read, and was not among what they include. */
function lookAtUnreached({
  files,
  paths,
  reached,
  whole,
  isTaken,
  mains,
  options,
}: {
  readonly files: FileSystem
  readonly paths: readonly JudgedPath[]
  readonly reached: ReadonlySet<string>
  readonly whole: Readonly<Record<Program, boolean>>
  readonly isTaken: (path: string) => boolean
  readonly mains: Readonly<Record<Program, readonly string[]>>
  readonly options: LookOptions
}): { readonly candidates: readonly Candidate[]; readonly skipped: readonly SkippedPath[] } {
  const candidates: Candidate[] = []
  const left: SkippedPath[] = []
  for (const judged of paths) {
    const path = files.realPath(judged.named)
    if (path === null || reached.has(path)) continue
    const looked = lookInto(files, judged, options)
    // The main file was read, and does not include it.
    if (looked?.kind === 'skipped') left.push({ ...looked, isRead: false })
    if (looked?.kind !== 'candidate') continue
    const { program, part, onDemand } = looked
    const hasMain = mains[program].length > 0
    if (hasMain && part === 'whole') left.push(notInUse(looked))
    else if (isPutAside(files, path, judged.named, isTaken))
      left.push(skipped(judged.named, 'backup', 'a copy that is not live: only `*.conf` is included'))
    else if (hasMain && onDemand === null && whole[program] && files.covers(path))
      left.push(skipped(judged.named, 'not-included', 'the main file does not include it'))
    else candidates.push(looked)
  }
  return { candidates, skipped: left }
}

/**
 * True for `app.conf.nossl`, where a pattern takes `app.conf` and nothing reads the other: beside that file, or where
 * all is there that a server would read.
 */
function isPutAside(
  files: FileSystem,
  path: string,
  named: string,
  isTaken: (path: string) => boolean,
): boolean {
  const live = confOf(named)
  return live !== null && isTaken(live) && (files.covers(path) || files.kind(live) === 'file')
}

function notInUse({ named }: Candidate): SkippedPath {
  return skipped(named, 'other-main', 'another main file is in use')
}

/**
 * Of a directory of available files, where the one of enabled files is there too, only those are in use that
 * it links to; where it is not, nobody knows which, and all are read.
 */
export function settleOnDemand(
  files: FileSystem,
  candidates: readonly Candidate[],
): {
  readonly candidates: readonly Candidate[]
  readonly skipped: readonly SkippedPath[]
  readonly unsettled: readonly UnsettledPath[]
} {
  const kept: Candidate[] = []
  const left: SkippedPath[] = []
  const unsettled: UnsettledPath[] = []
  const known = new Map<string, boolean>()
  for (const candidate of candidates) {
    const { onDemand, named } = candidate
    if (onDemand === null) {
      kept.push(candidate)
      continue
    }
    const enabled = enabledBeside(named, onDemand)
    const isSettled = known.get(enabled) ?? isInUse(files, enabled)
    known.set(enabled, isSettled)
    if (isSettled)
      left.push(skipped(named, 'not-enabled', `\`${posix.basename(enabled)}\` does not link to it`))
    else {
      kept.push(candidate)
      unsettled.push({ path: candidate.path, enabled: posix.basename(enabled) })
    }
  }
  return { candidates: kept, skipped: left, unsettled }
}

/** What the system refused of available files is read as the others are, where nobody knows which are enabled. */
export function withRefusedOnDemand(files: FileSystem, left: readonly SkippedPath[]): readonly SkippedPath[] {
  return left.map(each => {
    const { onDemand = null, path } = each
    return onDemand === null || isInUse(files, enabledBeside(path, onDemand))
      ? each
      : { ...each, isRead: true }
  })
}

/** `sites-enabled` of a file in `sites-available`. */
function enabledBeside(named: string, onDemand: string): string {
  const directory = named.slice(0, named.indexOf(onDemand) + onDemand.length)
  return directory.replace(/available$/, 'enabled')
}

/** True where the directory of enabled files says what is in use: it holds some, or the audit all. */
function isInUse(files: FileSystem, enabled: string): boolean {
  if (files.covers(posix.join(enabled, 'any'))) return true
  const entries = files.list(enabled) ?? []
  return entries.some(({ name, kind }) => kind === 'file' && mayBeEnabled(posix.join(enabled, name)))
}

/** False for a README, and for what keeps the directory in a repository. */
function mayBeEnabled(path: string): boolean {
  if (KEEPERS.test(posix.basename(path))) return false
  const verdict = judgePath(path, false)
  return verdict !== null && verdict.kind !== 'backup'
}

/** Main files of Apache that another file beside them includes by name give their place to that file. */
export function withoutIncluded(
  files: FileSystem,
  mains: readonly Candidate[],
  all: readonly Candidate[],
): readonly Candidate[] {
  let left = mains
  for (const candidate of all) {
    if (candidate.program !== 'apache' || !candidate.path.endsWith('.conf')) continue
    const target = includeTarget(candidate.source.text)
    if (target === undefined) continue
    const path = files.realPath(posix.resolve(posix.dirname(candidate.path), target))
    const included = left.find(main => main.path === path && main !== candidate)
    if (included === undefined || posix.dirname(included.path) !== posix.dirname(candidate.path)) continue
    left = left.map(main => (main === included ? candidate : main))
  }
  return [...new Set(left)]
}

function includeTarget(text: string): string | undefined {
  return /^[ \t]*Include[ \t]+"?([^\s"*?[]+)/im.exec(text)?.[1]
}
