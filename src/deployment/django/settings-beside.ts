import { posix } from 'node:path'
import { once } from '../../../parsers/collections/once.ts'
import type { PythonParser } from '../../../parsers/python/python-module.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { readSettings } from './read-settings.ts'
import type { DjangoSettings } from './settings.ts'

/** Where a project's settings are looked for, and how its scripts name those that they choose. */
interface Chosen {
  readonly files: FileSystem
  readonly parser: PythonParser
  /** Dotted, as in `shop.settings.local`. */
  readonly module: string
  readonly searchPath: readonly string[]
  /** Those that the program runs with; null where nobody knows. */
  readonly settings: DjangoSettings | null
}

/**
 * The settings of the same project with which this program is not started: `production` beside `local`, which a
 * platform, a unit of another repository or a person names. The environment there is unknown.
 */
export function settingsBeside(chosen: Chosen): () => readonly DjangoSettings[] {
  return once(() => find(chosen))
}

/** What several settings begin with, samples, and what tests run with. */
const NO_SETTINGS =
  /^(?:__init__|base|common|defaults?|shared|\w*(?:example|sample|template|skeleton)\w*|(?:\w*_)?(?:tests?|testing|ci|travis)(?:_\w*)?)\.py$/i

const SETTINGS_PACKAGE = /(?:^|\/)\w*(?:settings?|configs?|conf|configurations?)$/

/** More of them are something else. */
const MOST_SETTINGS = 20

function find({ files, parser, module, searchPath, settings }: Chosen): readonly DjangoSettings[] {
  const path = module.replaceAll('.', '/')
  const home = searchPath.find(each =>
    [`${path}.py`, `${path}/__init__.py`].some(name => files.kind(posix.join(each, name)) === 'file'),
  )
  if (home === undefined) return []
  const isPackage = files.kind(posix.join(home, path)) === 'directory'
  const inside = isPackage ? path : posix.dirname(path)
  const directory = posix.join(home, inside)
  const names = (files.list(directory) ?? []).flatMap(({ name }) => (name.endsWith('.py') ? [name] : []))
  const own = posix.join(home, `${path}.py`)
  const isSettings = (name: string) =>
    !NO_SETTINGS.test(name) && (/settings/i.test(name) || isPackage || SETTINGS_PACKAGE.test(inside))
  return names
    .filter(name => isSettings(name) && posix.join(directory, name) !== own)
    .slice(0, MOST_SETTINGS)
    .flatMap(name => {
      const file = posix.join(directory, name)
      if (settings?.files.includes(file) === true) return []
      const stem = name.slice(0, -'.py'.length)
      const dotted = inside === '.' ? stem : `${inside.replaceAll('/', '.')}.${stem}`
      const isPart = names.some(
        each => each !== name && mayRun({ files, parser }, posix.join(directory, each), stem),
      )
      const read = isPart ? null : readSettings(files, parser, dotted, [home])
      // What lacks applications is a part that some other file reads, or that somebody has not written yet.
      return read?.names.has('INSTALLED_APPS') === true ? [read] : []
    })
}

/** Functions of django-split-settings, and what Python has of its own. */
const LOADERS = '(?:include|optional|exec|execfile|import_module|__import__)'
const LOADS = new RegExp(`(?:^|\\.)${LOADERS}$`)
/** By this most files are done with. */
const MAY_LOAD = new RegExp(`\\b${LOADERS}[ \\t]*\\(`)

/**
 * True where another file of the directory may run a file among its own names, as no `import` does: one that it names,
 * or any where it makes the name, as `exec(open(f"env_{ENV}.py").read())` does.
 */
function mayRun({ files, parser }: Pick<Chosen, 'files' | 'parser'>, path: string, stem: string): boolean {
  const source = sourceAt(files, path)
  if (source === null || !MAY_LOAD.test(source.code)) return false
  const isNamed = source.code.includes(stem)
  return parser
    .parse(source)
    .statements.some(
      statement =>
        statement.kind === 'call' &&
        LOADS.test(statement.call.callee) &&
        (isNamed || statement.call.args.some(({ kind }) => kind !== 'string')),
    )
}
