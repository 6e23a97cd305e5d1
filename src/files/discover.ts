import { existsSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { diskFileSystem, displayPath, isBelow, NAME_LOST, readText } from './disk-file-system.ts'
import { systemReason } from './system-reason.ts'
import type { FileSystem } from './file-system.ts'
import type { Machine } from './machine.ts'
import { type AuditRoot, inferRoot, nestedRoot } from './infer-root.ts'
import { InputError } from './input-error.ts'
import { judgePath, SERVER_FOLDERS } from './known-places.ts'
import { memoryFileSystem } from './memory-file-system.ts'
import { fileNotice, type Notice, noticeLine } from './notice.ts'
import { overlay } from './overlay.ts'
import { below, joinSurveys, type Survey, survey, surveyFile } from './survey.ts'
import { toSource } from './to-source.ts'
import { walk } from './walk.ts'

export type { Machine } from './machine.ts'

/** The files of an `nginx -T` dump, main file first; null for any other text. */
export type DumpSplitter = (
  text: string,
) => readonly { readonly path: string; readonly text: string }[] | null

export interface DiscoverOptions {
  /** Absolute; inferred from each path where absent. */
  readonly root?: string
  readonly workingDirectory: string
  /** True for an absolute path of this machine that is not to be audited. */
  readonly ignores?: (path: string) => boolean
  /** Standard input, for the path `-`; `name` is the file that it stands for. */
  readonly standardInput?: { readonly text: string; readonly name: string | null }
  readonly splitDump?: DumpSplitter
}

/** What was asked of one root, as paths inside it. */
interface Scope extends AuditRoot {
  readonly folders: string[]
  readonly single: string[]
  /** Files and links below the folders. */
  readonly paths: string[]
  /** What the walk met and could not follow; paths on this machine. */
  readonly refused: Map<string, Pick<Notice, 'code' | 'text'>>
}

/**
 * Finds what there is to audit below some paths: folders, main files, fragments, dumps of `nginx -T`.
 *
 * Throws {@link InputError} for a path that is not there, lies outside `root` or is no configuration, and
 * where nothing is found at all.
 */
export function discover(paths: readonly string[], options: DiscoverOptions): readonly Machine[] {
  const scopes = new Map<string, Scope>()
  const machines: Machine[] = []
  const scopeOf = ({ root, within }: AuditRoot): Scope => {
    const key = `${root}\0${within}`
    const scope = scopes.get(key) ?? { root, within, folders: [], single: [], paths: [], refused: new Map() }
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
    if (stats.isDirectory()) {
      addFolder(given ?? inferRoot(absolute), absolute, options, scopeOf)
      continue
    }
    const dump = stats.size === 0 || stats.size > MAXIMUM_DUMP ? null : readDump(absolute, options)
    if (dump === null) {
      const auditRoot = given ?? inferRoot(dirname(absolute))
      scopeOf(auditRoot).single.push(`/${relative(auditRoot.root, absolute)}`)
    } else {
      machines.push(dump)
    }
  }
  const unread: Notice[] = []
  for (const scope of scopes.values()) {
    const { machine, notices } = diskMachine(scope, options)
    if (machine !== null) machines.push(machine)
    else unread.push(...notices())
  }
  if (machines.length === 0) {
    const [first] = unread.map(noticeLine)
    const more = unread.length > 1 ? ` and ${unread.length - 1} more` : ''
    const reason = first === undefined ? '' : ` (${first}${more})`
    throw new InputError(`nothing to audit: no nginx or Apache configuration in ${paths.join(', ')}${reason}`)
  }
  return machines
}

/**
 * The path on this machine, links resolved. With a root, `/etc` may also mean that of the root, and a
 * folder above the root (the repository that holds it) means the root.
 */
function locatePath(
  path: string,
  { root, workingDirectory }: DiscoverOptions,
): { readonly absolute: string; readonly stats: Stats } {
  if (path === '') throw new InputError('an empty path')
  let absolute = resolve(workingDirectory, path)
  if (root !== undefined && !isBelow(absolute, root)) {
    if (path.startsWith('/') && existsSync(join(root, path))) absolute = join(root, path)
    else if (isBelow(root, realPathOr(absolute))) absolute = root
    else if (isBelow(realPathOr(absolute), root)) absolute = realPathOr(absolute)
    else if (existsSync(absolute)) throw new InputError(`${path}: outside the root ${root}`)
  }
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

/** Walks a folder once and hands what lies in another machine's tree (`web1/etc/nginx`) to that root. */
function addFolder(
  auditRoot: AuditRoot,
  absolute: string,
  options: DiscoverOptions,
  scopeOf: (root: AuditRoot) => Scope,
): void {
  const { root } = auditRoot
  const folder = `/${relative(root, absolute)}`
  const own = scopeOf(auditRoot)
  own.folders.push(folder)
  const isMachine = root === '/' && folder === '/'
  const { paths, refused } = walk(root, isMachine ? SERVER_FOLDERS : [folder])
  for (const [path, reason] of refused) own.refused.set(path, { code: 'unreadable', text: reason })
  const isWhole = options.root === undefined && !isMachine
  for (const path of paths) {
    const prefix = isWhole ? nestedRoot(path) : null
    if (path.includes('\uFFFD') && judgePath(below(path, auditRoot.within)) !== null)
      own.refused.set(onDisk(root, path), { code: 'name-not-utf8', text: NAME_LOST })
    if (prefix === null) {
      own.paths.push(path)
      continue
    }
    const nested = scopeOf({ root: root === '/' ? prefix : root + prefix, within: '/' })
    if (nested.folders.length === 0) nested.folders.push('/')
    nested.paths.push(path.slice(prefix.length))
  }
}

function diskMachine(
  scope: Scope,
  options: DiscoverOptions,
): { readonly machine: Machine | null; readonly notices: () => readonly Notice[] } {
  const { root, within } = scope
  const { workingDirectory } = options
  const files = diskFileSystem(root, { workingDirectory, within })
  const isAsked = (path: string): boolean =>
    scope.folders.some(folder => isBelow(path, folder)) && options.ignores?.(onDisk(root, path)) !== true
  const surveys: Survey[] = [survey(files, scope.paths.filter(isAsked), isAsked, within)]
  for (const path of scope.single) {
    const found = surveyFile(files, path, within)
    if (found === null) throw new InputError(unusable(files, path))
    surveys.push(found)
  }
  const notices = (): readonly Notice[] => [
    ...[...scope.refused].map(([path, { code, text }]) =>
      fileNotice(code, displayPath(path, workingDirectory), text),
    ),
    ...files.notices(),
  ]
  const found = joinSurveys(surveys)
  // A main file says itself which links it follows.
  if (found.mains.nginx.length === 0 && found.mains.apache.length === 0) {
    for (const path of scope.paths.filter(isAsked)) {
      if (judgePath(below(path, within)) === null || path.includes('\uFFFD') || files.realPath(path) !== null)
        continue
      scope.refused.set(onDisk(root, path), {
        code: 'link-outside',
        text: 'the link leads nowhere, or out of what is audited',
      })
    }
  }
  const name = displayPath(onDisk(root, within), workingDirectory)
  return { machine: toMachine(name, files, found, notices), notices }
}

function onDisk(root: string, path: string): string {
  if (path === '/') return root
  return root === '/' ? path : root + path
}

function unusable(files: FileSystem, path: string): string {
  const read = files.read(path)
  const reason = read.kind === 'source' ? 'no configuration of nginx or Apache' : read.reason
  return `${files.display(path)}: ${reason}`
}

function toMachine(
  root: string,
  files: FileSystem,
  { mains, fragments, hasApache, htaccess }: Survey,
  notices: () => readonly Notice[],
): Machine | null {
  if (mains.nginx.length + mains.apache.length === 0) {
    const { nginx, apache } = fragments(new Set())
    if (nginx.length + apache.length === 0) return null
  }
  return {
    root,
    files,
    fileName: path => files.display(path),
    nginxMains: mains.nginx,
    apacheMains: mains.apache,
    fragments,
    hasApache,
    htaccess,
    isDump: false,
    notices,
  }
}

/** Bytes of the largest dump that is read: one text holds every file, so the limit of one file is too low. */
const MAXIMUM_DUMP = 200_000_000

function readDump(path: string, { splitDump }: DiscoverOptions): Machine | null {
  if (splitDump === undefined) return null
  try {
    return dumpMachine(readText(path).text, splitDump)
  } catch {
    // The audit itself says why it cannot be read.
    return null
  }
}

const DUMP_HEADER = /^# configuration file \/.*:$/m

function dumpMachine(text: string, splitDump: DumpSplitter): Machine | null {
  const parts = DUMP_HEADER.test(text) ? splitDump(text) : null
  const main = parts?.[0]
  if (parts === null || main === undefined) return null
  const texts = Object.fromEntries(parts.map(part => [part.path, part.text]))
  // A dump holds what nginx read and nothing else: what it lacks may well be on the machine.
  const files = memoryFileSystem(texts, { covers: [], root: '/' })
  const none = { nginx: [], apache: [] }
  const found: Survey = {
    mains: { ...none, nginx: [main.path] },
    fragments: () => none,
    hasApache: false,
    htaccess: [],
  }
  const machine = toMachine('/', files, found, () => [])
  return machine === null ? null : { ...machine, isDump: true }
}

function standardInputMachine(options: DiscoverOptions): Machine {
  const { text = '', name = null } = options.standardInput ?? {}
  const dump = options.splitDump === undefined ? null : dumpMachine(text, options.splitDump)
  const machine = dump ?? (name === null ? textMachine(text) : namedMachine(text, name, options))
  if (machine === null)
    throw new InputError(`${name ?? 'standard input'}: no configuration of nginx or Apache`)
  return machine
}

/** A text that nobody placed: nothing around it is known. */
function textMachine(text: string): Machine | null {
  const path = '/stdin'
  const files = memoryFileSystem({ [path]: text }, { covers: [] })
  const found = surveyFile(files, path)
  return found === null ? null : toMachine('.', files, found, () => [])
}

/** A text in the place of a file, with the disk around it. */
function namedMachine(text: string, name: string, options: DiscoverOptions): Machine | null {
  const { workingDirectory } = options
  const absolute = resolve(workingDirectory, name)
  const { root, within } =
    options.root === undefined ? inferRoot(dirname(absolute)) : { root: options.root, within: '/' }
  const path = `/${relative(root, absolute)}`
  const disk = diskFileSystem(root, { workingDirectory, within })
  const files = overlay(disk, toSource(path, text))
  const found = surveyFile(files, path, within)
  if (found === null) return null
  return toMachine(displayPath(onDisk(root, within), workingDirectory), files, found, () => disk.notices())
}
