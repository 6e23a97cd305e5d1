import { posix } from 'node:path'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import { once } from '../../../parsers/collections/once.ts'
import type { PythonParser } from '../../../parsers/python/python-module.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { settingsNamed } from '../../files/applications.ts'
import type { FileSystem } from '../../files/file-system.ts'
import { formatEndpoint } from '../../servers/address.ts'
import type { AppServerProgram, Machine, Program, Target } from '../model.ts'
import { type FoundPasses, isOpen, servesFilesBelow } from './find-passes.ts'
import { indexListeners, listenerAt } from './listeners.ts'
import { appServerListeners } from './programs/app-server.ts'
import type { FoundApplications } from './programs/found-applications.ts'
import { unseenManaged, unseenPython, unseenScripts } from './programs/unseen-programs.ts'

/** Applications that lie on the machines and that nothing of the audit is seen to start. */
export interface Unseen {
  readonly programs: readonly AppServerProgram[]
  /** What may be behind the one address of a machine that nobody opens. */
  readonly supposed: ReadonlyMap<Machine, Supposed>
}

export interface Supposed {
  readonly program: AppServerProgram
  /** As `formatEndpoint` writes it. */
  readonly address: string
}

/**
 * The applications of which the connections tell that they run: a script that opens the very address that a proxy of
 * its machine connects to, and the one application of Python where one address is opened by nobody. Those of Python
 * are programs even where nothing is known to connect to them, since their settings may be wrong by themselves.
 *
 * @param started what the audit sees started; a script among it opens what it is told to, and nothing by itself
 * @param runsPython whether an application is among it, so that what else lies there may be old
 */
export function findUnseen(
  passes: FoundPasses,
  machines: readonly Machine[],
  parser: PythonParser | null,
  started: readonly Program[],
  runsPython: boolean,
): Unseen {
  const running = new Set(
    started.flatMap(program => (program.kind === 'app-server' ? program.server.sources : [])),
  )
  const programs: AppServerProgram[] = []
  const supposed = new Map<Machine, Supposed>()
  const open = once(() => openTargets(passes))
  for (const machine of machines) {
    const { applications } = machine
    if (applications === null || isEmpty(applications)) continue
    const targets = open().get(machine) ?? []
    const isOfSite = (program: AppServerProgram): boolean => !mayBeLeftOver(machine, program, passes)
    const scripts = targets.length === 0 ? [] : openedScripts(machine, targets, running).filter(isOfSite)
    const python = parser === null || runsPython ? [] : unseenPython(machine, applications, parser)
    const managed = parser === null || runsPython ? [] : unseenManaged(machine, applications, parser)
    programs.push(...scripts, ...python, ...managed)
    const [application, ...others] = python
    if (application === undefined || others.length > 0 || !hasOneSettings(machine.files, application))
      continue
    if (!isOfSite(application)) continue
    const index = indexListeners(scripts.flatMap(appServerListeners))
    const left = targets.filter(target => listenerAt(index, target) === null)
    const [address, ...more] = new Set(left.map(formatEndpoint))
    if (address !== undefined && more.length === 0 && left.every(mayBePython))
      supposed.set(machine, { program: application, address })
  }
  return { programs, supposed }
}

function isEmpty({ django, managed, python, node }: FoundApplications): boolean {
  return django.length + managed.length + python.length + node.length === 0
}

/**
 * True for what may lie on a machine and run nowhere: the units of the machine are all at hand, none of them starts it,
 * and no server has files of its directory.
 */
function mayBeLeftOver(
  machine: Machine,
  { server: { pythonPath, sources } }: AppServerProgram,
  { nginx, apache }: FoundPasses,
): boolean {
  if (machine.applications?.placed !== true || machine.files.list('/etc/systemd/system') === null)
    return false
  const [path] = pythonPath
  const home = path?.known === true ? path.value : posix.dirname(sources[0]?.path ?? '/')
  const configurations = new Set(
    [...nginx, ...apache].flatMap(({ program }) =>
      program.machine === machine ? [program.configuration] : [],
    ),
  )
  return ![...configurations].some(configuration =>
    [home, posix.dirname(home)].some(directory => servesFilesBelow(configuration, directory)),
  )
}

/** The addresses of each machine that nobody opens; none of a machine with a connection of which nobody knows where it leads. */
function openTargets({ nginx, apache }: FoundPasses): ReadonlyMap<Machine, readonly Target[]> {
  const all = [
    ...nginx.map(({ program, pass, found }) => ({
      machine: program.machine,
      found,
      isHttp: /^(?:proxy|uwsgi)_pass$/.test(pass.pass.name),
    })),
    ...apache.map(({ program, pass, found }) => ({
      machine: program.machine,
      found,
      isHttp: !/\b(?:fcgi|ajp|scgi):/.test(pass.written),
    })),
  ]
  const byMachine = groupBy(all, ({ machine }) => machine)
  return new Map(
    [...byMachine].map(([machine, passes]) => {
      const http = passes.filter(({ isHttp }) => isHttp)
      if (http.some(({ found }) => found.length === 0)) return [machine, []] as const
      const targets = new Set(http.flatMap(({ found }) => found.filter(isOpen)))
      return [machine, [...targets]] as const
    }),
  )
}

/** The scripts that open one of the addresses, where no two open the same. */
function openedScripts(
  machine: Machine,
  targets: readonly Target[],
  running: ReadonlySet<Source>,
): readonly AppServerProgram[] {
  if (machine.applications === null) return []
  const { node } = machine.applications
  const scripts = unseenScripts(machine, {
    ...machine.applications,
    node: node.filter(source => !running.has(source)),
  })
  const opening = scripts.filter(program => {
    const index = indexListeners(appServerListeners(program))
    return targets.some(target => listenerAt(index, target) != null)
  })
  const byAddress = groupBy(opening, program =>
    appServerListeners(program)
      .map(({ port, address }) => port ?? formatEndpoint({ address, port }))
      .join(),
  )
  return [...byAddress.values()].flatMap(([program, ...others]) =>
    program === undefined || others.length > 0 ? [] : [program],
  )
}

/** What other programs open by themselves: Node.js, Jupyter, Flower, Prometheus, PHP-FPM. */
export const PORTS_OF_OTHERS: ReadonlySet<number> = new Set([3000, 5173, 5555, 8888, 9000, 9090])

function mayBePython({ address, port }: Target): boolean {
  return address.kind === 'unix'
    ? !/php|fpm/i.test(address.path)
    : port !== null && !PORTS_OF_OTHERS.has(port)
}

/** False where the project brings more settings than one, of which whoever starts it chooses. */
function hasOneSettings(
  files: FileSystem,
  { server: { application, pythonPath, sources } }: AppServerProgram,
): boolean {
  const [home] = pythonPath
  const [source] = sources
  if (application?.known !== true || home?.known !== true || source === undefined) return false
  const name = settingsNamed(source.code)
  // Of Flask and FastAPI nobody chooses.
  if (name === null) return !source.code.includes('DJANGO_SETTINGS_MODULE')
  if (/\.(?:prod|live|deploy)\w*$/.test(name)) return true
  const path = posix.join(home.value, name.replaceAll('.', '/'))
  const beside = (files.list(posix.dirname(path)) ?? []).map(each => each.name)
  const own = posix.basename(path)
  if (beside.some(each => each !== `${own}.py` && SETTINGS.test(each))) return false
  return (files.list(path) ?? []).every(each => !each.name.endsWith('.py') || each.name === '__init__.py')
}

const SETTINGS = /settings.*\.py$|^(?:local|dev|prod|staging|live)\w*\.py$/
