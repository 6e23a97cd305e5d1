import { posix } from 'node:path'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { type LoadedFiles, loadedBy } from './_loaded-files.ts'
import { codeOfModule } from './_python-at-import.ts'
import { enginesIn, urlOf } from './_sqlalchemy-engines.ts'

/** A database of SQLite that an application of Python opens. */
export interface SqliteFile {
  /** Absolute: all places where it may lie, where that hangs on a release. */
  readonly paths: readonly string[]
  readonly at: Place
}

interface Module {
  /** As the program sees it. */
  readonly path: string
  readonly source: Source
  readonly code: string
}

const OPENS = /\b(?:sqlite3|aiosqlite)\.connect\(\s*/g
/** What is only read stays as it was installed. */
const WRITES =
  /\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|REPLACE\s+INTO|CREATE\s+(?:UNIQUE\s+)?(?:TABLE|INDEX))\b|\.commit\(|\.create_all\b/i
/** Ways to read alone, or to write elsewhere. */
const SPECIAL = /mode=ro|immutable=1|instance_path|\bos\.chdir\(/

/** The databases that the modules of a program open and write; none where some line may change their places. */
export function sqliteFiles(deployment: Deployment, program: AppServerProgram): readonly SqliteFile[] {
  const loaded = loadedBy(deployment, program)
  if (loaded === null) return []
  const modules = loaded.paths.flatMap((path): readonly Module[] => {
    const source = sourceAt(loaded.files, path)
    return source === null || source.template ? [] : [{ path, source, code: codeOfModule(source) }]
  })
  const texts = modules.map(({ source }) => source.code)
  if (!texts.some(text => WRITES.test(text)) || texts.some(text => SPECIAL.test(text))) return []
  return [
    ...modules.flatMap(module => openedIn(module, modules, program)),
    ...modules.flatMap(module => enginesOf(module, program, loaded)),
  ]
}

/** `sqlite3.connect(DB)`. */
function openedIn(
  module: Module,
  modules: readonly Module[],
  program: AppServerProgram,
): readonly SqliteFile[] {
  return [...module.code.matchAll(OPENS)].flatMap(call => {
    const path = pathAt(module, call.index + call[0].length, { modules, program })
    const full = path === null ? null : fromDirectory(path, program)
    const end = call.index + call[0].indexOf('(')
    return full === null ? [] : [{ paths: [full], at: { source: module.source, start: call.index, end } }]
  })
}

/** `sqlite:////srv/shop/shop.db`, with four slashes where the path is absolute. */
function enginesOf(
  { source }: Module,
  program: AppServerProgram,
  { own }: LoadedFiles,
): readonly SqliteFile[] {
  return enginesIn(source).flatMap(engine => {
    const url = urlOf(engine, program)
    const path = /^sqlite(?:\+\w+)?:\/\/\/([^?]+)(?:\?|$)/.exec(url?.text ?? '')?.[1]
    if (url === null || path === undefined || path.startsWith(':') || path.startsWith('file:')) return []
    // A template of Python is known as far as its first brace.
    if (!/^["'\s]?$/.test(url.at.source.text.slice(url.at.end, url.at.end + 1))) return []
    const at = url.at
    if (path.startsWith('/')) return [{ paths: [posix.normalize(path)], at }]
    const isFlask = source.code.slice(engine.at.start, engine.at.end) === 'SQLALCHEMY_DATABASE_URI'
    // Flask-SQLAlchemy 3 has it in `instance`, beside the module or the package; 2 where the module lies.
    const home = posix.dirname(own)
    const above = posix.basename(own) === '__init__.py' ? posix.dirname(home) : home
    const flask = [posix.join(above, 'instance', path), posix.join(home, path), posix.join(above, path)]
    const full = isFlask ? null : fromDirectory(path, program)
    return isFlask ? [{ paths: flask, at }] : full === null ? [] : [{ paths: [full], at }]
  })
}

function fromDirectory(path: string, { directory }: AppServerProgram): string | null {
  if (path === '' || path.startsWith(':') || path.startsWith('file:')) return null
  if (path.startsWith('/')) return posix.normalize(path)
  return directory?.known === true && directory.value.startsWith('/')
    ? posix.resolve(directory.value, path)
    : null
}

interface Names {
  readonly modules: readonly Module[]
  readonly program: AppServerProgram
}

const TEXT = String.raw`(?:"[^"'\n\\{}]*"|'[^"'\n\\{}]*')`
const STEPS = String.raw`((?:\s*\/\s*${TEXT})*)`
const END = String.raw`\s*(?:[,)\n]|$)`
const LITERAL = new RegExp(`^(${TEXT})${END}`)
const PATH = new RegExp(String.raw`^(?:pathlib\.)?Path\(\s*(${TEXT})\s*\)${STEPS}${END}`)
const NAMED = new RegExp(String.raw`^(\w+)${STEPS}${END}`)
const OWN_DIRECTORY = String.raw`os\.path\.dirname\(\s*(?:os\.path\.(?:abspath|realpath)\(\s*__file__\s*\)|__file__)\s*\)`
const JOINED = new RegExp(
  String.raw`^os\.path\.join\(\s*(\w+|${TEXT}|${OWN_DIRECTORY})((?:\s*,\s*${TEXT})+)\s*,?\s*\)${END}`,
)
const HERE = new RegExp(
  String.raw`^(?:pathlib\.)?Path\(\s*__file__\s*\)(?:\.(?:resolve|absolute)\(\))?((?:\.parent)+)${STEPS}${END}`,
)
const DIRECTORY = new RegExp(`^${OWN_DIRECTORY}${END}`)
const VARIABLE = new RegExp(
  String.raw`^os\.(?:getenv|environ\.get)\(\s*(${TEXT})\s*(?:,\s*(${TEXT})\s*)?\)${END}`,
)

/** The path that an expression stands for: a text, a path of pathlib or os.path, or a name that one line gives it. */
function pathAt(module: Module, start: number, names: Names, depth = 0): string | null {
  if (depth > 4) return null
  const rest = module.code.slice(start, start + 400).replace(/^str\(\s*|^(?:pathlib\.)?Path\(\s*(?=os\.)/, '')
  const literal = LITERAL.exec(rest)
  if (literal !== null) return unquoted(literal[1]!)
  const path = PATH.exec(rest)
  if (path !== null) return below(unquoted(path[1]!), path[2]!)
  const here = HERE.exec(rest)
  if (here !== null) {
    const levels = here[1]!.split('.parent').length - 1
    return below(posix.resolve(module.path, ...Array.from({ length: levels }, () => '..')), here[2]!)
  }
  if (DIRECTORY.test(rest)) return posix.dirname(module.path)
  const variable = VARIABLE.exec(rest)
  if (variable !== null) {
    const given = names.program.environment(unquoted(variable[1]!))
    if (given !== null) return given.known ? given.value : null
    return variable[2] === undefined ? null : unquoted(variable[2])
  }
  const joined = JOINED.exec(rest)
  if (joined !== null) {
    const [, written = ''] = joined
    const base = /^["']/.test(written)
      ? unquoted(written)
      : written.startsWith('os.')
        ? posix.dirname(module.path)
        : named(written, names, depth)
    return base === null ? null : below(base, joined[2]!)
  }
  const name = NAMED.exec(rest)
  const base = name === null ? null : named(name[1]!, names, depth)
  return base === null ? null : below(base, name![2]!)
}

/** What the only line of all modules that assigns a name gives it. */
function named(name: string, names: Names, depth: number): string | null {
  const word = new RegExp(
    `(?<![\\w.])${name}[ \\t]*(?::[^=\\n]+)?[-+/]?=(?!=)[ \\t]*|\\bdef[ \\t]+\\w+\\([^)]*\\b${name}\\b|\\b(?:as|for)[ \\t]+${name}\\b`,
    'g',
  )
  const [line, ...others] = names.modules.flatMap(module =>
    [...module.code.matchAll(word)].map(match => ({ module, match })),
  )
  if (line === undefined || others.length > 0) return null
  const { module, match } = line
  const isTop = match.index === 0 || module.code[match.index - 1] === '\n'
  return isTop && /[^-+/]=[ \t]*$/.test(match[0])
    ? pathAt(module, match.index + match[0].length, names, depth + 1)
    : null
}

function below(base: string, steps: string): string {
  const parts = steps.match(new RegExp(TEXT, 'g')) ?? []
  return parts.map(unquoted).reduce((path, part) => posix.join(path, part), base)
}

function unquoted(text: string): string {
  return text.slice(1, -1)
}
