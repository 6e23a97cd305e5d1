import { isStandIn } from '../../../parsers/text/stand-in.ts'
import { revealAll } from '../../../parsers/text/placeholder.ts'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import { isUnknownWord, type Place, placeText, positionAt } from '../../../parsers/text/source.ts'
import type { FileNamer } from '../../files/file-owner.ts'
import { formatEndpoint } from '../../servers/address.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { vhostMap } from '../../servers/apache/queries/vhost-map.ts'
import type { ApplicationGroup } from '../../servers/apache/queries/wsgi-groups.ts'
import type { WsgiDaemon } from '../../servers/apache/queries/wsgi-daemons.ts'
import { valueOrNull } from '../../servers/fact.ts'
import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { destinationWords, type ProgramLabel, programLabel } from '../destination-words.ts'
import type {
  ApacheConnection,
  Application,
  Connection,
  Deployment,
  Listener,
  NginxConnection,
  NginxServer,
  Protocol,
  Target,
} from '../model.ts'
import { argumentPlace, namePlace } from '../places.ts'
import { hostHeaders } from './host-headers.ts'

/** The joined picture of one deployment as plain data: what `map --format json` prints of each. */
export interface DeploymentMap {
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

/** A part of the picture that a fault may be in. */
export interface MappedPart extends MappedPlace {
  /** True where one of the faults lies inside. */
  readonly broken: boolean
}

export interface MappedListener extends MappedPart {
  /** `nginx`, `apache`, `php-fpm`, `postgres`, or which application server. */
  readonly program: ProgramLabel
  /** `127.0.0.1:9000`, `*:80`, `[::1]:80`, `unix:/run/x.sock`. */
  readonly address: string
  /** Null where it is not known here: of Apache, whose virtual hosts decide it. */
  readonly tls: boolean | null
  /** Null where a name hides the address. */
  readonly loopback: boolean | null
}

export interface MappedSite extends MappedPart {
  readonly names: readonly string[]
  readonly listens: readonly { readonly address: string; readonly tls: boolean; readonly default: boolean }[]
  readonly answer: 'content' | 'refusal' | 'redirect' | 'unknown'
  /** Where a redirect leads, as written; null for any other answer. */
  readonly redirect: string | null
  readonly hops: readonly MappedHop[]
}

export interface MappedHop extends MappedPart {
  /** The block's own words: `location @django`; of Apache the path, or the directive's name. */
  readonly location: string
  readonly pass: string
  /** What is spoken; null where a variable hides it. */
  readonly protocol: Protocol | null
  /** False behind `internal` or a denial; null where that is not known. */
  readonly reachable: boolean | null
  /** The names that the backend may be asked for; null where a variable decides. */
  readonly hosts: readonly string[] | null
  /** The `Host` headers that are sent for them, ports included; null where a variable decides. */
  readonly hostHeaders: readonly string[] | null
  readonly targets: readonly MappedTarget[]
  /** The virtual hosts that its requests reach, by the places of their sections. */
  readonly virtualHosts: readonly MappedPlace[]
}

export interface MappedTarget {
  readonly address: string
  readonly to: Target['to']['kind']
  /** The program that accepts the connection; `nobody` where it is refused, `unknown` for every other answer. */
  readonly backend: ProgramLabel | 'nobody' | 'unknown'
  /** Where it leads, in words that follow the address. */
  readonly words: string
  /** Where the listener is opened; null where none is known. */
  readonly listener: MappedPlace | null
  readonly reason: string | null
}

/** A line group of `apache2 -S`. */
export interface MappedAddress {
  /** All of it as it is written, port and all, where a template or a resolver decides what it is. */
  readonly address: string
  readonly decidedElsewhere?: true
  /** Null for every port, and where it is decided elsewhere. */
  readonly port: number | null
  /** In reading order: the first answers for every name that none has. */
  readonly hosts: readonly MappedVirtualHost[]
}

export interface MappedVirtualHost extends MappedPart {
  /** The line whose `Use` brought the section in by a macro; null where it is written as it stands. */
  readonly use: MappedPlace | null
  /** Null where only a resolver knows it. */
  readonly name: string | null
  readonly default: boolean
  readonly aliases: readonly string[]
  readonly wildAliases: readonly string[]
  /** Where its own lines proxy to. */
  readonly hops: readonly MappedHop[]
}

export interface MappedApplication extends MappedPart {
  readonly path: string | null
  readonly script: string | null
  readonly virtualHost: MappedPlace | null
  /** Empty for Apache's own processes; null where it is not known. */
  readonly processGroup: string | null
  /** The name, or the word by which mod_wsgi makes it: `%{GLOBAL}`, `%{SERVER}`, `%{RESOURCE}`. */
  readonly applicationGroup: string | null
}

export interface MappedDaemon extends MappedPart {
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
 * @param fileName a file of the deployment as the reports name it
 */
export function deploymentMap(
  deployment: Deployment,
  fileName: FileNamer,
  faults: readonly MappedFault[] = [],
): DeploymentMap {
  const cartographer = new Cartographer(fileName, faults)
  const unknowns: MappedUnknown[] = []
  for (const connection of deployment.connections.all) {
    const at = argumentPlace(connection.pass, connection.pass.name === 'ProxyPass' ? 1 : 0)
    if (connection.targets.length === 0) {
      const reason = `a variable or a placeholder decides where \`${connection.written}\` leads`
      unknowns.push({ ...cartographer.place(at), reason })
    }
    for (const target of connection.targets) {
      if (target.to.kind !== 'unknown' && target.to.kind !== 'unclaimed') continue
      const reason = `${formatEndpoint(target)}: ${destinationWords(target)}`
      unknowns.push({ ...cartographer.place(target.at), reason })
    }
  }
  for (const configuration of [...deployment.nginx, ...deployment.apache])
    unknowns.push(...unreadIncludes(configuration, cartographer))
  return revealAll({
    listeners: deployment.listeners.map(listener => mapListener(listener, cartographer)),
    sites: deployment.servers.map(server => mapSite(deployment, server, cartographer)),
    virtualHosts: deployment.apache.flatMap(configuration =>
      mapAddresses(deployment, configuration, cartographer),
    ),
    applications: deployment.applications.map(application => mapApplication(application, cartographer)),
    daemons: deployment.daemons.map(daemon => mapDaemon(daemon, cartographer)),
    unknowns: distinct(unknowns),
    faults,
  })
}

const USE = /^macro '.* used on line (\d+) of "([^"]*)"+$/

/** Names places as reports do, and knows which stretches of files hold a fault. */
class Cartographer {
  readonly #fileName: FileNamer
  /** Lines of faults by file. */
  readonly #faults = new Map<string, Set<number>>()

  constructor(fileName: FileNamer, faults: readonly MappedFault[]) {
    this.#fileName = fileName
    for (const { file, line } of faults) {
      const lines = this.#faults.get(file)
      if (lines === undefined) this.#faults.set(file, new Set([line]))
      else lines.add(line)
    }
  }

  place({ source, start }: Place): MappedPlace {
    return { file: this.#fileName(source), line: positionAt(source, start).line }
  }

  /** A part that is named by one line, and is broken by a fault anywhere in its stretch. */
  part(at: Place, stretch: Place = { ...at, end: at.start }): MappedPart {
    return { ...this.place(at), broken: this.#isBroken(stretch) }
  }

  /** A section by the file and line that httpd names: of a macro, where it was used. */
  section(directive: ApacheDirective): MappedPlace {
    const { file, source, line } = directive
    return { file: USE.test(file) ? file : this.#fileName(source), line }
  }

  host(directive: ApacheDirective): MappedPart & { readonly use: MappedPlace | null } {
    return {
      ...this.section(directive),
      use: this.#use(directive),
      broken: this.#isBroken(wholeSection(directive)),
    }
  }

  /** The outermost `Use`: httpd names every macro on the way, the innermost first. */
  #use({ file, source }: ApacheDirective): MappedPlace | null {
    const [, line, path] = file === source.path ? [] : (USE.exec(file) ?? [])
    return path === undefined ? null : { file: this.#fileName(source, path), line: Number(line) }
  }

  #isBroken({ source, start, end }: Place): boolean {
    const lines = this.#faults.get(this.#fileName(source))
    if (lines === undefined) return false
    const last = positionAt(source, end).line
    for (let line = positionAt(source, start).line; line <= last; line++) if (lines.has(line)) return true
    return false
  }
}

/** From the opening line to the last directive: a section's own offsets are those of its opening line. */
function wholeSection(section: ApacheDirective): Place {
  let last = section
  for (let child = last.children.at(-1); child !== undefined; child = last.children.at(-1)) last = child
  const { source, start } = section
  return { source, start, end: last.source === source ? last.end : section.end }
}

/** What a server includes and nobody could read: the picture may lack what stands there. */
function unreadIncludes(
  { problems, unread = [] }: NginxConfiguration | ApacheConfiguration,
  cartographer: Cartographer,
): readonly MappedUnknown[] {
  return [
    ...problems
      .filter(({ code }) => code === 'include-missing' || code === 'include-directory')
      .map(({ message, at }) => ({ ...cartographer.place(at), reason: `include not read: ${message}` })),
    ...unread
      .filter(({ at }) => !isStandIn(at.source))
      .map(({ at, path, reason }) => ({
        ...cartographer.place(at),
        reason: `include not read: ${path}: ${reason}`,
      })),
  ]
}

function mapListener(listener: Listener, cartographer: Cartographer): MappedListener {
  const { program, protocol, loopback } = listener
  return {
    program: programLabel(program),
    address: formatEndpoint(listener),
    tls: protocol.known ? TLS.has(protocol.value) : null,
    loopback: loopback ?? null,
    ...cartographer.part(listener.at),
  }
}

const TLS: ReadonlySet<Protocol> = new Set(['https', 'grpcs', 'suwsgi', 'wss'])

function mapSite(deployment: Deployment, server: NginxServer, cartographer: Cartographer): MappedSite {
  const { answer, directive } = server
  return {
    names: server.names.map(({ name }) => name),
    listens: [
      ...server.listens.map(listen => ({
        address: formatEndpoint(listen),
        tls: listen.tls,
        default: listen.defaultServer,
      })),
      ...placeholderListens(server),
    ],
    answer: answer.kind,
    redirect: answer.kind === 'redirect' ? answer.written : null,
    hops: deployment.connections.of(server).map(connection => mapHop(deployment, connection, cartographer)),
    ...cartographer.part(namePlace(directive), wholeOf(directive)),
  }
}

function wholeOf({ source, node }: NginxDirective): Place {
  return { source, start: node.start, end: node.end }
}

/** The sockets whose address a template fills in, as they are written. */
function placeholderListens({ directive }: NginxServer): MappedSite['listens'] {
  return directive.children
    .filter(({ name, args }) => name === 'listen' && args.some(({ value }) => isUnknownWord(value)))
    .map(listen => ({
      address: placeText(argumentPlace(listen, 0)),
      tls: listen.args.some(({ value }) => value === 'ssl'),
      default: listen.args.some(({ value }) => value === 'default_server'),
    }))
}

function mapHop(
  { connections }: Deployment,
  connection: NginxConnection,
  cartographer: Cartographer,
): MappedHop {
  const { block, pass, hostsSent, reachable } = connection
  return {
    location: [block.name, ...block.args.map(({ value }) => value)].join(' '),
    reachable: reachable ?? null,
    hosts: valueOrNull(hostsSent),
    hostHeaders: pass.name === 'proxy_pass' ? hostHeaders(connection) : null,
    virtualHosts: connections
      .hostsReachedBy(connection)
      .flatMap(({ host }) => (host.directive === null ? [] : [cartographer.section(host.directive)])),
    ...mapConnection(connection, cartographer),
    ...cartographer.part(namePlace(pass), wholeOf(block)),
  }
}

/** Where a line of Apache proxies to. */
function mapProxy(connection: ApacheConnection, cartographer: Cartographer): MappedHop {
  const { path, pass } = connection
  return {
    location: path ?? pass.name,
    reachable: null,
    hosts: null,
    hostHeaders: null,
    virtualHosts: [],
    ...mapConnection(connection, cartographer),
    ...cartographer.part(namePlace(pass)),
  }
}

function mapConnection(
  { written, protocol, targets }: Connection,
  cartographer: Cartographer,
): Pick<MappedHop, 'pass' | 'protocol' | 'targets'> {
  return {
    pass: written,
    protocol: valueOrNull(protocol),
    targets: targets.map(target => mapTarget(target, cartographer)),
  }
}

function mapTarget(target: Target, cartographer: Cartographer): MappedTarget {
  const { to } = target
  const words = destinationWords(target)
  return {
    address: formatEndpoint(target),
    to: to.kind,
    backend:
      to.kind === 'listener'
        ? programLabel(to.listener.program)
        : to.kind === 'refused'
          ? 'nobody'
          : 'unknown',
    words,
    listener: to.kind === 'listener' ? cartographer.place(to.listener.at) : null,
    reason: to.kind === 'listener' ? null : words,
  }
}

function mapAddresses(
  { connections }: Deployment,
  configuration: ApacheConfiguration,
  cartographer: Cartographer,
): readonly MappedAddress[] {
  const { entries, unknown } = vhostMap(configuration)
  const open = [...groupBy(unknown, ({ text }) => text)].map(([address, found]) => ({
    address,
    port: null,
    decidedElsewhere: true as const,
    hosts: found.map(({ host }) => host),
  }))
  return [...entries, ...open].map(({ hosts, ...address }) => ({
    ...address,
    hosts: hosts.map(({ virtualHost, name, aliases, wildAliases }, index) => ({
      name,
      default: index === 0,
      aliases,
      wildAliases,
      hops: connections
        .ofHost(configuration, virtualHost.directive)
        .map(connection => mapProxy(connection, cartographer)),
      ...cartographer.host(virtualHost.directive),
    })),
  }))
}

function mapApplication(application: Application, cartographer: Cartographer): MappedApplication {
  const { alias, host } = application
  return {
    path: valueOrNull(alias.path),
    script: valueOrNull(alias.script),
    virtualHost: host?.directive == null ? null : cartographer.section(host.directive),
    processGroup: valueOrNull(application.processGroup),
    applicationGroup: groupName(valueOrNull(application.applicationGroup)),
    ...cartographer.part(namePlace(alias.directive)),
  }
}

function mapDaemon(daemon: WsgiDaemon, cartographer: Cartographer): MappedDaemon {
  return {
    name: valueOrNull(daemon.name),
    processes: valueOrNull(daemon.processes),
    threads: valueOrNull(daemon.threads),
    options: Object.fromEntries(daemon.options.all().map(option => [option.name, valueOrNull(option.value)])),
    ...cartographer.part(daemon.at),
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

function distinct(unknowns: readonly MappedUnknown[]): readonly MappedUnknown[] {
  return [...new Map(unknowns.map(each => [`${each.file}:${each.line} ${each.reason}`, each])).values()]
}
