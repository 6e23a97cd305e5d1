import type { ApacheNode } from '../../../../parsers/apache/syntax.ts'
import type { Place, Source } from '../../../../parsers/text/source.ts'
import type { TextMap } from '../../../../parsers/text/text-map.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { Fact } from '../../fact.ts'
import type { Presence, World } from '../../presence.ts'
import type { Problem } from '../../problem.ts'
import type { UnreadFile } from '../../unread-file.ts'
import type { ServerVersion } from '../../version.ts'
import type { ApacheDirective, ApacheModule, ReadingNote } from '../configuration.ts'
import type { ApacheDirectiveFacts } from '../directives.ts'
import type { ApacheEnvironment } from '../environment.ts'
import type { ApacheReadProblemCode } from '../problem-codes.ts'

/** A line of a macro's body as httpd keeps it: trimmed, joined; an empty text for a blank line. */
export interface MacroLine {
  readonly text: string
  readonly map: TextMap | null
  readonly offset: number
}

export interface Macro {
  /** In lower case. */
  readonly name: string
  /** `defined on line 2 of "/etc/apache2/conf.d/macros.conf"`. */
  readonly location: string
  readonly source: Source
  readonly at: Place
  readonly parameters: readonly string[]
  readonly lines: readonly MacroLine[]
}

/** What is known of a directive or section by its name, worked out once for each way to write it. */
export interface LineName {
  /** As the table spells it, or as written where it has no such name. */
  readonly name: string
  readonly lower: string
  readonly facts: ApacheDirectiveFacts | undefined
  /** Its occurrences so far; null until there is one. */
  found: ApacheDirective[] | null
}

/** A directive while the tree is built: the same object, with its children still coming. */
export interface OpenDirective extends ApacheDirective {
  readonly parent: OpenDirective | null
  children: OpenDirective[]
}

/**
 * What lines come from. A macro's lines are put before the rest of the stream that used it, as httpd
 * does, so that a macro may open or close what its user closes or opened.
 */
export interface Stream {
  readonly nodes: readonly ApacheNode[]
  readonly source: Source
  /** The file name that httpd would give: a path, or `macro 'm' (defined on line …) used on line …`. */
  readonly file: string
  /** What comes when this one is at its end; null for a file. */
  readonly rest: Stream | null
  /** True where some line may hold `${}`. */
  readonly expands: boolean
  next: number
}

/**
 * Where lines go. httpd builds every file and every conditional's body as a tree of its own: what was
 * open before cannot be closed by it, so `floor` is the section below which it cannot go.
 */
export interface Cursor {
  readonly floor: OpenDirective | null
  parent: OpenDirective | null
  /** How many sections and conditionals are open around the next line. */
  depth: number
}

/** The value of a `Define` and where it was written. */
export interface Variable {
  readonly value: string
  readonly at: Place | null
  /** The section in which the `Define` stands; null at the top and in files that nothing encloses. */
  readonly section: OpenDirective | null
}

/** Everything that changes while a configuration is read. */
export interface Reading {
  readonly files: FileSystem
  readonly version: ServerVersion
  readonly environment: ApacheEnvironment
  /** True for files whose outer part nobody knows: what is not there may be there. */
  readonly fragments: boolean
  /** True for `.htaccess`, where nothing acts while it is read but the conditional sections. */
  readonly perDirectory: boolean
  readonly top: OpenDirective[]
  readonly occurrences: Map<string, ApacheDirective[]>
  /** Directives that acted while they were read and left no trace in the tree. */
  readonly executed: ApacheDirective[]
  readonly sources: Set<Source>
  readonly modules: Map<string, ApacheModule>
  /** What `-D` and `Define` named, with its value; case counts. */
  readonly defines: Map<string, string | null>
  /** Values of `Define` by lower-case name: `${}` does not mind the case. */
  readonly variables: Map<string, Variable>
  readonly problems: Problem<ApacheReadProblemCode>[]
  readonly notes: ReadingNote[]
  readonly noted: Set<string>
  /** What could not be read, by what names it. */
  readonly unread: Map<string, UnreadFile>
  readonly names: Map<string, LineName>
  readonly said: Map<Source, Set<number>>
  macros: Map<string, Macro> | null
  serverRoot: Fact<string>
  /** How the undecided conditions come out, and under which of them the next line is there. */
  readonly world: World
  presence: Presence
  stream: Stream
  includeDepth: number
  /** Files included so far, each as often as it is. */
  includes: number
  /** Lines read so far, each as often as an include or a macro brings it. */
  lines: number
  /** False once a file that might define, load or include anything could not be read. */
  complete: boolean
  /** False once a file that might load a module could not be read. */
  loadsComplete: boolean
  /** True once httpd would have given up: the rest is read, and nothing more is said of it. */
  fatal: boolean
  /** True once going on would never end. */
  stopped: boolean
  /** Which limit of the audit stopped it; null where none did. */
  limit: string | null
  /** Characters that macros made so far. */
  made: number
  /** Reads one file into the tree below `parent`; set once, since includes lead back to the lines. */
  readonly readFile: (
    reading: Reading,
    source: Source,
    file: string,
    parent: OpenDirective | null,
    depth: number,
  ) => void
  /** Reads lines until a conditional's closer; false where the stream ends before it. */
  readonly readBody: (reading: Reading, cursor: Cursor, closer: string) => boolean
}

/** No configuration is nested so deep; far from where a stack would overflow. */
const MAXIMUM_DEPTH = 400
/** Ten times what ten thousand sites come to: files that include each other twice over double them each time. */
const MAXIMUM_LINES = 3_000_000
const MAXIMUM_INCLUDES = 300_000

/** Stops a reading where the audit goes no further. */
export function reachLimit(reading: Reading, limit: string): void {
  reading.stopped = true
  reading.limit ??= limit
}

/** Stops a reading that would never end, or end in too much. httpd itself would go on. */
export function countLine(reading: Reading, cursor: Cursor): void {
  reading.lines++
  if (reading.lines > MAXIMUM_LINES)
    reachLimit(reading, `${MAXIMUM_LINES} lines, each as often as it is included`)
  if (reading.includes > MAXIMUM_INCLUDES) reachLimit(reading, `${MAXIMUM_INCLUDES} includes`)
  if (cursor.depth > MAXIMUM_DEPTH) reachLimit(reading, `sections nested ${MAXIMUM_DEPTH} deep`)
}

/** Says why httpd refuses the configuration. Only its first word counts, and a template may be anything. */
export function refuse(
  reading: Reading,
  code: ApacheReadProblemCode,
  message: string,
  at: Place,
  extra: Pick<Problem, 'help' | 'related'> = {},
): void {
  if (at.source.template || reading.fatal) return
  reading.fatal = true
  reading.problems.push({ code, fatal: true, message, at, ...extra })
}

/** The same of what a line shows by itself: in a template, too, where nothing in it is filled in. */
export function refuseLine(
  reading: Reading,
  code: ApacheReadProblemCode,
  message: string,
  at: Place,
  extra: Pick<Problem, 'help' | 'related'> = {},
): void {
  const { source, start, end } = at
  if (!source.template) refuse(reading, code, message, at, extra)
  else if (source.text.slice(start, end) === source.code.slice(start, end))
    reading.problems.push({ code, fatal: false, message, at, ...extra })
}

/** For a file that some editor saved with one. */
export const WITHOUT_MARK = 'remove the byte-order mark at the start of the file'

/** Says what httpd would say or nobody would, and go on; once for a stretch of text. */
export function remark(
  reading: Reading,
  code: ApacheReadProblemCode,
  message: string,
  at: Place,
  extra: Pick<Problem, 'help' | 'related'> = {},
): void {
  if (at.source.template || reading.fatal) return
  const said = reading.said.get(at.source)
  if (said === undefined) reading.said.set(at.source, new Set([at.start]))
  else if (said.has(at.start)) return
  else said.add(at.start)
  reading.problems.push({ code, fatal: false, message, at, ...extra })
}

/** Keeps what is accepted in silence; once for a stretch of text. */
export function note(reading: Reading, fresh: ReadingNote): void {
  if (fresh.at.source.template) return
  const { source, start } = fresh.at
  const key = `${fresh.kind} ${start} ${source.path} ${'path' in fresh ? fresh.path : ''}`
  if (reading.noted.has(key)) return
  reading.noted.add(key)
  reading.notes.push(fresh)
}

/** From here on anything may be defined or loaded that the audit does not see. */
export function leaveOpen(reading: Reading): void {
  reading.complete = false
  reading.loadsComplete = false
}

/** True where what was not loaded so far is known not to be. */
export function isEveryLoadRead({ fragments, loadsComplete }: Reading): boolean {
  return !fragments && loadsComplete
}

/**
 * True where modules are loaded by Debian's `a2enmod`, one file of `mods-enabled` for each: no other file of such
 * a server loads any.
 */
export function hasModuleDirectory({ modules }: Reading): boolean {
  const isEnabled = (id: string): boolean => {
    const path = modules.get(id)?.at?.source.path
    return path !== undefined && /\/mods-(?:enabled|available)\/[^/]+\.load$/.test(path)
  }
  return isEnabled('authz_core_module') && MPMS.some(isEnabled)
}

export const MPMS: readonly string[] = ['mpm_event_module', 'mpm_worker_module', 'mpm_prefork_module']
