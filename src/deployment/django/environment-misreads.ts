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
  for (const inner of partsOf(expression)) yield* environmentMisreads(inner, source, readers)
}

type Found = Omit<EnvironmentMisread, 'at'> & { readonly start: number; readonly length: number }

/** Names of `os` that people write for `environ` and `getenv`, and that no release has. */
const NO_NAMES =
  /^os\.(env|envs|environment|environments|enviroment|enviorn|environ_get|get_env|getEnv|getenviron)(?:\.|$)/

function ofPython(expression: PythonExpression): Found | null {
  const { start } = expression
  if (expression.kind === 'call') {
    const { callee } = expression
    const name = NO_NAMES.exec(callee)?.[1]
    if (name !== undefined)
      return {
        start,
        length: `os.${name}`.length,
        said: `AttributeError: module 'os' has no attribute '${name}'`,
        help: OF_OS,
      }
    if (callee === 'os.environ')
      return {
        start,
        length: callee.length,
        said: "TypeError: '_Environ' object is not callable",
        help: OF_OS,
      }
    const method = /^os\.environ\.(has_key|getenv|get_env|getlist|getbool)$/.exec(callee)?.[1]
    if (method !== undefined)
      return {
        start,
        length: callee.length,
        said: `AttributeError: '_Environ' object has no attribute '${method}'`,
        help: method === 'has_key' ? 'Write `"NAME" in os.environ`' : OF_OS,
      }
  }
  if (expression.kind === 'subscript' && expression.of.kind === 'name') {
    const { name } = expression.of
    if (name === 'os.getenv')
      return {
        start,
        length: name.length,
        said: "TypeError: 'function' object is not subscriptable",
        help: OF_OS,
      }
    if (name === 'os.environ.get')
      return {
        start,
        length: name.length,
        said: "TypeError: 'method' object is not subscriptable",
        help: OF_OS,
      }
    const other = NO_NAMES.exec(name)?.[1]
    if (other !== undefined)
      return {
        start,
        length: name.length,
        said: `AttributeError: module 'os' has no attribute '${other}'`,
        help: OF_OS,
      }
  }
  return null
}

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

function partsOf(expression: PythonExpression): readonly PythonExpression[] {
  switch (expression.kind) {
    case 'call':
      return [
        ...(expression.receiver === null || expression.receiver.kind === 'name' ? [] : [expression.receiver]),
        ...expression.args,
        ...Object.values(expression.keywords),
      ]
    case 'list':
      return expression.items
    case 'dict':
      return expression.entries.flatMap(({ key, value }) => [key, value])
    case 'binary':
      return [expression.left, expression.right]
    case 'subscript':
      return [expression.of, expression.index]
    case 'attribute':
      return [expression.of]
    default:
      return []
  }
}
