import { below } from '../../parsers/text/is-below.ts'
import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import type { FileSystem } from './file-system.ts'
import { isComposeFile, isDockerfile } from './dockerfiles.ts'
import { isReadByPlace, judgePath, type PathVerdict } from './known-places.ts'
import type { SkipReason } from './machine.ts'
import { otherProgram } from './other-program.ts'
import type { Program } from './program.ts'
import { isBrokenNginx, type Recognised, recognise } from './recognise.ts'
import { toSource } from './to-source.ts'

/** A file that a server may read, and what it seems to be. */
export interface Candidate {
  readonly kind: 'candidate'
  /** Without links. */
  readonly path: string
  /** By which it was found; a link's own where one leads to it from a directory of enabled files. */
  readonly named: string
  readonly source: Source
  readonly program: Program
  readonly part: Recognised['part']
  readonly onDemand: string | null
  readonly sample: boolean
}

/** A file that looks like a server's and is not read. */
export interface SkippedPath {
  readonly kind: 'skipped'
  readonly path: string
  readonly reason: SkipReason
  readonly text: string
  /** True where a server reads what the system refused. */
  readonly isRead?: boolean
  /** Of what the system refused: the directory in which it waits to be enabled, as of a candidate. */
  readonly onDemand?: string | null
}

/** A `.htaccess`, whatever it holds. */
export interface HtaccessPath {
  readonly kind: 'htaccess'
  readonly path: string
}

export type Looked = Candidate | SkippedPath | HtaccessPath

export interface LookOptions {
  /** The beginning of a file; where absent, a file is looked into only if its name says something. */
  readonly peek?: (path: string, bytes: number) => string | null
}

/** As much of a file as tells whose it is. */
const BEGINNING = 16_384

/** A path whose name does not rule it out, and what the name says. */
export interface JudgedPath {
  readonly named: string
  readonly verdict: PathVerdict
}

/**
 * The paths worth a look. Those that something else has to enable come last, so that of a file and a link to
 * it from the directory of enabled ones the link is met first; and a `.htaccess` comes before the file that it leads to,
 * whose own name may say nothing.
 */
export function judgePaths(paths: readonly string[], within: string): readonly JudgedPath[] {
  const htaccess: JudgedPath[] = []
  const first: JudgedPath[] = []
  const last: JudgedPath[] = []
  const isPlaced = within === '/'
  const projects = isPlaced ? projectsAmong(paths) : NONE
  for (const named of paths) {
    const verdict =
      judgePath(below(named, within), isPlaced) ??
      (projects.size > 0 && isInProject(named, projects) ? judgePath(named, false) : null)
    if (verdict === null) continue
    const waits = verdict.kind === 'candidate' && verdict.onDemand !== null
    const isHtaccess = posix.basename(named) === '.htaccess'
    ;(isHtaccess ? htaccess : waits ? last : first).push({ named, verdict })
  }
  return [...htaccess, ...first, ...last]
}

const NONE: ReadonlySet<string> = new Set()

/** What programs of the machine keep there is nobody's project: copies of images, packages, sources of others. */
const OF_PROGRAMS = /^\/(?:usr|var\/(?:lib|cache)|proc|sys|snap)\/|\/node_modules\//

/**
 * The directories of a machine from which containers are started or built: what lies in them is read as a repository
 * is, where a compose file or a Dockerfile may bring it.
 */
function projectsAmong(paths: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const path of paths)
    if ((isComposeFile(path) || isDockerfile(path)) && !OF_PROGRAMS.test(path)) found.add(posix.dirname(path))
  found.delete('/')
  return found
}

function isInProject(path: string, projects: ReadonlySet<string>): boolean {
  if (OF_PROGRAMS.test(path)) return false
  for (let at = posix.dirname(path); at !== '/' && at !== '.'; at = posix.dirname(at))
    if (projects.has(at)) return true
  return false
}

/**
 * Judges a file by its content where its name leaves open what it is; null for what is nobody's here. A file
 * at which this fails costs itself alone.
 */
export function lookInto(files: FileSystem, judged: JudgedPath, options: LookOptions): Looked | null {
  try {
    return look(files, judged, options)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return skipped(judged.named, 'failed', message)
  }
}

function look(files: FileSystem, { named, verdict }: JudgedPath, { peek }: LookOptions): Looked | null {
  if (verdict.kind === 'backup') return skipped(named, 'backup', 'a copy that is not live')
  if (verdict.kind === 'stock') return skipped(named, 'stock', 'of the package, and not enabled')
  if (verdict.kind === 'test-data') return skipped(named, 'test-data', 'what tests of a program read')
  const path = files.realPath(named)
  if (path === null) {
    const reason = files.refusal(named)
    if (reason !== null) return refused(named, verdict, reason)
    return verdict.named
      ? skipped(named, 'link-outside', 'the link leads nowhere, or out of what is audited')
      : null
  }
  if (files.kind(path) !== 'file') return null
  if (verdict.kind === 'htaccess') {
    // What is called so exactly is read by Apache, and need not be looked into.
    const read = posix.basename(named) === '.htaccess' ? null : files.read(path)
    const isServers = read?.kind === 'source' && isNamedHtaccessAlone(read.source, posix.basename(named))
    return isServers ? lookIntoFile(files, path, named, verdict) : { kind: 'htaccess', path }
  }
  if (!verdict.named && !isSurelyServers(path, peek)) return null
  return lookIntoFile(files, path, named, verdict)
}

/** True for a file that only its name says to be a `.htaccess`: the configuration of a server includes it. */
export function isNamedHtaccessAlone(source: Source, name: string): boolean {
  if (name === '.htaccess') return false
  // `nagios.htaccess`, which is not what Apache looks for in a directory, has sections that stand in none.
  if (OWN_NAME.test(name) && /^[ \t]*<(?:Directory|Location|VirtualHost)\b/im.test(source.text)) return true
  // `nginx.htaccess` and `htaccess-nginx.txt` are what an application says to nginx in place of one.
  return recognise(source)?.program === 'nginx'
}

const OWN_NAME = /^[^.].*[._-]htaccess(?:\.\w+)?$/i

function lookIntoFile(
  files: FileSystem,
  path: string,
  named: string,
  verdict: Extract<PathVerdict, { kind: 'candidate' | 'htaccess' }>,
): Looked {
  if (verdict.sample && hasLive(files, path))
    return skipped(named, 'sample', 'a sample of the file beside it')
  const read = files.read(path)
  if (read.kind !== 'source') return refused(named, verdict, read.reason)
  const { source } = read
  const { onDemand, sample } = verdict
  const found = (program: Program, part: Recognised['part']): Candidate => ({
    kind: 'candidate',
    path,
    named,
    source,
    program,
    part,
    onDemand,
    sample,
  })
  const recognised = recognise(source)
  if (recognised !== null) return found(recognised.program, recognised.part)
  const other = otherProgram(source)
  if (other !== null) return skipped(named, 'other-program', `a file of another program: ${other}`)
  // Its name says which server would be asked about it, and refuse it.
  if (posix.basename(named) === 'nginx.conf' && isBrokenNginx(source)) return found('nginx', 'whole')
  return skipped(named, 'not-recognised', 'nothing in it is a directive of nginx or Apache')
}

/** True where the file that was made from a sample stands beside it. */
function hasLive(files: FileSystem, path: string): boolean {
  return files.kind(path.slice(0, path.search(/[._-][^._-]*$/))) === 'file'
}

function isSurelyServers(path: string, peek: LookOptions['peek']): boolean {
  const beginning = peek?.(path, BEGINNING) ?? null
  // What PHP makes of a template ends with another name than its programs.
  const isProgram = beginning !== null && PHP.test(beginning) && !path.endsWith('.phtml')
  if (beginning === null || isProgram || !MAY_BE_SERVERS.test(beginning)) return false
  return recognise(toSource(path, beginning))?.sure === true
}

const PHP = /^\s*<\?(?:php\b|=)/i

/** A line that ends as nginx ends them, or that begins as Apache's do: most files of a repository have none. */
const MAY_BE_SERVERS =
  /[;{}][ \t]*(?:#.*)?\r?$|^[ \t]*(?:<?[A-Z][A-Za-z]*[a-z][A-Z]|<?[A-Z][a-z]+[ \t]+\S|(?:rewrite|order|allow|deny|auth\w+|require|options|php_\w+)[ \t])/m

/** What the system refused: where no main file says what is read, the file's name and place do. */
function refused(path: string, verdict: PathVerdict, text: string): SkippedPath {
  if (verdict.kind !== 'candidate' || verdict.sample) return skipped(path, 'unreadable', text)
  const isRead = isReadByPlace(path)
  return { ...skipped(path, 'unreadable', text), ...(isRead && { isRead }), onDemand: verdict.onDemand }
}

export function skipped(path: string, reason: SkipReason, text: string): SkippedPath {
  return { kind: 'skipped', path, reason, text }
}
