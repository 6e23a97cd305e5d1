import { posix } from 'node:path'
import { parseDotenv } from '../../../parsers/dotenv/parse-dotenv.ts'
import { callsIn } from './environment-mistakes.ts'
import type {
  PythonCall,
  PythonExpression,
  PythonModule,
  PythonParser,
  PythonStatement,
} from '../../../parsers/python/python-module.ts'
import type { PythonValue } from '../../../parsers/python/python-value.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { isAbsent } from '../is-absent.ts'
import { evaluateExpression } from './evaluate-expression.ts'
import { readSettings } from './read-settings.ts'
import type { DjangoSettings } from './settings.ts'

/** What files of variables give a program: undefined for one that has another value for each reader. */
export type DotenvVariables = ReadonlyMap<string, string | undefined>

/** A module, by the path at which its program has it. */
export interface LoadingModule {
  readonly path: string
  readonly source: Source
}

/** True where a module may fill the environment from a file, or read that file in its place. */
export function loadsDotenv({ code }: Source): boolean {
  return /dotenv|read_env|decouple|AutoConfig|dynaconf|configurations/.test(code)
}

/**
 * The variables that some modules read of files beside them; null where nobody knows: a file that is not in the audit
 * may have any.
 */
export function dotenvVariables(
  files: FileSystem,
  parser: PythonParser,
  modules: readonly LoadingModule[],
): DotenvVariables | null {
  const found = new Map<string, string | undefined>()
  for (const module of modules) {
    const paths = filesRead(files, parser.parse(module.source), module.path)
    if (paths === null) return null
    for (const path of new Set(paths)) {
      const source = sourceAt(files, path)
      if (source === null && !isAbsent(files, path)) return null
      // What is set already stays.
      for (const [name, value] of source === null ? [] : variablesOf(source))
        if (!found.has(name)) found.set(name, value)
    }
  }
  return found
}

interface OfProgram {
  readonly files: FileSystem
  readonly parser: PythonParser
  readonly module: string
  readonly directories: readonly string[]
  /** A variable with which the program is started: null where it is not set, undefined where nobody knows. */
  readonly ofProcess: (name: string) => string | null | undefined
  /** The script that loads the settings, and may set variables before. */
  readonly script: Source
  /** What reads a file of variables before the settings are loaded; null where nobody knows which. */
  readonly loadingBefore: readonly LoadingModule[] | null
}

/** Settings as a program reads them, of its own variables first, and then of the files that it has read. */
export function settingsOfProgram({
  files,
  parser,
  module,
  directories,
  ofProcess,
  script,
  loadingBefore,
}: OfProgram): { readonly settings: DjangoSettings | null; readonly loadsInside: boolean } {
  const read = (variables: DotenvVariables | null) =>
    readSettings(files, parser, module, directories, name => {
      const value = ofProcess(name)
      if (value !== null) return value
      if (script.code.includes(name) && /environ|putenv/.test(script.code)) return undefined
      return variables === null ? undefined : variables.has(name) ? variables.get(name) : null
    })
  const loading = (settings: DjangoSettings | null): readonly LoadingModule[] =>
    (settings?.files ?? []).flatMap(path => {
      const source = sourceAt(files, path)
      return source !== null && loadsDotenv(source) ? [{ path, source }] : []
    })
  const closed = read(new Map())
  const inside = loading(closed)
  const loadsInside = inside.length > 0
  if (loadingBefore?.length === 0 && !loadsInside) return { settings: closed, loadsInside }
  const variables =
    loadingBefore === null ? null : dotenvVariables(files, parser, [...loadingBefore, ...inside])
  const settings = read(variables)
  // With these variables it may load other modules.
  const isAll = loading(settings).every(({ path }) => inside.some(each => each.path === path))
  return { settings: isAll ? settings : read(null), loadsInside }
}

/** What the readers take for the same: those of comments, quotes and other variables differ. */
function variablesOf(source: Source): ReadonlyMap<string, string | undefined> {
  const found = new Map<string, string | undefined>()
  for (const { name, value, at } of parseDotenv(source)) {
    const isPlain = value.known && !/[#$\\\n]/.test(source.code.slice(at.start, at.end))
    found.set(name, isPlain && !found.has(name) ? value.value : undefined)
  }
  return found
}

/** The paths that a module has read, whether they are there or not; null where they are not known. */
function filesRead(files: FileSystem, { statements, source }: PythonModule, path: string): string[] | null {
  const values = new Map<string, PythonValue | undefined>()
  const evaluate = (expression: PythonExpression) =>
    evaluateExpression(expression, { lookup: name => values.get(name), file: path })
  const found: string[] = []
  const { code } = source
  if (/dynaconf|configurations|dotenv_values|RepositoryEnv|RepositoryIni|DotEnv\(/.test(code)) return null
  if (/\bdecouple\b/.test(code)) {
    const own = walkedUp(files, posix.dirname(path), ['settings.ini', '.env'])
    if (own === null || !own.endsWith('.env')) return null
    found.push(own)
  }
  let calls = 0
  for (const statement of statements) {
    for (const call of callsOf(statement)) {
      if (!LOADER.test(call.callee)) continue
      calls += 1
      const own = isSure(statement) ? fileOf(call, { files, path, code, evaluate }) : null
      if (own === null) return null
      found.push(own)
    }
    if (statement.kind === 'assignment')
      values.set(
        statement.target,
        statement.conditional || statement.appends ? undefined : evaluate(statement.value),
      )
  }
  // One inside of a function, or by another name.
  const written = code.match(/\b(?:load_dotenv|read_dotenv|read_env)\s*\(/g)?.length ?? 0
  return written === calls ? found : null
}

const LOADER = /(?:^|\.)(?:load_dotenv|read_dotenv|read_env)$/

function callsOf(statement: PythonStatement): readonly PythonCall[] {
  if (statement.kind === 'assignment') return [...callsIn(statement.value)]
  return statement.kind === 'call' ? [...callsIn(statement.call)] : []
}

/** Whatever happens, or where the file is there. */
function isSure({ conditional, guards }: PythonStatement): boolean {
  if (!conditional) return true
  return (
    guards?.every(
      ({ condition, holds }) =>
        holds && condition.kind === 'call' && /(?:^|\.)(?:exists|isfile|is_file)$/.test(condition.callee),
    ) === true
  )
}

interface Loading {
  readonly files: FileSystem
  readonly path: string
  readonly code: string
  readonly evaluate: (expression: PythonExpression) => PythonValue | undefined
}

/** The file that a call reads; null where it is not known. */
function fileOf(
  { callee, args, keywords }: PythonCall,
  { files, path, code, evaluate }: Loading,
): string | null {
  if (['override', 'overwrite', 'stream', 'encoding'].some(name => name in keywords)) return null
  const directory = posix.dirname(path)
  const [first = keywords.dotenv_path ?? keywords.env_file ?? keywords.path, ...others] = args
  if (others.length > 0 || Object.keys(keywords).length > 1) return null
  const isFound = first?.kind === 'call' && /(?:^|\.)find_dotenv$/.test(first.callee)
  if (first === undefined || isFound) {
    if (isFound && first.args.length + Object.keys(first.keywords).length > 0) return null
    // `Env.read_env` of django-environ, and django-dotenv, look beside the file that calls them.
    const isBeside =
      /(?:^|\.)read_dotenv$/.test(callee) || (/read_env$/.test(callee) && !/\benvirons\b/.test(code))
    return isBeside ? posix.join(directory, '.env') : walkedUp(files, directory, ['.env'])
  }
  const value = evaluate(first)
  return typeof value === 'string' && value.startsWith('/') ? value : null
}

/** The first of some files in a directory and those above it. */
function walkedUp(files: FileSystem, directory: string, names: readonly string[]): string | null {
  for (let each = directory; ; each = posix.dirname(each)) {
    for (const name of names) if (files.kind(posix.join(each, name)) === 'file') return posix.join(each, name)
    if (each === '/' || each === '.') return null
  }
}
