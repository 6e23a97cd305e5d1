import type { Environment, Evaluate } from '../../../parsers/python/evaluate-expression.ts'
import type { PythonCall, PythonExpression, PythonStatement } from '../../../parsers/python/python-module.ts'
import type { PythonValue } from '../../../parsers/python/python-value.ts'
import { databaseOfUrl } from './database-url.ts'

/**
 * What a module calls to read its environment, by the name that it has there, dotted where it is a function of a
 * module: `env` of `env = environ.Env()`, `config` of `from decouple import config`, and `Env` that makes the one.
 */
export type EnvironmentReaders = ReadonlyMap<string, ReaderOrMaker>

interface ReaderOrMaker {
  readonly read?: Reader
  /** What django-environ was told of its variables; absent for readers of other libraries. */
  readonly scheme?: Readonly<Record<string, PythonExpression>>
  readonly make?: (call: PythonCall) => Reader
  readonly isEnviron?: true
}

/**
 * @param method what stands behind the last dot, as `bool` of `env.bool("DEBUG")`; empty where the reader itself is called
 * @returns undefined where nobody knows, or the library would stop
 */
type Reader = (method: string, call: ReadCall) => PythonValue | undefined

interface ReadCall extends PythonCall {
  readonly evaluate: Evaluate
  readonly environment: Environment
}

/** The readers as a statement leaves them, which imports the library, makes a reader or gives its name to something else. */
export function readersAfter(readers: EnvironmentReaders, statement: PythonStatement): EnvironmentReaders {
  switch (statement.kind) {
    case 'import': {
      const { module, names, conditional } = statement
      if (conditional) return readers
      const brought: readonly (readonly [string, ReaderOrMaker])[] =
        names === null
          ? [...(MODULES.get(module) ?? [])].map(([name, each]) => [`${module}.${name}`, each])
          : names.flatMap(({ name, as }) => {
              const each = MODULES.get(module)?.get(name)
              return each === undefined ? [] : [[as, each] as const]
            })
      return brought.length === 0 ? readers : new Map([...readers, ...brought])
    }
    case 'assignment': {
      const { target, value, conditional } = statement
      if (conditional || value.kind !== 'call') return without(readers, target)
      const maker = readers.get(value.callee)
      const read = maker?.make?.(value)
      if (read === undefined) return without(readers, target)
      const scheme = maker?.isEnviron === true ? { scheme: value.keywords } : {}
      return new Map([...readers, [target, { read, ...scheme }]])
    }
    case 'definition':
      return without(readers, statement.name)
    case 'call':
      return readers
  }
}

function without(readers: EnvironmentReaders, name: string): EnvironmentReaders {
  return readers.has(name) ? new Map([...readers].filter(([each]) => each !== name)) : readers
}

/** What a call of a reader gives; null for any other call. */
export function readBy(
  readers: EnvironmentReaders,
  call: PythonCall,
  evaluate: Evaluate,
  environment: Environment,
): { readonly value: PythonValue | undefined } | null {
  const { callee } = call
  const own = readers.get(callee)?.read
  const dot = callee.lastIndexOf('.')
  const read = own ?? (dot === -1 ? undefined : readers.get(callee.slice(0, dot))?.read)
  if (read === undefined) return null
  const method = own === undefined ? callee.slice(dot + 1) : ''
  return { value: read(method, { ...call, evaluate, environment }) }
}

/** True for the name of an object that django-environ itself makes, and no class of the project. */
export function isEnvironReader(readers: EnvironmentReaders, name: string): boolean {
  return readers.get(name)?.scheme !== undefined
}

/** The method of a call of django-environ, empty for `env(…)` itself; null for any other call, and where it was told the type. */
export function methodOfEnviron(readers: EnvironmentReaders, { callee, args }: PythonCall): string | null {
  const dot = callee.lastIndexOf('.')
  const own = readers.get(callee)?.scheme
  const scheme = own ?? (dot === -1 ? undefined : readers.get(callee.slice(0, dot))?.scheme)
  if (scheme === undefined) return null
  const [first] = args
  // One that is not written out may be told too.
  if (first?.kind === 'string' ? first.value in scheme : Object.keys(scheme).length > 0) return null
  return own === undefined ? callee.slice(dot + 1) : ''
}

/**
 * A text of the environment as some library makes a value of it: undefined where it would stop, or where its
 * releases differ.
 */
type Cast = (text: string) => PythonValue | undefined

interface Asked {
  readonly call: ReadCall
  readonly fallback: PythonExpression | undefined
  readonly cast: Cast
  /** True where a default that is a text is read as the variable is. */
  readonly isDefaultCast?: boolean
}

/** The variable that the first argument names, or the default. */
function readAs({ call, fallback, cast, isDefaultCast = false }: Asked): PythonValue | undefined {
  const [first] = call.args
  const name = first === undefined ? undefined : call.evaluate(first)
  const text = typeof name === 'string' ? call.environment(name) : undefined
  if (text === undefined) return undefined
  if (text !== null) return cast(text)
  const value = fallback === undefined ? undefined : call.evaluate(fallback)
  return isDefaultCast && typeof value === 'string' ? cast(value) : value
}

/**
 * django-environ: `env("NAME")`, a text where no type is told here or to `Env()`.
 * A value that begins with `$` names another variable.
 *
 * @see https://django-environ.readthedocs.io/en/latest/types.html
 */
function readEnviron(
  method: string,
  call: ReadCall,
  scheme: Readonly<Record<string, PythonExpression>>,
): PythonValue | undefined {
  const { args, keywords, evaluate } = call
  if (method === 'db' || method === 'db_url')
    return readAs({ call, fallback: undefined, cast: databaseOfUrl })
  const [first, second, third] = args
  const told = first?.kind === 'string' ? scheme[first.value] : undefined
  const [toldType, toldDefault] = told?.kind === 'list' ? told.items : [told]
  // `env("NAME", bool, False)`, and `env.bool("NAME", False)`.
  const fallback = keywords.default ?? (method === '' ? third : second) ?? toldDefault
  const written = keywords.cast ?? (method === '' ? second : undefined) ?? toldType
  const type = method !== '' ? method : written === undefined ? typeOf(fallback, evaluate) : nameOf(written)
  const cast = type === undefined ? undefined : ENVIRON_CASTS.get(type)
  return cast === undefined
    ? undefined
    : readAs({ call, fallback, cast: text => (text.startsWith('$') ? undefined : cast(text)) })
}

const ENVIRON_CASTS: ReadonlyMap<string, Cast> = new Map<string, Cast>([
  ['str', text => text],
  [
    'bool',
    text =>
      text.trim() !== text
        ? undefined
        : /^[-+]?\d+$/.test(text)
          ? Number(text) !== 0
          : isOneOf(text, 'true on ok y yes'),
  ],
  ['int', integer],
  ['list', parts],
])

/**
 * environs: `env.bool("NAME", False)`.
 *
 * @see https://github.com/sloria/environs#supported-types
 */
function readEnvirons(method: string, call: ReadCall): PythonValue | undefined {
  const cast = 'subcast' in call.keywords ? undefined : ENVIRONS_CASTS.get(method)
  const fallback = call.keywords.default ?? call.args[1]
  return cast === undefined ? undefined : readAs({ call, fallback, cast })
}

const ENVIRONS_CASTS: ReadonlyMap<string, Cast> = new Map<string, Cast>([
  ['', text => text],
  ['str', text => text],
  ['bool', text => eitherOf(text, 't true on y yes 1', 'f false off n no 0')],
  ['int', integer],
  ['list', parts],
])

/**
 * python-decouple: `config("NAME", default=False, cast=bool)`.
 *
 * @see https://github.com/HBNetwork/python-decouple#how-does-it-work
 */
function readDecouple(method: string, call: ReadCall): PythonValue | undefined {
  const fallback = call.keywords.default ?? call.args[1]
  const type = call.keywords.cast ?? call.args[2]
  const cast = method !== '' ? undefined : type === undefined ? asText : DECOUPLE_CASTS.get(nameOf(type))
  if (cast === undefined) return undefined
  return readAs({ call, fallback, cast, isDefaultCast: true })
}

const asText: Cast = text => text

const DECOUPLE_CASTS: ReadonlyMap<string, Cast> = new Map<string, Cast>([
  ['str', asText],
  ['bool', text => (text === '' ? false : eitherOf(text, 'y yes t true on 1', 'n no f false off 0'))],
  ['int', integer],
  [
    'Csv',
    text =>
      /["'\\#]/.test(text)
        ? undefined
        : text
            .split(',')
            .filter(isSaid)
            .map(part => part.trim()),
  ],
])

function isOneOf(text: string, words: string): boolean {
  return words.split(' ').includes(text.toLowerCase())
}

function eitherOf(text: string, yes: string, no: string): boolean | undefined {
  return isOneOf(text, yes) ? true : isOneOf(text, no) ? false : undefined
}

function integer(text: string): number | undefined {
  return /^\s*[-+]?\d{1,15}\s*$/.test(text) ? Number(text) : undefined
}

/** Whether blanks around the parts are taken off is not the same in all releases. */
function parts(text: string): readonly string[] | undefined {
  const all = text.split(',').filter(isSaid)
  return all.every(part => part.trim() === part) ? all : undefined
}

function isSaid(part: string): boolean {
  return part !== ''
}

/** `bool`, and `Csv` of `Csv()` and `decouple.Csv()`. */
function nameOf(expression: PythonExpression): string {
  if (expression.kind === 'name') return expression.name
  if (expression.kind !== 'call' || expression.args.length > 0) return ''
  return Object.keys(expression.keywords).length > 0 ? '' : expression.callee.replace(/^.*\./, '')
}

/** Of a default that is no text only newer releases take the type. */
function typeOf(fallback: PythonExpression | undefined, evaluate: Evaluate): 'str' | undefined {
  const value = fallback === undefined ? null : evaluate(fallback)
  return value === null || typeof value === 'string' ? 'str' : undefined
}

/** `dj_database_url.config(default=…)` reads `DATABASE_URL`, `parse()` its argument. */
function readDatabaseUrl(call: ReadCall, isConfig: boolean): PythonValue | undefined {
  const [first] = call.args
  const name = call.keywords.env ?? first
  const variable = name === undefined ? 'DATABASE_URL' : call.evaluate(name)
  if (!isConfig)
    return typeof variable === 'string' && first !== undefined ? databaseOfUrl(variable) : undefined
  const text = typeof variable === 'string' ? call.environment(variable) : undefined
  if (text !== null) return text === undefined ? undefined : databaseOfUrl(text)
  const fallback = call.keywords.default === undefined ? undefined : call.evaluate(call.keywords.default)
  return typeof fallback === 'string' ? databaseOfUrl(fallback) : undefined
}

/** The names of each library that read, or make what reads. */
const MODULES: ReadonlyMap<string, ReadonlyMap<string, ReaderOrMaker>> = new Map([
  [
    'environ',
    // `environ.Env(DEBUG=(bool, False))`.
    named({
      Env: {
        isEnviron: true,
        make:
          ({ keywords }) =>
          (method, call) =>
            readEnviron(method, call, keywords),
      },
    }),
  ],
  ['environs', named({ Env: { make: () => readEnvirons } })],
  ['decouple', named({ config: { read: readDecouple }, AutoConfig: { make: () => readDecouple } })],
  [
    'dj_database_url',
    named({
      config: { read: (_, call) => readDatabaseUrl(call, true) },
      parse: { read: (_, call) => readDatabaseUrl(call, false) },
    }),
  ],
])

function named(names: Readonly<Record<string, ReaderOrMaker>>): ReadonlyMap<string, ReaderOrMaker> {
  return new Map(Object.entries(names))
}
