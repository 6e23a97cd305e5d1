import { groupBy } from '../../../parsers/collections/group-by.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import { once } from '../../../parsers/collections/once.ts'
import type { PythonParser } from '../../../parsers/python/python-module.ts'
import type { ShellParser } from '../../../parsers/shell/shell-environment.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { wsgiDaemons } from '../../servers/apache/queries/wsgi-daemons.ts'
import type { NginxConfiguration } from '../../servers/nginx/configuration.ts'
import { moduleReader } from '../django/app-server-python.ts'
import { pythonReader } from '../django/application-settings.ts'
import type { ApacheProgram, Deployment, Machine, NginxProgram, Program } from '../model.ts'
import type { Container } from '../containers/container.ts'
import type { SiteFacts } from '../site-facts.ts'
import { mainApacheHost, virtualApacheHosts } from './apache-hosts.ts'
import { readApplications } from './applications.ts'
import { connectionTable } from './connection-table.ts'
import { type ConnectionInput, findPasses } from './find-passes.ts'
import { buildMachines, type MachineInput } from './machines.ts'
import { supervisorOfMachine } from './programs/app-commands.ts'
import { startedCommandsOf } from './programs/app-server.ts'
import { listenersOf } from './programs/programs.ts'
import { schemeTrusts } from './scheme-trusts.ts'
import { nginxServers, standInServers } from './servers.ts'
import { findUnseen } from './unseen.ts'
import { readWorkers } from './workers.ts'

export interface DeploymentInput {
  readonly machines: readonly MachineInput[]
  readonly facts: SiteFacts
  /** Left out for the tree of a machine. */
  readonly within?: string | undefined
  /** The texts that set machines up; left out where nobody knows of them. */
  readonly setups?: (() => readonly Source[] | null) | undefined
  /** The same of a repository around a machine. */
  readonly setupsBeside?: (() => readonly Source[]) | undefined
  /** What tells people how to do it. */
  readonly guides?: (() => readonly Source[]) | undefined
  /** Those of every project of the repository, and of images that no project builds. */
  readonly containers?: (() => readonly Container[]) | undefined
  /** Null, or left out, where no Python is read. */
  readonly python?: PythonParser | null
  /** Null, or left out, where no script of the shell is read. */
  readonly shell?: ShellParser | null
}

/** Joins the programs of machines that may connect to each other. Nothing is computed before a rule asks for it. */
export function buildDeployment({
  machines: inputs,
  facts,
  within = '/',
  setups = () => null,
  setupsBeside = () => [],
  guides = () => [],
  containers = () => [],
  python = null,
  shell = null,
}: DeploymentInput): Deployment {
  const nginx = inputs.flatMap(input => input.nginx)
  const apache = inputs.flatMap(input => input.apache)
  const machines = buildMachines(inputs, { python, shell })
  const started = once(() => inOrder(machines.flatMap(machine => machine.programs)))
  const commands = once(() => machines.flatMap(startedCommandsOf))
  const supervisors = once(() =>
    machines.flatMap(({ files, container }) => supervisorOfMachine(files, container) ?? []),
  )
  const byConfiguration = once(() => programsByConfiguration(programs()))
  const servers = once(() => nginx.flatMap(nginxServers))
  const standIns = once(() => nginx.flatMap(standInServers))
  const virtualHosts = once(() => apache.flatMap(virtualApacheHosts))
  const mainHosts = once(() => apache.flatMap(each => mainApacheHost(each) ?? []))
  const apacheHosts = once(() => [...virtualHosts(), ...mainHosts()])
  const seen = once(() => {
    const input: ConnectionInput = {
      machines,
      programs: started(),
      listeners: started().flatMap(listenersOf),
      servers: servers(),
      standIns: standIns(),
      virtualHosts: virtualHosts(),
      apacheHosts: apacheHosts(),
    }
    return { input, passes: findPasses(input) }
  })
  const unseen = once(() => {
    const runsPython = applications().length > 0 || started().some(({ kind }) => kind === 'app-server')
    return findUnseen(seen().passes, machines, python, started(), runsPython)
  })
  const table = once((): ConnectionInput => {
    const { input } = seen()
    const { programs } = unseen()
    if (programs.length === 0) return input
    return {
      ...input,
      programs: inOrder([...input.programs, ...programs]),
      // A listener is one value: connections are found by it.
      listeners: [...input.listeners, ...programs.flatMap(listenersOf)],
    }
  })
  const programs = once(() => table().programs)
  const listeners = once(() => table().listeners)
  const connections = once(() => {
    const { programs, supposed } = unseen()
    const opens = programs.some(({ sockets }) => sockets.length > 0)
    return connectionTable(opens ? findPasses(table()) : seen().passes, table(), supposed)
  })
  const trusts = once(() => apache.flatMap(schemeTrusts))
  const trustsByHost = once(() => groupBy(trusts(), trust => trust.virtualHost ?? trust.configuration))
  const daemons = once(() => apache.flatMap(wsgiDaemons))
  const applications = once(() => readApplications(apache, apacheHosts()))
  const applicationsByHost = once(() => groupBy(applications(), ({ host }) => host))
  const workers = once(() => apache.flatMap(readWorkers))
  const moduleOf = moduleReader(python)
  const readPython = memo((machine: Machine) => pythonReader(machine.files, python))

  function programOf(configuration: NginxConfiguration): NginxProgram
  function programOf(configuration: ApacheConfiguration): ApacheProgram
  function programOf(configuration: NginxConfiguration | ApacheConfiguration): NginxProgram | ApacheProgram
  function programOf(configuration: NginxConfiguration | ApacheConfiguration): NginxProgram | ApacheProgram {
    const program = byConfiguration().get(configuration)
    if (program === undefined) throw new Error('a configuration of another deployment')
    return program
  }
  const filesOf = (configuration: NginxConfiguration | ApacheConfiguration): FileSystem =>
    programOf(configuration).machine.files

  return {
    machines,
    get programs() {
      return programs()
    },
    facts,
    within,
    setups,
    setupsBeside,
    guides,
    containers: once(containers),
    nginx,
    apache,
    programOf,
    filesOf,
    get commands() {
      return commands()
    },
    get supervisors() {
      return supervisors()
    },
    get listeners() {
      return listeners()
    },
    get connections() {
      return connections()
    },
    get servers() {
      return servers()
    },
    get standIns() {
      return standIns()
    },
    get virtualHosts() {
      return virtualHosts()
    },
    get apacheHosts() {
      return apacheHosts()
    },
    trustsOf: ({ configuration, directive }) => {
      const ofAll = trustsByHost().get(configuration)
      const own = directive === null ? undefined : trustsByHost().get(directive)
      if (ofAll === undefined) return own ?? NONE
      return own === undefined ? ofAll : [...ofAll, ...own]
    },
    get trusts() {
      return trusts()
    },
    get applications() {
      return applications()
    },
    pythonOf: application => readPython(programOf(application.configuration).machine)(application),
    applicationsOf: host => applicationsByHost().get(host) ?? NONE,
    get daemons() {
      return daemons()
    },
    moduleOf,
    get workers() {
      return workers()
    },
  }
}

const NONE: readonly never[] = []

/** nginx, Apache, then the others, each kind in the order of the machines. */
function inOrder(programs: readonly Program[]): readonly Program[] {
  const rank = ({ kind }: Program): number => (kind === 'nginx' ? 0 : kind === 'apache' ? 1 : 2)
  return [...programs].sort((a, b) => rank(a) - rank(b))
}

function programsByConfiguration(
  programs: readonly Program[],
): ReadonlyMap<NginxConfiguration | ApacheConfiguration, NginxProgram | ApacheProgram> {
  const index = new Map<NginxConfiguration | ApacheConfiguration, NginxProgram | ApacheProgram>()
  for (const program of programs)
    if (program.kind === 'nginx' || program.kind === 'apache') index.set(program.configuration, program)
  return index
}
