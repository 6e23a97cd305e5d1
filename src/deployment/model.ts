import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../files/file-system.ts'
import type { Address, Endpoint } from '../servers/address.ts'
import type { ApacheConfiguration, ApacheDirective } from '../servers/apache/configuration.ts'
import type { Timeouts } from '../servers/apache/queries/server-settings.ts'
import type { VirtualHost } from '../servers/apache/queries/virtual-hosts.ts'
import type { WsgiDaemon } from '../servers/apache/queries/wsgi-daemons.ts'
import type { NginxConfiguration, NginxDirective } from '../servers/nginx/configuration.ts'
import type { Application } from './build/applications.ts'
import type { PythonFacts } from './django/application-settings.ts'
import type { GunicornServer } from './build/gunicorn.ts'
import type { HostsFile } from './build/hosts-file.ts'
import type { PostgresServer } from './build/postgres.ts'
import type { SchemeTrust } from './build/scheme-trusts.ts'
import type { SiteFacts } from './site-facts.ts'
import type { Workers } from './build/workers.ts'

/**
 * All servers of one machine (one root) as one system: what rules ask. Everything below `files` is
 * computed at its first use and kept.
 */
export interface Deployment {
  readonly nginx: readonly NginxConfiguration[]
  readonly apache: readonly ApacheConfiguration[]
  readonly facts: SiteFacts
  readonly files: FileSystem
  /** The machine's own names; null where its hosts file is not in the audit. */
  readonly hosts: HostsFile | null
  /** Every socket that a server opens, once, nginx before Apache. */
  readonly listeners: readonly Listener[]
  /** Every `server` block of nginx's http, in reading order. */
  readonly servers: readonly NginxServer[]
  /** Every place where nginx hands a request to another server by HTTP. */
  readonly hops: readonly Hop[]
  hopsOf(server: NginxServer): readonly Hop[]
  /** Every virtual host of Apache, in reading order. */
  readonly virtualHosts: readonly BackendHost[]
  /** The headers that decide the scheme in one virtual host, those of the main server included. */
  trustsOf(host: BackendHost): readonly SchemeTrust[]
  /** Every header that turns a request secure in Apache. */
  readonly trusts: readonly SchemeTrust[]
  /** Every WSGI script that a virtual host or the main server answers with. */
  readonly applications: readonly Application[]
  /** Those whose aliases stand in one virtual host, in reading order. */
  applicationsOf(host: BackendHost): readonly Application[]
  readonly daemons: readonly WsgiDaemon[]
  /** The script and the Django settings of an application; null where its file is not in the audit. */
  pythonOf(application: Application): PythonFacts | null
  readonly postgres: readonly PostgresServer[]
  /** Every gunicorn that a unit of systemd starts. */
  readonly gunicorn: readonly GunicornServer[]
  /** Worker arithmetic, one for each httpd whose MPM is known. */
  readonly workers: readonly Workers[]
  /**
   * True where the tree holds every `Listen` of Apache, so that a port no line opens is closed. In
   * fragments that is so where Debian's `ports.conf` is among them.
   */
  readonly knowsEveryListen: boolean
  /** False where nginx reaches Apache's ports on another machine or in another container. */
  readonly sharesMachine: boolean
}

/** A socket that one program opens, with every line that asks for it. */
export interface Listener extends Endpoint {
  readonly program: 'nginx' | 'apache'
  readonly configuration: NginxConfiguration | ApacheConfiguration
  /** True where only this machine reaches it; undefined where a name stands for the address. */
  readonly loopback: boolean | undefined
  /** The first line that opens it. */
  readonly directive: NginxDirective | ApacheDirective
  /** Where that line writes the address. */
  readonly at: Place
  /** The other places where it is written. */
  readonly others: readonly Place[]
}

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
  | { readonly kind: 'redirect'; readonly target: string; readonly at: Place }

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

/** A connection of nginx to a backend: one `proxy_pass` as one server uses it. */
export interface Hop {
  readonly server: NginxServer
  /** The block that holds the `proxy_pass`: a location, or an `if` in it. */
  readonly block: NginxDirective
  readonly pass: NginxDirective
  readonly scheme: 'http' | 'https' | 'unknown'
  /** Where the connections go; empty where a variable decides. */
  readonly targets: readonly Target[]
  /** The upstream block it names; null for an address of its own. */
  readonly upstream: NginxDirective | null
  readonly headers: SentHeaders
  /**
   * Whether a client of any address can bring a request here, be it with a password; false also where
   * `allow` lists who may; undefined where that hangs on what is not known.
   */
  readonly reachable: boolean | undefined
  /** The names that the backend may be asked for; null where nobody knows. */
  readonly hostsSent: readonly string[] | null
  /** The virtual hosts of Apache that its requests reach, in reading order. */
  readonly backends: readonly Reach[]
  /** Seconds that nginx waits between two reads from the backend; null where nobody knows. */
  readonly readTimeout: HopLimit | null
  /** Bytes of the largest request body that nginx hands on, 0 for any; null where nobody knows. */
  readonly bodyLimit: HopLimit | null
}

/** What nginx keeps to on its way to a backend. */
export interface HopLimit {
  readonly value: number
  /** The line that says it; null where nginx's own default holds. */
  readonly directive: NginxDirective | null
}

/** An address that nginx connects to. */
export interface Target extends Endpoint {
  readonly at: Place
  /** The address as written, such as `127.0.0.1:9000`. */
  readonly written: string
  /** True where it leads to this machine, false where elsewhere, undefined where a name hides it. */
  readonly local: boolean | undefined
  /** Addresses that the hosts file gives its name; the address itself otherwise. */
  readonly addresses: readonly Address[]
  readonly backend: Backend
}

/** Who takes the connection. */
export type Backend =
  | { readonly kind: 'apache'; readonly listener: Listener }
  | { readonly kind: 'nginx'; readonly listener: Listener }
  /** This machine, and no line of the tree opens the port. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'unknown'; readonly reason: string }

/** A virtual host of Apache as a backend. */
export interface BackendHost {
  readonly configuration: ApacheConfiguration
  readonly directive: ApacheDirective
  readonly virtualHost: VirtualHost
  readonly addresses: readonly HostAddress[]
  /** ServerName and ServerAlias, lower case, without port. */
  readonly names: readonly string[]
  /** True where a Redirect or a rewriting rule of it or of the main server may send the client elsewhere. */
  readonly mayRedirect: boolean
  /** How long httpd waits in it. */
  readonly timeouts: Timeouts
  /** The hops that lead here. */
  readonly hops: readonly Reach[]
}

/** One address of a `<VirtualHost>` section. */
export interface HostAddress {
  /** False where only a resolver or a template knows it: then both facts are null. */
  readonly known: boolean
  /** Null for `*` and `_default_`. */
  readonly address: Address | null
  /** Null for every port. */
  readonly port: number | null
  readonly at: Place
}

/** A hop that leads to a virtual host. */
export interface Reach {
  readonly hop: Hop
  readonly host: BackendHost
  /** Where the listener and the Host decide; false where only port and name agree. */
  readonly certain: boolean
}
