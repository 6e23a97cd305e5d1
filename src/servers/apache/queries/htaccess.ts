import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { memoByKey } from '../../../../parsers/collections/memo.ts'
import { posix } from 'node:path'
import { isBelow } from '../../../../parsers/text/is-below.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import { type Fact, unknown } from '../../fact.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { evaluateHtaccess, type HtaccessFile } from '../evaluate-htaccess.ts'
import { directivesIn } from './directives-in.ts'
import { directivesAt, effective, serverLevels } from './effective.ts'
import { type Overrides, overridesFor } from './overrides.ts'
import { argumentPlace, isSettled } from './places.ts'
import { type HtaccessReader, type Level, sectionsFor } from './sections-for.ts'
import { type VirtualHost, virtualHosts } from './virtual-hosts.ts'
import { wsgiScriptAliases } from './wsgi-script-aliases.ts'

/** A `.htaccess` below a directory that a virtual host serves. */
export interface Htaccess {
  readonly file: HtaccessFile
  /** With its last slash. */
  readonly directory: string
  /** A host that serves it; null for the main server. */
  readonly virtualHost: VirtualHost | null
  /** What the server's own files and the directories above let it say. */
  readonly overrides: Fact<Overrides>
}

/** A tree of files is searched this far: deeper or wider ones hold data, not configuration. */
const MAXIMUM_DEPTH = 8
/** Of all document roots together; collections of redirects have thousands of directories, each with its file. */
const MAXIMUM_SEEN = 20_000

const USUAL_NAMES: readonly string[] = ['.htaccess']

/** The names under which httpd looks for such a file in each directory. */
function fileNames(configuration: ApacheConfiguration, host: VirtualHost | null): readonly string[] {
  if (!configuration.occurrences.has('accessfilename')) return USUAL_NAMES
  const { directives, open } = effective(configuration, serverLevels(host), 'AccessFileName')
  if (open !== null) return USUAL_NAMES
  return directives.at(-1)?.args.map(({ value }) => value) ?? USUAL_NAMES
}

/** The files that one httpd serves: what its `.htaccess` files are read from. */
interface Served {
  readonly configuration: ApacheConfiguration
  readonly files: FileSystem
}

const servedBy = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem): Served => ({ configuration, files }),
)

const fileAt = memoByKey(({ configuration, files }: Served, path: string): HtaccessFile | null => {
  const result = files.read(path)
  return result.kind === 'source' ? evaluateHtaccess(result.source, configuration, files) : null
})

/** Reads a directory's own file (its last slash included in `directory`); null where there is none. */
function fileIn(served: Served, directory: string, names: readonly string[]): HtaccessFile | null {
  for (const name of names) {
    const file = fileAt(served, directory + name)
    if (file !== null) return file
  }
  return null
}

/** A reader for `sectionsFor`: what the directory's file adds, where `AllowOverride` lets httpd look at it. */
export function htaccessReader(
  configuration: ApacheConfiguration,
  files: FileSystem,
  host: VirtualHost | null,
): HtaccessReader {
  const names = fileNames(configuration, host)
  const served = servedBy(configuration, files)
  return (directory, above) => {
    const file = fileIn(served, directory, names)
    if (file === null)
      return names.some(name => files.covers(directory + name)) ? null : unreadHtaccess(configuration, above)
    const overrides = overridesFor(configuration, above)
    if (!overrides.known) return undefined
    return overrides.value.reads ? file.children : null
  }
}

/** The `.htaccess` of a directory, its last slash included, be it read by httpd or not; null for none. */
export function htaccessIn(
  configuration: ApacheConfiguration,
  files: FileSystem,
  host: VirtualHost | null,
  directory: string,
): HtaccessFile | null {
  return fileIn(servedBy(configuration, files), directory, fileNames(configuration, host))
}

/**
 * Undefined where a file that nobody can see here would count, null where httpd looks for none. Where nothing
 * sets `AllowOverride` any line of one would be an error, so that a site that works has none; in fragments the
 * outer part sets `None`, as every distribution does.
 */
export function unreadHtaccess(
  configuration: ApacheConfiguration,
  above: readonly Level[],
): null | undefined {
  const overrides = overridesFor(configuration, above)
  if (overrides.known) return overrides.value.reads && !overrides.value.unset ? undefined : null
  const isWritten = above.some(
    level =>
      directivesAt(configuration, level, 'AllowOverride').length > 0 ||
      directivesAt(configuration, level, 'AllowOverrideList').length > 0,
  )
  return configuration.main === null && !isWritten ? null : undefined
}

/** Every such file below the document roots and aliases that the audit holds, once for each host that serves it. */
export const htaccessOfHosts = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem) => search(configuration, files).found,
)

/**
 * The paths of those that a host reads and that are there, and that could not be read here; and of directories in which
 * nobody could see whether one is there.
 */
export const refusedHtaccessOf = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem): readonly string[] =>
    search(configuration, files).refused.flatMap(({ path, directory }) => {
      const isRead = [null, ...virtualHosts(configuration)].some(host => {
        const overrides = overridesAt(configuration, files, host, directory)
        return overrides.known && overrides.value.reads && !overrides.value.unset
      })
      return isRead ? path : []
    }),
)

const search = memoByKey(findAll)

/**
 * The same, once each: with the first host that reads it. The host of plain HTTP that redirects every request often
 * has the same document root, and permits nothing there.
 */
export const htaccessFiles = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem): readonly Htaccess[] =>
    [...groupBy(htaccessOfHosts(configuration, files), ({ directory }) => directory).values()].flatMap(
      ones => ones.find(isRead) ?? ones.slice(0, 1),
    ),
)

function isRead({ overrides }: Htaccess): boolean {
  return overrides.known && overrides.value.reads
}

const byHost = memoByKey((configuration: ApacheConfiguration, files: FileSystem) =>
  groupBy(htaccessOfHosts(configuration, files), ({ virtualHost }) => virtualHost),
)

/** Those below what one virtual host serves; the main server's for null. */
export function htaccessFilesOf(
  configuration: ApacheConfiguration,
  files: FileSystem,
  host: VirtualHost | null,
): readonly Htaccess[] {
  return byHost(configuration, files).get(host) ?? []
}

function findAll(
  configuration: ApacheConfiguration,
  files: FileSystem,
): { readonly found: readonly Htaccess[]; readonly refused: readonly RefusedHtaccess[] } {
  const found: Htaccess[] = []
  const refused: RefusedHtaccess[] = []
  const holding = new Map<string, HtaccessFile>()
  const seen = new Set<string>()
  const missing = new Set<string>()
  const served = servedBy(configuration, files)
  for (const host of [null, ...virtualHosts(configuration)]) {
    if (isHandedOn(configuration, host)) continue
    const names = fileNames(configuration, host)
    const asked = new Set<string>()
    for (const root of servedDirectories(configuration, host)) {
      if (seen.has(root)) {
        const above = root.replace(/(?<=.)\/$/, '')
        for (const directory of holding.keys()) if (isBelow(directory, above)) asked.add(directory)
      } else if (isDirectory(files, root, missing)) {
        for (const directory of directoriesBelow(files, root, seen)) {
          const file = fileIn(served, directory, names)
          for (const path of file === null ? refusedIn(files, directory, names) : [])
            refused.push({ path, directory })
          if (file === null) continue
          holding.set(directory, file)
          asked.add(directory)
        }
      } else {
        const path = closedAbove(files, root)
        if (path !== null) refused.push({ path, directory: posix.join(root, '/') })
      }
    }
    for (const directory of asked) {
      const file = holding.get(directory)
      if (file !== undefined)
        found.push({
          file,
          directory,
          virtualHost: host,
          overrides: overridesAt(configuration, files, host, directory),
        })
    }
  }
  return { found, refused }
}

/** What a host may read in a directory and the system refused: its file, or whatever it holds. */
interface RefusedHtaccess {
  readonly path: string
  /** Its last slash included. */
  readonly directory: string
}

/** The directory above a served one that the system does not show; null where it lets everybody look. */
function closedAbove(files: FileSystem, root: string): string | null {
  if (files.refusal(root) === null) return null
  let above = root
  while (above !== '/' && files.kind(above) === null) above = posix.dirname(above)
  return above
}

function refusedIn(files: FileSystem, directory: string, names: readonly string[]): readonly string[] {
  const own = names.map(name => directory + name).filter(path => isRefused(files, path))
  const path = posix.join(directory, '.')
  return own.length === 0 && files.list(path) === null && files.refusal(path) !== null ? [path] : own
}

/** True for a file that is there, and could not be read. */
export function isRefused(files: FileSystem, path: string): boolean {
  return files.kind(path) === 'file' && files.read(path).kind !== 'source'
}

/** True where a backend or an application answers every path, so that no file of the document root does. */
function isHandedOn(configuration: ApacheConfiguration, host: VirtualHost | null): boolean {
  if (wsgiScriptAliases(configuration, host).some(({ path }) => path.known && path.value === '/')) return true
  return effective(configuration, serverLevels(host), 'ProxyPass').directives.some(
    ({ args }) => args[0]?.value === '/' && args[1]?.value !== '!',
  )
}

/** A look from above: below a directory that is not there, nothing needs to be asked for. */
function isDirectory(files: FileSystem, path: string, missing: Set<string>): boolean {
  for (let slash = path.indexOf('/', 1); slash !== -1; slash = path.indexOf('/', slash + 1))
    if (missing.has(path.slice(0, slash))) return false
  if (files.kind(path) === 'directory') return true
  let above = path
  while (above !== '/' && files.kind(posix.dirname(above)) === null) above = posix.dirname(above)
  missing.add(above)
  return false
}

function overridesAt(
  configuration: ApacheConfiguration,
  files: FileSystem,
  host: VirtualHost | null,
  directory: string,
): Fact<Overrides> {
  let above: readonly Level[] | null = null
  const reader = htaccessReader(configuration, files, host)
  sectionsFor(configuration, host, { uri: '', file: directory, directory: true }, (at, levels) => {
    if (at === directory) above = [...levels]
    return reader(at, levels)
  })
  return above === null ? unknown('the directory is not known') : overridesFor(configuration, above)
}

function servedDirectories(configuration: ApacheConfiguration, host: VirtualHost | null): readonly string[] {
  const parent: ApacheDirective | null = host?.directive ?? null
  const directories = [
    ...directivesIn(configuration, parent, 'documentroot')
      .slice(-1)
      .map(directive => directive.args[0]?.value),
    ...directivesIn(configuration, parent, 'alias').map(directive => directive.args[1]?.value),
  ]
  return directories
    .filter((directory): directory is string => directory?.startsWith('/') === true && isSettled(directory))
    .map(directory => posix.join(directory, '/').replace(/\/$/, '') || '/')
}

function directoriesBelow(files: FileSystem, root: string, seen: Set<string>): readonly string[] {
  const directories: string[] = []
  const pending: { path: string; depth: number }[] = [{ path: root, depth: 0 }]
  for (let next = pending.shift(); next !== undefined && seen.size < MAXIMUM_SEEN; next = pending.shift()) {
    const { path, depth } = next
    if (seen.has(path)) continue
    seen.add(path)
    directories.push(path === '/' ? path : `${path}/`)
    if (depth === MAXIMUM_DEPTH) continue
    for (const { name, kind } of files.list(path) ?? [])
      if (kind === 'directory' && name !== 'node_modules' && name !== '.git')
        pending.push({ path: posix.join(path, name), depth: depth + 1 })
  }
  return directories
}

/** Where `AllowOverride` would have to be written for a directory that has none: the place that serves it. */
export function servingPlace(configuration: ApacheConfiguration, htaccess: Htaccess): Place | null {
  const parent = htaccess.virtualHost?.directive ?? null
  const root = directivesIn(configuration, parent, 'documentroot').at(-1)
  return root === undefined ? null : argumentPlace(root, 0)
}

/** The directives or sections of a name in the server's own files, then in the `.htaccess` files that it reads. */
export function everywhere(
  configuration: ApacheConfiguration,
  files: FileSystem,
  name: string,
): readonly ApacheDirective[] {
  const own = configuration.occurrences.get(name) ?? []
  const inFiles = htaccessFiles(configuration, files).flatMap(({ file, overrides }) =>
    overrides.known && overrides.value.reads ? (file.occurrences.get(name) ?? []) : [],
  )
  return inFiles.length === 0 ? own : [...own, ...inFiles]
}
