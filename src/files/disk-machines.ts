import { posix } from 'node:path'
import { displayPath, type DiskFileSystem, diskFileSystem } from './disk-file-system.ts'
import { once } from '../../parsers/collections/once.ts'
import { below, isBelow } from '../../parsers/text/is-below.ts'
import type { FragmentSet } from './fragment-sets.ts'
import { placeMain } from './home-of-main.ts'
import { isOfServers, isReadWhole, SYSTEM_DIRECTORIES } from './known-places.ts'
import type { AuditRoot } from './infer-root.ts'
import { InputError } from './input-error.ts'
import type { SkippedPath } from './look.ts'
import type { Machine, SkippedFile, UnsettledFile } from './machine.ts'
import type { Source } from '../../parsers/text/source.ts'
import { type Mount, mountTable } from './mounts.ts'
import { splitNested } from './nested-path.ts'
import { type NamedFile, readNamedFile } from './named-file.ts'
import type { ReadAs } from './read-as.ts'
import { fileNotice, type Notice } from './notice.ts'
import { PROGRAMS, type Program } from './program.ts'
import { beginsPython, mayBeginApplication } from './applications.ts'
import { runsInCluster } from './manifests.ts'
import { isComposeFile, isDockerfile } from './dockerfiles.ts'
import { filesBeside, repositoryAmong } from './repository.ts'
import { beginsPool, CRONTAB, isStartScript, POOL, starterByName, startsApplication } from './starters.ts'
import { byDirectory, skippedNotices } from './skipped-notices.ts'
import { guideTexts, setupTexts } from './setup-texts.ts'
import { textsThatConfigure } from './texts-that-configure.ts'
import type { FillingOf } from './to-source.ts'
import { type Survey, surveyRoot, type UnsettledPath } from './survey.ts'
import type { FoundMachine } from './found-machine.ts'
import { surveyDirectory } from './survey-directory.ts'

/** What was asked of one root or of one directory, as paths inside it. */
export interface Scope extends AuditRoot {
  readonly directories: string[]
  /** Files that were named. */
  readonly single: string[]
  /** Files and links below the directories. */
  readonly paths: string[]
  /** What lies beside the tree of a machine, where a repository holds it; paths inside its directory. */
  beside?: { readonly root: string; readonly paths: string[] }
  /** Those of the paths that are in no directory of a machine; where nothing is said, those beside. */
  readonly lying?: readonly string[]
  /** What the walk met and could not follow; paths on this machine. */
  readonly refused: Map<string, Pick<Notice, 'code' | 'text'>>
}

export interface DiskOptions {
  readonly workingDirectory: string
  /** Texts in place of files of the disk, by absolute path of this machine, links resolved. */
  readonly texts?: ReadonlyMap<string, string>
  readonly as?: ReadAs | null
  /** What is filled in, in a file, by absolute path of this machine. */
  readonly fillingOf?: FillingOf
  /** True for an absolute path of this machine that is not to be audited. */
  readonly ignores?: (path: string) => boolean
}

/** What a scope came to. */
export interface ScopeMachines {
  readonly machines: readonly Machine[]
  /** What could not be read, for where there is no machine to ask. */
  readonly notices: () => readonly Notice[]
  /** What looks like a server's file and is none that is read. */
  readonly skipped: () => readonly SkippedFile[]
}

/** As paths of this machine. */
export function onDisk(root: string, path: string): string {
  if (path === '/') return root
  return root === '/' ? path : root + path
}

/** The machines of one scope; none where nothing in it is a server's. */
export function diskMachines(scope: Scope, options: DiskOptions): ScopeMachines {
  return scope.within === '/' ? rootMachines(scope, options) : directoryMachines(scope, options)
}

function isAskedIn(scope: Scope, { ignores }: DiskOptions): (path: string) => boolean {
  return path =>
    scope.directories.some(directory => isBelow(path, directory)) &&
    ignores?.(onDisk(scope.root, path)) !== true
}

function refusedNotices({ refused }: Scope, { workingDirectory }: DiskOptions): readonly Notice[] {
  return [...refused].map(([path, { code, text }]) =>
    fileNotice(code, displayPath(path, workingDirectory), text),
  )
}

/** The names of skipped files as a report shows them. */
function namesOf(files: DiskFileSystem, paths: readonly SkippedPath[]): readonly SkippedFile[] {
  return paths.map(({ path, ...skipped }) => ({ ...skipped, path: files.display(path) }))
}

/** What holds every server's directory: whoever runs one reads it. */
const SETTINGS = /^\/(?:usr\/local\/)?etc$/

/**
 * The directories of servers that the walk could not list.
 *
 * @param isRead whether nothing else than their places says which of them are read
 */
function refusedDirectories(
  { refused, root, within }: Scope,
  { workingDirectory }: DiskOptions,
  isRead: boolean,
): readonly SkippedFile[] {
  return [...refused].flatMap(([path, { code, text }]) => {
    const directory = below(below(path, root), within)
    const isOfAll = SETTINGS.test(directory)
    if (code !== 'unreadable' || !(isOfAll || isOfServers(directory))) return []
    const file = { path: displayPath(path, workingDirectory), reason: code, text }
    return isRead && (isOfAll || isReadWhole(directory)) ? { ...file, isRead } : file
  })
}

/** The names of files that are read as fragments, and why. */
function unsettledOf(files: DiskFileSystem, paths: readonly UnsettledPath[]): readonly UnsettledFile[] {
  return paths.map(({ path, enabled }) => ({
    path: files.display(path),
    text: `as a fragment: \`${enabled}\` is not in the audit`,
  }))
}

function unsettledNotices(unsettled: readonly UnsettledFile[]): readonly Notice[] {
  return byDirectory(
    'read-as-fragments',
    unsettled,
    files => `${files} in it read as fragments, as nothing in the audit says which of them are enabled`,
  )
}

/** What was met while reading, and what was left out or is read though nothing enables it. */
function leftNotices(
  met: readonly Notice[],
  left: {
    readonly skipped: readonly SkippedFile[]
    readonly unsettled: readonly UnsettledFile[]
    readonly hasMain: boolean
  },
): readonly Notice[] {
  const all = [...met, ...skippedNotices(left.skipped, left.hasMain), ...unsettledNotices(left.unsettled)]
  return withIncomplete(all, left.skipped)
}

/** Marks those about a file that a server reads; in a directory that is refused itself, nothing is seen to be there. */
function withIncomplete(notices: readonly Notice[], skipped: readonly SkippedFile[]): readonly Notice[] {
  const read = new Set(skipped.flatMap(({ path, isRead }) => (isRead === true ? path : [])))
  if (read.size === 0) return notices
  return notices.flatMap(notice => {
    const { path } = notice
    if (path === null) return notice
    if (read.has(path)) return { ...notice, incomplete: true }
    return read.has(posix.dirname(path)) && notice.code === 'unreadable' ? [] : notice
  })
}

/** A directory that stands for `/`. */
function rootMachines(scope: Scope, options: DiskOptions): ScopeMachines {
  const { root } = scope
  const files = diskFileSystem(root, options)
  const isAsked = isAskedIn(scope, options)
  const peek = (path: string, bytes: number): string | null => files.peek(path, bytes)
  const found = surveyRoot(files, scope.paths.filter(isAsked), isAsked, { peek })
  const named = scope.single.map(path => namedFile(files, path, options.as))
  const mains = (program: Program): readonly string[] => [
    ...new Set([...found.mains[program], ...pathsOf(named, program, 'main')]),
  ]
  const set = setOf(named)
  const htaccess = [...new Set([...found.htaccess, ...htaccessIn(named)])]
  const hasMain = PROGRAMS.some(program => mains(program).length > 0)
  const skipped = (): readonly SkippedFile[] => [
    ...namesOf(files, found.skipped()),
    ...refusedDirectories(scope, options, !hasMain),
  ]
  const unsettled = (): readonly UnsettledFile[] => unsettledOf(files, found.unsettled())
  const notices = (): readonly Notice[] =>
    leftNotices([...refusedNotices(scope, options), ...files.notices(), ...readNotices(files, named)], {
      skipped: skipped(),
      unsettled: unsettled(),
      hasMain,
    })
  const name = displayPath(root, options.workingDirectory)
  const base = {
    root: name,
    files,
    fileName: (path: string) => files.display(path),
    ...setupsOf(files, scope),
    ...besideOf(scope, options),
    ...guidesOf(files, scope, options),
    lying: (scope.lying ?? (scope.beside?.root === root ? scope.beside.paths : [])).filter(isOfApplication),
    isDump: false,
    // A repository may keep both for one to be chosen.
    supposed: hasMain
      ? !PROGRAMS.every(program => mains(program).every(main => files.covers(main)))
      : named.length === 0,
  }
  const others = found.otherMains.map(
    ({ program, named }): Machine => ({
      ...base,
      nginxMains: program === 'nginx' ? [named] : [],
      apacheMains: program === 'apache' ? [named] : [],
      fragments: () => [],
      hasApache: program === 'apache',
      htaccess: [],
      notices: () => [],
      skipped: () => [],
    }),
  )
  const fragments: Survey['fragments'] = (reached, whole, isTaken) => {
    const sets = found.fragments(reached, whole, isTaken)
    const fresh = withoutPaths(set, reached)
    return fresh === null ? sets : [fresh, ...sets]
  }
  const machine: Machine = {
    ...base,
    nginxMains: mains('nginx'),
    apacheMains: mains('apache'),
    fragments,
    hasApache: found.hasApache || named.some(({ program }) => program === 'apache'),
    htaccess,
    notices,
    skipped,
    unsettled,
    ...(scope.single.length === 0 && { texts: once(() => textsThatConfigure(files, scope.paths)) }),
    ...repositoryOf(files, withProjectsBeside(scope)),
  }
  const isEmpty =
    !hasMain &&
    machine.repository === undefined &&
    htaccess.length === 0 &&
    fragments(new Set(), { nginx: false, apache: false }).length === 0
  if (!isEmpty) return { machines: [...others, machine], notices, skipped }
  const isStarted = others.length === 0 && startSomething(files, scope.paths.filter(isAsked), '/', machine)
  return { machines: isStarted ? [{ ...machine, startsAlone: true }] : others, notices, skipped }
}

function isOfApplication(path: string): boolean {
  return path.endsWith('.py') || mayBeginApplication(path, '/')
}

/** A directory that nobody has placed: a repository, a private prefix, a handful of files. */
function directoryMachines(scope: Scope, options: DiskOptions): ScopeMachines {
  const { within } = scope
  const own: Mount = { at: within, disk: within }
  const files = diskFileSystem([own], options)
  const isAsked = isAskedIn(scope, options)
  const peek = (path: string, bytes: number): string | null => files.peek(path, bytes)
  const found = surveyDirectory(files, scope.paths.filter(isAsked), within, { peek })
  const named = scope.single.map(path => namedFile(files, path, options.as, within))
  /** Files that a main file reached: the fragments are the rest. */
  const reached = new Set<string>()

  const lying = repositoryOf(files, scope).repository
  const around = {
    ...(lying !== undefined && { repository: { ...lying, placed: () => placed } }),
    ...setupsOf(files, scope),
    ...guidesOf(files, scope, options),
  }
  const homes = [...found.machines, ...namedMains(named, files, within)]
  const placed: readonly Machine[] = homes.map(machine =>
    placedMachine(machine, own, reached, options, around, () => rest),
  )
  const tables = homes.map(({ mounts }) => mountTable(mounts))
  /** Links that lead somewhere once their directory stands where a server has it. */
  const isFollowed = (path: string): boolean =>
    placed.some((machine, index) => {
      const at = tables[index]?.fromDisk(path) ?? null
      return at !== null && machine.files.kind(at) !== null
    })
  const set = setOf(named)
  const htaccess = [...new Set([...found.htaccess, ...htaccessIn(named)])]
  const skipped = (): readonly SkippedFile[] => [
    ...namesOf(
      files,
      found.skipped.filter(({ reason, path }) => {
        if (reason === 'stock') return !read.has(path)
        if (reason === 'other-program') return !beside().has(path)
        return reason !== 'link-outside' || !isFollowed(path)
      }),
    ),
    ...refusedDirectories(scope, options, true),
  ]
  const read = { has: (path: string) => reached.has(fileKey(files, path)) } as ReadonlySet<string>
  const beside = once(() => filesBeside(lying))
  const unsettled = (): readonly UnsettledFile[] => unsettledOf(files, found.unsettled(read))
  const notices = (): readonly Notice[] =>
    leftNotices([...refusedNotices(scope, options), ...files.notices(), ...readNotices(files, named)], {
      skipped: skipped(),
      unsettled: unsettled(),
      hasMain: false,
    })
  const fragments: Survey['fragments'] = () => {
    const fresh = withoutPaths(set, read)
    return [...(fresh === null ? [] : [fresh]), ...found.fragments(read)]
  }
  const mounted = found.mounts.length === 0 ? files : diskFileSystem([...found.mounts, own], options)
  const rest: Machine = {
    root: displayPath(within, options.workingDirectory),
    files: mounted,
    fileName: path => mounted.display(path),
    nginxMains: [],
    apacheMains: [],
    supposed: true,
    fragments,
    hasApache: found.hasApache || named.some(({ program }) => program === 'apache'),
    htaccess,
    isDump: false,
    notices,
    skipped,
    unsettled,
    ...(scope.single.length === 0 && { texts: once(() => textsThatConfigure(files, scope.paths)) }),
    ...around,
  }
  const isEmpty =
    placed.length === 0 &&
    (rest.repository?.composeFiles.length ?? 0) === 0 &&
    (rest.repository?.containerStarters.length ?? 0) === 0 &&
    (rest.repository?.dockerfiles.length ?? 0) === 0 &&
    htaccess.length === 0 &&
    fragments(new Set(), { nginx: false, apache: false }).length === 0
  if (!isEmpty) return { machines: [...placed, rest], notices, skipped }
  if (!startSomething(files, scope.paths.filter(isAsked), within, rest))
    return { machines: [], notices, skipped }
  return scope.paths.some(path => OF_SYSTEM.test(path.slice(within.length)))
    ? rootMachines(asRoot(scope), options)
    : { machines: [{ ...rest, startsAlone: true }], notices, skipped }
}

/** Where a machine has its units, what supervisord starts, pools of PHP-FPM, and tables of cron. */
const OF_SYSTEM =
  /^\/(?:etc\/(?:crontab$|cron\.d\/|(?:systemd\/system|supervisor|supervisord\.d|php[\d.]*|php-fpm\.d|opt\/remi)\/)|var\/spool\/cron\/)/

/** A directory that has the units of a machine at their places stands for its root, and may be a repository as well. */
function asRoot({ within, paths, ...scope }: Scope): Scope {
  const inside = paths.map(path => path.slice(within.length))
  return {
    ...scope,
    root: within,
    within: '/',
    directories: ['/'],
    paths: inside,
    lying: inside.filter(path => !SYSTEM_DIRECTORIES.has(path.split('/')[1] ?? '')),
  }
}

/** True where manifests, units, supervisord, uWSGI, pools of PHP-FPM, scripts or the files of an application say what runs. */
function startSomething(
  files: DiskFileSystem,
  paths: readonly string[],
  within: string,
  { repository }: Pick<Machine, 'repository'>,
): boolean {
  const sourceOf = (path: string): Source | null => {
    const read = files.kind(path) === 'file' ? files.read(path) : null
    return read?.kind === 'source' ? read.source : null
  }
  const starters = new Set(repository?.starters.map(({ path }) => path))
  const isStarted = paths.some(path => {
    if (CRONTAB.test(below(path, within))) return true
    const isOne = starters.has(path) || starterByName(path) !== null || isStartScript(path)
    const isPython = !isOne && path.endsWith('.py') && mayBeginApplication(path, within)
    if (!isOne && !isPython && !POOL.test(path)) return false
    const source = sourceOf(path)
    if (source === null) return false
    return isOne ? startsApplication(source) : isPython ? beginsPython(source) : beginsPool(source)
  })
  if (isStarted) return true
  return (repository?.manifests ?? []).some(path => {
    const source = sourceOf(path)
    return source !== null && runsInCluster(source)
  })
}

/** Main files that were named, side by side where one of each was. */
function namedMains(
  named: readonly NamedFile[],
  files: DiskFileSystem,
  within: string,
): readonly FoundMachine[] {
  const placed = named
    .filter(({ part }) => part === 'main')
    .map(({ path, program }) => {
      const read = files.read(path)
      if (read.kind !== 'source') throw new Error(`${path}: ${read.reason}`)
      return placeMain(program, path, read.source, files)
    })
  const nginx = placed.filter(({ program }) => program === 'nginx')
  const apache = placed.filter(({ program }) => program === 'apache')
  const groups = nginx.length === 1 && apache.length === 1 ? [placed] : placed.map(main => [main])
  return groups.map(group => ({
    directory: within,
    mounts: group.flatMap(({ mounts }) => mounts),
    mains: {
      nginx: group.find(({ program }) => program === 'nginx')?.placed ?? null,
      apache: group.find(({ program }) => program === 'apache')?.placed ?? null,
    },
    standIn: null,
  }))
}

function placedMachine(
  { directory, mounts, mains, standIn, fragments }: FoundMachine,
  own: Mount,
  reachedByAny: Set<string>,
  options: DiskOptions,
  { repository, ...around }: Pick<Machine, 'repository' | 'setups'>,
  rest: () => Machine,
): Machine {
  const files = diskFileSystem([...mounts, own], options)
  const { toDisk } = mountTable([...mounts, own])
  return {
    ...(repository !== undefined && { repository: { ...repository, locate: toDisk, rest } }),
    ...around,
    root: displayPath(directory, options.workingDirectory),
    files,
    fileName: path => files.display(path),
    nginxMains: mains.nginx === null ? [] : [mains.nginx],
    apacheMains: mains.apache === null ? [] : [mains.apache],
    supposed: true,
    fragments: reached => {
      for (const path of reached) reachedByAny.add(fileKey(files, path))
      return [...(standIn === null ? [] : [standIn]), ...(fragments?.(reached) ?? [])]
    },
    hasApache: mains.apache !== null || (standIn?.apache.length ?? 0) > 0,
    htaccess: [],
    isDump: false,
    notices: () => files.notices(),
    skipped: () => [],
  }
}

/** The same for two paths of different machines where one file stands; texts in one file are files. */
function fileKey(files: DiskFileSystem, path: string): string {
  return `${files.display(path)} ${splitNested(path)?.index ?? ''}`
}

/** What sets machines up; nothing of it is known around files that were named one by one. */
function setupsOf(files: DiskFileSystem, { paths, single, within }: Scope): Pick<Machine, 'setups'> {
  return single.length > 0 ? {} : { setups: once(() => setupTexts(files, paths, within)) }
}

function besideOf({ beside }: Scope, options: DiskOptions): Pick<Machine, 'setupsBeside'> {
  if (beside === undefined) return {}
  const { root, paths } = beside
  return { setupsBeside: once(() => setupTexts(diskFileSystem(root, options), paths) ?? []) }
}

function guidesOf(
  files: DiskFileSystem,
  { beside, paths, single, within }: Scope,
  options: DiskOptions,
): Pick<Machine, 'guides'> {
  if (single.length > 0) return {}
  return {
    guides: once(() => [
      ...guideTexts(files, paths, within),
      ...(beside === undefined ? [] : guideTexts(diskFileSystem(beside.root, options), beside.paths)),
    ]),
  }
}

/**
 * The same with the compose files and Dockerfiles that lie beside the directories of the machine, where a repository has
 * both at its top: `etc/nginx` and `docker-compose.yml`.
 */
function withProjectsBeside(scope: Scope): Scope {
  const { beside, root, paths } = scope
  if (beside?.root !== root) return scope
  const more = beside.paths.filter(path => isComposeFile(path) || isDockerfile(path))
  return more.length === 0 ? scope : { ...scope, paths: [...paths, ...more] }
}

function repositoryOf(files: DiskFileSystem, { paths, within }: Scope): Pick<Machine, 'repository'> {
  const peek = (path: string, bytes: number): string | null =>
    files.kind(path) === 'file' ? files.peek(path, bytes) : null
  const repository = repositoryAmong(paths, { files, within, isPlaced: within === '/', peek })
  return repository === null ? {} : { repository }
}

function namedFile(files: DiskFileSystem, path: string, as: ReadAs | null = null, within = '/'): NamedFile {
  const named = readNamedFile(files, path, within, as)
  if (named !== null) return named
  const read = files.read(path)
  const reason = read.kind === 'source' ? 'no configuration of nginx or Apache' : read.reason
  throw new InputError(`${files.display(path)}: ${reason}`)
}

function pathsOf(
  named: readonly NamedFile[],
  wanted: Program,
  wantedPart: NamedFile['part'],
): readonly string[] {
  return named.flatMap(({ path, program, part }) => (program === wanted && part === wantedPart ? [path] : []))
}

/** One line for each file that was named and might have been read otherwise. */
function readNotices(files: DiskFileSystem, named: readonly NamedFile[]): readonly Notice[] {
  return named.flatMap(({ path, readAs }) =>
    readAs === null ? [] : [fileNotice('read-as', files.display(path), `read as ${readAs}`)],
  )
}

function htaccessIn(named: readonly NamedFile[]): readonly string[] {
  return named.flatMap(({ path, part }) => (part === 'htaccess' ? [path] : []))
}

/** The fragments that were named: whoever names several says that they belong together. */
function setOf(named: readonly NamedFile[]): FragmentSet {
  return {
    nginx: pathsOf(named, 'nginx', 'fragment'),
    apache: pathsOf(named, 'apache', 'fragment'),
    joint: true,
    isInLocation: named.some(({ isInLocation }) => isInLocation),
  }
}

function withoutPaths(set: FragmentSet, reached: ReadonlySet<string>): FragmentSet | null {
  const nginx = set.nginx.filter(path => !reached.has(path))
  const apache = set.apache.filter(path => !reached.has(path))
  return nginx.length + apache.length === 0 ? null : { ...set, nginx, apache }
}
