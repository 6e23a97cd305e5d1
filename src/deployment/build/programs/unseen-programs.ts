import { posix } from 'node:path'
import type { AppServer } from '../../../../parsers/app-server/app-server.ts'
import { readNodeScriptAlone } from '../../../../parsers/app-server/node.ts'
import { NOTHING_SAID } from '../../../../parsers/app-server/no-server.ts'
import { groupBy } from '../../../../parsers/collections/group-by.ts'
import type { PythonParser } from '../../../../parsers/python/python-module.ts'
import type { Place, Source } from '../../../../parsers/text/source.ts'
import { known, unknown } from '../../../servers/fact.ts'
import { readScript } from '../../django/read-script.ts'
import type { AppServerProgram, Machine } from '../../model.ts'
import { programOf } from './app-server.ts'
import { fileReader } from './app-commands.ts'
import { applicationName } from '../../../files/applications.ts'
import type { FoundApplications } from './found-applications.ts'

const NOT_SEEN = unknown('nothing of the audit is seen to start it')

/** The scripts that lie on a machine and listen by themselves, at the addresses that they open where nothing is set. */
export function unseenScripts(machine: Machine, { node }: FoundApplications): readonly AppServerProgram[] {
  const read = fileReader(machine.files)
  const servers = node.flatMap(source => readNodeScriptAlone(source, NOT_SEEN, read) ?? [])
  // One script may load another, which listens.
  const byListen = groupBy(servers, ({ binds: [bind] }) => placeKey(bind?.at ?? null))
  return [...byListen.values()].flatMap(([server]) =>
    server === undefined ? [] : [unseenProgram(machine, server)],
  )
}

/** The applications of Python that lie on a machine, each as a server of which nobody knows where it listens. */
export function unseenPython(
  machine: Machine,
  { django, python }: FoundApplications,
  parser: PythonParser,
): readonly AppServerProgram[] {
  const projects = groupBy(django, source => readScript(parser, source).settingsModule?.name ?? '')
  const modules = [...projects].flatMap(([settings, scripts]) =>
    settings === ''
      ? []
      : [scripts.find(({ code }) => code.includes('ProtocolTypeRouter')) ?? ofWsgi(scripts)],
  )
  return [
    ...modules.map(source =>
      pythonProgram(machine, source, 'application', posix.dirname(posix.dirname(source.path))),
    ),
    ...python.map(source =>
      pythonProgram(machine, source, applicationName(source) ?? 'app', posix.dirname(source.path)),
    ),
  ]
}

/** Projects of Django of which `manage.py` alone says where their settings are. */
export function unseenManaged(
  machine: Machine,
  { managed }: FoundApplications,
  parser: PythonParser,
): readonly AppServerProgram[] {
  return managed
    .filter(source => readScript(parser, source).settingsModule !== null)
    .map(source => pythonProgram(machine, source, null, posix.dirname(source.path)))
}

function ofWsgi(scripts: readonly Source[]): Source {
  return scripts.find(({ path }) => path.endsWith('wsgi.py')) ?? scripts[0]!
}

function pythonProgram(
  machine: Machine,
  source: Source,
  attribute: string | null,
  home: string,
): AppServerProgram {
  const end = source.text.indexOf('\n')
  const at: Place = { source, start: 0, end: end === -1 ? source.text.length : end }
  const module = posix.relative(home, source.path).replace(/\.py$/, '').replaceAll('/', '.')
  return unseenProgram(machine, {
    ...NOTHING_SAID,
    program: 'python',
    at,
    application: known(attribute === null ? module : `${module}:${attribute}`, at),
    binds: [],
    pythonPath: [known(home)],
    complete: false,
    sources: [source],
  })
}

function unseenProgram(machine: Machine, server: AppServer): AppServerProgram {
  const starter = { by: null, service: null, sockets: [] }
  const [home] = server.pythonPath
  const directory = machine.applications?.placed === true ? (home ?? server.directory) : NOT_SEEN
  const command = { words: [], directory, environment }
  return { ...programOf(machine, server, command, starter), isSeen: false, listensKnown: false }
}

/** Where modules lie, and which settings they name, the files say; of all other variables nobody knows. */
function environment(name: string): typeof NOT_SEEN | null {
  return name === 'DJANGO_SETTINGS_MODULE' || name === 'PYTHONPATH' ? null : NOT_SEEN
}

function placeKey(place: Place | null): string {
  return place === null ? '' : `${place.source.path}:${place.start}`
}
