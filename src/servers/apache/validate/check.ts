import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import {
  countedLine,
  asCounted,
  isUnknownWord,
  lineStarts,
  type Source,
} from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { Fact } from '../../fact.ts'
import type { Related } from '../../problem.ts'
import type { PcreReleases } from '../../pcre/releases.ts'
import type { ServerVersion } from '../../version.ts'
import type { ApacheDirective, ApacheModule } from '../configuration.ts'
import { isLoadedUnder } from '../modules.ts'
import { conditionsAround } from '../queries/conditions-around.ts'
import type { ApacheContext } from '../directives.ts'
import type { ApacheWalkProblemCode } from '../problem-codes.ts'
import type { ExpressionNames } from './expression.ts'
import type { MethodSet } from './methods.ts'

/** What the walking phase needs of a configuration: the tree that the reading phase built. */
export interface ValidationUnit {
  readonly top: readonly ApacheDirective[]
  readonly occurrences: ReadonlyMap<string, readonly ApacheDirective[]>
  readonly modules: ReadonlyMap<string, ApacheModule>
  readonly modulesComplete: boolean
  readonly version: ServerVersion
  readonly files: FileSystem
  readonly main: Source | null
  readonly serverRoot: Fact<string>
  /** True for fragments without a main file: what the missing outer part says is unknown. */
  readonly fragments: boolean
  /** The paths of fragments that one httpd reads side by side. */
  readonly together?: ReadonlySet<string> | undefined
}

/** What a handler of httpd would answer; the line of its directive is the one that httpd names. */
export interface Fault {
  readonly code: ApacheWalkProblemCode
  readonly message: string
  /** The word that has to change; the directive's name where there is none. */
  readonly word?: ApacheWord | undefined
  readonly help?: string | undefined
  readonly related?: readonly Related[] | undefined
  /** False where httpd only warns. */
  readonly fatal?: boolean
}

/** A kind of authorization section, and whether anything in it can grant. */
export interface AuthorizationSection {
  readonly kind: 'all' | 'any' | 'none'
  readonly directive: ApacheDirective
  positives: number
  negatives: number
}

/** What surrounds a directive while httpd walks it. */
export interface Scope {
  /** The override bits that the surrounding section gives. */
  readonly bits: number
  /** The kinds of all sections around, as bits of {@link contextBit}. */
  readonly around: number
  readonly virtualHost: ApacheDirective | null
  /** What httpd calls the path: the argument of the innermost section; null in a server's own scope. */
  readonly path: string | null
  /** The methods that the `<Limit>` around leaves; null outside of one. */
  readonly limited: MethodSet | null
  readonly authorization: AuthorizationSection
  /** Changes as the walk goes on: an `<If>` that an `<Else>` may follow. */
  readonly branch: { open: boolean }
}

/** The state of one walk: what earlier directives defined for later ones. */
export interface Walk {
  readonly unit: ValidationUnit
  readonly names: ExpressionNames
  readonly pcre: PcreReleases
  /** Names that were defined so far, by kind and name. */
  readonly defined: Map<string, ApacheDirective>
  report(directive: ApacheDirective, fault: Fault): void
  /** True for `.htaccess`. */
  readonly perDirectory?: boolean
  /** Directives of `.htaccess` that httpd passes over once it knows their names. */
  readonly over?: ReadonlySet<ApacheDirective>
  /** What only the check after the walk refuses. */
  reportLater(directive: ApacheDirective, fault: Fault): void
}

/** One handler: null where it takes the directive. */
export type Check = (directive: ApacheDirective, scope: Scope, walk: Walk) => Fault | null

const CONTEXT_BITS: Record<ApacheContext, number> = {
  server: 0,
  virtualhost: 1,
  directory: 2,
  location: 4,
  files: 8,
  if: 16,
  limit: 32,
  proxy: 64,
}

export function contextBit(context: ApacheContext): number {
  return CONTEXT_BITS[context]
}

export function isInside(scope: Scope, context: ApacheContext): boolean {
  return (scope.around & CONTEXT_BITS[context]) !== 0
}

/** The value of an argument; empty where there is none, as httpd's own word reader answers. */
export function argument(directive: ApacheDirective, index: number): string {
  return directive.args[index]?.value ?? ''
}

export function invalid(message: string, word?: ApacheWord, help?: string): Fault {
  return { code: 'invalid-value', message, word, help }
}

/**
 * The raw text behind the first `count` words, as a handler that cuts its own words sees the rest of
 * the line; words are where the reader found them in the raw text.
 */
export function textAfterWords(directive: ApacheDirective, count: number): string {
  const text = directive.text
  let at = 0
  for (let index = 0; index < count; index++) {
    at = skipSpace(text, at)
    const quote = text[at]
    if (quote === '"' || quote === "'") {
      at++
      while (at < text.length && text[at] !== quote) {
        at += text[at] === '\\' && (text[at + 1] === quote || text[at + 1] === '\\') ? 2 : 1
      }
      at++
    } else while (at < text.length && !isSpace(text, at)) at++
  }
  return text.slice(skipSpace(text, at))
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && isSpace(text, at)) at++
  return at
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === 32 || (code >= 9 && code <= 13)
}

/** True where a placeholder hides part of the directive: nobody knows what the server will read. */
export function isUnknownDirective(directive: ApacheDirective): boolean {
  return isUnknownWord(directive.text) || isUnknownWord(directive.name)
}

const CONDITIONAL = /<If(?:Module|Define|Version|File|Directive|Section)\b/i

/**
 * True where two definitions of one name may never meet: fragments may belong to servers of their own,
 * and of a fragment's conditional sections all are read, though a server may take one of them.
 */
export function mayNeverMeet(
  unit: ValidationUnit,
  earlier: ApacheDirective,
  later: ApacheDirective,
): boolean {
  if (!unit.fragments) return false
  if (earlier.source === later.source) return CONDITIONAL.test(later.source.code)
  return ![earlier, later].every(directive => isReadWithOthers(unit, directive))
}

/** True for a line of a fragment that httpd reads beside those of other files for sure. */
function isReadWithOthers(
  { together, modules }: ValidationUnit,
  { source, start, end }: ApacheDirective,
): boolean {
  if (together?.has(source.path) !== true) return false
  return conditionsAround({ source, start, end }).every(
    ({ name, asks }) => name === 'ifmodule' && isLoadedUnder(modules, asks),
  )
}

/** True where the module is loaded or may be. */
export function mayBeLoaded(unit: ValidationUnit, id: string): boolean {
  return unit.modules.has(id) || !unit.modulesComplete
}

/**
 * The stretch that a problem marks: the word where it lies on the directive's last line, which is the
 * one that httpd names, else the last word on that line, else the name.
 */
export function markOf(
  directive: ApacheDirective,
  word: ApacheWord | undefined,
): { start: number; end: number } {
  const { source } = directive
  const wanted =
    word !== undefined && liesIn(directive, word)
      ? word
      : { start: directive.nameStart, end: directive.nameEnd }
  const line = lastLine(directive)
  if (countedLine(source, wanted.start) === line) return { start: wanted.start, end: wanted.end }
  for (let index = directive.args.length - 1; index >= 0; index--) {
    const last = directive.args[index]
    if (last !== undefined && liesIn(directive, last) && countedLine(source, last.start) === line) {
      return { start: last.start, end: last.end }
    }
  }
  const start = lineStarts(asCounted(source))[line - 1] ?? directive.end
  return { start, end: start }
}

/** httpd's own line; in a macro's body that counts from the macro, so the text's own line is taken. */
function lastLine(directive: ApacheDirective): number {
  if (directive.file === directive.source.path) return directive.line
  return countedLine(directive.source, directive.end)
}

/** A word that came out of a macro or a variable may point elsewhere. */
function liesIn(directive: ApacheDirective, word: ApacheWord): boolean {
  return word.start >= directive.start && word.end <= directive.end && word.end > word.start
}
