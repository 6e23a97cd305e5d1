import { expressionParts } from '../../../parsers/python/expression-parts.ts'
import type { PythonExpression } from '../../../parsers/python/python-module.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type EnvironmentReaders, isEnvironReader } from './environment-readers.ts'

/** What reads the environment in a way that Python, or the library, refuses. */
export interface EnvironmentMisread {
  readonly at: Place
  /** The words of Python. */
  readonly said: string
  /** What is written in its place. */
  readonly help: string
}

/** Every such part of an expression. */
export function* environmentMisreads(
  expression: PythonExpression,
  source: Source,
  readers: EnvironmentReaders,
): Iterable<EnvironmentMisread> {
  const misread = ofPython(expression) ?? ofEnviron(expression, readers)
  if (misread !== null) {
    const { start, length, ...words } = misread
    yield { at: { source, start, end: start + length }, ...words }
  }
  for (const inner of expressionParts(expression)) yield* environmentMisreads(inner, source, readers)
}

type Found = Omit<EnvironmentMisread, 'at'> & { readonly start: number; readonly length: number }

/** Names of `os` that people write for `environ` and `getenv`, and that no release has. */
const NO_NAMES =
  /^os\.(env|envs|environment|environments|enviroment|enviorn|environ_get|get_env|getEnv|getenviron)(?:\.|$)/

function ofPython(expression: PythonExpression): Found | null {
  const { start } = expression
  const isCall = expression.kind === 'call'
  const name = isCall
    ? expression.callee
    : expression.kind === 'subscript' && expression.of.kind === 'name'
      ? expression.of.name
      : null
  if (name === null) return null
  const found = (said: string, help = OF_OS, length = name.length): Found => ({ start, length, said, help })
  const other = NO_NAMES.exec(name)?.[1]
  if (other !== undefined)
    return found(
      `AttributeError: module 'os' has no attribute '${other}'`,
      OF_OS,
      isCall ? `os.${other}`.length : name.length,
    )
  if (!isCall) {
    const kind = NO_ITEMS.get(name)
    return kind === undefined ? null : found(`TypeError: '${kind}' object is not subscriptable`)
  }
  if (name === 'os.environ') return found("TypeError: '_Environ' object is not callable")
  const method = /^os\.environ\.(has_key|getenv|get_env|getlist|getbool)$/.exec(name)?.[1]
  if (method === undefined) return null
  return found(
    `AttributeError: '_Environ' object has no attribute '${method}'`,
    method === 'has_key' ? 'Write `"NAME" in os.environ`' : OF_OS,
  )
}

/** What is called, and has no items. */
const NO_ITEMS: ReadonlyMap<string, string> = new Map([
  ['os.getenv', 'function'],
  ['os.environ.get', 'method'],
])

const OF_OS = 'Write `os.environ["NAME"]`, or `os.environ.get("NAME", "…")`'

/** What people call the types of django-environ, and it does not. */
const NO_METHODS: ReadonlyMap<string, string> = new Map([
  ['boolean', 'bool'],
  ['integer', 'int'],
  ['string', 'str'],
  ['text', 'str'],
  ['number', 'int'],
  ['array', 'list'],
  ['database', 'db'],
  ['database_url', 'db_url'],
])

function ofEnviron(expression: PythonExpression, readers: EnvironmentReaders): Found | null {
  if (expression.kind !== 'call') return null
  const { callee, start } = expression
  const dot = callee.lastIndexOf('.')
  const method = callee.slice(dot + 1)
  const right = dot === -1 ? undefined : NO_METHODS.get(method)
  if (right === undefined || !isEnvironReader(readers, callee.slice(0, dot))) return null
  return {
    start,
    length: callee.length,
    said: `AttributeError: 'Env' object has no attribute '${method}'`,
    help: `Write \`${callee.slice(0, dot)}.${right}\``,
  }
}
