import { posix } from 'node:path'
import { commandOfEntry } from '../../../../parsers/app-server/commands.ts'
import { readAppServers } from '../../../../parsers/app-server/read-app-servers.ts'
import type { ShellFiles } from '../../../../parsers/app-server/started-commands.ts'
import { readProcfile } from '../../../../parsers/procfile/read-procfile.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import { writtenFor } from '../../../../parsers/text/written-text.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { Repository } from '../../../files/machine.ts'
import { PROCFILE, startsApplication, UNIT } from '../../../files/starters.ts'
import { type Fact, known } from '../../../../parsers/text/fact.ts'
import { fileReader, NOT_SEEN, setByHand, type StartedByMachine } from './app-commands.ts'
import { homeOf } from './with-starters.ts'

/** Files that start applications, and of which no file says who runs them. */
export interface StartScripts {
  readonly scripts: readonly string[]
  /** The modules of Python among which their applications are. */
  readonly modules: readonly string[]
}

/**
 * Those of a repository that has no unit and nothing of supervisord, which would say who runs them. PM2 starts
 * applications of Node.js, and leaves those of others to a script.
 */
export function scriptsOf(repository: Repository | undefined): StartScripts | null {
  if (repository === undefined || repository.writtenFiles.some(({ at }) => UNIT.test(at))) return null
  return repository.starters.some(({ kind }) => kind !== 'ecosystem') ? null : repository
}

/** What the processes of Procfiles and scripts start, each in the directory in which its application is found. */
export function commandsOfScripts(
  files: FileSystem,
  { scripts, modules }: StartScripts,
  shell: ShellFiles['shell'],
): readonly StartedByMachine[] {
  const read = fileReader(files)
  return scripts.flatMap(path => {
    const source = read(path)
    if (source === null || source === 'missing' || !startsApplication(source)) return []
    const own = PROCFILE.test(path) ? processesOf(source) : [scriptOf(source)]
    return own.map(started => {
      const { command } = started
      const serversIn = (directory: Fact<string> | null) =>
        readAppServers({ ...command, directory }, { read, shell, python: null })
      const homes = new Set(
        serversIn(command.directory).map(({ server: { application } }) =>
          application?.known === true ? homeOf(application.value, modules) : null,
        ),
      )
      const [home = null] = homes
      if (homes.size !== 1 || home === null) return started
      const reached = serversIn(known(home)).map(({ started: each }) => each.command.directory)
      const directory = beginningOf(home, reached)
      return directory === null ? started : { ...started, command: { ...command, directory } }
    })
  })
}

/**
 * Where a script is started that leads to `home`, as `cd shop` of one in its parent does, if it arrives in the
 * directories `reached` when it is started at `home` itself; null where it changes to another directory. What a script
 * makes of variables is not asked.
 */
function beginningOf(home: string, reached: readonly (Fact<string> | null)[]): Fact<string> | null {
  const [first, ...others] = new Set(
    reached.map(fact => (fact === null ? home : fact.known ? fact.value : null)),
  )
  if (first === undefined || others.length > 0) return null
  if (first === null) return known(home)
  const steps = posix.relative(home, first)
  if (steps === '') return known(home)
  return !steps.startsWith('..') && home.endsWith(`/${steps}`)
    ? known(home.slice(0, -steps.length - 1) || '/')
    : null
}

const NO_STARTER = { by: null, service: null, sockets: [], user: null }

/** A Procfile lies where its processes are started. */
function processesOf(source: Source): readonly StartedByMachine[] {
  return readProcfile(source).map(entry => ({
    ...NO_STARTER,
    command: commandOfEntry(entry, known(posix.dirname(source.path)), setByHand),
  }))
}

function scriptOf(source: Source): StartedByMachine {
  const words = ['/bin/sh', source.path].map(word => writtenFor(source, word, 0, 0))
  return { ...NO_STARTER, command: { words, directory: NOT_SEEN, environment: setByHand } }
}
