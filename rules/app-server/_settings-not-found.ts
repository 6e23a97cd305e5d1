import { posix } from 'node:path'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import type { Place } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { mayBeInstalled } from '../../src/deployment/django/installed-project.ts'
import type { WsgiScript } from '../../src/deployment/django/settings.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** Settings of Django that an application server is told of, and that are not there by that name. */
export function* settingsNotFound(deployment: Deployment, program: AppServerProgram): Iterable<RuleFinding> {
  yield* settingsByPath(program)
  yield* settingsNearby(deployment, program)
  yield* settingsOfOwnPackage(deployment, program)
  yield* settingsBesideScript(deployment, program)
}

interface NamedSettings {
  readonly name: string
  readonly at: Place
}

/** What the environment of a server says of its settings; null where it says nothing, or nobody knows what. */
function settingsGiven({ server, environment }: AppServerProgram): NamedSettings | null {
  const variable = 'DJANGO_SETTINGS_MODULE'
  const given = server.environment.find(({ name }) => name === variable)?.value ?? environment(variable)
  return given?.known === true && given.at != null ? { name: given.value, at: given.at } : null
}

/** The settings that hold: those of the environment, which `setdefault` of the script leaves as they are. */
function settingsNamed(program: AppServerProgram, script: WsgiScript | null): NamedSettings | null {
  const own = script?.settingsModule ?? null
  return own?.how === 'assigned' ? own : (settingsGiven(program) ?? own)
}

/** `DJANGO_SETTINGS_MODULE` as the path of a file. */
function* settingsByPath(program: AppServerProgram): Iterable<RuleFinding> {
  const given = settingsGiven(program)
  if (given === null) return
  const { name: value, at } = given
  if (!/\/|\.py$/.test(value)) return
  const module = value.replace(/^\.?\/|\.py$/g, '').replaceAll('/', '.')
  yield {
    at,
    message: `\`${value}\` is the path of a file, and Django imports a module: ModuleNotFoundError`,
    label: 'no module',
    ...(!value.startsWith('/') && { help: `Write \`${module}\`` }),
  }
}

/** Settings that are named, and that lie beside that name under one that is nearly the same. */
function* settingsNearby(deployment: Deployment, program: AppServerProgram): Iterable<RuleFinding> {
  const loaded = deployment.moduleOf(program)
  const named = loaded === null ? null : settingsNamed(program, loaded.script)
  if (loaded === null || named === null || loaded.settings !== null) return
  const files = program.machine.container?.files ?? program.machine.files
  const parts = named.name.split('.')
  const last = parts.pop() ?? ''
  if (last.length < 3 || parts.length === 0) return
  const directories = (loaded.searchPath ?? []).map(each => posix.join(each, ...parts))
  const names = directories.flatMap(each => files.list(each) ?? []).map(({ name }) => name)
  if (names.some(name => name === last || name.startsWith(`${last}.`))) return
  const near = names
    .flatMap(name => /^(\w{3,})\.py$/.exec(name)?.[1] ?? [])
    .filter(name => name.startsWith(last) || last.startsWith(name) || isOneSlipAway(name, last))
  const [only] = near
  if (only === undefined || near.length > 1) return
  yield {
    at: named.at,
    message: `no module \`${named.name}\` is there, so ${programName(program)} cannot boot: ModuleNotFoundError: No module named '${named.name}'`,
    label: 'no such module',
    help: `Write \`${[...parts, only].join('.')}\``,
  }
}

/** Settings of a package that is nowhere, where the package of the script has those: the project was renamed. */
function* settingsOfOwnPackage(deployment: Deployment, program: AppServerProgram): Iterable<RuleFinding> {
  const loaded = deployment.moduleOf(program)
  const named = loaded?.script?.settingsModule ?? null
  if (loaded === null || named === null || loaded.settings !== null || loaded.searchPath === null) return
  if (loaded.script?.pathIsOpen !== false || loaded.source === null || loaded.source === 'missing') return
  const files = program.machine.container?.files ?? program.machine.files
  const [first = '', ...rest] = named.name.split('.')
  const [own, ...below] = loaded.module.split('.')
  if (rest.length === 0 || below.length !== 1 || own === undefined || own === first) return
  const home = loaded.searchPath.find(each => files.kind(posix.join(each, own)) === 'directory')
  if (home === undefined || mayBeInstalled(files, home)) return
  const isThere = mayFind(files, loaded.searchPath, first)
  if (isThere || files.kind(`${posix.join(home, own, ...rest)}.py`) !== 'file') return
  const right = [own, ...rest].join('.')
  yield {
    at: named.at,
    message: `no package \`${first}\` is there, so ${programName(program)} cannot boot: ModuleNotFoundError: No module named '${first}'`,
    label: 'no such package',
    help: `Write \`${right}\``,
  }
}

/**
 * Settings that lie in the directory of a project, of which the command names the script from outside of it:
 * `backend.config.wsgi` is found, and the `config.settings` that it names lies in `backend`, too.
 */
function* settingsBesideScript(deployment: Deployment, program: AppServerProgram): Iterable<RuleFinding> {
  const loaded = deployment.moduleOf(program)
  const named = loaded === null ? null : settingsNamed(program, loaded.script)
  if (loaded === null || named === null || loaded.searchPath === null) return
  if (loaded.script?.pathIsOpen !== false || loaded.script.path.length > 0) return
  const { application } = program.server
  const files = program.machine.container?.files ?? program.machine.files
  const [first = ''] = named.name.split('.')
  const [outer = '', ...rest] = loaded.module.split('.')
  const home = loaded.searchPath.find(each => files.kind(posix.join(each, outer)) === 'directory')
  if (application?.at == null || rest.length < 2 || first !== rest[0] || home === undefined) return
  if (mayBeInstalled(files, home) || mayBeInstalled(files, posix.join(home, outer))) return
  const isThere = mayFind(files, loaded.searchPath, first)
  const beginning = sourceAt(files, posix.join(home, outer, '__init__.py'))
  if (beginning?.code.includes('sys.path') === true) return
  if (isThere || files.kind(`${posix.join(home, outer, ...named.name.split('.'))}.py`) !== 'file') return
  const name = programName(program)
  yield {
    at: application.at,
    message: `\`${loaded.module}\` is found, and the settings that it names are not: they lie in \`${outer}\`, so ${name} cannot boot: ModuleNotFoundError: No module named '${first}'`,
    label: `not the directory of \`${first}\``,
    related: [{ at: named.at, message: 'named here' }],
    help: `Start ${name} in \`${outer}\` with \`${rest.join('.')}\`${program.server.program === 'gunicorn' ? `, as \`--chdir ${outer}\` does` : ''}`,
  }
}

/** True where a directory of the path has what may be a module or a package of this name. */
function mayFind(files: FileSystem, searchPath: readonly string[], name: string): boolean {
  return searchPath.some(directory =>
    (files.list(directory) ?? []).some(entry => entry.name === name || entry.name.startsWith(`${name}.`)),
  )
}
