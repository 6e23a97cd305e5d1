import type { Place } from '../../parsers/text/source.ts'
import { positionAt } from '../../parsers/text/source.ts'
import { formatEndpoint } from '../servers/address.ts'
import type { ApacheConfiguration, ApacheDirective } from '../servers/apache/configuration.ts'
import { vhostMap } from '../servers/apache/queries/vhost-map.ts'
import type { ApplicationGroup } from '../servers/apache/queries/wsgi-groups.ts'
import type { Fact } from '../servers/fact.ts'
import type { Application, Daemon } from './applications.ts'
import type { Deployment, Hop, Listener, NginxServer, Target } from './deployment.ts'
import { namePlace } from './places.ts'

/** The joined picture of one deployment as plain data: what `map --format json` prints. */
export interface DeploymentMap {
  readonly version: 1
  readonly listeners: readonly MappedListener[]
  readonly sites: readonly MappedSite[]
  readonly virtualHosts: readonly MappedAddress[]
  readonly applications: readonly MappedApplication[]
  readonly daemons: readonly MappedDaemon[]
  /** What nobody can read from the files, a line each. */
  readonly unknowns: readonly MappedUnknown[]
  /** What is surely wrong, when the map is made with findings. */
  readonly faults: readonly MappedFault[]
}

export interface MappedPlace {
  readonly file: string
  /** One-based. */
  readonly line: number
}

export interface MappedListener extends MappedPlace {
  readonly program: 'nginx' | 'apache'
  /** `127.0.0.1:9000`, `*:80`, `[::1]:80`, `unix:/run/x.sock`. */
  readonly address: string
  /** Null for Apache, whose virtual hosts decide it. */
  readonly tls: boolean | null
  /** Null where a name hides the address. */
  readonly loopback: boolean | null
}

export interface MappedSite extends MappedPlace {
  readonly names: readonly string[]
  readonly listens: readonly { readonly address: string; readonly tls: boolean; readonly default: boolean }[]
  readonly answer: 'content' | 'refusal' | 'redirect' | 'unknown'
  /** Where a redirect leads, as written; null for any other answer. */
  readonly redirect: string | null
  readonly hops: readonly MappedHop[]
}

export interface MappedHop extends MappedPlace {
  /** The block's own words: `location @django`. */
  readonly location: string
  readonly pass: string
  /** False behind `internal` or a denial; null where that is not known. */
  readonly reachable: boolean | null
  /** The names that the backend may be asked for; null where a variable decides. */
  readonly hosts: readonly string[] | null
  readonly targets: readonly MappedTarget[]
  /** The virtual hosts that its requests reach, as `file:line` of their sections. */
  readonly virtualHosts: readonly MappedPlace[]
}

export interface MappedTarget {
  readonly address: string
  readonly backend: 'apache' | 'nginx' | 'nobody' | 'unknown'
  /** Where the listener is opened; null where none is known. */
  readonly listener: MappedPlace | null
  readonly reason: string | null
}

/** A line group of `apache2 -S`. */
export interface MappedAddress {
  readonly address: string
  /** Null for every port. */
  readonly port: number | null
  /** In reading order: the first answers for every name that none has. */
  readonly hosts: readonly MappedVirtualHost[]
}

export interface MappedVirtualHost extends MappedPlace {
  /** Null where only a resolver knows it. */
  readonly name: string | null
  readonly default: boolean
  readonly aliases: readonly string[]
  readonly wildAliases: readonly string[]
}

export interface MappedApplication extends MappedPlace {
  readonly path: string | null
  readonly script: string | null
  readonly virtualHost: MappedPlace | null
  /** Empty for Apache's own processes; null where it is not known. */
  readonly processGroup: string | null
  /** The name, or the word by which mod_wsgi makes it: `%{GLOBAL}`, `%{SERVER}`, `%{RESOURCE}`. */
  readonly applicationGroup: string | null
}

export interface MappedDaemon extends MappedPlace {
  readonly name: string | null
  readonly processes: number | null
  readonly threads: number | null
  readonly options: Readonly<Record<string, string | null>>
}

export interface MappedUnknown extends MappedPlace {
  readonly reason: string
}

export interface MappedFault extends MappedPlace {
  readonly rule: string
  readonly message: string
}

/**
 * Draws the map.
 *
 * @param fileName a path of the deployment as the reports name it
 */
export function deploymentMap(
  deployment: Deployment,
  fileName: (path: string) => string,
  faults: readonly MappedFault[] = [],
): DeploymentMap {
  const at = (place: Place): MappedPlace => ({
    file: fileName(place.source.path),
    line: positionAt(place.source, place.start).line,
  })
  const ofHost = (directive: ApacheDirective): MappedPlace => ({
    file: directive.file === directive.source.path ? fileName(directive.file) : directive.file,
    line: directive.line,
  })
  const tlsSockets = new Set(
    deployment.servers.flatMap(({ listens }) => listens.filter(({ tls }) => tls).map(formatEndpoint)),
  )
  const unknowns: MappedUnknown[] = []
  for (const hop of deployment.hops) {
    if (hop.targets.length === 0)
      unknowns.push({ ...at(namePlace(hop.pass)), reason: 'a variable decides where the request goes' })
    for (const target of hop.targets) {
      if (target.backend.kind === 'unknown')
        unknowns.push({ ...at(target.at), reason: target.backend.reason })
    }
  }
  return {
    version: 1,
    listeners: deployment.listeners.map(listener => mapListener(listener, tlsSockets, at)),
    sites: deployment.servers.map(server => mapSite(deployment, server, at, ofHost)),
    virtualHosts: deployment.apache.flatMap(configuration => mapAddresses(configuration, ofHost)),
    applications: deployment.applications.map(application => mapApplication(application, at, ofHost)),
    daemons: deployment.daemons.map(daemon => mapDaemon(daemon, at)),
    unknowns: distinct(unknowns),
    faults,
  }
}

type Locate = (place: Place) => MappedPlace
type LocateHost = (directive: ApacheDirective) => MappedPlace

function mapListener(listener: Listener, tlsSockets: ReadonlySet<string>, at: Locate): MappedListener {
  const address = formatEndpoint(listener)
  return {
    program: listener.program,
    address,
    tls: listener.program === 'apache' ? null : tlsSockets.has(address),
    loopback: listener.loopback ?? null,
    ...at(listener.at),
  }
}

function mapSite(deployment: Deployment, server: NginxServer, at: Locate, ofHost: LocateHost): MappedSite {
  const { answer } = server
  return {
    names: server.names.map(({ name }) => name),
    listens: server.listens.map(listen => ({
      address: formatEndpoint(listen),
      tls: listen.tls,
      default: listen.defaultServer,
    })),
    answer: answer.kind,
    redirect: answer.kind === 'redirect' ? answer.target : null,
    hops: deployment.hopsOf(server).map(hop => mapHop(deployment, hop, at, ofHost)),
    ...at(namePlace(server.directive)),
  }
}

function mapHop(deployment: Deployment, hop: Hop, at: Locate, ofHost: LocateHost): MappedHop {
  const { block, pass } = hop
  return {
    location: [block.name, ...block.args.map(({ value }) => value)].join(' '),
    pass: pass.args[0]?.value ?? '',
    reachable: hop.reachable ?? null,
    hosts: hop.hostsSent,
    targets: hop.targets.map(target => mapTarget(target, at)),
    virtualHosts: deployment.backendsOf(hop).map(({ directive }) => ofHost(directive)),
    ...at(namePlace(pass)),
  }
}

function mapTarget(target: Target, at: Locate): MappedTarget {
  const { backend } = target
  const listener = backend.kind === 'apache' || backend.kind === 'nginx' ? at(backend.listener.at) : null
  return {
    address: formatEndpoint(target),
    backend: backend.kind,
    listener,
    reason: backend.kind === 'unknown' ? backend.reason : null,
  }
}

function mapAddresses(configuration: ApacheConfiguration, ofHost: LocateHost): readonly MappedAddress[] {
  return vhostMap(configuration).entries.map(({ address, port, hosts }) => ({
    address,
    port,
    hosts: hosts.map(({ virtualHost, name, aliases, wildAliases }, index) => ({
      name,
      default: index === 0,
      aliases,
      wildAliases,
      ...ofHost(virtualHost.directive),
    })),
  }))
}

function mapApplication(application: Application, at: Locate, ofHost: LocateHost): MappedApplication {
  const { alias, virtualHost } = application
  return {
    path: value(alias.path),
    script: value(alias.script),
    virtualHost: virtualHost === null ? null : ofHost(virtualHost),
    processGroup: value(application.processGroup),
    applicationGroup: groupName(value(application.applicationGroup)),
    ...at(namePlace(alias.directive)),
  }
}

function mapDaemon(daemon: Daemon, at: Locate): MappedDaemon {
  return {
    name: value(daemon.name),
    processes: value(daemon.processes),
    threads: value(daemon.threads),
    options: Object.fromEntries([...daemon.options].map(([name, option]) => [name, value(option.value)])),
    ...at(daemon.at),
  }
}

function groupName(group: ApplicationGroup | null): string | null {
  switch (group?.kind) {
    case undefined:
      return null
    case 'name':
      return group.name
    case 'main-interpreter':
      return '%{GLOBAL}'
    case 'server':
      return '%{SERVER}'
    case 'resource':
      return '%{RESOURCE}'
  }
}

function value<T>(fact: Fact<T>): T | null {
  return fact.known ? fact.value : null
}

function distinct(unknowns: readonly MappedUnknown[]): readonly MappedUnknown[] {
  return [...new Map(unknowns.map(each => [`${each.file}:${each.line} ${each.reason}`, each])).values()]
}
