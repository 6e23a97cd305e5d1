import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import type { PythonParser } from '../../../parsers/python/python-module.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { type DirectoryEntry, type FileSystem, sourceAt } from '../../files/file-system.ts'
import { isAbsent } from '../is-absent.ts'
import { placedDirectory } from '../placed-directory.ts'
import type { AppServerProgram } from '../model.ts'
import { type LoadingModule, loadsDotenv, settingsOfProgram } from './dotenv-files.ts'
import { demandedVariables } from './demanded-variables.ts'
import type { LoadedModule } from './loaded-module.ts'
import { readScript } from './read-script.ts'
import { findFile, findModule } from './find-module.ts'
import type { DjangoSettings, WsgiScript } from './settings.ts'
import { renamedModule } from './renamed-module.ts'
import { settingsBeside } from './settings-beside.ts'
import { mayBeInstalled } from './installed-project.ts'

const PYTHON: ReadonlySet<string> = new Set([
  'gunicorn',
  'uvicorn',
  'hypercorn',
  'daphne',
  'waitress',
  'granian',
  'uwsgi',
  'runserver',
  'flask',
  'fastapi',
  'python',
])

/** Reads what application servers load, each once; null where they name nothing that could be a module. */
export function moduleReader(
  parser: PythonParser | null,
): (program: AppServerProgram) => LoadedModule | null {
  return memo((program: AppServerProgram) => (parser === null ? null : loadedModule(program, parser)))
}

function loadedModule(program: AppServerProgram, parser: PythonParser): LoadedModule | null {
  const { server } = program
  if (!PYTHON.has(server.program)) return null
  const files = filesOf(program)
  const directories = searchPath(program)
  const context = contextOf(program)
  if (context !== null) directories.push(context)
  const known = [...directories.flatMap(each => each ?? []), ...openDirectories(program)]
  const whole = directories.includes(null) ? null : known
  const written = server.application
  if (server.program === 'runserver') {
    const source = sourceIn(files, known, 'manage.py')
    return source === null
      ? null
      : facts({ module: 'manage', attribute: null, source, whole, program, parser, files })
  }
  if (written?.known !== true) return null
  const [name = '', attribute = null] = written.value.split(':')
  if (server.program === 'uwsgi' && !server.settings.has('module') && /\.(?:py|wsgi)$/.test(name)) {
    const source = sourceIn(files, known, name)
    return source === null ? null : facts({ module: name, attribute, source, whole, program, parser, files })
  }
  if (!/^[A-Za-z_][\w.]*$/.test(name)) return null
  const found = findModule(files, name, known)
  if (found === null && whole === null && mayBringPath(program)) {
    const near = directoryOfEnvironment(files, name, known, program)
    if (near !== null)
      return {
        ...facts({ module: name, attribute, source: 'missing', whole: known, program, parser, files }),
        near,
      }
  }
  if (found !== null || whole === null || whole.length === 0)
    return facts({ module: name, attribute, source: found, whole, program, parser, files })
  const near = directoryNearby(files, name, whole) ?? directoryOfEnvironment(files, name, whole, program)
  const inside = moduleInside(files, name, whole)
  const other =
    near !== null || inside !== null
      ? null
      : (moduleOfOnlyPackage(files, name, whole) ?? renamedModule(files, name, whole))
  const isKnown = near !== null || inside !== null || other !== null
  const source = isKnown || isMissing(files, name, whole) ? 'missing' : null
  return { ...facts({ module: name, attribute, source, whole, program, parser, files }), near, inside, other }
}

/** No project has more directories beside each other. */
const MOST_DIRECTORIES = 50

/**
 * The directory one level above or below the only one that is searched, where that one has nothing of the module's
 * name and this one has the module; null where there is none, or where an installed package may be meant.
 */
export function directoryNearby(
  files: FileSystem,
  module: string,
  directories: readonly string[],
): string | null {
  const [directory, ...others] = directories
  if (directory === undefined || directory === '/' || others.length > 0) return null
  const [first = ''] = module.split('.')
  // What a partial copy has of this directory and of the one beside it, it has because it belongs to the project.
  const names = files.list(directory)
  if (names === null) return null
  const inside = module.replaceAll('.', '/')
  const own = names.filter(({ name }) => name === first || name.startsWith(`${first}.`))
  if (own.length > 0) {
    // `startproject shop` makes `shop/shop/wsgi.py`: the outer directory is no package, but has the name of one.
    const outer = posix.join(directory, first)
    const isOuter = own.length === 1 && isProjectWith(files, outer, inside)
    return isOuter && !mayBeInstalled(files, directory) && !mayBeInstalled(files, outer) ? outer : null
  }
  const below = names.filter(({ kind }) => kind === 'directory').slice(0, MOST_DIRECTORIES)
  const candidates = [
    posix.dirname(directory),
    ...below.map(({ name }) => posix.join(directory, name)),
  ].filter(
    each =>
      files.kind(posix.join(each, `${inside}.py`)) === 'file' ||
      files.kind(posix.join(each, inside, '__init__.py')) === 'file',
  )
  const [only] = candidates
  if (only === undefined || candidates.length > 1) return null
  return [only, directory].some(each => mayBeInstalled(files, each)) ? null : only
}

/** True for a directory with `manage.py` and a module, which has no package of its own name. */
function isProjectWith(files: FileSystem, directory: string, module: string): boolean {
  const rest = module.split('/').slice(1).join('/')
  return (
    rest !== '' &&
    files.kind(posix.join(directory, 'manage.py')) === 'file' &&
    files.kind(posix.join(directory, `${module}.py`)) === 'file' &&
    files.kind(posix.join(directory, '__init__.py')) === null &&
    files.kind(posix.join(directory, `${rest}.py`)) === null &&
    files.kind(posix.join(directory, rest)) === null
  )
}

/** True where nothing but a file of variables that is not in the audit may say `PYTHONPATH`: such files have secrets. */
function mayBringPath({ server, directory, environment }: AppServerProgram): boolean {
  const path = environment('PYTHONPATH')
  const others = [server.directory ?? directory, ...server.pythonPath]
  return path?.known === false && path.at === null && others.every(fact => fact?.known === true)
}

/**
 * The directory around the virtual environment of what is started in `/`, as systemd and supervisord start it where
 * nobody names a directory; null where the module is not there, or may be installed.
 */
function directoryOfEnvironment(
  files: FileSystem,
  module: string,
  directories: readonly string[],
  { server, machine }: AppServerProgram,
): string | null {
  if (directories.length !== 1 || directories[0] !== '/' || machine.container !== null) return null
  const { source, start, end } = server.at
  const home = /^(\/[\w./-]+)\/[\w.-]+\/bin\/[\w.-]+$/.exec(source.text.slice(start, end))?.[1]
  const [first = ''] = module.split('.')
  if (home === undefined || files.kind(`/${first}`) !== null || files.kind(`/${first}.py`) !== null)
    return null
  const inside = module.split('.').join('/')
  const path = posix.join(home, inside)
  if (mayBeInstalled(files, home)) return null
  if (files.kind(`${path}.py`) === 'file' || files.kind(`${path}/__init__.py`) === 'file') return home
  const projects = (files.list(home) ?? [])
    .filter(({ kind }) => kind === 'directory')
    .slice(0, MOST_DIRECTORIES)
    .map(({ name }) => posix.join(home, name))
    .filter(each => isProjectWith(files, each, inside))
  const [only] = projects
  return only === undefined || projects.length > 1 || mayBeInstalled(files, only) ? null : only
}

/** The module of one file that the name goes on behind, as `shop.wsgi` in `shop.wsgi.application`; null where none is. */
function moduleInside(files: FileSystem, module: string, directories: readonly string[]): string | null {
  const parts = module.split('.')
  for (let length = parts.length - 1; length > 0; length--) {
    const path = parts.slice(0, length).join('/')
    const isThere = (name: string, kind: string) =>
      directories.some(each => files.kind(posix.join(each, name)) === kind)
    if (isThere(path, 'directory')) return null
    if (isThere(`${path}.py`, 'file')) return parts.slice(0, length).join('.')
  }
  return null
}

/**
 * The module that `shop.wsgi` would be in the only package of a Django project that has one, where the project has no
 * package `shop`; null where there is none, or where an installed package may be meant.
 */
function moduleOfOnlyPackage(
  files: FileSystem,
  module: string,
  directories: readonly string[],
): string | null {
  const [first, last, ...rest] = module.split('.')
  if (first === undefined || (last !== 'wsgi' && last !== 'asgi') || rest.length > 0) return null
  const names = directories.map(each => ({ directory: each, entries: files.list(each) ?? [] }))
  if (names.some(({ entries }) => entries.some(({ name }) => name === first || name.startsWith(`${first}.`))))
    return null
  const project = names.find(({ entries }) => entries.some(({ name }) => name === 'manage.py'))
  if (project === undefined || mayBeInstalled(files, project.directory)) return null
  const packages = project.entries
    .filter(({ name, kind }) => kind === 'directory' && /^[A-Za-z_]\w*$/.test(name))
    .filter(({ name }) => files.kind(posix.join(project.directory, name, `${last}.py`)) === 'file')
  const [only] = packages
  return only === undefined || packages.length > 1 ? null : `${only.name}.${last}`
}

/** Not in any of the directories; what is installed beside the server has a name of one part as a rule. */
function isMissing(files: FileSystem, module: string, directories: readonly string[]): boolean {
  const [first = ''] = module.split('.')
  const inside = module.replaceAll('.', '/')
  const inPackage = directories.find(each => files.kind(posix.join(each, first)) === 'directory')
  if (inPackage === undefined) return false
  const path = posix.join(inPackage, inside)
  return isAbsent(files, `${path}.py`) && isAbsent(files, path)
}

function facts({
  module,
  attribute,
  source,
  whole,
  program,
  parser,
  files,
}: {
  readonly module: string
  readonly attribute: string | null
  readonly source: Source | 'missing' | null
  readonly whole: readonly string[] | null
  readonly program: AppServerProgram
  readonly parser: PythonParser
  readonly files: FileSystem
}): LoadedModule {
  const script = source === null || source === 'missing' ? null : readScript(parser, source)
  const base = { module, attribute, source, script, searchPath: whole, near: null, inside: null, other: null }
  const name = settingsModule(program, script, module =>
    isOnlySettings(files, module, [...searchPath(program), ...openDirectories(program)]),
  )
  const written = name ?? script?.settingsModule?.name ?? null
  if (written === null || source === null || source === 'missing')
    return { ...base, settings: null, settingsSource: null, demanded: [], missing: [], beside: () => [] }
  const own = posix.dirname(source.path)
  const directories = [
    ...searchPath(program).flatMap(each => each ?? []),
    ...openDirectories(program),
    ...[contextOf(program)].filter(each => each !== null),
    ...(script?.path ?? []),
    // The path of the source is that of the repository, where the module is one of a container.
    ...(files.kind(own) === null ? [] : [posix.dirname(own), own]),
  ]
  const beside = (settings: DjangoSettings | null) =>
    settingsBeside({ files, parser, module: written, searchPath: directories, settings })
  if (name === null)
    return {
      ...base,
      settings: null,
      settingsSource: null,
      demanded: [],
      missing: [],
      beside: beside(null),
    }
  const loads = loadsDotenv(source) || program.server.sources.some(loadsDotenv)
  const ofProcess = (variable: string): string | null | undefined => {
    const given = program.server.environment.find(each => each.name === variable)?.value
    const fact = given ?? program.environment(variable)
    return fact === null ? null : fact.known ? fact.value : undefined
  }
  const environment = (variable: string): string | null | undefined => {
    const value = ofProcess(variable)
    return value === null && loads ? undefined : value
  }
  const settingsSource = findModule(files, name, directories)
  const { settings, loadsInside } = settingsOfProgram({
    files,
    parser,
    module: name,
    directories,
    ofProcess,
    script: source,
    loadingBefore: loads ? loadedBefore(program, source, findFile(files, module, directories)) : [],
  })
  const demanded = settingsSource === null ? [] : demandedVariables(parser.parse(settingsSource))
  const missing = isEnvironmentKnown(program)
    ? demanded.filter(each => environment(each.name) === null && !loadsInside)
    : []
  return {
    ...base,
    settings,
    settingsSource,
    demanded: loads || loadsInside ? [] : demanded,
    missing,
    beside: beside(settings),
  }
}

/**
 * What an image sets besides is known of those that stand on Python's own. What an emperor of uWSGI has is nobody's to
 * know; Debian's script starts what lies in its directory with nothing of the sort.
 */
function isEnvironmentKnown({ machine: { container }, by, server }: AppServerProgram): boolean {
  if (container !== null) return container.image !== null && container.base === 'python'
  return by !== null || /\/etc\/uwsgi\/apps-enabled\//.test(server.at.source.path)
}

/** The module of the application, where that reads a file of variables before the settings; null where something else does. */
function loadedBefore(
  { server }: AppServerProgram,
  source: Source,
  found: LoadingModule | null,
): readonly LoadingModule[] | null {
  return found?.source !== source || server.sources.some(loadsDotenv) ? null : [found]
}

/**
 * Of the environment, else of the script; null where nobody knows. A file of variables that is not in the audit has
 * secrets as a rule, and names other settings where there are any.
 */
function settingsModule(
  { server, environment }: AppServerProgram,
  script: WsgiScript | null,
  isOnly: (module: string) => boolean,
): string | null {
  const written = script?.settingsModule ?? null
  if (written?.how === 'assigned') return written.name
  const variable = 'DJANGO_SETTINGS_MODULE'
  const given = server.environment.find(({ name }) => name === variable)?.value ?? environment(variable)
  if (given === null) return written?.name ?? null
  if (given.known) return given.value
  return given.at === null && written !== null && isOnly(written.name) ? written.name : null
}

/** What settings for one place are called, and what several of them lie in. */
const OTHER_SETTINGS = /settings?|config|conf|prod|local|dev|stag|live|deploy|environ/i

/** True for `shop.settings` where nothing beside `settings.py` may be settings as well. */
function isOnlySettings(files: FileSystem, module: string, directories: readonly (string | null)[]): boolean {
  const path = `${module.replaceAll('.', '/')}.py`
  if (posix.basename(path) !== 'settings.py') return false
  const homes = directories.flatMap(each => each ?? [])
  const home = homes.find(each => files.kind(posix.join(each, path)) === 'file')
  if (home === undefined) return false
  const own = posix.dirname(posix.join(home, path))
  return [...new Set([home, own])].every(directory => {
    const names = files.list(directory)
    return names?.every(({ name, kind }) => {
      const path = posix.join(directory, name)
      const isIt = path === own || (directory === own && name === 'settings.py')
      return isIt || !OTHER_SETTINGS.test(name) || !maySet(files, path, kind)
    })
  })
}

/** True for a module that may be settings, and for a directory that has one, as `config/settings/live.py`. */
function maySet(files: FileSystem, path: string, kind: DirectoryEntry['kind'], depth = 2): boolean {
  if (kind === 'directory')
    return (
      depth > 0 &&
      (files.list(path) ?? []).some(each => maySet(files, posix.join(path, each.name), each.kind, depth - 1))
    )
  const source = path.endsWith('.py') ? sourceAt(files, path) : null
  return source !== null && SETTING.test(source.code)
}

const SETTING = /\b(?:INSTALLED_APPS|DATABASES|ALLOWED_HOSTS|DEBUG|MIDDLEWARE|ROOT_URLCONF)\b|\bimport\s+\*/

/** The directory that an image is built from, where no Dockerfile says where it puts what is in it. */
function contextOf({ machine: { container }, server, directory }: AppServerProgram): string | null {
  const build = container?.service.build
  if (container == null || container.image !== null || build == null || !build.context.known) return null
  return server.directory === null && directory === null ? build.context.value : null
}

/** The files of the machine, or of the repository where the build of a container is not known. */
function filesOf(program: AppServerProgram): FileSystem {
  const { container, files } = program.machine
  if (container === null) return files
  return contextOf(program) === null ? container.files : container.hostFiles
}

/** Null stands for a directory that nobody knows. */
function searchPath({ server, directory, environment }: AppServerProgram): (string | null)[] {
  const facts = [server.directory ?? directory, ...server.pythonPath]
  const path = environment('PYTHONPATH')
  const paths = facts.map(fact => (fact?.known === true ? fact.value : null))
  if (path !== null) paths.push(...(path.known ? path.value.split(':').filter(each => each !== '') : [null]))
  return paths
}

/** The one that a template leaves open, in which a project of the repository may stand. */
function openDirectories({ server, directory }: AppServerProgram): readonly string[] {
  const fact = server.directory ?? directory
  const placed = fact?.known === true ? null : placedDirectory(fact)
  return placed === null ? [] : [placed]
}

function sourceIn(files: FileSystem, directories: readonly string[], name: string): Source | null {
  for (const directory of directories.length === 0 ? ['/'] : directories) {
    const path = posix.resolve(directory, name)
    if (files.kind(path) !== 'file') continue
    const read = files.read(path)
    if (read.kind === 'source') return read.source
  }
  return null
}
