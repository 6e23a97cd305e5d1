import { mainServerLines } from './main-server-lines.ts'
import { memo } from '../../../../parsers/collections/memo.ts'
import { posix } from 'node:path'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import {
  type Applies,
  depthOf,
  directoryApplies,
  directoryPath,
  filesApplies,
  locationApplies,
  proxyApplies,
  regexApplies,
  type SectionPattern,
  sectionPattern,
} from './section-matches.ts'
import type { VirtualHost } from './virtual-hosts.ts'

export type LevelKind =
  | 'server'
  | 'virtual-host'
  | 'directory'
  | 'htaccess'
  | 'directory-match'
  | 'proxy'
  | 'files'
  | 'location'
  | 'if'

/**
 * The walk of httpd that a level is merged in, in their order: it merges the sections of one among themselves
 * before it lays them over what came before. 0 is for the server itself.
 *
 * @see https://httpd.apache.org/docs/2.4/sections.html#merging
 */
export const WALKS: Readonly<Record<LevelKind, number>> = {
  server: 0,
  'virtual-host': 0,
  directory: 1,
  htaccess: 1,
  'directory-match': 1,
  proxy: 1,
  files: 2,
  location: 3,
  if: 4,
}

/** One scope whose directives are merged into what holds for a request, the later over the earlier. */
export interface Level {
  readonly kind: LevelKind
  /** The section; null for the main server and for a `.htaccess` file. */
  readonly section: ApacheDirective | null
  /** What a `.htaccess` file holds at its top, or in this section of it; null for every other level. */
  readonly htaccess: readonly ApacheDirective[] | null
  /** Of a `.htaccess` file: its directory, with the last slash. */
  readonly directory?: string
  /** True, or undefined where nobody can tell whether it applies: `<If>`, a regular expression beyond us. */
  readonly applies: true | undefined
}

/** What a request asks for, after httpd has mapped it. */
export interface RequestPath {
  /** The decoded path of the URL, slashes merged. */
  readonly uri: string
  /** The file or directory it is mapped to; null where that is not known, undefined where there is none (a proxy). */
  readonly file?: string | null
  /** True where the path of `file` is a directory itself. */
  readonly directory?: boolean
  /** The URL of the other server that answers; then no directory has a say, but `<Proxy>` has. */
  readonly proxy?: string
}

/** Whether the condition of an `<If>`, `<ElseIf>` or `<Else>` holds; undefined where that is not known. */
export type ConditionDecider = (section: ApacheDirective) => boolean | undefined

/** The `.htaccess` of a directory (with its last slash): its directives, null for none, undefined where unknown. */
export type HtaccessReader = (
  directory: string,
  above: readonly Level[],
) => readonly ApacheDirective[] | null | undefined

interface PatternedSection {
  readonly section: ApacheDirective
  readonly pattern: SectionPattern
}

/** A `<Directory>` without a regular expression. */
interface DirectorySection extends PatternedSection {
  /** The directory or the wildcards that it names, as httpd compares them. */
  readonly directory: string
  readonly depth: number
}

/** Positions in a long list of `<Directory>` sections, so that a path meets its own few of thousands. */
interface DirectoryIndex {
  /** Those without wildcards, by the directory that they name. */
  readonly byDirectory: ReadonlyMap<string, readonly number[]>
  readonly others: readonly number[]
}

interface Sections {
  /** Those of few parts first, then in reading order. */
  readonly directories: readonly DirectorySection[]
  /** Null for a list so short that looking at each is quicker. */
  readonly directoryIndex: DirectoryIndex | null
  readonly directoryMatches: readonly PatternedSection[]
  readonly proxies: readonly PatternedSection[]
  readonly files: readonly PatternedSection[]
  readonly locations: readonly PatternedSection[]
  readonly conditions: readonly ApacheDirective[]
}

interface KeptSections {
  readonly server: Sections
  /** Those of the virtual host that was asked about last: its questions come one after the other. */
  host: { readonly directive: ApacheDirective; readonly sections: Sections } | null
}

const keptSections = memo(
  (configuration: ApacheConfiguration): KeptSections => ({
    server: readSections(configuration, null),
    host: null,
  }),
)

/**
 * The scopes that hold for a request, in the order in which httpd merges them: main server, virtual
 * host, `<Directory>` from the root downwards with the `.htaccess` of each directory behind it,
 * `<DirectoryMatch>` by the slashes in it, `<Files>`, `<Location>`, `<If>`. Of equal rank, the main server's come first.
 */
export function sectionsFor(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  path: RequestPath,
  htaccess?: HtaccessReader,
  decide: ConditionDecider = () => undefined,
): readonly Level[] {
  const levels: Level[] = [level('server', null, true)]
  if (host !== null) levels.push(level('virtual-host', host.directive, true))
  const own = sectionsOf(configuration, host)

  if (path.proxy !== undefined) addProxies(levels, own, path.proxy)
  else if (path.file !== undefined) addFileLevels(levels, own, path.file, path.directory === true, htaccess)
  for (const { locations } of own) {
    for (const { section, pattern } of locations)
      addLevel(levels, 'location', section, locationApplies(pattern, path.uri))
  }
  for (const { conditions } of own) addConditions(levels, conditions, null, true, decide)
  if (htaccess !== undefined || hasConditions(configuration))
    addInnerConditions(configuration, levels, decide)
  return levels
}

/** A condition inside a section is merged behind everything, where that section applies. */
function addInnerConditions(
  configuration: ApacheConfiguration,
  levels: Level[],
  decide: ConditionDecider,
): void {
  for (const { section, htaccess, applies } of [...levels]) {
    if (htaccess !== null) addConditions(levels, htaccess.filter(isCondition), htaccess, applies, decide)
    else if (section !== null && section.name !== 'VirtualHost' && section.name !== 'If')
      addConditions(levels, conditionsIn(configuration, section), null, applies, decide)
  }
}

/** `<ElseIf>` and `<Else>` hold where none before them did, back to the last `<If>`. */
function addConditions(
  levels: Level[],
  conditions: readonly ApacheDirective[],
  htaccess: readonly ApacheDirective[] | null,
  outer: true | undefined,
  decide: ConditionDecider,
): void {
  let before: boolean | undefined = false
  for (const section of conditions) {
    const name = section.name.toLowerCase()
    if (name === 'if') before = false
    if (before === true) continue
    const own = name === 'else' || decide(section)
    const applies = own === true ? (before === undefined ? undefined : outer) : own
    before = own === false ? before : own
    if (applies === false) continue
    levels.push({
      kind: 'if',
      section,
      htaccess: htaccess === null ? null : section.children,
      applies,
    })
  }
}

function isCondition({ section, name }: ApacheDirective): boolean {
  return section && CONDITIONS.includes(name.toLowerCase())
}

/** A `<Proxy>` names how the URL of the other server begins. */
function addProxies(levels: Level[], own: readonly Sections[], url: string): void {
  for (const { proxies } of own)
    for (const { section, pattern } of proxies) addLevel(levels, 'proxy', section, proxyApplies(pattern, url))
}

function addFileLevels(
  levels: Level[],
  own: readonly Sections[],
  file: string | null,
  isDirectory: boolean,
  htaccess: HtaccessReader | undefined,
): void {
  const directory = file === null ? null : directoryPath(isDirectory ? file : posix.dirname(file))
  const applying: AppliedDirectory[] = []
  for (const sections of own) addDirectories(applying, sections, directory)
  // httpd's sort keeps the order of equals, and the main server's stand before the virtual host's.
  if (own.length > 1) applying.sort((a, b) => a.depth - b.depth)
  if (htaccess === undefined || directory === null) {
    for (const { section, applies } of applying) addLevel(levels, 'directory', section, applies)
  } else addLevelsDownTo(levels, applying, directory, htaccess)

  // A regular expression meets the whole path, the file's own name with it.
  const path = isDirectory ? directory : file
  for (const { section, pattern } of directoryMatches(own))
    addLevel(levels, 'directory-match', section, path === null ? undefined : regexApplies(pattern, path))
  addFilesSections(levels, own, file)
}

/** The `<Directory>` sections of each directory down to this one, and its `.htaccess` behind them. */
function addLevelsDownTo(
  levels: Level[],
  applying: readonly AppliedDirectory[],
  directory: string,
  htaccess: HtaccessReader,
): void {
  const parts = depthOf(directory)
  let next = 0
  for (let deep = 1; deep <= parts; deep++) {
    for (; next < applying.length && applying[next]!.depth <= deep; next++)
      addLevel(levels, 'directory', applying[next]!.section, applying[next]!.applies)
    const at = `${directory.split('/').slice(0, deep).join('/')}/`
    const found = htaccess(at, levels)
    if (found !== null)
      levels.push({
        kind: 'htaccess',
        section: null,
        htaccess: found ?? [],
        directory: at,
        applies: found === undefined ? undefined : true,
      })
  }
  for (; next < applying.length; next++)
    addLevel(levels, 'directory', applying[next]!.section, applying[next]!.applies)
}

/** httpd sorts regular expressions too, by the slashes in them. */
function directoryMatches(own: readonly Sections[]): readonly PatternedSection[] {
  const [first, second] = own
  if (second === undefined || second.directoryMatches.length === 0) return first?.directoryMatches ?? NONE
  return [...(first?.directoryMatches ?? NONE), ...second.directoryMatches].sort(bySlashes)
}

interface AppliedDirectory {
  readonly section: ApacheDirective
  readonly applies: true | undefined
  readonly depth: number
}

/** Adds the `<Directory>` sections that hold, or may, for a directory (null: one that is not known), by their depth. */
function addDirectories(
  applying: AppliedDirectory[],
  { directories, directoryIndex }: Sections,
  directory: string | null,
): void {
  const candidates =
    directory === null || directoryIndex === null
      ? directories
      : candidatesFor(directories, directoryIndex, directory)
  for (const candidate of candidates) {
    const { section, pattern, depth } = candidate
    const applies: Applies =
      directory !== null
        ? directoryApplies(pattern, candidate.directory, directory)
        : pattern.text === '/'
          ? true
          : undefined
    if (applies !== false) applying.push({ section, applies, depth })
  }
}

function candidatesFor(
  directories: readonly DirectorySection[],
  { byDirectory, others }: DirectoryIndex,
  directory: string,
): readonly DirectorySection[] {
  const positions = [...others]
  for (let slash = directory.indexOf('/'); slash !== -1; slash = directory.indexOf('/', slash + 1))
    for (const position of byDirectory.get(directory.slice(0, slash + 1)) ?? []) positions.push(position)
  return positions.sort((a, b) => a - b).flatMap(position => directories[position] ?? [])
}

/** Below this, looking at one after the other is quicker than an index. */
const SCANNED = 16

function indexDirectories(directories: readonly DirectorySection[]): DirectoryIndex | null {
  if (directories.length <= SCANNED) return null
  const byDirectory = new Map<string, number[]>()
  const others: number[] = []
  for (const [position, { pattern, directory }] of directories.entries()) {
    if (pattern.kind !== 'plain') {
      others.push(position)
      continue
    }
    const known = byDirectory.get(directory)
    if (known === undefined) byDirectory.set(directory, [position])
    else known.push(position)
  }
  return { byDirectory, others }
}

function addFilesSections(levels: Level[], own: readonly Sections[], file: string | null): void {
  // A directory's own name counts as well, where the URL has no slash behind it.
  const name = file === null ? null : file.slice(file.lastIndexOf('/') + 1)
  // What is added is no place for more of them.
  const count = levels.length
  for (const { files } of own)
    for (const { section, pattern } of files)
      addLevel(levels, 'files', section, filesApply(pattern, name, true))
  for (let index = 0; index < count; index++) {
    const { kind, section, htaccess, applies } = levels[index]!
    if (kind === 'server' || kind === 'virtual-host') continue
    for (const child of section?.children ?? htaccess ?? []) {
      if (!isFiles(child)) continue
      const matches = filesApply(sectionPattern(child), name, applies)
      if (matches === false) continue
      levels.push({
        kind: 'files',
        section: child,
        htaccess: section === null ? child.children : null,
        applies: matches,
      })
    }
  }
}

/** Whether a `<Files>` applies to a file's name (null: not known) in a scope that does, or may. */
function filesApply(pattern: SectionPattern, name: string | null, scope: true | undefined): Applies {
  const matches = name === null ? undefined : filesApplies(pattern, name)
  return matches === true ? scope : matches
}

function isFiles({ section, name }: ApacheDirective): boolean {
  return section && (name === 'Files' || name === 'FilesMatch')
}

const CONDITIONS = ['if', 'elseif', 'else']
const NONE: readonly never[] = []

function hasConditions({ occurrences }: ApacheConfiguration): boolean {
  return CONDITIONS.some(name => occurrences.has(name))
}

function conditionsIn(
  configuration: ApacheConfiguration,
  parent: ApacheDirective | null,
): readonly ApacheDirective[] {
  if (!hasConditions(configuration)) return NONE
  return (parent === null ? mainServerLines(configuration) : parent.children).filter(isCondition)
}

function addLevel(levels: Level[], kind: LevelKind, section: ApacheDirective, applies: Applies): void {
  if (applies !== false) levels.push(level(kind, section, applies))
}

function level(kind: LevelKind, section: ApacheDirective | null, applies: true | undefined): Level {
  return { kind, section, htaccess: null, applies }
}

/** The sections of the main server, and behind them those of the virtual host. */
function sectionsOf(configuration: ApacheConfiguration, host: VirtualHost | null): readonly Sections[] {
  const kept = keptSections(configuration)
  if (host === null) return [kept.server]
  const { directive } = host
  if (kept.host?.directive !== directive)
    kept.host = { directive, sections: readSections(configuration, directive) }
  return [kept.server, kept.host.sections]
}

function readSections(configuration: ApacheConfiguration, parent: ApacheDirective | null): Sections {
  const directories: DirectorySection[] = []
  const directoryMatches: PatternedSection[] = []
  const proxies: PatternedSection[] = []
  const files: PatternedSection[] = []
  const locations: PatternedSection[] = []
  for (const section of parent === null ? mainServerLines(configuration) : parent.children) {
    if (!section.section) continue
    switch (section.name) {
      case 'Directory':
      case 'DirectoryMatch': {
        const pattern = sectionPattern(section)
        if (pattern.kind === 'regex' || section.name === 'DirectoryMatch')
          directoryMatches.push({ section, pattern })
        else directories.push(directorySection(section, pattern))
        break
      }
      case 'Proxy':
      case 'ProxyMatch':
        proxies.push({ section, pattern: sectionPattern(section) })
        break
      case 'Files':
      case 'FilesMatch':
        files.push({ section, pattern: sectionPattern(section) })
        break
      case 'Location':
      case 'LocationMatch':
        locations.push({ section, pattern: sectionPattern(section) })
    }
  }
  directories.sort((a, b) => a.depth - b.depth)
  return {
    directories,
    directoryIndex: indexDirectories(directories),
    directoryMatches: directoryMatches.sort(bySlashes),
    proxies,
    files,
    locations,
    conditions: conditionsIn(configuration, parent),
  }
}

function directorySection(section: ApacheDirective, pattern: SectionPattern): DirectorySection {
  const directory = directoryPath(pattern.text)
  return { section, pattern, directory, depth: pattern.text.startsWith('/') ? depthOf(directory) : 1 }
}

function bySlashes(a: PatternedSection, b: PatternedSection): number {
  return depthOf(a.pattern.text) - depthOf(b.pattern.text)
}
