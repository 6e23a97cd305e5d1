import { posix } from 'node:path'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { directivesIn } from './directives-in.ts'
import {
  type Applies,
  depthOf,
  directoryApplies,
  directoryPath,
  filesApplies,
  locationApplies,
  regexApplies,
  sectionPattern,
} from './section-matches.ts'
import type { VirtualHost } from './virtual-hosts.ts'

export type LevelKind =
  | 'server'
  | 'virtual-host'
  | 'directory'
  | 'htaccess'
  | 'directory-match'
  | 'files'
  | 'location'
  | 'if'

/** One scope whose directives are merged into what holds for a request, the later over the earlier. */
export interface Level {
  readonly kind: LevelKind
  /** The section; null for the main server and for a `.htaccess` file. */
  readonly section: ApacheDirective | null
  /** What a `.htaccess` file holds at its top, or in this section of it; null for every other level. */
  readonly htaccess: readonly ApacheDirective[] | null
  /** True, or undefined where nobody can tell whether it applies: `<If>`, a regular expression beyond us. */
  readonly applies: true | undefined
}

/** What a request asks for, after httpd has mapped it. */
export interface RequestPath {
  /** The decoded path of the URL, slashes merged. */
  readonly uri: string
  /** The file or folder it is mapped to; null where that is not known, undefined where there is none (a proxy). */
  readonly file?: string | null
  /** True where the path of `file` is a folder itself. */
  readonly folder?: boolean
}

/** The `.htaccess` of a folder (with its last slash): its directives, null for none, undefined where unknown. */
export type HtaccessReader = (
  folder: string,
  above: readonly Level[],
) => readonly ApacheDirective[] | null | undefined

/** Positions in the list of `<Directory>` sections, so that a path meets its own few of thousands. */
interface DirectoryIndex {
  /** Those without wildcards, by the folder that they name, its last slash included. */
  readonly byFolder: ReadonlyMap<string, readonly number[]>
  readonly others: readonly number[]
}

interface Sections {
  /** `<Directory>` without a regular expression: those of few parts first, then in reading order. */
  readonly directories: readonly ApacheDirective[]
  readonly directoryIndex: DirectoryIndex
  readonly directoryMatches: readonly ApacheDirective[]
  readonly files: readonly ApacheDirective[]
  readonly locations: readonly ApacheDirective[]
  readonly conditions: readonly ApacheDirective[]
}

const cache = new WeakMap<ApacheConfiguration, Map<ApacheDirective | null, Sections>>()

/**
 * The scopes that hold for a request, in the order in which httpd merges them: main server, virtual
 * host, `<Directory>` from the root downwards with the `.htaccess` of each folder behind it,
 * `<DirectoryMatch>` by the slashes in it, `<Files>`, `<Location>`, `<If>`. Of equal rank, the main server's come first.
 */
export function sectionsFor(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  path: RequestPath,
  htaccess?: HtaccessReader,
): readonly Level[] {
  const levels: Level[] = [level('server', null, true)]
  if (host !== null) levels.push(level('virtual-host', host.directive, true))
  const own = [sectionsOf(configuration, null)]
  if (host !== null) own.push(sectionsOf(configuration, host.directive))

  if (path.file !== undefined)
    addFileLevels(configuration, levels, own, path.file, path.folder === true, htaccess)
  for (const { locations } of own) {
    for (const section of locations) {
      addLevel(levels, 'location', section, locationApplies(sectionPattern(section), path.uri))
    }
  }
  for (const { conditions } of own)
    for (const section of conditions) addLevel(levels, 'if', section, undefined)
  // A condition inside a section is merged behind everything, where that section applies.
  for (const { section, htaccess } of [...levels]) {
    for (const child of htaccess ?? []) {
      if (/^(?:if|elseif|else)$/i.test(child.name))
        levels.push({ kind: 'if', section: child, htaccess: child.children, applies: undefined })
    }
    if (section === null || htaccess !== null || section.name === 'VirtualHost' || section.name === 'If')
      continue
    for (const condition of conditionsIn(configuration, section)) addLevel(levels, 'if', condition, undefined)
  }
  return levels
}

function addFileLevels(
  configuration: ApacheConfiguration,
  levels: Level[],
  own: readonly Sections[],
  file: string | null,
  isFolder: boolean,
  htaccess: HtaccessReader | undefined,
): void {
  const folder = file === null ? null : directoryPath(isFolder ? file : posix.dirname(file))
  // httpd's sort keeps the order of equals, and the main server's stand before the virtual host's.
  const applying = own.flatMap(sections => directoriesFor(sections, folder)).sort((a, b) => a.depth - b.depth)
  const parts = folder === null ? 0 : depthOf(folder)
  let next = 0
  for (let deep = 1; deep <= parts; deep++) {
    for (; next < applying.length && applying[next]!.depth <= deep; next++)
      addLevel(levels, 'directory', applying[next]!.section, applying[next]!.applies)
    if (htaccess === undefined || folder === null) continue
    const at = `${folder.split('/').slice(0, deep).join('/')}/`
    const found = htaccess(at, levels)
    if (found !== null)
      levels.push({
        kind: 'htaccess',
        section: null,
        htaccess: found ?? [],
        applies: found === undefined ? undefined : true,
      })
  }
  for (; next < applying.length; next++)
    addLevel(levels, 'directory', applying[next]!.section, applying[next]!.applies)

  // httpd sorts regular expressions too, by the slashes in them.
  const matches = own.flatMap(({ directoryMatches }) => directoryMatches)
  for (const section of own.length === 1 ? matches : matches.sort((a, b) => slashes(a) - slashes(b))) {
    // A regular expression meets the whole path, the file's own name with it.
    const path = isFolder ? folder : file
    const applies = path === null ? undefined : regexApplies(sectionPattern(section), path)
    addLevel(levels, 'directory-match', section, applies)
  }
  addFilesSections(configuration, levels, own, isFolder ? null : file)
}

/** The `<Directory>` sections that hold, or may, for a folder (null: one that is not known), by their depth. */
function directoriesFor(
  { directories, directoryIndex }: Sections,
  folder: string | null,
): readonly {
  readonly section: ApacheDirective
  readonly applies: true | undefined
  readonly depth: number
}[] {
  const candidates = folder === null ? directories : candidatesFor(directories, directoryIndex, folder)
  return candidates.flatMap(section => {
    const pattern = sectionPattern(section)
    const applies: Applies =
      folder !== null ? directoryApplies(pattern, folder) : pattern.text === '/' ? true : undefined
    return applies === false ? [] : [{ section, applies, depth: depth(section) }]
  })
}

function candidatesFor(
  directories: readonly ApacheDirective[],
  { byFolder, others }: DirectoryIndex,
  folder: string,
): readonly ApacheDirective[] {
  const positions = [...others]
  for (let slash = folder.indexOf('/'); slash !== -1; slash = folder.indexOf('/', slash + 1))
    positions.push(...(byFolder.get(folder.slice(0, slash + 1)) ?? []))
  return positions.sort((a, b) => a - b).flatMap(position => directories[position] ?? [])
}

function indexDirectories(directories: readonly ApacheDirective[]): DirectoryIndex {
  const byFolder = new Map<string, number[]>()
  const others: number[] = []
  for (const [position, section] of directories.entries()) {
    const { kind, text } = sectionPattern(section)
    if (kind !== 'plain') {
      others.push(position)
      continue
    }
    const folder = directoryPath(text)
    const known = byFolder.get(folder)
    if (known === undefined) byFolder.set(folder, [position])
    else known.push(position)
  }
  return { byFolder, others }
}

function addFilesSections(
  configuration: ApacheConfiguration,
  levels: Level[],
  own: readonly Sections[],
  file: string | null,
): void {
  const candidates: { section: ApacheDirective; applies: Applies; inHtaccess?: true }[] = []
  for (const { files } of own) for (const section of files) candidates.push({ section, applies: true })
  for (const { kind, section, htaccess, applies } of levels) {
    if (kind === 'server' || kind === 'virtual-host') continue
    if (section !== null) {
      for (const files of filesIn(configuration, section)) candidates.push({ section: files, applies })
    } else {
      for (const child of htaccess ?? [])
        if (isFiles(child)) candidates.push({ section: child, applies, inHtaccess: true })
    }
  }
  for (const { section, applies, inHtaccess } of candidates) {
    const matches = file === null ? undefined : filesApplies(sectionPattern(section), posix.basename(file))
    if (matches === false) continue
    const own = level('files', section, applies === true ? matches : undefined)
    levels.push(inHtaccess === true ? { ...own, htaccess: section.children } : own)
  }
}

function isFiles(directive: ApacheDirective): boolean {
  return directive.section && /^files(?:match)?$/i.test(directive.name)
}

function filesIn(
  configuration: ApacheConfiguration,
  parent: ApacheDirective | null,
): readonly ApacheDirective[] {
  return inOrder(
    directivesIn(configuration, parent, 'files'),
    directivesIn(configuration, parent, 'filesmatch'),
    parent,
    configuration,
  )
}

const CONDITIONS = ['if', 'elseif', 'else']
const NONE: readonly ApacheDirective[] = []

function conditionsIn(
  configuration: ApacheConfiguration,
  parent: ApacheDirective | null,
): readonly ApacheDirective[] {
  const { occurrences } = configuration
  if (!CONDITIONS.some(name => occurrences.has(name))) return NONE
  return CONDITIONS.flatMap(name => directivesIn(configuration, parent, name))
}

function addLevel(levels: Level[], kind: LevelKind, section: ApacheDirective, applies: Applies): void {
  if (applies !== false) levels.push(level(kind, section, applies))
}

function level(kind: LevelKind, section: ApacheDirective | null, applies: true | undefined): Level {
  return { kind, section, htaccess: null, applies }
}

function depth(section: ApacheDirective): number {
  const { text } = sectionPattern(section)
  return text.startsWith('/') ? depthOf(directoryPath(text)) : 1
}

function slashes(section: ApacheDirective): number {
  return depthOf(sectionPattern(section).text)
}

function sectionsOf(configuration: ApacheConfiguration, parent: ApacheDirective | null): Sections {
  let byParent = cache.get(configuration)
  if (byParent === undefined) {
    byParent = new Map()
    cache.set(configuration, byParent)
  }
  let sections = byParent.get(parent)
  if (sections === undefined) {
    sections = readSections(configuration, parent)
    byParent.set(parent, sections)
  }
  return sections
}

function readSections(configuration: ApacheConfiguration, parent: ApacheDirective | null): Sections {
  const directories = directivesIn(configuration, parent, 'directory')
  const matches = directivesIn(configuration, parent, 'directorymatch')
  const isRegex = (section: ApacheDirective): boolean => sectionPattern(section).kind === 'regex'
  const sorted = directories.filter(section => !isRegex(section)).sort((a, b) => depth(a) - depth(b))
  return {
    directories: sorted,
    directoryIndex: indexDirectories(sorted),
    directoryMatches: [...inOrder(directories.filter(isRegex), matches, parent, configuration)].sort(
      (a, b) => slashes(a) - slashes(b),
    ),
    files: filesIn(configuration, parent),
    locations: inOrder(
      directivesIn(configuration, parent, 'location'),
      directivesIn(configuration, parent, 'locationmatch'),
      parent,
      configuration,
    ),
    conditions: conditionsIn(configuration, parent),
  }
}

/** Two lists of one parent's children as one, in reading order. */
function inOrder(
  a: readonly ApacheDirective[],
  b: readonly ApacheDirective[],
  parent: ApacheDirective | null,
  configuration: ApacheConfiguration,
): readonly ApacheDirective[] {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a
  const wanted = new Set([...a, ...b])
  return (parent === null ? configuration.top : parent.children).filter(child => wanted.has(child))
}
