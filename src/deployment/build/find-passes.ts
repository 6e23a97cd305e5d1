import { groupBy } from '../../../parsers/collections/group-by.ts'
import type { Place } from '../../../parsers/text/source.ts'
import type { Endpoint } from '../../servers/address.ts'
import { type ProxyPass, proxyPasses } from '../../servers/apache/queries/proxy-passes.ts'
import type {
  ApacheHost,
  VirtualApacheHost,
  ApacheProgram,
  Listener,
  Machine,
  NginxProgram,
  NginxServer,
  Program,
  Target,
} from '../model.ts'
import { TextMap } from '../places.ts'
import { findDestination, type Surroundings } from './destinations.ts'
import { indexListeners } from './listeners.ts'
import { type NginxPass, nginxPasses } from './nginx-connections.ts'
import {
  containersByPort,
  hostOf,
  machinesOfPods,
  publishedListeners,
  shareNetwork,
} from './published-ports.ts'
import { serversAround } from './servers.ts'

/** What the table of connections is made of. */
export interface ConnectionInput {
  readonly machines: readonly Machine[]
  readonly programs: readonly Program[]
  readonly listeners: readonly Listener[]
  readonly servers: readonly NginxServer[]
  readonly standIns: readonly NginxServer[]
  readonly virtualHosts: readonly VirtualApacheHost[]
  readonly apacheHosts: readonly ApacheHost[]
}

const NONE: readonly never[] = []

/** A pass with the places that its targets lead to. */
export interface FoundPass {
  readonly program: NginxProgram
  readonly pass: NginxPass
  readonly found: readonly Target[]
}

/** A line of Apache that proxies, with the places that its targets lead to. */
export interface FoundProxyPass {
  readonly program: ApacheProgram
  readonly pass: ProxyPass
  readonly found: readonly Target[]
}

/** Every pass with the places that its targets lead to, before anybody knows who surely is not there. */
export interface FoundPasses {
  readonly nginx: readonly FoundPass[]
  readonly apache: readonly FoundProxyPass[]
}

/** Looks up where every connection leads, in one pass. */
export function findPasses(input: ConnectionInput): FoundPasses {
  const surroundings = surroundingsOf(input)
  const serverOf = serversAround(input)

  // The same text is the same target, however often its file is included.
  const found = new TextMap<Target>()
  const find = (endpoint: Endpoint & { readonly at: Place }, machine: Machine): Target => {
    const { source, start } = endpoint.at
    let target = found.get(source, start)
    if (target === undefined) {
      const around = surroundings.get(machine)
      if (around === undefined) throw new Error('a program of a machine outside of the deployment')
      target = findDestination(endpoint, around)
      found.add(source, start, target)
    }
    return target
  }
  const nginx: FoundPass[] = []
  const apache: FoundProxyPass[] = []
  for (const program of input.programs) {
    if (program.kind === 'nginx') {
      for (const pass of nginxPasses(program.configuration, serverOf)) {
        const { target } = pass
        const places = target.known ? target.value.endpoints.map(each => find(each, program.machine)) : NONE
        nginx.push({ program, pass, found: places })
      }
    }
    if (program.kind !== 'apache') continue
    for (const pass of proxyPasses(program.configuration))
      apache.push({ program, pass, found: pass.endpoints.map(each => find(each, program.machine)) })
  }
  return { nginx, apache }
}

/** True for an address of the machine that no line opens. */
export function isOpen({ to, local, address }: Target): boolean {
  return to.kind === 'unclaimed' && (local === true || address.kind === 'unix')
}

const NO_PORTS: ReadonlyMap<number, Machine> = new Map()

function surroundingsOf({ machines, listeners }: ConnectionInput): ReadonlyMap<Machine, Surroundings> {
  const byMachine = groupBy(listeners, ({ program }) => program.machine)
  const host = hostOf(machines)
  const published = host === null ? NONE : publishedListeners(listeners)
  const inside = new Map(published.map(each => [each.listener, each.inside]))
  const pods = machinesOfPods(machines)
  const opened = (machine: Machine): readonly Listener[] => {
    const own = (pods.get(machine) ?? [machine]).flatMap(each => byMachine.get(each) ?? NONE)
    return machine === host && published.length > 0 ? [...own, ...inside.keys()] : own
  }
  const indexes = new Map(machines.map(machine => [machine, indexListeners(opened(machine))]))
  return new Map(
    machines.map(machine => [
      machine,
      {
        machine,
        pods,
        listeners: indexes,
        inside,
        published: machine === host ? containersByPort(machines) : NO_PORTS,
        ownAddresses: boundAddresses(byMachine.get(machine) ?? NONE),
        byName: new Map(
          machines
            .filter(other => other === machine || other.container === null || shareNetwork(machine, other))
            .flatMap(other => other.names.map(name => [name, other] as const)),
        ),
      },
    ]),
  )
}

/** The addresses of a machine that a program is bound to; the wildcard is every one, and names none. */
function boundAddresses(listeners: readonly Listener[]): ReadonlySet<string> {
  const bound = new Set<string>()
  for (const { address } of listeners) if (address.kind === 'ip' && !address.wildcard) bound.add(address.ip)
  return bound
}

/** True where a server has files below a directory, two levels below the root or deeper. */
export function servesFilesBelow(
  { occurrences }: FoundPass['program']['configuration'] | ApacheProgram['configuration'],
  directory: string,
): boolean {
  if (directory.split('/').length < 3) return false
  return ['root', 'documentroot', 'alias'].some(name =>
    (occurrences.get(name) ?? []).some(({ args }) => `${args.at(-1)?.value}/`.startsWith(`${directory}/`)),
  )
}
