import { isWrittenOut } from '../../../../parsers/text/source.ts'
import { posix } from 'node:path'
import { readAppServers } from '../../../../parsers/app-server/read-app-servers.ts'
import { readUwsgiVassal } from '../../../../parsers/app-server/uwsgi.ts'
import type { AppCommand, AppServer } from '../../../../parsers/app-server/app-server.ts'
import type { Fact } from '../../../../parsers/text/fact.ts'
import { nearestAbove } from '../../kept-paths.ts'
import { mayHoldProject, placedDirectory } from '../../placed-directory.ts'
import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { memoByKey } from '../../../../parsers/collections/memo.ts'
import { isBelow } from '../../../../parsers/text/is-below.ts'
import { isOneSlipAway } from '../../../../parsers/text/one-slip-away.ts'
import { placeOf } from '../../../../parsers/text/written-text.ts'
import { type FileSystem, sourceAt } from '../../../files/file-system.ts'
import type { InstalledFile, Repository } from '../../../files/machine.ts'
import type { Mount } from '../../../files/mounts.ts'
import {
  isBuildProfile,
  isOtherTemplate,
  CLI_INI,
  LOOSE_PHP,
  PHP_INI,
  type Starter,
  type StarterKind,
  starterByName,
  startersOf,
  writtenName,
} from '../../../files/starters.ts'
import { commandsOfMachine, fileReader, vassalsOfMachine } from './app-commands.ts'
import { mountedOver } from './mounted-over.ts'
import { PM2_DIRECTORY } from './pm2-commands.ts'

/**
 * The files of a machine whose servers' configuration lies in a repository: what the repository keeps to start
 * programs stands where systemd, supervisord and uWSGI look for it, whatever its directory is called, and its
 * application in the directory in which they start it.
 *
 * @param files the machine's, among them the repository by its own paths
 */
export const withStarters = memoByKey((files: FileSystem, repository: Repository): FileSystem => {
  const { applications, starters, writtenFiles, modules } = repository
  const isStarted = (starter: Starter): boolean =>
    !isOfImage(files, starter.path) && isWritten(files, starter.path) && !isOfBuild(files, starter)
  const written = writtenFiles.filter(({ path }) => !isOfImage(files, path))
  const mounts = starterMounts(starters.filter(isStarted), written).filter(
    ({ at }) => files.kind(at) === null,
  )
  if (mounts.length === 0) return files
  const started = mountedOver(files, mounts)
  const configured = [...mounts, ...configurationMounts(started, files)]
  return mountedOver(files, [
    ...configured,
    ...applicationMounts(mountedOver(files, configured), files, [
      ...new Set([...modules, ...(applications ?? [])]),
    ]),
  ])
})

/**
 * The files of a machine with what lies beside its own directories, where its units start an application that is in none
 * of them: `app/` beside `etc/` is what stands in `/opt/shop` there.
 *
 * @param lying modules and scripts of directories that no machine has
 */
export const withLyingProjects = memoByKey((files: FileSystem, lying: readonly string[]): FileSystem => {
  const mounts = lying.length === 0 ? [] : applicationMounts(files, files, lying)
  return mounts.length === 0 ? files : mountedOver(files, mounts)
})

/**
 * The files of a machine with what a repository has for PHP and for PHP-FPM, as a list of files alone: which of them
 * is installed where, nobody knows.
 */
export const withPhpFiles = memoByKey((files: FileSystem, { phpFiles, rest }: Repository): FileSystem => {
  // Where there are machines by the hundred, each with files of its own, another machine has them all.
  if (rest !== undefined && phpFiles.length > MOST_SHARED) return files
  const found = phpFiles.filter(path => (PHP_INI.test(path) ? !CLI_INI.test(path) : isOfFpm(files, path)))
  const mounts = found.map((path, index) => {
    const ending = PHP_INI.test(path) ? '.ini' : '.conf'
    const name = posix.basename(writtenName(posix.basename(path)), ending)
    return { at: `${LOOSE_PHP}/${index}-${name}${ending}`, disk: path }
  })
  return mounts.length === 0 ? files : mountedOver(files, mounts)
})

/** So many files of PHP lie beside each of several machines. */
const MOST_SHARED = 200

/** True for a file with a section, and settings that a pool or the main file of FPM alone has. */
function isOfFpm(files: FileSystem, path: string): boolean {
  const read = files.kind(path) === 'file' ? files.read(path) : null
  if (read?.kind !== 'source') return false
  const { code } = read.source
  return (
    /^[ \t]*\[[^\]\n]+\][ \t]*\r?$/m.test(code) &&
    /^[ \t]*(?:pm(?:\.max_children)?|listen\.(?:owner|mode)|emergency_restart_threshold)[ \t]*=/m.test(code)
  )
}

/** True for a file of which every line is written out, with placeholders at most for some of its words. */
function isWritten(files: FileSystem, path: string): boolean {
  if (writtenName(path) === path) return true
  const read = files.kind(path) === 'file' ? files.read(path) : null
  return read?.kind === 'source' && isWrittenOut(read.source) && !isOtherTemplate(read.source)
}

function isOfBuild(files: FileSystem, { path, kind }: Starter): boolean {
  const source = kind === 'vassal' ? sourceAt(files, path) : null
  return source !== null && isBuildProfile(source)
}

/** What a Dockerfile beside it brings into an image starts nothing on this machine. */
function isOfImage(files: FileSystem, path: string): boolean {
  const directory = posix.dirname(path)
  return (files.list(directory) ?? []).some(({ name }) => /^Dockerfile(?:\.|$)/.test(name))
}

interface NamedFile {
  readonly name: string
  readonly path: string
}

/** Of several of one name nobody knows which is installed. */
function starterMounts(starters: readonly Starter[], written: readonly InstalledFile[]): readonly Mount[] {
  const ofKind = (wanted: StarterKind): readonly NamedFile[] => [
    ...startersOf(starters, wanted).map(path => ({ name: writtenName(posix.basename(path)), path })),
    ...written.flatMap(({ at, path }) =>
      starterByName(at) === wanted ? { name: posix.basename(at), path } : [],
    ),
  ]
  const units = ofKind('unit')
  const supervised = ofKind('supervised')
  const own = units.length + supervised.length > 0 ? [] : ofKind('vassal')
  const placed: readonly (readonly [readonly NamedFile[], string])[] = [
    [units, '/etc/systemd/system'],
    [
      supervised.map(({ name, path }) => ({ path, name: `${name.replace(/\.(?:ini|conf)$/, '')}.conf` })),
      '/etc/supervisor/conf.d',
    ],
    [own, '/etc/uwsgi/apps-enabled'],
  ]
  const ecosystems = startersOf(starters, 'ecosystem').map((path, index) => ({
    at: `${PM2_DIRECTORY}/${index}.${posix.basename(path)}`,
    disk: path,
  }))
  const installed = placed.flatMap(([found, directory]) =>
    [...groupBy(found, ({ name }) => name).values()].flatMap(([one, ...others]) =>
      one === undefined || others.length > 0 ? [] : [{ at: `${directory}/${one.name}`, disk: one.path }],
    ),
  )
  return [...installed, ...ecosystems]
}

/**
 * The files that units and supervisord name to gunicorn and uWSGI below a directory that nobody here has: they lie in
 * the nearest directory above the unit that has them.
 */
function configurationMounts(started: FileSystem, files: FileSystem): readonly Mount[] {
  return commandsOfMachine(started).flatMap(({ command: { words, directory } }) => {
    const [program] = words
    const home = directory?.known === true ? directory.value : '/'
    if (program === undefined) return []
    if (!words.some(({ text }) => /(?:^|\/)(?:gunicorn|uwsgi)[\d.]*$/.test(text))) return []
    const unit = placeOf(program).source.path
    return words.flatMap(({ text }) => {
      const named = CONFIGURATION.exec(text)?.[1]
      if (named === undefined) return []
      const at = posix.resolve(home, named)
      const isOfHome = home.split('/').length > 2 && isBelow(at, home)
      if (files.kind(isOfHome ? home : posix.dirname(at)) !== null) return []
      const disk = isOfHome
        ? nearestAbove(files, unit, posix.relative(home, at))
        : named.startsWith('/')
          ? keptFor(files, unit, at)
          : null
      return disk === null ? [] : [{ at, disk }]
    })
  })
}

/**
 * The file of a repository that is installed at a path of the server: beside the unit that names it, or in a directory
 * of the same name.
 */
function keptFor(files: FileSystem, unit: string, at: string): string | null {
  const parts = at.slice(1).split('/')
  for (let from = 1; from < parts.length - 1; from++) {
    const found = nearestAbove(files, unit, parts.slice(from).join('/'))
    if (found !== null) return found
  }
  const beside = posix.join(posix.dirname(unit), posix.basename(at))
  return files.kind(beside) === 'file' ? beside : null
}

/** A file that a word names, alone or behind its option. */
const CONFIGURATION = /^(?:--?[\w-]+=|file:)?([\w./-]+\.(?:ini|py|ya?ml|json))$/

/** The directories of the repository that hold what is started in a directory that nobody here has. */
function applicationMounts(
  started: FileSystem,
  files: FileSystem,
  sources: readonly string[],
): readonly Mount[] {
  const modules = sources.filter(path => !/\.[cm]?[jt]s$|\/www$/.test(path))
  const read = fileReader(started)
  const reader = { read, python: null, shell: null }
  const mounts = new Map<string, Mount>()
  const add = (server: AppServer, outer: Fact<string> | null): void => {
    const at = placedDirectory(mayChangeDirectory(server) ? (server.directory ?? outer) : outer)
    if (at === null || !mayHoldProject(at) || files.kind(at) !== null || mounts.has(at)) return
    const disk = server.application?.known === true ? homeOf(server.application.value, modules) : null
    if (disk !== null) mounts.set(at, { at, disk })
  }
  for (const { command } of commandsOfMachine(started)) {
    for (const { server } of readAppServers(command, reader)) add(server, command.directory)
    const scripted = scriptMount(command, sources)
    if (scripted !== null && mayHoldProject(scripted.at) && files.kind(scripted.at) === null)
      mounts.set(scripted.at, scripted)
  }
  for (const { source } of vassalsOfMachine(started)) {
    const command = { words: [], directory: null, environment: () => null }
    add(readUwsgiVassal(source, command, reader), null)
  }
  return [...mounts.values()]
}

/** The one directory of a repository that has the script which Node.js is started with. */
function scriptMount({ words, directory }: AppCommand, sources: readonly string[]): Mount | null {
  const [program, ...given] = words.map(({ text }) => text)
  const script = given.find(text => !text.startsWith('-'))
  if (!/(?:^|\/)node(?:js)?$/.test(program ?? '') || script === undefined) return null
  const home = placedDirectory(directory) ?? (script.startsWith('/') ? posix.dirname(script) : null)
  const whole = home === null ? null : posix.resolve(home, script)
  if (home === null || whole === null || !isBelow(whole, home) || !/\.[cm]?js$|\/www$/.test(whole))
    return null
  const end = `/${posix.relative(home, whole)}`
  const [found, ...others] = sources.filter(path => path.endsWith(end))
  return found === undefined || others.length > 0
    ? null
    : { at: home, disk: found.slice(0, -end.length) || '/' }
}

/** False where a configuration in Python is not read yet, which names no directory. */
function mayChangeDirectory({ directory, sources }: AppServer): boolean {
  return (
    directory?.known !== false || directory.at !== null || sources.some(({ code }) => /\bchdir\b/.test(code))
  )
}

/**
 * The one directory of a repository in which Python finds a module; where it finds none anywhere, the one that has a
 * module whose name is one slip away, in which it was meant to look.
 */
export function homeOf(application: string, modules: readonly string[]): string | null {
  const [module = ''] = application.split(':')
  if (!/^[A-Za-z_][\w.]*$/.test(module)) return null
  const end = `/${module.replaceAll('.', '/')}.py`
  const homes = modules.filter(path => path.endsWith(end)).map(path => path.slice(0, -end.length) || '/')
  const [home, ...others] = homes.length > 0 ? homes : homesOfNear(module, modules)
  return others.length === 0 ? (home ?? null) : null
}

function homesOfNear(module: string, modules: readonly string[]): readonly string[] {
  const levels = module.split('.').length
  return modules.flatMap(path => {
    if (!path.endsWith('.py')) return []
    const parts = path.slice(0, -'.py'.length).split('/')
    return isOneSlipAway(parts.slice(-levels).join('.'), module)
      ? [parts.slice(0, -levels).join('/') || '/']
      : []
  })
}
