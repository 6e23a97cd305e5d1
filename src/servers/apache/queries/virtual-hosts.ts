import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { memo, memoByKey } from '../../../../parsers/collections/memo.ts'
import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { type Address, parseHost } from '../../address.ts'
import { parseApacheHostAddress } from '../../addresses/apache.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { directivesIn } from './directives-in.ts'
import { isSettled, namePlace, wordPlace } from './places.ts'

/** One address of a `<VirtualHost>`. */
export interface VirtualHostAddress {
  readonly at: Place
  /** As written. */
  readonly text: string
  /** Unknown where only a resolver or a template knows it. `address` null is any, `port` null is every port. */
  readonly socket: Fact<{ readonly address: Address | null; readonly port: number | null }>
  /** True where httpd cannot resolve it and ignores it: connections never reach the host by this address. */
  readonly dead: boolean
  /** The host part, lower case: a request with this `Host` is answered where no name matches. */
  readonly host: string
}

/** `ServerName`, without the scheme that httpd allows before it. */
export interface ServerName {
  readonly host: string
  readonly port: number | null
  readonly scheme: string | null
}

export interface ServerAlias {
  readonly at: Place
  readonly name: Fact<string>
  /** True where `*` or `?` stands in it. */
  readonly wild: boolean
}

export interface VirtualHost {
  readonly directive: ApacheDirective
  /** Position among the virtual hosts, in reading order. */
  readonly index: number
  readonly addresses: readonly VirtualHostAddress[]
  /** Null where none is written; the last one counts. */
  readonly serverName: Fact<ServerName> | null
  readonly aliases: readonly ServerAlias[]
}

interface Hosts {
  readonly list: readonly VirtualHost[]
  readonly byDirective: ReadonlyMap<ApacheDirective, VirtualHost>
}

/** Every `<VirtualHost>`, in reading order. */
export function virtualHosts(configuration: ApacheConfiguration): readonly VirtualHost[] {
  return hostsOf(configuration).list
}

/** The `<VirtualHost>` section around a directive, at any depth; null in the main server. */
export function virtualHostSection(directive: ApacheDirective): ApacheDirective | null {
  let section = directive.parent
  while (section !== null && section.name !== 'VirtualHost') section = section.parent
  return section
}

/**
 * The directives of this name that stand anywhere in a virtual host, in its sections too, or outside of all of them
 * (null), in reading order. Each name is indexed once, at its first question.
 */
export function directivesOfHost(
  configuration: ApacheConfiguration,
  host: ApacheDirective | null,
  name: string,
): readonly ApacheDirective[] {
  return byHost(configuration, name).get(host) ?? []
}

const byHost = memoByKey(({ occurrences }: ApacheConfiguration, name: string) =>
  groupBy(occurrences.get(name.toLowerCase()) ?? [], virtualHostSection),
)

/** The virtual host around a directive, at any depth; null in the main server. */
export function virtualHostOf(
  configuration: ApacheConfiguration,
  directive: ApacheDirective,
): VirtualHost | null {
  const { byDirective } = hostsOf(configuration)
  for (let at: ApacheDirective | null = directive; at !== null; at = at.parent) {
    const host = at.section ? byDirective.get(at) : undefined
    if (host !== undefined) return host
  }
  return null
}

const hostsOf = memo((configuration: ApacheConfiguration): Hosts => {
  const list = readHosts(configuration)
  return { list, byDirective: new Map(list.map(host => [host.directive, host])) }
})

function readHosts(configuration: ApacheConfiguration): readonly VirtualHost[] {
  const directives = configuration.occurrences.get('virtualhost') ?? []
  const ports = mainPorts(configuration, directives)
  return directives.map((directive, index) => ({
    directive,
    index,
    addresses: directive.args.map(word => toAddress(directive, word, ports[index] ?? null)),
    serverName: lastServerName(configuration, directive),
    aliases: directivesIn(configuration, directive, 'serveralias').flatMap(alias =>
      aliasWords(alias).map(word => toAlias(alias, word)),
    ),
  }))
}

/** The names of a `ServerAlias`. Words behind a `#` are names to httpd, but a comment to whoever wrote them. */
export function aliasWords({ args }: ApacheDirective): readonly ApacheWord[] {
  const comment = args.findIndex(({ value }) => value.startsWith('#'))
  return comment === -1 ? args : args.slice(0, comment)
}

/**
 * For each virtual host, the port of the last `ServerName host:port` of the main server before it: an
 * address without a port takes that one. Null, any port, where the main server names none.
 */
function mainPorts(
  configuration: ApacheConfiguration,
  hosts: readonly ApacheDirective[],
): readonly (number | null)[] {
  const names = directivesIn(configuration, null, 'servername')
  if (names.length === 0) return []
  const wanted = new Set<ApacheDirective>([...names, ...hosts])
  const ports: (number | null)[] = []
  let port: number | null = null
  for (const directive of configuration.top) {
    if (!wanted.has(directive)) continue
    if (directive.section) ports.push(port)
    else port = parseServerName(directive.args[0]?.value ?? '').port ?? port
  }
  return ports
}

function toAddress(
  directive: ApacheDirective,
  word: ApacheWord,
  mainPort: number | null,
): VirtualHostAddress {
  const at = wordPlace(directive, word)
  const text = word.value
  if (!isSettled(text)) {
    return { at, text, socket: unknown('the address is filled in elsewhere', at), dead: false, host: '' }
  }
  const socket = parseApacheHostAddress(text)
  const host = text.replace(/:(?:\d+|\*)$/, '').toLowerCase()
  if (socket.kind === 'malformed' || socket.kind === 'unresolvable')
    return {
      at,
      text,
      socket: unknown('no resolver knows the address', at),
      dead: socket.kind === 'unresolvable',
      host,
    }
  const port = socket.hasPort ? socket.port : mainPort
  if (socket.kind !== 'name') {
    const address = socket.kind === 'any' ? null : socket.address
    return { at, text, socket: known({ address, port }, at), dead: false, host }
  }
  // By convention the name of the loopback address; whether `::1` has it too only the machine knows.
  if (socket.name === 'localhost')
    return { at, text, socket: known({ address: parseHost('127.0.0.1'), port }, at), dead: false, host }
  return { at, text, socket: unknown(`only a resolver knows \`${socket.name}\``, at), dead: false, host }
}

function lastServerName(configuration: ApacheConfiguration, host: ApacheDirective): Fact<ServerName> | null {
  const directive = directivesIn(configuration, host, 'servername').at(-1)
  if (directive !== undefined) return serverNameOf(directive)
  const include = unreadInHosts(configuration).get(host)
  return include === undefined
    ? null
    : unknown('a file that could not be read may give the name', namePlace(include))
}

/** The first `Include` of each virtual host whose file the audit could not read. */
const unreadInHosts = memo(
  (configuration: ApacheConfiguration): ReadonlyMap<ApacheDirective, ApacheDirective> => {
    const { executed = [], unread = [] } = configuration
    const hosts = new Map<ApacheDirective, ApacheDirective>()
    if (unread.length === 0) return hosts
    const starts = groupBy(unread, ({ at }) => at.source)
    for (const line of executed) {
      const host = virtualHostSection(line)
      if (host === null || hosts.has(host) || !/^include/i.test(line.name)) continue
      const isUnread = starts
        .get(line.source)
        ?.some(({ at }) => line.start <= at.start && at.start < line.end)
      if (isUnread === true) hosts.set(host, line)
    }
    return hosts
  },
)

/** The name of the main server; unknown where httpd asks the machine for it. */
export function mainServerName(configuration: ApacheConfiguration): Fact<ServerName> {
  const directive = directivesIn(configuration, null, 'servername').at(-1)
  if (directive !== undefined) return serverNameOf(directive)
  return unknown('the machine itself gives the name of the main server')
}

function serverNameOf(directive: ApacheDirective): Fact<ServerName> {
  const [word] = directive.args
  const at = word === undefined ? namePlace(directive) : wordPlace(directive, word)
  if (word === undefined || !isSettled(word.value)) return unknown('the name is filled in elsewhere', at)
  return known(parseServerName(word.value), at)
}

/** `[scheme://]host[:port]`, as the directive takes it. */
export function parseServerName(text: string): ServerName {
  const colons = text.indexOf('://')
  const scheme = colons > 0 ? text.slice(0, colons).toLowerCase() : null
  const rest = colons > 0 ? text.slice(colons + 3) : text
  const port = rest.includes(':') ? /:(\d+)$/.exec(rest) : null
  return port === null
    ? { host: rest, port: null, scheme }
    : { host: rest.slice(0, port.index), port: Number(port[1]), scheme }
}

function toAlias(directive: ApacheDirective, word: ApacheWord): ServerAlias {
  const at = wordPlace(directive, word)
  if (!isSettled(word.value)) return { at, name: unknown('the name is filled in elsewhere', at), wild: false }
  return { at, name: known(word.value, at), wild: /[*?]/.test(word.value) }
}

/**
 * The name under which a virtual host goes, as `-S` shows it: its own, or the main server's where one
 * of its addresses is a wildcard; otherwise httpd asks a resolver for the name of the address.
 */
export function hostName(configuration: ApacheConfiguration, host: VirtualHost): Fact<ServerName> {
  if (host.serverName !== null) return host.serverName
  const onAny = host.addresses.some(({ socket }) => socket.known && socket.value.address === null)
  return onAny ? mainServerName(configuration) : unknown('only a resolver knows the name of the address')
}

/** The directives of one name, in lower case, by the section of the virtual host around them; null for the main server. */
export const directivesByHost = memoByKey(
  (
    configuration: ApacheConfiguration,
    name: string,
  ): ReadonlyMap<ApacheDirective | null, readonly ApacheDirective[]> =>
    groupBy(
      configuration.occurrences.get(name) ?? [],
      line => virtualHostOf(configuration, line)?.directive ?? null,
    ),
)
