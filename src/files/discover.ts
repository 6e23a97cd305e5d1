import { existsSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { beginningOn, displayPath, NAME_LOST } from './disk-file-system.ts'
import { once } from '../../parsers/collections/once.ts'
import { type Source, textSource } from '../../parsers/text/source.ts'
import { below, isBelow } from '../../parsers/text/is-below.ts'
import { diskMachines, onDisk, type Scope } from './disk-machines.ts'
import { ownedSource } from './file-owner.ts'
import { filledInFiles } from './filled-in.ts'
import { knownValues } from './known-values.ts'
import { type AuditRoot, inferRoot, nestedRoots, rootAround } from './infer-root.ts'
import { InputError, NothingToAudit } from './input-error.ts'
import { judgePath, SERVER_DIRECTORIES } from './known-places.ts'
import type { Machine, SkippedFile } from './machine.ts'
import { BEGINNING, mayHoldFiles } from './nested-files.ts'
import { limitNotice, type Notice, noticeLine } from './notice.ts'
import {
  dumpFileMachine,
  dumpMachine,
  type DumpSplitter,
  namedTextMachine,
  textMachine,
} from './text-machines.ts'
import { systemReason } from './system-reason.ts'
import type { ReadAs } from './read-as.ts'
import { type ReadBudget, readBudget } from './read-budget.ts'
import { walk } from './walk.ts'

export type { Machine } from './machine.ts'

export interface DiscoverOptions {
  /** Absolute; inferred from each path where absent. */
  readonly root?: string
  readonly workingDirectory: string
  /** True for an absolute path of this machine that is not to be audited. */
  readonly ignores?: (path: string) => boolean
  /** Standard input, for the path `-`; `name` is the file that it stands for. */
  readonly standardInput?: {
    readonly text: string
    readonly name: string | null
    /** Up to where it was read; null where that is its end. */
    readonly limit?: string | null
  }
  /** Texts in place of files of the disk, or beside them: by absolute path of this machine, links resolved. */
  readonly texts?: ReadonlyMap<string, string>
  readonly splitDump?: DumpSplitter
  /** What the files are that were named; their own lines tell where absent. */
  readonly as?: ReadAs | null
  /** What the audit may read in all. */
  readonly budget?: ReadBudget
}

/**
 * Finds what there is to audit below some paths: directories, main files, fragments, dumps of `nginx -T`.
 *
 * Throws {@link InputError} for a path that is not there, lies outside `root` or is no configuration, and
 * where nothing is found at all.
 */
export function discover(paths: readonly string[], asked: DiscoverOptions): readonly Machine[] {
  const around: string[] = []
  const textOf = (path: string): string | null => asked.texts?.get(path) ?? beginningOn(path, BEGINNING)
  const filledIn = once(() => filledInFiles(around, textOf))
  const knownValue = once(() => knownValues(around, sourcesOf(textOf, asked.workingDirectory)))
  const options = {
    ...asked,
    budget: asked.budget ?? readBudget(),
    fillingOf: (path: string) => {
      const words = filledIn().wordsIn(path)
      const isContinued = filledIn().isContinued(path)
      return { words, isContinued, valueFor: (placeholder: string) => knownValue()(path, placeholder, words) }
    },
  }
  const scopes = new Map<string, Scope>()
  const machines: Machine[] = []
  const scopeOf = ({ root, within }: AuditRoot): Scope => {
    const key = `${root}\0${within}`
    const scope = scopes.get(key) ?? {
      root,
      within,
      directories: [],
      single: [],
      paths: [],
      refused: new Map(),
    }
    scopes.set(key, scope)
    return scope
  }
  const given = options.root === undefined ? null : { root: options.root, within: '/' }

  for (const path of paths) {
    if (path === '-') {
      machines.push(standardInputMachine(options))
      continue
    }
    const { absolute, stats } = locatePath(path, options)
    if (stats?.isDirectory()) {
      if (options.as !== undefined && options.as !== null)
        throw new InputError(`${path}: --as says what a file is read as, and this is a directory`)
      for (const file of addDirectory(given ?? inferRoot(absolute), absolute, options, scopeOf))
        around.push(file)
      continue
    }
    const dump =
      stats === null || stats.size === 0 || stats.size > MAXIMUM_DUMP || (options.as ?? null) !== null
        ? null
        : dumpFileMachine(absolute, options.splitDump)
    if (dump === null && given === null && (options.as ?? null) === null && mayHoldFiles(absolute)) {
      const scope = scopeOf({ root: '/', within: dirname(absolute) })
      scope.directories.push(absolute)
      scope.paths.push(absolute)
    } else if (dump === null) {
      const auditRoot = given ?? inferRoot(dirname(absolute))
      scopeOf(auditRoot).single.push(`/${relative(auditRoot.root, absolute)}`)
    } else {
      machines.push(dump)
    }
  }
  const unread: Notice[] = []
  const skipped: SkippedFile[] = []
  for (const scope of scopes.values()) {
    const found = diskMachines(scope, options)
    for (const machine of found.machines) machines.push(machine)
    if (found.machines.length > 0) continue
    unread.push(...found.notices())
    skipped.push(...found.skipped())
  }
  if (machines.length === 0) {
    const [first] = unread.map(noticeLine)
    const more = unread.length > 1 ? ` and ${unread.length - 1} more` : ''
    const reason = first === undefined ? '' : ` (${first}${more})`
    throw new NothingToAudit(
      `nothing to audit: no configuration of nginx or Apache, and nothing that starts an application, in ${paths.join(', ')}${reason}`,
      skipped,
    )
  }
  return withRest(machines, unread, skipped)
}

/** What was left out where nothing is a server's, told by the first machine. */
function withRest(
  machines: readonly Machine[],
  unread: readonly Notice[],
  left: readonly SkippedFile[],
): readonly Machine[] {
  const [first, ...others] = machines
  if (first === undefined || unread.length + left.length === 0) return machines
  const { notices, skipped } = first
  return [
    { ...first, notices: () => [...notices(), ...unread], skipped: () => [...skipped(), ...left] },
    ...others,
  ]
}

/**
 * The path on this machine, links resolved, and what the disk says of it; null where a text is laid over it. With a root, `/etc` may also mean that of the root, and a
 * directory above the root (the repository that holds it) means the root.
 */
function locatePath(
  path: string,
  { root, workingDirectory, texts }: DiscoverOptions,
): { readonly absolute: string; readonly stats: Stats | null } {
  if (path === '') throw new InputError('an empty path')
  let absolute = resolve(workingDirectory, path)
  if (root !== undefined && !isBelow(absolute, root)) {
    if (path.startsWith('/') && existsSync(join(root, path))) absolute = join(root, path)
    else if (isBelow(root, realPathOr(absolute))) absolute = root
    else if (isBelow(realPathOr(absolute), root)) absolute = realPathOr(absolute)
    else if (existsSync(absolute)) throw new InputError(`${path}: outside the root ${root}`)
  }
  if (texts?.has(absolute) === true) return { absolute, stats: null }
  const stats = statsOf(absolute, path)
  if (!stats.isFile() && !stats.isDirectory()) {
    throw new InputError(`${path}: neither a file nor a directory`)
  }
  return { absolute: root === undefined ? realpathSync(absolute) : absolute, stats }
}

function statsOf(absolute: string, path: string): Stats {
  try {
    return statSync(absolute)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InputError(`${path}: ${code === 'EACCES' ? systemReason(error) : 'no such file or directory'}`)
  }
}

function realPathOr(path: string): string {
  return existsSync(path) ? realpathSync(path) : path
}

/**
 * Walks a directory once and gives what lies in another machine's tree (`web1/etc/nginx`) to that root.
 *
 * Gives the files in which commands may stand that fill in others; on a running machine they have done so.
 */
function addDirectory(
  auditRoot: AuditRoot,
  absolute: string,
  options: DiscoverOptions,
  scopeOf: (root: AuditRoot) => Scope,
): readonly string[] {
  const { root, within } = auditRoot
  const directory = `/${relative(root, absolute)}`
  const isMachine = root === '/' && directory === '/'
  const { paths: walked, refused } = walk(root, isMachine ? SERVER_DIRECTORIES : [directory])
  const paths = withTexts(walked, root, isMachine ? SERVER_DIRECTORIES : [directory], options.texts)
  const own = scopeOf(auditRoot)
  own.directories.push(directory)
  for (const [path, reason] of refused) own.refused.set(path, { code: 'unreadable', text: reason })
  const isOneRoot = options.root !== undefined || isMachine
  const roots = isOneRoot ? new Set<string>() : nestedRoots(paths)
  const beside: string[] = []
  const ofRoot = (prefix: string): Scope => {
    const isOwn = prefix === '' && within === '/'
    const scope = isOwn ? own : scopeOf({ root: onDisk(root, prefix), within: '/' })
    scope.beside ??= { root, paths: beside }
    if (!isOwn && scope.directories.length === 0) scope.directories.push('/')
    return scope
  }
  for (const path of paths) {
    if (path.includes('\uFFFD') && judgePath(below(path, within)) !== null)
      own.refused.set(onDisk(root, path), { code: 'name-not-utf8', text: NAME_LOST })
    const prefix = isOneRoot ? '' : rootAround(path, roots)
    if (isOneRoot || prefix !== null) {
      const machine = isOneRoot ? own : ofRoot(prefix ?? '')
      machine.paths.push(path.slice(prefix?.length ?? 0))
      continue
    }
    // Beside a machine's own tree a repository keeps what belongs to none.
    const rest = within === '/' ? scopeOf({ root: '/', within: root }) : own
    if (rest.directories.length === 0) rest.directories.push(root)
    beside.push(path)
    rest.paths.push(within === '/' ? onDisk(root, path) : path)
  }
  return root === '/' && within === '/' ? [] : paths.map(path => onDisk(root, path))
}

/** The paths, and those below the directories that only a text is laid over. */
function withTexts(
  paths: readonly string[],
  root: string,
  directories: readonly string[],
  texts: DiscoverOptions['texts'],
): readonly string[] {
  const more = [...(texts?.keys() ?? [])]
    .filter(path => isBelow(path, root))
    .map(path => `/${relative(root, path)}`)
    .filter(path => directories.some(directory => isBelow(path, directory)) && !paths.includes(path))
  return more.length === 0 ? paths : [...paths, ...more].sort()
}

function standardInputMachine(options: DiscoverOptions): Machine {
  const { text = '', name = null, limit = null } = options.standardInput ?? {}
  const dump = options.splitDump === undefined ? null : dumpMachine(text, options.splitDump)
  const machine =
    dump ?? (name === null ? textMachine(text, options.as ?? null) : namedTextMachine(text, name, options))
  if (machine === null)
    throw new InputError(`${name ?? 'standard input'}: no configuration of nginx or Apache`)
  if (limit === null) return machine
  const cut = limitNotice(null, `standard input is read up to ${limit}; the rest is not audited`)
  return { ...machine, notices: () => [cut, ...machine.notices()] }
}

/** One source for each file of this machine, by its absolute path. */
function sourcesOf(
  textOf: (path: string) => string | null,
  workingDirectory: string,
): (path: string) => Source | null {
  const known = new Map<string, Source | null>()
  return path => {
    if (!known.has(path)) {
      const text = textOf(path)
      const named = (file: string): string => displayPath(file, workingDirectory)
      known.set(path, text === null ? null : ownedSource(textSource(path, text), named))
    }
    return known.get(path) ?? null
  }
}

/** Bytes of the largest dump that is read: one text holds every file, so the limit of one file is too low. */
const MAXIMUM_DUMP = 200_000_000
