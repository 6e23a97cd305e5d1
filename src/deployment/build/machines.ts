import { once } from '../../../parsers/collections/once.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { listens } from '../../servers/apache/queries/listens.ts'
import type { NginxConfiguration } from '../../servers/nginx/configuration.ts'
import { PASSES } from '../../servers/nginx/queries/locations.ts'
import { proxyTarget } from '../../servers/nginx/queries/proxy-target.ts'
import { serverNames } from '../../servers/nginx/queries/server-names.ts'
import { httpServers } from '../../servers/nginx/queries/servers.ts'
import { sockets } from '../../servers/nginx/queries/sockets.ts'
import { type Address, isLoopback, parseHost } from '../../servers/address.ts'
import type { Container } from '../containers/container.ts'
import type { HostsFile, LooseFiles, Machine, Program } from '../model.ts'
import { readHostsFile } from './hosts-file.ts'
import { apacheProgram } from './programs/apache.ts'
import { applicationsOf, type Grammars } from './programs/app-server.ts'
import type { FoundApplications } from './programs/found-applications.ts'
import { nginxProgram } from './programs/nginx.ts'
import { backendPrograms } from './programs/programs.ts'
import type { StartScripts } from './programs/script-commands.ts'

/** What was read of one machine. */
export interface MachineInput {
  /** Null, or left out, for a machine that is alone. */
  readonly name?: string | null
  /** Names by which the other machines reach it. */
  readonly names?: readonly string[]
  readonly files: FileSystem
  readonly nginx: readonly NginxConfiguration[]
  readonly apache: readonly ApacheConfiguration[]
  /** Null, or left out, for what is no service of a compose file. */
  readonly container?: Container | null
  /** The files at which applications may begin; null, or left out, where they are looked for. */
  readonly applications?: readonly string[] | null
  /** Files that start applications, where nothing else says what runs; null, or left out, elsewhere. */
  readonly scripts?: StartScripts | null
  /** Files of which no container comes; null, or left out, where it does not stand for them. */
  readonly loose?: LooseFiles | null
  /** The same, of the repository of an image that no compose file runs. */
  readonly beside?: LooseFiles | null
}

/**
 * The machines of a deployment. Fragments in one directory are taken for one machine unless nginx connects
 * to Apache's ports at another address: then Apache runs in a container or on a machine of its own.
 */
export function buildMachines(inputs: readonly MachineInput[], grammars: Grammars): readonly Machine[] {
  return inputs.flatMap(splitMachines).map(input => new BuiltMachine(input, grammars))
}

class BuiltMachine implements Machine {
  readonly name: string | null
  readonly files: FileSystem
  readonly names: readonly string[]
  readonly container: Container | null
  readonly scripts: StartScripts | null
  readonly loose: LooseFiles | null
  readonly beside: LooseFiles | null
  readonly #hosts: () => HostsFile | null
  readonly #programs: () => readonly Program[]
  readonly #applications: () => FoundApplications | null

  constructor(
    {
      name = null,
      names = [],
      files,
      nginx,
      apache,
      container = null,
      backends = true,
      applications = null,
      scripts = null,
      loose = null,
      beside = null,
    }: PartOfMachine,
    grammars: Grammars,
  ) {
    this.name = name
    this.names = names.map(each => each.toLowerCase())
    this.files = files
    this.container = container
    this.scripts = scripts
    this.loose = loose
    this.beside = beside
    this.#hosts = once(() => (container === null ? readHostsFile(files) : hostsOfContainer(container)))
    this.#applications = once(() =>
      backends && container === null ? applicationsOf(files, applications) : null,
    )
    this.#programs = once(() => [
      ...nginx.map(configuration => nginxProgram(configuration, this)),
      ...apache.map(configuration => apacheProgram(configuration, this)),
      ...(backends ? backendPrograms(this, grammars) : []),
    ])
  }

  get hosts(): HostsFile | null {
    return this.#hosts()
  }

  get applications(): FoundApplications | null {
    return this.#applications()
  }

  get programs(): readonly Program[] {
    return this.#programs()
  }
}

/** `extra_hosts`; what Docker's resolver knows besides is no file. */
function hostsOfContainer({ service }: Container): HostsFile {
  const hosts = new Map<string, readonly Address[]>()
  for (const { name, address } of service.extraHosts)
    if (name.known && address.known) hosts.set(name.value.toLowerCase(), [parseHost(address.value)])
  return hosts
}

interface PartOfMachine extends MachineInput {
  /** False where another machine has the programs that these files start. */
  readonly backends?: boolean
}

function splitMachines(input: MachineInput): readonly PartOfMachine[] {
  const { nginx, apache } = input
  if (nginx.length === 0 || apache.length === 0 || input.container != null) return [input]
  if ((isInstalled(nginx) && isInstalled(apache)) || shareMachine(input)) return [input]
  return [
    { ...input, apache: [] },
    { ...input, nginx: [], backends: false },
  ]
}

/** Main files at the places of an installed system: the root is the `/` of one machine. */
function isInstalled(configurations: readonly { readonly main: Source | null }[]): boolean {
  return configurations.every(({ main }) => main?.path.startsWith('/etc/') === true)
}

/**
 * False where a connection leads to another address, or to a name that is not one of the sites', on a port
 * that Apache opens.
 */
function shareMachine({ nginx, apache, files }: MachineInput): boolean {
  const ports = new Set<number>()
  const own = new Set<string>()
  for (const { endpoint } of apache.flatMap(listens)) {
    if (!endpoint.known || endpoint.value.port === null) continue
    const { address, port } = endpoint.value
    ports.add(port)
    if (address.kind === 'ip' && !address.wildcard) own.add(address.ip)
  }
  if (ports.size === 0) return true
  for (const { address } of nginx.flatMap(sockets))
    if (address.kind === 'ip' && !address.wildcard) own.add(address.ip)
  const hosts = readHostsFile(files)
  const names = new Set(
    nginx.flatMap(each =>
      httpServers(each).flatMap(server => serverNames(each, server).map(({ text }) => text.toLowerCase())),
    ),
  )
  for (const configuration of nginx) {
    for (const pass of PASSES.flatMap(name => configuration.occurrences.get(name) ?? [])) {
      const target = proxyTarget(configuration, pass)
      if (!target.known) continue
      for (const { address, port } of target.value.endpoints) {
        if (port === null || !ports.has(port) || isLoopback(address) === true) continue
        if (address.kind === 'ip' && !address.wildcard && !own.has(address.ip)) return false
        if (address.kind === 'name' && !names.has(address.name) && hosts?.has(address.name) !== true)
          return false
      }
    }
  }
  return true
}
