import { posix } from 'node:path'
import type { PythonParser } from '../../../parsers/python/python-module.ts'
import type { FileSystem } from '../../files/file-system.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import type { WsgiDaemon } from '../../servers/apache/queries/wsgi-daemons.ts'
import type { Application, PythonFacts } from '../model.ts'
import { readScript } from './read-script.ts'
import { loadsDotenv, settingsOfProgram } from './dotenv-files.ts'
import { settingsBeside } from './settings-beside.ts'

/** Reads the scripts of applications and their settings, each once; null for a script that is not in the root. */
export function pythonReader(
  files: FileSystem,
  parser: PythonParser | null,
): (application: Application) => PythonFacts | null {
  const byApplication = new Map<Application, PythonFacts | null>()
  const byPath = new Map<ApacheConfiguration, Map<string, PythonFacts | null>>()
  const find = (application: Application): PythonFacts | null => {
    const alias = application.directive.args[1]?.value
    const path = parser === null || alias === undefined ? null : files.realPath(alias)
    if (parser === null || path === null) return null
    const directories = configuredPath(application)
    const key = [path, ...directories].join('\0')
    const { configuration } = application
    const read = byPath.get(configuration) ?? new Map<string, PythonFacts | null>()
    byPath.set(configuration, read)
    const before = read.get(key)
    if (before !== undefined) return before
    const facts = readFacts(files, parser, path, directories, configuration)
    read.set(key, facts)
    return facts
  }
  return application => {
    let facts = byApplication.get(application)
    if (facts === undefined) {
      facts = find(application)
      byApplication.set(application, facts)
    }
    return facts
  }
}

function readFacts(
  files: FileSystem,
  parser: PythonParser,
  path: string,
  directories: readonly string[],
  { environment }: ApacheConfiguration,
): PythonFacts | null {
  const read = files.read(path)
  if (read.kind !== 'source') return null
  const script = readScript(parser, read.source)
  if (script.settingsModule === null) return { path, script, settings: null, beside: () => [] }
  const directory = posix.dirname(path)
  // Django's own layout puts the script into the project's package, and the package beside manage.py.
  const searchPath = [...script.path, ...directories, posix.dirname(directory), directory]
  const { name: module } = script.settingsModule
  const { settings } = settingsOfProgram({
    files,
    parser,
    module,
    directories: searchPath,
    ofProcess: name => {
      const fact = environment?.variables.get(name)
      if (fact !== undefined) return fact.known ? fact.value : undefined
      return environment?.complete === true ? null : undefined
    },
    script: read.source,
    loadingBefore: loadsDotenv(read.source) ? [{ path, source: read.source }] : [],
  })
  return { path, script, settings, beside: settingsBeside({ files, parser, module, searchPath, settings }) }
}

/**
 * The directories that Apache's configuration puts on `sys.path`: `python-path` and `home` of the daemon
 * process (mod_wsgi adds both), else `WSGIPythonPath`.
 */
function configuredPath({ configuration, processGroup, visibleDaemons }: Application): readonly string[] {
  const group = processGroup.known ? processGroup.value : ''
  const daemon = visibleDaemons.find(({ name }) => name.known && name.value === group)
  if (daemon === undefined) {
    const directive = configuration.occurrences.get('wsgipythonpath')?.at(-1)
    return splitPath(directive?.args[0]?.value)
  }
  return [...splitPath(optionText(daemon, 'python-path')), ...splitPath(optionText(daemon, 'home'))]
}

function optionText({ options }: WsgiDaemon, name: string): string | undefined {
  const value = options.get(name)?.value
  return value?.known ? value.value : undefined
}

function splitPath(value: string | undefined): readonly string[] {
  return value === undefined ? [] : value.split(':').filter(directory => directory.startsWith('/'))
}
