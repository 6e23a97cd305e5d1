import { posix } from 'node:path'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { calledAtImport, codeOfModule, runsAtImport } from './_python-at-import.ts'

/** Calls that give another value in every process. */
const MAKER =
  '(?:(?:os\\.)?urandom|(?:secrets\\.)?token_(?:hex|bytes|urlsafe)|(?:uuid\\.)?uuid[14]|(?:\\w+\\.)*get_random_secret_key|Fernet\\.generate_key)\\([^()\\n]*\\)'
/** One of them alone, or what it is written as: `os.urandom(24).hex()`, `str(uuid.uuid4())`, `b64encode(os.urandom(24))`. */
const MADE = `(?:(?:\\w+\\.)*(?:str|hexlify|\\w*b64encode|repr)\\(${MAKER}(?:\\.\\w+)?\\)|${MAKER})(?:\\.\\w+(?:\\(["'\\w-]*\\))?)*`
const ENDS = '(?=[ \\t]*(?:[\\n,)]|$))'

const KEY = '(?:JWT_)?SECRET_KEY'
/** What gives an application its key: a line of Flask, of a class of settings, or an argument. */
const SETS = new RegExp(
  [
    `\\b\\w+\\.secret_key[ \\t]*=(?!=)`,
    `\\bconfig\\[[ \\t]*["']${KEY}["'][ \\t]*\\][ \\t]*=(?!=)`,
    `\\bconfig\\.(?:update|from_mapping)\\((?:[^()]|\\([^()]*\\))*?\\b${KEY}[ \\t]*=(?!=)`,
    `\\bconfig\\.(?:update|from_mapping)\\([^()]*?["']${KEY}["'][ \\t]*:`,
    `\\bSessionMiddleware,(?:[^()]|\\([^()]*\\))*?\\bsecret_key[ \\t]*=(?!=)`,
    `\\bSECRET_KEY[ \\t]*(?::[^=\\n]+)?=(?!=)`,
  ].join('|'),
  'g',
)
/** What may bring another one afterwards, from a file or the environment. */
const REPLACES = /\bconfig\.(?:from_\w+|load)\(/g
/** Sessions that lie in a store, by a name that is not signed. */
const IN_STORE = /^[ \t]*(?:from|import)[ \t]+flask_session\b/m

interface Module {
  readonly source: Source
  readonly code: string
}

/**
 * Where the one line that gives an application of Flask or Starlette its key makes it up; null where another line may
 * give it one, and where it does not run whatever happens.
 *
 * @param factory the function that the server calls
 */
export function randomKeyIn(
  files: FileSystem,
  paths: readonly string[],
  factory: string | null,
): Place | null {
  const modules = readModules(files, paths)
  if (!modules.some(({ code }) => APPLICATION.test(code)) || modules.some(({ code }) => IN_STORE.test(code)))
    return null
  const called = new Set([
    ...modules.flatMap(({ code }) => calledAtImport(code)),
    ...(factory === null ? [] : [factory]),
  ])
  const found = modules.flatMap(module =>
    [...module.code.matchAll(SETS)].map(({ index, 0: text }) => ({ module, index, text })),
  )
  const setters = found.filter(each => !isPlainName(each))
  // Of names alone it is not known that they are the key of something, unless tokens are signed with one.
  if (setters.length === 0) return signingKey(modules, called)
  const [setter, ...others] = setters
  if (setter === undefined || others.length > 0) return null
  const { module, index, text } = setter
  if (isReplaced(module, index + text.length)) return null
  const start = index + (/[^.\w]/.exec(text)?.index === 0 ? 1 : 0)
  const runs = isOfClass(setter)
    ? isLoadedAsObject(setter, modules)
    : runsAtImport(module.code, start, called)
  return runs ? madeAt(module, index + text.length) : null
}

const APPLICATION = /\b(?:Flask|Quart|Starlette|FastAPI)\(/

interface Setter {
  readonly module: Module
  readonly index: number
  readonly text: string
}

/** `SECRET_KEY = …` at the top of a module, which only names a value. */
function isPlainName({ module, index, text }: Setter): boolean {
  return text.startsWith('SECRET_KEY') && (index === 0 || module.code[index - 1] === '\n')
}

/** `SECRET_KEY = …` in the body of a class, such as `Config` of Flask. */
function isOfClass({ text }: Setter): boolean {
  return text.startsWith('SECRET_KEY')
}

/** True where `from_object` takes the one class that holds the line; a class of pydantic reads the environment. */
function isLoadedAsObject({ module, index }: Setter, modules: readonly Module[]): boolean {
  const header = [...module.code.slice(0, index).matchAll(/^(class|def)[ \t]+(\w+)(?:\(([^)\n]*)\))?:/gm)].at(
    -1,
  )
  if (header === undefined || header[1] !== 'class' || !/^(?:object)?$/.test(header[3]?.trim() ?? ''))
    return false
  const named = new RegExp(
    `\\bconfig\\.from_object\\([ \\t]*["']?(?:[\\w]+\\.)*${header[2]!}["']?(?:\\(\\))?[ \\t]*\\)`,
  )
  return modules.some(({ code }) => named.test(code))
}

/** True where the same function goes on with what may replace the key. */
function isReplaced({ code }: Module, end: number): boolean {
  return [...code.matchAll(REPLACES)].some(({ index }) => index > end)
}

/** The call that makes up what is written at an offset, also where a name stands there that one line gives its value. */
function madeAt({ source, code }: Module, offset: number): Place | null {
  const start = offset + /^\s*/.exec(code.slice(offset))![0].length
  const rest = code.slice(start, start + MOST)
  const made = new RegExp(`^${MADE}${ENDS}`).exec(rest)
  if (made !== null) return { source, start, end: start + made[0].length }
  const name = new RegExp(`^([A-Za-z_]\\w*)${ENDS}`).exec(rest)?.[1]
  return name === undefined ? null : namedAt({ source, code }, name)
}

const MOST = 300

/** The call that the only line of a name at the top of a module gives it. */
function namedAt({ source, code }: Module, name: string): Place | null {
  const lines = [...code.matchAll(new RegExp(`^[ \\t]*${name}[ \\t]*(?::[^=\\n]+)?=(?!=)[ \\t]*`, 'gm'))]
  const [line, ...others] = lines
  if (line === undefined || others.length > 0 || /^[ \t]/.test(line[0])) return null
  const start = line.index + line[0].length
  const made = new RegExp(`^${MADE}${ENDS}`).exec(code.slice(start, start + MOST))
  return made === null ? null : { source, start, end: start + made[0].length }
}

/** A name at the top of a module with which `jwt.encode` signs. */
function signingKey(modules: readonly Module[], called: ReadonlySet<string>): Place | null {
  for (const { code } of modules)
    for (const [, name = ''] of code.matchAll(
      /\bjwt\.encode\([^()]*?,\s*(?:key\s*=\s*)?([A-Z]\w*)\s*[,)]/g,
    )) {
      const holders = modules.filter(module =>
        new RegExp(`^\\s*${name}\\s*(?::[^=\\n]+)?=(?!=)`, 'm').test(module.code),
      )
      const [holder, ...others] = holders
      const made = holder === undefined || others.length > 0 ? null : namedAt(holder, name)
      if (holder !== undefined && made !== null && runsAtImport(holder.code, made.start, called)) return made
    }
  return null
}

/** The modules that a program loads, and those that `from_object("config.Config")` names. */
function readModules(files: FileSystem, paths: readonly string[]): readonly Module[] {
  const modules = paths.flatMap(path => moduleAt(files, path))
  const [first = ''] = paths
  const named = modules.flatMap(({ code }) =>
    [...code.matchAll(/\bconfig\.from_object\(\s*["']([\w.]+)\.\w+["']\s*\)/g)].map(([, name = '']) => name),
  )
  const roots = [posix.dirname(first), posix.dirname(posix.dirname(first))]
  const beside = new Set(
    named.flatMap(name => roots.map(root => posix.join(root, `${name.replaceAll('.', '/')}.py`))),
  )
  return [
    ...modules,
    ...[...beside].filter(path => !paths.includes(path)).flatMap(path => moduleAt(files, path)),
  ]
}

function moduleAt(files: FileSystem, path: string): readonly Module[] {
  const source = sourceAt(files, path)
  return source === null || source.template ? [] : [{ source, code: codeOfModule(source) }]
}
