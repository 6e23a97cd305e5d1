import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import { countedLine, isUnknownWord, type Place, type Source } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { PcreReleases } from '../../pcre/releases.ts'
import type { Related } from '../../problem.ts'
import { compareVersions, type ServerVersion } from '../../version.ts'
import type { NginxContext, NginxDirective } from '../configuration.ts'
import type { NginxDirectiveFacts } from '../directives.ts'
import type { NginxProblemCode } from '../problem-codes.ts'
import type { NginxProblem } from '../reading-order.ts'
import { isCertainInTemplate } from '../template-problems.ts'

/** What the checks are given: the directives as nginx reads them, and how much of the whole is known. */
export interface NginxUnit {
  readonly top: readonly NginxDirective[]
  readonly occurrences: ReadonlyMap<string, readonly NginxDirective[]>
  readonly version: ServerVersion
  /** Null where only fragments are there. */
  readonly main: Source | null
  readonly files: FileSystem
  readonly fragments: boolean
  /** The paths of fragments that one nginx reads side by side. */
  readonly together?: ReadonlySet<string> | undefined
  /** True where an include leads to a file that nobody here can read: whatever it sets is unknown. */
  readonly hasUnknownParts: boolean
  /** The servers with such an include; null where it stands elsewhere, or something else is unknown. */
  readonly unknownServers: ReadonlySet<NginxDirective> | null
  /** True where the files that load the modules of the packages were not read. */
  readonly mayLoadModules: boolean
}

/** One block while nginx reads it. */
export interface Level {
  readonly directive: NginxDirective | null
  readonly context: NginxContext
  /** What may stand once, each as it was first seen here: few enough in any block to look through. */
  readonly seen: { readonly key: string; readonly directive: NginxDirective }[]
}

/** A variable that some directive reads, and where. */
export interface VariableUse {
  readonly name: string
  readonly directive: NginxDirective
  readonly word: NginxWord
}

/** A named stretch of shared memory as its declarations build it up. */
export interface Zone {
  readonly owner: string
  readonly directive: NginxDirective
  readonly word: NginxWord
  size: number | null
}

/** What nginx remembers of an `http` or a `stream` block until it ends. */
export interface Program {
  readonly name: 'http' | 'stream' | 'mail'
  readonly uses: Map<string, VariableUse>
  readonly defined: Set<string>
  readonly logFormats: Map<string, NginxDirective>
  readonly upstreams: Map<string, Upstream>
  readonly servers: ServerFacts[]
  /** `proxy_pass` and its like that name a host and a port, by host. */
  readonly ports: Map<string, { directive: NginxDirective; word: NginxWord; port: string }>
  readonly caches: { directive: NginxDirective; word: NginxWord }[]
  /** Targets without a port, which only an upstream of that name makes good. */
  readonly portless: { directive: NginxDirective; word: NginxWord; host: string }[]
  /** Targets that no resolver knows. */
  readonly impossible: { directive: NginxDirective; word: NginxWord; host: string }[]
}

export interface Upstream {
  readonly directive: NginxDirective
  servers: number
  backups: number
  /** False once a balancing method is chosen that knows no `backup`. */
  takesBackup: boolean
}

/** A server block as its directives describe it. */
export interface ServerFacts {
  readonly directive: NginxDirective
  readonly listens: Listen[]
  readonly names: { readonly word: NginxWord; readonly directive: NginxDirective }[]
}

export interface Listen {
  /** Address and port as nginx compares them, such as `0.0.0.0:80`; null where only DNS knows it. */
  readonly key: string | null
  readonly ssl: boolean
  readonly directive: NginxDirective
}

/** Everything that is remembered from the first directive to the last. */
export interface Reading {
  readonly unit: NginxUnit
  readonly pcre: PcreReleases
  readonly problems: NginxProblem[]
  /** The block whose end is checked, null at the end of everything, undefined while nginx reads. */
  closing: NginxDirective | null | undefined
  readonly http: Program
  readonly stream: Program
  readonly mail: Program
  readonly zones: Map<string, Zone>
  /** Directories of caches and of temporary files, as they are written. */
  readonly directories: Map<string, { directive: NginxDirective; isCache: boolean; levels: string }>
  /** Addresses that are listened on so far, by program and address. */
  readonly sockets: Map<string, Socket>
  /** True once an `events`, `http`, `stream` or `mail` block was opened. */
  modulesFixed: boolean
  readonly modules: Set<string>
  /** Modules that no table here knows are loaded, or the build is another one: unknown names may be theirs. */
  readonly foreign: boolean
  /** Directives of modules outside nginx stand here, which may define any variable. */
  readonly hasForeignNames: boolean
}

/** One address and port with what its `listen` directives said so far. */
export interface Socket {
  readonly servers: Set<ServerFacts>
  optionsAt: NginxDirective | null
  defaultAt: NginxDirective | null
  ssl: boolean
}

/** Checks one directive after its context and argument count were found right. */
export type Check = (
  reading: Reading,
  directive: NginxDirective,
  facts: NginxDirectiveFacts,
  level: Level,
) => void

/** The directive that stood here first under a key; null where this one is the first, and remembered. */
export function firstOf({ seen }: Level, key: string, directive: NginxDirective): NginxDirective | null {
  for (const other of seen) if (other.key === key) return other.directive
  seen.push({ key, directive })
  return null
}

export function newProgram(name: Program['name']): Program {
  return {
    name,
    uses: new Map(),
    defined: new Set(),
    logFormats: new Map(),
    upstreams: new Map(),
    servers: [],
    ports: new Map(),
    caches: [],
    portless: [],
    impossible: [],
  }
}

export function programOf(reading: Reading, facts: NginxDirectiveFacts): Program {
  if (facts.program === 'stream') return reading.stream
  return facts.program === 'mail' ? reading.mail : reading.http
}

export interface ReportOptions {
  /** Default true. */
  readonly fatal?: boolean
  /** True where it is so whatever a template fills in; else its words tell. */
  readonly certain?: boolean
  readonly related?: readonly Related[]
  readonly help?: string
  readonly build?: string
}

/**
 * Adds a problem, at a word of a directive or at its name. nginx names the line on which the directive
 * ended: a word on any other line than that or the directive's first is passed over for the name.
 */
export function report(
  reading: Reading,
  code: NginxProblemCode,
  directive: NginxDirective,
  word: NginxWord | null,
  message: string,
  options: ReportOptions = {},
): void {
  const { source } = directive
  const isFatal = options.fatal ?? true
  const problem: NginxProblem = {
    code,
    fatal: isFatal && !source.template,
    ...(source.template &&
      (options.certain === true || isCertainInTemplate(code, directive)) &&
      (isFatal ? { inTemplate: 'refused' } : code === 'duplicate-media-type' && { inTemplate: 'warned' })),
    message,
    at: placeOf(directive, word),
    ...(options.related === undefined ? {} : { related: options.related }),
    ...(options.help === undefined ? {} : { help: options.help }),
    ...(options.build === undefined ? {} : { build: options.build }),
    ...(code === 'argument-count' && {
      misread: { source, start: directive.node.start, end: directive.node.terminator },
    }),
    ...(reading.closing === undefined ? {} : { closing: reading.closing }),
  }
  reading.problems.push(problem)
}

function placeOf(directive: NginxDirective, word: NginxWord | null): Place {
  const { source, node } = directive
  const { name } = node
  if (word === null || word === name) return { source, start: name.start, end: name.end }
  const line = countedLine(source, word.start)
  const nameable = line === countedLine(source, name.start) || line === countedLine(source, node.terminator)
  const at = nameable ? word : name
  return { source, start: at.start, end: at.end }
}

/** The place of a directive's name, for what a problem refers to. */
export function nameOf(directive: NginxDirective): Place {
  const { name } = directive.node
  return { source: directive.source, start: name.start, end: name.end }
}

/** True where some argument is a template's: nothing certain can be said of the directive. */
export function hasUnknownArgument(directive: NginxDirective): boolean {
  return directive.source.template && directive.args.some(arg => isUnknownWord(arg.value))
}

/** True where a template fills in a word of a directive that declares something: these are not read further. */
export function declaresOpenly({ unit }: Reading, declares: (name: string) => boolean): boolean {
  for (const [name, directives] of unit.occurrences)
    if (declares(name) && directives.some(hasUnknownArgument)) return true
  return false
}

/** True where two directives meet in every configuration that reads either: of fragments those of one file, or server. */
export function areReadTogether(reading: Reading, one: NginxDirective, other: NginxDirective): boolean {
  return one.node !== other.node && machineOf(reading, one) === machineOf(reading, other)
}

/** What tells definitions in fragments apart: files that nobody joins may belong to different machines. */
export function machineOf({ unit }: Reading, { source }: NginxDirective): string {
  return !unit.fragments || unit.together?.has(source.path) === true ? '' : source.path
}

/** True where the whole configuration lies open: what is not there is not there. */
export function isWhole(reading: Reading): boolean {
  const { unit } = reading
  return unit.main !== null && !unit.fragments && !unit.hasUnknownParts
}

/** True where the modules are known too: a name that none of them has is nobody's. */
export function knowsModules(reading: Reading): boolean {
  return isWhole(reading) && !reading.unit.mayLoadModules
}

/** True where this version is sure to lack what came with `since`; never for an assumed version. */
export function isBefore(reading: Reading, since: string): boolean {
  const { version } = reading.unit
  return version.from !== 'assumed' && compareVersions(version.value, since) < 0
}

/** Nobody who tells of no version runs an older one than any distribution still has. */
const OLDEST = '1.18.0'

/** True where this version is sure to lack what `until` took out; of an assumed one, where that is long ago. */
export function isGone(reading: Reading, until: string): boolean {
  return isSince(reading, until) || (isAssumed(reading) && compareVersions(until, OLDEST) < 0)
}

function isAssumed({ unit }: Reading): boolean {
  return unit.version.from === 'assumed'
}

/** True where this version is sure to have what came with `since`. */
export function isSince(reading: Reading, since: string): boolean {
  const { version } = reading.unit
  return version.from !== 'assumed' && compareVersions(version.value, since) >= 0
}
