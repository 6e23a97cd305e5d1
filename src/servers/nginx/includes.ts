import type { FileSystem } from '../../files/file-system.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { UnreadReason } from '../unread-file.ts'
import type { NginxProblemCode } from './configuration.ts'
import { expandGlob, isGlob } from './glob.ts'
import { setByName } from './set-by-name.ts'

/** The first mapping whose directory holds an include's absolute path moves it; slashes at the ends say nothing. */
export interface IncludeMapping {
  readonly from: string
  readonly to: string
}

/** What one path of an `include` brings, in the order in which nginx opens them. */
export type IncludeStep =
  | { readonly kind: 'source'; readonly path: string; readonly source: Source }
  | {
      readonly kind: 'problem'
      readonly path: string
      readonly code: IncludeCode
      readonly message: string
      readonly help: string
    }
  /** What it sets is unknown. */
  | { readonly kind: 'unread'; readonly path: string; readonly reason: UnreadReason }

export interface IncludeRequest {
  /** The argument, decoded. */
  readonly value: string
  /** The file that holds the `include`. */
  readonly from: Source
  /** True inside `geo`, whose module opens the path without looking for wildcards. */
  readonly literal: boolean
}

/** Directories in which nginx's packages and its own build keep the configuration and its stock files. */
const HOMES = [
  '/etc/nginx/',
  '/usr/local/etc/nginx/',
  '/usr/local/nginx/conf/',
  '/usr/local/openresty/nginx/conf/',
  '/opt/nginx/conf/',
  '/opt/bitnami/nginx/conf/',
  '/opt/homebrew/etc/nginx/',
]

/** Files that come with nginx, which people therefore leave out of their repositories. */
const STOCK_FILES = [
  'mime.types',
  'fastcgi_params',
  'fastcgi.conf',
  'uwsgi_params',
  'scgi_params',
  'proxy_params',
  'koi-utf',
  'koi-win',
  'win-utf',
  'snippets/fastcgi-php.conf',
  'snippets/snakeoil.conf',
]

/**
 * True for a file that comes with nginx, or has such a name, and sets types, parameters or headers: that it was not read
 * leaves open which, and neither a server nor a certificate.
 */
export function setsParametersAlone(path: string): boolean {
  if (STOCK_FILES.some(name => path === name || path.endsWith(`/${name}`))) return !path.includes('snakeoil')
  return setByName(path)?.every(prefix => prefix !== 'ssl_') === true
}

/** The directories of Debian's, Alpine's and Red Hat's packages in which each module has a file. */
const MODULES = /(?:^|\/)(?:modules-enabled|nginx\/modules)\/\*\.conf$/

/**
 * True for what the packages include outside of every block: files of `load_module` alone. That they were not read
 * leaves open which modules there are, and nothing else.
 */
export function loadsModulesAlone(path: string): boolean {
  return MODULES.test(path)
}

/**
 * What an `include` brings, each file read at most once.
 *
 * nginx takes a relative path from the directory of the main file (`mainDirectory`), whichever file it stands
 * in. Without a main file that directory is `/etc/nginx` where that has the path, as in a container; else the first
 * directory upward from the including file that has it stands for it. A missing file is fatal only where its absence
 * is evidence. `isComplete` says that every file that nginx would read is there, so that a pattern which finds none
 * means none. `ofPackage` has the text of a file that is not there since nginx's package brings it.
 */
export function includeResolver(
  files: FileSystem,
  mainDirectory: string | null,
  mappings: readonly IncludeMapping[] = [],
  isComplete = false,
  ofPackage: (value: string) => Source | null = () => null,
): (request: IncludeRequest) => readonly IncludeStep[] {
  const known = new Map<string, readonly IncludeStep[]>()
  const holdsEverything = files.covers('/no-such-directory/no-such-directory/no-such-file')

  /** True also for what the system does not let anybody look at. */
  const isThere = (path: string): boolean => files.kind(path) !== null || files.refusal(path) !== null

  /** The paths that an absolute path or pattern names; empty where nothing is there. */
  const namedBy = (path: string, literal: boolean, refused: string[] = []): readonly string[] => {
    if (!literal && isGlob(path)) return expandGlob(files, path, refused)
    if (isThere(path)) return [path]
    const template = files.covers(path) ? null : templateOf(files, path)
    return template === null ? [] : [template]
  }

  const mapped = (path: string): string => {
    for (const { from, to } of mappings) {
      const prefix = from.replace(/\/+$/, '')
      if (path !== prefix && !path.startsWith(`${prefix}/`)) continue
      return `/${to.replace(/^\/+|\/+$/g, '')}${path.slice(prefix.length)}`.replace(/^\/+/, '/')
    }
    return path
  }

  /** Where the file would lie in a tree that holds the inside of `/etc/nginx` and not that directory itself. */
  const insideHome = (path: string): string | null => {
    const home = HOMES.find(directory => path.startsWith(directory))
    return home === undefined ? null : path.slice(home.length)
  }

  const fromMain = (value: string, home: string, literal: boolean): readonly IncludeStep[] => {
    const path = mapped(value.startsWith('/') ? value : `${home}/${value}`)
    const pattern = !literal && isGlob(path)
    const refused: string[] = []
    const found = namedBy(path, literal, refused)
    if (found.length > 0) return [...found.map(read), ...refused.map(closed)]
    const inside = files.covers(path) ? null : insideHome(path)
    const beside = inside === null ? [] : namedBy(`${home}/${inside}`, literal)
    if (beside.length > 0) return beside.map(read)
    if (!pattern) return [absent(path, home)]
    const directory = fixedPart(path)
    if (refused.length > 0) return refused.map(closed)
    if (files.refusal(directory) !== null) return [closed(directory)]
    if (isComplete || files.covers(directory) || isLeftOutEmpty(files, directory, home)) return []
    return [outside(path)]
  }

  const fromFragment = (value: string, from: Source, literal: boolean): readonly IncludeStep[] => {
    const path = mapped(value.startsWith('/') ? value : `/etc/nginx/${value}`)
    const found = namedBy(path, literal)
    if (found.length > 0) return found.map(read)
    const relative = value.startsWith('/') ? insideHome(path) : value
    if (relative !== null) {
      for (let directory = parentOf(from.path); ; directory = parentOf(directory)) {
        const candidates = namedBy(`${directory}/${relative}`, literal)
        if (candidates.length > 0) return candidates.map(read)
        if (directory === '') break
      }
    }
    return [leftOut(value)]
  }

  const read = (path: string): IncludeStep => {
    const result = files.read(path)
    switch (result.kind) {
      case 'source':
        // In a repository it may be the machine's own, which lies in `/etc`.
        if (isListOfTypes(result.source) && !files.covers(path)) return outside(path)
        return { kind: 'source', path, source: result.source }
      case 'missing':
        return absent(path, mainDirectory ?? '')
      case 'directory':
        return problem(
          path,
          'include-directory',
          `\`${path}\` is a directory, which nginx cannot read as a file`,
        )
      case 'unreadable':
      case 'too-large':
        return { kind: 'unread', path, reason: result.kind }
      case 'other':
        return { kind: 'unread', path, reason: 'irregular' }
    }
  }

  /** What nobody keeps beside what includes it. */
  const leftOut = (path: string, name = path): IncludeStep => {
    const source = ofPackage(name)
    return source === null ? outside(path) : { kind: 'source', path: source.path, source }
  }

  const absent = (path: string, directory: string): IncludeStep => {
    if (isLink(files, path) ? !holdsEverything : !files.covers(path)) return leftOut(path)
    if (isStockFile(files, path, directory)) return leftOut(path, path.slice(directory.length + 1))
    return problem(path, 'include-missing', `\`${path}\` is not there`)
  }

  return ({ value, from, literal }) => {
    const key =
      mainDirectory === null ? `${parentOf(from.path)}\0${value}\0${literal}` : `${value}\0${literal}`
    const resolved = known.get(key)
    if (resolved !== undefined) return resolved
    const steps =
      mainDirectory === null ? fromFragment(value, from, literal) : fromMain(value, mainDirectory, literal)
    known.set(key, steps)
    return steps
  }
}

/** True for a `mime.types` as Apache, Python and others read it: a type a line, and no block. */
function isListOfTypes({ path, code }: Source): boolean {
  return path.endsWith('/mime.types') && /^[\w.+-]+\/[\w.+-]+(?:[ \t]|$)/m.test(code) && !/[{;]/.test(code)
}

/** What a repository has in place of a file that a program writes from it: `base.conf.j2`; null for none, or several. */
function templateOf(files: FileSystem, path: string): string | null {
  const found = (files.list(parentOf(path) || '/') ?? []).filter(
    ({ name, kind }) =>
      kind === 'file' && path.endsWith(`/${name.replace(TEMPLATE, '')}`) && TEMPLATE.test(name),
  )
  const [only] = found
  return only === undefined || found.length > 1 ? null : `${parentOf(path)}/${only.name}`
}

const TEMPLATE = /\.(?:j2|jinja2?|jnj|erb|epp|te?mpl|template|tpl|ctmpl|gotmpl|mustache|hbs|envsubst)$/

function closed(directory: string): IncludeStep {
  return { kind: 'unread', path: directory, reason: 'unreadable' }
}

function outside(path: string): IncludeStep {
  return { kind: 'unread', path, reason: 'outside' }
}

type IncludeCode = Exclude<Extract<NginxProblemCode, `include-${string}`>, 'include-cycle'>

const HELP: Readonly<Record<IncludeCode, string>> = {
  'include-missing': 'Write the path as nginx finds it, or take the `include` out',
  'include-directory': 'Include the files of the directory: a path that ends in `/*.conf`',
}

function problem(path: string, code: IncludeCode, message: string): IncludeStep {
  return { kind: 'problem', path, code, message, help: HELP[code] }
}

/** A link that leads nowhere is there to `glob`, and what it leads to may lie outside the audited root. */
function isLink(files: FileSystem, path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return files.list(parentOf(path) || '/')?.some(entry => entry.name === name) ?? false
}

/**
 * True for a file that nginx itself brings, missing where nobody can tell that it is missing on the machine
 * too: the main file lies where no nginx keeps it, as in a repository, or none of the stock files is there.
 */
function isStockFile(files: FileSystem, path: string, directory: string): boolean {
  if (!path.startsWith(`${directory}/`) || !STOCK_FILES.includes(path.slice(directory.length + 1)))
    return false
  if (!HOMES.includes(`${directory}/`)) return true
  return !STOCK_FILES.some(name => files.kind(`${directory}/${name}`) !== null)
}

/** Directories of Debian's and nginx's packages, as they lie in a home. */
const STOCK_DIRECTORIES = ['conf.d', 'modules-enabled', 'sites-enabled']

/**
 * True for a directory of the packages that a copy of the home lacks because nothing is in it: the copy has the
 * stock file that nobody changes, and what another of these directories holds. Of a repository, which keeps no empty
 * directory, `sites-enabled` says it of `conf.d`; modules are the machine's own.
 */
function isLeftOutEmpty(files: FileSystem, directory: string, home: string): boolean {
  const isStock = STOCK_DIRECTORIES.some(name => directory === `${home}/${name}/`)
  if (!isStock || !HOMES.includes(`${home}/`)) return false
  const holds = (path: string): boolean => (files.list(path) ?? []).length > 0
  if (files.kind(`${home}/mime.types`) !== 'file')
    return directory === `${home}/conf.d/` && !holds(directory) && holds(`${home}/sites-enabled`)
  return !holds(directory) && STOCK_DIRECTORIES.some(name => holds(`${home}/${name}`))
}

/** The directories of a pattern before its first wildcard. */
function fixedPart(pattern: string): string {
  return pattern.slice(0, pattern.lastIndexOf('/', pattern.search(/[*?[]/)) + 1)
}

/** The directory of a path without a slash at its end: empty for `/`. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}
