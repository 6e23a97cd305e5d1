/**
 * The joined model: what rules, `map` and `trace` ask. Types alone; `build/` makes the values.
 *
 * A deployment is one or more machines. On each run programs, which open listeners. A connection is a line
 * of one program that leads to a listener of another, or of itself. Files, paths and ports are a machine's
 * own: only a connection crosses from one machine to another.
 */
import type { AppServer } from '../../parsers/app-server/app-server.ts'
import type { Pm2App } from '../../parsers/app-server/pm2-ecosystem.ts'
import type { ComposeProject } from '../../parsers/compose/compose.ts'
import type { FpmListen, FpmPool } from '../../parsers/php/fpm.ts'
import type { SupervisorConfiguration } from '../../parsers/supervisor/read-supervisor.ts'
import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import type { SocketUnit } from '../../parsers/systemd/socket-unit.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { WrittenText } from '../../parsers/text/written-text.ts'
import type { FileSystem } from '../files/file-system.ts'
import type { Address, Endpoint } from '../servers/address.ts'
import type { ApacheConfiguration, ApacheDirective } from '../servers/apache/configuration.ts'
import type { Capacity, Mpm } from '../servers/apache/queries/mpm.ts'
import type { Timeouts } from '../servers/apache/queries/server-settings.ts'
import type { VirtualHost } from '../servers/apache/queries/virtual-hosts.ts'
import type { WsgiDaemon } from '../servers/apache/queries/wsgi-daemons.ts'
import type { ApplicationGroup } from '../servers/apache/queries/wsgi-groups.ts'
import type { WsgiScriptAlias } from '../servers/apache/queries/wsgi-script-aliases.ts'
import type { Fact } from '../servers/fact.ts'
import type { NginxConfiguration, NginxDirective } from '../servers/nginx/configuration.ts'
import type { FoundApplications } from './build/programs/found-applications.ts'
import type { StartScripts } from './build/programs/script-commands.ts'
import type { Container } from './containers/container.ts'
import type { LoadedModule } from './django/loaded-module.ts'
import type { DjangoSettings, WsgiScript } from './django/settings.ts'
import type { SiteFacts } from './site-facts.ts'

/** Machines whose programs connect to each other. Everything is computed at its first use and kept. */
export interface Deployment {
  readonly machines: readonly Machine[]
  /** Every program of every machine. */
  readonly programs: readonly Program[]
  readonly facts: SiteFacts
  /** The directory that was asked for: names of directories above it mean nothing. `/` for the tree of a machine. */
  readonly within: string
  /**
   * The texts of the repository that set machines up or deploy to them: scripts, playbooks, workflows, a Vagrantfile.
   * Null where there are too many to read, or where nobody knows of all.
   */
  readonly setups: () => readonly Source[] | null
  /** Such texts of a repository that holds the tree of a machine: what they say counts, their paths are no machine’s. */
  readonly setupsBeside: () => readonly Source[]
  /** What tells people how machines are set up and started, in words and commands: README. */
  readonly guides: () => readonly Source[]
  /** Of every project of the repository, and of images that no project builds, whoever is joined with them here. */
  readonly containers: () => readonly Container[]
  readonly nginx: readonly NginxConfiguration[]
  readonly apache: readonly ApacheConfiguration[]
  /** The program that runs a configuration. */
  programOf(configuration: NginxConfiguration): NginxProgram
  programOf(configuration: ApacheConfiguration): ApacheProgram
  programOf(configuration: NginxConfiguration | ApacheConfiguration): NginxProgram | ApacheProgram
  /** The files of the machine that it runs on. */
  filesOf(configuration: NginxConfiguration | ApacheConfiguration): FileSystem
  /** What units, supervisord and containers start that names an application server, wrappers and shells in front. */
  readonly commands: readonly StartedCommand[]
  /** What each supervisord reads. */
  readonly supervisors: readonly SupervisorConfiguration[]
  /** Every socket that a program opens, once: nginx, Apache, then the others. */
  readonly listeners: readonly Listener[]
  readonly connections: Connections
  /** Every `server` block of nginx's http, in reading order. */
  readonly servers: readonly NginxServer[]
  /**
   * The servers that stand for those that include a fragment of locations: their sockets, names and other lines are
   * not known, so no request is sure to reach them, and what they hold is asked for by its lines alone.
   */
  readonly standIns: readonly NginxServer[]
  /** Every virtual host of Apache, in reading order. */
  readonly virtualHosts: readonly VirtualApacheHost[]
  /** The same, and behind them all each main server that is a site of its own. */
  readonly apacheHosts: readonly ApacheHost[]
  /** The headers that decide the scheme in one virtual host, those of the main server included. */
  trustsOf(host: ApacheHost): readonly SchemeTrust[]
  /** Every header that makes a request secure in Apache. */
  readonly trusts: readonly SchemeTrust[]
  /** Every WSGI script that a virtual host or the main server answers with. */
  readonly applications: readonly Application[]
  /** Those whose aliases stand in one virtual host, in reading order. */
  applicationsOf(host: ApacheHost): readonly Application[]
  readonly daemons: readonly WsgiDaemon[]
  /** The script and the Django settings of an application; null where its file is not in the audit. */
  pythonOf(application: Application): PythonFacts | null
  /** What an application server loads; null where nobody knows, or it is no Python. */
  moduleOf(program: AppServerProgram): LoadedModule | null
  /** Worker arithmetic, one for each httpd whose MPM is known. */
  readonly workers: readonly Workers[]
}

/** One file system and one network: the root of a server, a container, a directory of fragments. */
export interface Machine {
  /** What tells it from the others of its deployment, such as a service of docker-compose; null for a lone one. */
  readonly name: string | null
  readonly files: FileSystem
  /** Lower-case names by which the other machines of the deployment reach it. */
  readonly names: readonly string[]
  /** The machine's own names; null where its hosts file is not in the audit. */
  readonly hosts: HostsFile | null
  /** The service of a compose file that it is; null for a machine of its own. */
  readonly container: Container | null
  /** The applications that lie on it, whoever starts them; null where another machine has them. */
  readonly applications: FoundApplications | null
  /** Files that start applications, where nothing else says what runs; null elsewhere. */
  readonly scripts: StartScripts | null
  /** Files of which no container comes; null for every machine but the one that stands for them. */
  readonly loose: LooseFiles | null
  /** The same of the repository in which the image of the machine lies that no compose file runs; null for all others. */
  readonly beside: LooseFiles | null
  readonly programs: readonly Program[]
}

/** Files of a repository of which no container comes. */
export interface LooseFiles {
  readonly files: FileSystem
  /** Dockerfiles that no compose file builds, by their paths. */
  readonly dockerfiles: readonly string[]
  /** Files that may hold manifests of Kubernetes, by their paths. */
  readonly manifests: readonly string[]
  /** What starts applications, wherever it is installed. */
  readonly starters: LooseStarters
  /** Projects none of whose services has a network of its own, or can be read. */
  readonly projects: readonly ComposeProject[]
  /** True where a project builds images, whose Dockerfiles are not among these. */
  readonly hasBuilds: boolean
}

/** Files that say how programs are started, by their paths. */
export interface LooseStarters {
  /** Services of systemd, with the names that they have where they are installed. */
  readonly services: readonly { readonly name: string; readonly path: string }[]
  /** Configurations of uWSGI. */
  readonly uwsgi: readonly string[]
  /** Configurations of gunicorn. */
  readonly gunicorn: readonly string[]
}

/** Lower-case names and the addresses that a machine's hosts file gives them. */
export type HostsFile = ReadonlyMap<string, readonly Address[]>

/** A command as the file of whoever starts it gives it. */
export interface StartedCommand {
  readonly machine: Machine
  readonly by: 'systemd' | 'supervisord' | 'PM2' | 'container'
  /** The program first. */
  readonly words: readonly WrittenText[]
  /** What Compose leaves out behind the words: from the first operator of a shell on. */
  readonly rest: WrittenText | null
  readonly directory: Fact<string> | null
  /** What a variable of its process is; null where nothing sets it. */
  readonly environment: (name: string) => Fact<string> | null
  /** The unit of systemd; null where something else starts it. */
  readonly service: ServiceUnit | null
}

/** A running configuration. A new kind of program is a reader in `build/programs/` and a line in its table. */
export type Program = NginxProgram | ApacheProgram | AppServerProgram | PhpFpmProgram | PostgresProgram

export type ProgramKind = Program['kind']

interface AnyProgram {
  readonly machine: Machine
  /**
   * True where the audit holds every line that opens a socket of it, so that an address no line opens is
   * one that it does not open.
   */
  readonly listensKnown: boolean
}

export interface NginxProgram extends AnyProgram {
  readonly kind: 'nginx'
  readonly configuration: NginxConfiguration
}

export interface ApacheProgram extends AnyProgram {
  readonly kind: 'apache'
  readonly configuration: ApacheConfiguration
}

/** An application server: gunicorn, uvicorn, uWSGI and their like, as one command or configuration starts it. */
export interface AppServerProgram extends AnyProgram {
  readonly kind: 'app-server'
  readonly server: AppServer
  /** The unit of systemd that starts it; null where something else does. */
  readonly service: ServiceUnit | null
  /**
   * False for an application that lies on the machine and that nothing of the audit is seen to start: a script that
   * opens the very address that a proxy connects to, or the application that may be behind any.
   */
  readonly isSeen: boolean
  /** What starts it: null for what an emperor or an init script of uWSGI does, and where nothing is seen to. */
  readonly by: 'systemd' | 'supervisord' | 'PM2' | 'container' | null
  /** The application of PM2 that it is; left out where PM2 does not start it. */
  readonly pm2?: Pm2App
  /** The directory in which it is started; null where nobody says it. */
  readonly directory: Fact<string> | null
  /** A variable that it is started with: null where it is not set. */
  readonly environment: (name: string) => Fact<string> | null
  /** What it listens on, unknown addresses too. */
  readonly sockets: readonly AppServerSocket[]
}

export interface AppServerSocket {
  /** Where the address is written; the program's name where it chose the address itself. */
  readonly at: Place
  readonly endpoint: Fact<Endpoint>
  readonly protocol: Fact<Protocol>
  /** The unit that opens it and hands it over; null where the server opens it. */
  readonly unit: SocketUnit | null
}

/** One pool of PHP-FPM. */
export interface PhpFpmProgram extends AnyProgram {
  readonly kind: 'php-fpm'
  readonly pool: FpmPool
  /** The `listen` that a later file of the image takes the place of; null where none does. */
  readonly replacedListen: FpmListen | null
  /** `[name]`, where the pool begins. */
  readonly at: Place
  /** True where the audit holds every file that may change a setting of PHP, so that others are PHP's own. */
  readonly settingsKnown: boolean
  /** A setting of PHP: of the pool, else of the `php.ini` of this FPM; null where neither has it. */
  phpSetting(name: string): Fact<string> | null
  /** The same of the `php.ini` alone, which the pool may overrule. */
  iniSetting(name: string): Fact<string> | null
}

export interface PostgresProgram extends AnyProgram {
  readonly kind: 'postgres'
  /** Path of its postgresql.conf. */
  readonly path: string
  /** The beginning of that file. */
  readonly at: Place
  /** The setting in force; null where the file does not set it and the server's default holds. */
  setting(name: string): Fact<string> | null
}

/** What is spoken on a connection, by the names of nginx's and Apache's own schemes. */
export type Protocol =
  | 'http'
  | 'https'
  | 'fastcgi'
  | 'uwsgi'
  | 'suwsgi'
  | 'scgi'
  | 'grpc'
  | 'grpcs'
  | 'memcached'
  | 'ajp'
  | 'ws'
  | 'wss'
  | 'ftp'
  | 'postgres'

interface AnyListener extends Endpoint {
  readonly protocol: Fact<Protocol>
  /** True where only its machine reaches it; undefined where a name stands for the address. */
  readonly loopback: boolean | undefined
  /** Where the first line that opens it writes the address. */
  readonly at: Place
  /** The other places where it is written. */
  readonly others: readonly Place[]
}

/** A socket that one program opens, with every line that opens it. */
export type Listener = NginxListener | ApacheListener | BackendListener

export interface NginxListener extends AnyListener {
  readonly kind: 'nginx'
  readonly program: NginxProgram
  /** The first `listen`, or the server that has none. */
  readonly directive: NginxDirective
}

export interface ApacheListener extends AnyListener {
  readonly kind: 'apache'
  readonly program: ApacheProgram
  /** The `Listen`; null for one of the image, which is not in the audit. */
  readonly directive: ApacheDirective | null
}

/** A socket of a program that is neither nginx nor Apache. */
export interface BackendListener extends AnyListener {
  readonly kind: Exclude<ProgramKind, 'nginx' | 'apache'>
  readonly program: Exclude<Program, NginxProgram | ApacheProgram>
}

/** Every connection of the deployment, in one table with indexes from both ends. */
export interface Connections {
  /** Of nginx in reading order, then of Apache. */
  readonly all: readonly Connection[]
  /** Those of nginx by any pass directive. */
  readonly nginx: readonly NginxConnection[]
  /** Those of nginx by `proxy_pass`. */
  readonly http: readonly NginxConnection[]
  readonly apache: readonly ApacheConnection[]
  /** Those of one server of nginx, by any pass directive. */
  of(server: NginxServer): readonly NginxConnection[]
  /** Those of one server of nginx, by `proxy_pass`. */
  httpOf(server: NginxServer): readonly NginxConnection[]
  /** The connection of a location, or of an `if` in it; null where it has no pass of its own. */
  ofBlock(block: NginxDirective): NginxConnection | null
  /** Those that one virtual host of Apache writes, or its main server (null). */
  ofHost(configuration: ApacheConfiguration, host: ApacheDirective | null): readonly ApacheConnection[]
  /** Those with a target that this listener accepts. */
  to(listener: Listener): readonly Connection[]
  /** The virtual hosts of Apache, or main servers, that the requests of a connection reach, in reading order. */
  hostsReachedBy(connection: NginxConnection): readonly ReachedHost[]
  /** The connections that lead to a virtual host, in reading order. */
  reaching(host: ApacheHost): readonly ReachedHost[]
}

export type Connection = NginxConnection | ApacheConnection

interface AnyConnection {
  /** Unknown where a variable or a placeholder hides it. */
  readonly protocol: Fact<Protocol>
  /** Where it leads; empty where a variable decides. */
  readonly targets: readonly Target[]
  /** The target as it is written in the pass. */
  readonly written: string
}

/** One pass directive of nginx as one server uses it. */
export interface NginxConnection extends AnyConnection {
  readonly from: NginxProgram
  readonly server: NginxServer
  /** The block that holds the pass: a location, or an `if` in it. */
  readonly block: NginxDirective
  /** `proxy_pass`, `fastcgi_pass` and the like. */
  readonly pass: NginxDirective
  /** The upstream block it names; null for an address of its own. */
  readonly upstream: NginxDirective | null
  /** Of `proxy_pass` alone: the request headers that are sent. */
  readonly headers: SentHeaders
  /**
   * Whether a client of any address can bring a request here, be it with a password; false also where
   * `allow` lists who may; undefined where that hangs on what is not known.
   */
  readonly reachable: boolean | undefined
  /** Of `proxy_pass` alone: the names, without port, that the backend may be asked for. */
  readonly hostsSent: Fact<readonly string[]>
  /** Seconds that nginx waits between two reads from the backend. */
  readonly readTimeout: Fact<ConnectionLimit>
  /** Bytes of the largest request body that nginx passes on, 0 for any. */
  readonly bodyLimit: Fact<ConnectionLimit>
}

/** What nginx keeps to on its way to a backend. */
export interface ConnectionLimit {
  readonly value: number
  /** The line that says it; null where nginx's own default holds. */
  readonly directive: NginxDirective | null
}

/** One line by which Apache proxies: `ProxyPass`, `ProxyPassMatch`, `SetHandler "proxy:…"`, `RewriteRule … [P]`. */
export interface ApacheConnection extends AnyConnection {
  readonly from: ApacheProgram
  /** The virtual host that writes it; null for the main server. */
  readonly host: ApacheDirective | null
  readonly pass: ApacheDirective
  /** The path that it takes over; null for a handler, and an expression that is more than a path. */
  readonly path: string | null
  /** The target as `ProxyPass` would have it; null where `path` is. */
  readonly base: string | null
}

/** An address that a program connects to. */
export interface Target extends Endpoint {
  readonly at: Place
  /** The address as written, such as `127.0.0.1:9000`; behind a name of Kubernetes the port may be another. */
  readonly written: string
  /** True where it is the program's own machine, false where another, undefined where a name hides it. */
  readonly local: boolean | undefined
  /** Addresses that the hosts file gives its name; the address itself otherwise. */
  readonly addresses: readonly Address[]
  /** The machine that it leads to; null where that is none of the audit, or not known. */
  readonly machine: Machine | null
  /** True for a port of the host that a container publishes: there the connection arrives at a port of its own. */
  readonly published: boolean
  readonly to: Destination
}

/** Who accepts a connection. */
export type Destination =
  /** A line of the audit opens the address. */
  | { readonly kind: 'listener'; readonly listener: Listener }
  /**
   * Surely nobody: the program that the connection is meant for is in the audit with every line that opens
   * a socket, and opens this address nowhere. `opened`: what it opens instead.
   */
  | { readonly kind: 'refused'; readonly by: Program; readonly opened: readonly Listener[] }
  /**
   * A machine of the audit, and no line opens the address; a program outside of the audit may. `supposed`: the one
   * application that lies there and that nothing is seen to start, where this is the one address that nobody opens.
   */
  | { readonly kind: 'unclaimed'; readonly supposed: AppServerProgram | null }
  /** A machine outside of the audit. */
  | { readonly kind: 'elsewhere' }
  /** A variable, a placeholder or a name hides it. */
  | { readonly kind: 'unknown'; readonly reason: string }

export interface ServerName {
  /** As written, lower case. */
  readonly name: string
  /** True for a plain host name: no wildcard, no regular expression, not empty, not `_`. */
  readonly exact: boolean
  readonly at: Place
}

/** A `listen` of one server. */
export interface ServerListen extends Endpoint {
  readonly tls: boolean
  readonly quic: boolean
  readonly defaultServer: boolean
  readonly proxyProtocol: boolean
  readonly loopback: boolean | undefined
  /** The `listen` directive; null where none is written and nginx takes port 80. */
  readonly directive: NginxDirective | null
  readonly at: Place
}

/** What a server does with an ordinary page that no location treats specially. */
export type Answer =
  | { readonly kind: 'content' | 'refusal' | 'unknown' }
  /** `target` as `return` would have it, and as it is `written`. */
  | { readonly kind: 'redirect'; readonly target: string; readonly written: string; readonly at: Place }

/** A `server` block of nginx. */
export interface NginxServer {
  readonly configuration: NginxConfiguration
  readonly directive: NginxDirective
  readonly listens: readonly ServerListen[]
  readonly names: readonly ServerName[]
  /** True where one of its sockets speaks TLS. */
  readonly tls: boolean
  /** The sockets on which the network reaches it in plain HTTP. */
  readonly plainListens: readonly ServerListen[]
  readonly answer: Answer
}

/** How one request header leaves nginx. */
export interface SentHeader {
  /** Lower case. */
  readonly name: string
  readonly value: string
  readonly state: 'set' | 'cleared' | 'passed' | 'appended'
  readonly directive: NginxDirective
}

export interface SentHeaders {
  /** The block whose `proxy_set_header` lines are in force; null where none is written. */
  readonly level: NginxDirective | null
  /** In the order written; one name may stand twice. */
  readonly written: readonly SentHeader[]
  /** True where a missing outer part may hold the set in force. */
  readonly open: boolean
  /** True where what the client sends and no line names goes on unchanged. */
  readonly passesOthers: boolean
}

/** A virtual host of Apache, or its main server where that is a site of its own. */
export interface ApacheHost {
  readonly configuration: ApacheConfiguration
  /** Null for the main server. */
  readonly directive: ApacheDirective | null
  /** Null for the main server. */
  readonly virtualHost: VirtualHost | null
  /** What a reader is shown of it: the name of its section, or the first socket on which the main server answers. */
  readonly at: Place
  readonly addresses: readonly HostAddress[]
  /** ServerName and ServerAlias, lower case, without port. */
  readonly names: readonly string[]
  /** True where a Redirect or a rewriting rule of it or of the main server may send the client elsewhere. */
  readonly mayRedirect: boolean
  /** How long httpd waits in it. */
  readonly timeouts: Timeouts
}

/** A `<VirtualHost>` section. */
export interface VirtualApacheHost extends ApacheHost {
  readonly directive: ApacheDirective
  readonly virtualHost: VirtualHost
}

/** One address of a `<VirtualHost>` section, or of the main server. */
export interface HostAddress {
  /** False where only a resolver or a template knows it: then both facts are null. */
  readonly known: boolean
  /** Null for `*` and `_default_`. */
  readonly address: Address | null
  /** Null for every port. */
  readonly port: number | null
  readonly at: Place
}

/** A connection of nginx that leads to a virtual host. */
export interface ReachedHost {
  readonly connection: NginxConnection
  readonly host: ApacheHost
  /** Where the listener and the Host decide; false where only port and name agree. */
  readonly certain: boolean
}

/** A request header that Apache or mod_wsgi takes for the scheme in which the client came. */
export interface SchemeTrust {
  readonly configuration: ApacheConfiguration
  readonly directive: ApacheDirective
  /** Lower case. */
  readonly header: string
  /** Where the header is named. */
  readonly at: Place
  /** The virtual host in which the trust holds; null where it holds in all of them. */
  readonly virtualHost: ApacheDirective | null
  /** What the value is matched against; null where mod_wsgi compares it itself. */
  readonly pattern: string | null
}

/** A WSGI script at its URL, as the virtual host that writes the alias answers it. */
export interface Application {
  readonly configuration: ApacheConfiguration
  /** `WSGIScriptAlias`, or its sibling with a regular expression. */
  readonly directive: ApacheDirective
  readonly alias: WsgiScriptAlias
  /** Where it is written; null for a main server that is no site of its own, and that of fragments. */
  readonly host: ApacheHost | null
  /**
   * The process group in force, empty for embedded mode. `at` is where it is written: the value of the
   * alias's option, or the argument of `WSGIProcessGroup`; null where nothing says it.
   */
  readonly processGroup: Fact<string>
  readonly applicationGroup: Fact<ApplicationGroup>
  /**
   * The daemon processes that run it; null in embedded mode, where nothing it may use has the group's name,
   * or where the group is not known.
   */
  readonly daemon: WsgiDaemon | null
  /** The daemon processes that mod_wsgi lets this virtual host use, its own first. */
  readonly visibleDaemons: readonly WsgiDaemon[]
}

/** What the Python files of a machine say of one WSGI script. */
export interface PythonFacts {
  /** Path of the script, links resolved. */
  readonly path: string
  readonly script: WsgiScript
  /** Null where the script names no settings module, or its file is not in the audit. */
  readonly settings: DjangoSettings | null
  /** Other settings of the same project, with which it is not started here. */
  readonly beside: () => readonly DjangoSettings[]
}

/** How many requests one httpd answers at a time. */
export interface Workers {
  readonly configuration: ApacheConfiguration
  readonly mpm: Mpm
  readonly capacity: Capacity
}
