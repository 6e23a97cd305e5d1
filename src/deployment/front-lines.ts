import type { Place } from '../../parsers/text/source.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { once } from '../../parsers/collections/once.ts'
import { type Fact, known, unknown } from '../servers/fact.ts'
import { mayHoldSectionsUnread } from '../servers/apache/configuration.ts'
import { effective, serverLevels } from '../servers/apache/queries/effective.ts'
import { type HeaderLine, headerLine } from '../servers/apache/queries/header-tables.ts'
import { sslEngine } from '../servers/apache/queries/server-settings.ts'
import { directivesByHost, type VirtualHost, virtualHostOf } from '../servers/apache/queries/virtual-hosts.ts'
import type { NginxDirective } from '../servers/nginx/configuration.ts'
import { passedPath } from '../servers/nginx/queries/passed-path.ts'
import { exactNames } from './build/servers.ts'
import type { ApacheConnection, Connection, NginxConnection, SentHeader } from './model.ts'
import { argumentPlace, namePlace } from './places.ts'

/** A line of nginx or Apache by which requests get to a program, in what is alike of both. */
export interface FrontLine {
  readonly server: 'nginx' | 'Apache'
  /** The name of the directive that proxies. */
  readonly at: Place
  /** The URL of the program. */
  readonly url: Place
  /** True where clients speak TLS with the server, and it surely does so. */
  readonly tls: boolean
  /** Where that is written; null where it does not. */
  readonly tlsAt: Place | null
  /** True where clients may speak plain HTTP with it. */
  readonly plain: boolean
  /** The names by which clients ask, in lower case, those with a wildcard left out. */
  readonly names: readonly string[]
  /** True where it has no other names. */
  readonly hasNamesAlone: boolean
  /** What the program is told of the scheme of a client that came by TLS: nothing, or `https`; null where nobody knows. */
  readonly scheme: 'nothing' | 'https' | null
  /** The name that the program is asked for: the one of the client, that of its own URL; null for another, and where nobody knows. */
  readonly host: 'client' | 'backend' | null
  /** The request headers that lines of the configuration write, in the order written. */
  readonly written: readonly FrontHeader[]
  /** How one request header, in lower case, gets to the program. */
  header(name: string): Fact<FrontHeader>
  /** The paths that it takes, and what it asks for; null for an expression, and where a variable makes the target. */
  readonly paths: FrontPaths | null
}

/** How a request header gets to the program. */
export interface FrontHeader {
  /** Lower case. */
  readonly name: string
  /** What comes of the one of the client: `appended` is something behind it. */
  readonly state: SentHeader['state']
  /** As it is written; null where the server itself writes it, or nothing does. */
  readonly value: string | null
  /** The line that writes it; the one that proxies where the server itself does, or nothing. */
  readonly at: Place
}

/** `location /shop/ { proxy_pass http://app/; }`, `ProxyPass /shop/ http://app/`. */
export interface FrontPaths {
  /** How the paths begin that clients ask for: `/shop/`. */
  readonly taken: string
  /** What stands in its place in the request to the program; as Apache writes it, it may be empty. */
  readonly sent: string
  /** The `rewrite` of nginx that puts it there; null where the URL does. */
  readonly rewrite: NginxDirective | null
  /** Where it is written: the URL, or the second word of the `rewrite`. */
  readonly at: Place
}

export const frontLine = memo(
  (connection: Connection): FrontLine =>
    'server' in connection ? new LineOfNginx(connection) : new LineOfApache(connection),
)

class LineOfNginx implements FrontLine {
  readonly server = 'nginx'
  readonly at: Place
  readonly url: Place
  readonly tls: boolean
  readonly #connection: NginxConnection

  constructor(connection: NginxConnection) {
    this.#connection = connection
    this.at = namePlace(connection.pass)
    this.url = argumentPlace(connection.pass, 0)
    this.tls = connection.server.tls
  }

  get tlsAt(): Place | null {
    return this.#connection.server.listens.find(({ tls }) => tls)?.at ?? null
  }

  get plain(): boolean {
    return this.#connection.server.plainListens.length > 0
  }

  get names(): readonly string[] {
    return exactNames(this.#connection.server)
  }

  get hasNamesAlone(): boolean {
    return this.#connection.server.names.every(({ exact }) => exact)
  }

  get scheme(): FrontLine['scheme'] {
    const { headers } = this.#connection
    const header = headers.written.findLast(({ name }) => name === 'x-forwarded-proto')
    if (header !== undefined && /^(?:https|\$scheme)$/.test(header.value)) return 'https'
    return headers.open || headers.written.some(({ name }) => SAYS_SCHEME.test(name)) ? null : 'nothing'
  }

  get host(): FrontLine['host'] {
    const { headers, pass } = this.#connection
    if (headers.open || pass.name !== 'proxy_pass') return null
    const value = headers.written.findLast(({ name }) => name === 'host')?.value ?? '$proxy_host'
    if (/^\$(?:host|http_host|\{host\}|\{http_host\})(?::\$server_port)?$/.test(value)) return 'client'
    return value === '$proxy_host' ? 'backend' : null
  }

  readonly #written = once((): readonly FrontHeader[] =>
    this.#connection.headers.written.map(({ name, state, value, directive }) => ({
      name,
      state,
      value,
      at: namePlace(directive),
    })),
  )

  get written(): readonly FrontHeader[] {
    return this.#written()
  }

  header(name: string): Fact<FrontHeader> {
    const { headers } = this.#connection
    if (headers.open) return unknown('a part of the configuration that is not in the audit may set it')
    const found = this.written.findLast(each => each.name === name)
    const state = headers.passesOthers ? ('passed' as const) : ('cleared' as const)
    return known(found ?? { name, state, value: null, at: this.at })
  }

  get paths(): FrontPaths | null {
    const { server, block, pass } = this.#connection
    const passed = passedPath(server.configuration, block, pass)
    if (passed === null) return null
    const at = passed.rewrite === null ? this.url : argumentPlace(passed.rewrite, 1)
    return { ...passed, at }
  }
}

class LineOfApache implements FrontLine {
  readonly server = 'Apache'
  readonly at: Place
  readonly url: Place
  readonly #connection: ApacheConnection
  readonly #host: VirtualHost | null

  constructor(connection: ApacheConnection) {
    this.#connection = connection
    this.#host = virtualHostOf(connection.from.configuration, connection.pass)
    this.at = namePlace(connection.pass)
    this.url = urlOf(connection.pass)
  }

  get tls(): boolean {
    const engine = sslEngine(this.#connection.from.configuration, this.#host)
    return engine.known && engine.value
  }

  get tlsAt(): Place | null {
    const engine = sslEngine(this.#connection.from.configuration, this.#host)
    return engine.known && engine.value ? engine.at : null
  }

  /** One virtual host speaks either of the two. */
  get plain(): boolean {
    return !this.tls
  }

  get hasNamesAlone(): boolean {
    return this.#host?.aliases.every(({ name, wild }) => name.known && !wild) === true
  }

  get names(): readonly string[] {
    const { serverName = null, aliases = [] } = this.#host ?? {}
    const own = serverName?.known === true ? [serverName.value.host] : []
    const others = aliases.flatMap(({ name, wild }) => (name.known && !wild ? [name.value] : []))
    return [...own, ...others].map(name => name.toLowerCase())
  }

  /** mod_proxy sends the name and the address of the client by itself, and never the scheme. */
  get scheme(): FrontLine['scheme'] {
    const telling = this.#lines().filter(line => SAYS_SCHEME.test(nameOf(line)))
    if (telling.length === 0)
      return mayHoldSectionsUnread(this.#connection.from.configuration) ? null : 'nothing'
    return telling.some(saysHttps) ? 'https' : null
  }

  get host(): FrontLine['host'] {
    const { protocol, from } = this.#connection
    // Only over HTTP there is another name to be asked for.
    if (protocol.known && /^(?:uwsgi|scgi|fastcgi)$/.test(protocol.value)) return 'client'
    if (this.#lines().some(line => nameOf(line) === 'host')) return null
    const isElsewhere = (from.configuration.occurrences.get('proxypreservehost') ?? []).some(
      ({ parent }) => parent !== null && parent.name !== 'VirtualHost',
    )
    const { directives, open } = effective(from.configuration, serverLevels(this.#host), 'ProxyPreserveHost')
    if (isElsewhere || open !== null) return null
    return /^on$/i.test(directives.at(-1)?.args[0]?.value ?? '') ? 'client' : 'backend'
  }

  /** Every `RequestHeader` of the main server and the virtual host, wherever it stands in them. */
  readonly #lines = once((): readonly HeaderLine[] => {
    const byHost = directivesByHost(this.#connection.from.configuration, 'requestheader')
    const sections = [null, ...(this.#host === null ? [] : [this.#host.directive])]
    return sections.flatMap(section => byHost.get(section) ?? []).flatMap(line => headerLine(line) ?? [])
  })

  get written(): readonly FrontHeader[] {
    return this.#lines().map(line => ({
      name: nameOf(line),
      state: AFTER[line.action] ?? 'passed',
      value: line.value,
      at: namePlace(line.directive),
    }))
  }

  header(name: string): Fact<FrontHeader> {
    const { configuration } = this.#connection.from
    if (mayHoldSectionsUnread(configuration)) return unknown('a file that could not be read may set it')
    let found: FrontHeader = { name, state: 'passed', value: null, at: this.at }
    for (const line of this.#lines()) {
      if (nameOf(line) !== name || line.action === 'setifempty') continue
      const { parent } = line.directive
      const state = AFTER[line.action]
      if (
        state === undefined ||
        line.condition !== null ||
        (parent !== null && parent.name !== 'VirtualHost')
      )
        return unknown('not every request has it', line.nameAt)
      const isKept = state === 'appended' && found.state !== 'passed'
      found = { name, state: isKept ? 'set' : state, value: line.value, at: namePlace(line.directive) }
    }
    if (!ADDED.has(name)) return known(found)
    const isAdded = this.#addsHeaders()
    if (!isAdded.known || !isAdded.value) return isAdded.known ? known(found) : isAdded
    return known({ ...found, state: found.state === 'passed' ? 'appended' : 'set' })
  }

  /** `ProxyAddHeaders`, which is on by default, holds for what is asked by HTTP. */
  #addsHeaders(): Fact<boolean> {
    const { pass, protocol, from } = this.#connection
    if (!protocol.known) return protocol
    if (!/^https?$/.test(protocol.value)) return known(false)
    if (/handler$/i.test(pass.name)) return unknown('a handler proxies')
    // A section of its own may say otherwise.
    const isElsewhere = (from.configuration.occurrences.get('proxyaddheaders') ?? []).some(
      ({ parent }) => parent !== null && parent !== this.#host?.directive,
    )
    if (isElsewhere) return unknown('a section says whether they are added')
    const { directives } = effective(from.configuration, serverLevels(this.#host), 'ProxyAddHeaders')
    return known(directives.every(({ args }) => /^on$/i.test(args[0]?.value ?? '')))
  }

  get paths(): FrontPaths | null {
    const { path, base, targets } = this.#connection
    const url = /^(?:unix:[^|]*\|)?(?:https?|wss?|balancer):\/\/[^/]+(\/[^?$]*)?$/i.exec(base ?? '')
    if (path === null || !path.startsWith('/') || url === null) return null
    return targets.length === 0 ? null : { taken: path, sent: url[1] ?? '', rewrite: null, at: this.url }
  }
}

/** In `<Location>` the section has the path, and the first word is the target; so it is of a handler. */
function urlOf(pass: ApacheConnection['pass']): Place {
  const isFirst = /handler$/i.test(pass.name) || /^Location/i.test(pass.parent?.name ?? '')
  return argumentPlace(pass, isFirst && pass.name !== 'RewriteRule' ? 0 : 1)
}

/** What a line of mod_headers makes of the header that the client sent; `edit` and its like only the request decides. */
const AFTER: Readonly<Partial<Record<HeaderLine['action'], SentHeader['state']>>> = {
  set: 'set',
  unset: 'cleared',
  add: 'appended',
  append: 'appended',
  merge: 'appended',
}

/** https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#x-headers */
const ADDED: ReadonlySet<string> = new Set(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-server'])

function nameOf({ name }: HeaderLine): string {
  return name.toLowerCase()
}

/** `RequestHeader set X-Forwarded-Proto https` for all requests of a virtual host. */
function saysHttps(line: HeaderLine): boolean {
  return (
    nameOf(line) === 'x-forwarded-proto' &&
    line.directive.parent?.name === 'VirtualHost' &&
    line.condition === null &&
    /^set(?:ifempty)?$/.test(line.action) &&
    /^"?(?:https|(?:expr=)?%\{REQUEST_SCHEME\}s?)"?$/i.test(line.value ?? '')
  )
}

/** Headers by which a proxy tells the scheme. */
const SAYS_SCHEME =
  /^(?:x-forwarded-(?:proto|protocol|ssl|scheme)|x-url-scheme|x-scheme|forwarded|front-end-https)$/
