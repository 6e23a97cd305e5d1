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
import { known } from '../../../servers/fact.ts'
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
      const homes = new Set(
        readAppServers(command, { read, shell, python: null }).map(({ server: { application } }) =>
          application?.known === true ? homeOf(application.value, modules) : null,
        ),
      )
      const [home = null] = homes
      return homes.size !== 1 || home === null
        ? started
        : { ...started, command: { ...command, directory: known(home) } }
    })
  })
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
