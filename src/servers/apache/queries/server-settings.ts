import { memo } from '../../../../parsers/collections/memo.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { isAtLeast } from '../../version.ts'
import { type ApacheConfiguration, type ApacheDirective, isOfCertbot } from '../configuration.ts'
import { effective, serverLevels } from './effective.ts'
import type { Address } from '../../address.ts'
import { listens } from './listens.ts'
import { argumentPlace, isSettled, namePlace } from './places.ts'
import type { Level } from './sections-for.ts'
import { type VirtualHost, virtualHostSection } from './virtual-hosts.ts'

/** The first argument of a directive that is replaced as a whole; null where the default holds. */
export function settingOf(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
  name: string,
): Fact<string | null> {
  const { directives, open } = effective(configuration, levels, name)
  if (open !== null) return unknown(open)
  const directive = directives.at(-1)
  if (directive === undefined) return known(null)
  const at = argumentPlace(directive, 0)
  const value = directive.args[0]?.value ?? ''
  return isSettled(value) ? known(value, at) : unknown('the value is filled in elsewhere', at)
}

function numberOf(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
  name: string,
  fallback: number,
): Fact<number> {
  const text = settingOf(configuration, levels, name)
  if (!text.known) return text
  if (text.value === null) return known(fallback)
  return /^\d+$/.test(text.value)
    ? known(Number(text.value), text.at)
    : unknown('it is not a number', text.at)
}

/** Seconds. */
export interface Timeouts {
  /** Between two reads or writes of one request, and of mod_wsgi's socket. */
  readonly timeout: Fact<number>
  readonly keepAlive: Fact<boolean>
  readonly keepAliveTimeout: Fact<number>
  /** Of a backend; `Timeout` where it is not set. */
  readonly proxyTimeout: Fact<number>
}

/** The waiting times of a virtual host (null: the main server). */
export function timeouts(configuration: ApacheConfiguration, host: VirtualHost | null): Timeouts {
  return new HostTimeouts(configuration, serverLevels(host))
}

/** Most who ask want one of the four: each is computed where it is asked for. */
class HostTimeouts implements Timeouts {
  readonly #configuration: ApacheConfiguration
  readonly #levels: readonly Level[]
  #timeout: Fact<number> | null = null

  constructor(configuration: ApacheConfiguration, levels: readonly Level[]) {
    this.#configuration = configuration
    this.#levels = levels
  }

  get timeout(): Fact<number> {
    this.#timeout ??= numberOf(this.#configuration, this.#levels, 'Timeout', 60)
    return this.#timeout
  }

  get keepAlive(): Fact<boolean> {
    const text = settingOf(this.#configuration, this.#levels, 'KeepAlive')
    return text.known ? known(text.value?.toLowerCase() !== 'off', text.at) : text
  }

  get keepAliveTimeout(): Fact<number> {
    return keepAliveTimeout(this.#configuration, this.#levels)
  }

  get proxyTimeout(): Fact<number> {
    const text = settingOf(this.#configuration, this.#levels, 'ProxyTimeout')
    return text.known && text.value === null
      ? this.timeout
      : numberOf(this.#configuration, this.#levels, 'ProxyTimeout', 60)
  }
}

function keepAliveTimeout(configuration: ApacheConfiguration, levels: readonly Level[]): Fact<number> {
  const text = settingOf(configuration, levels, 'KeepAliveTimeout')
  if (!text.known) return text
  if (text.value === null) return known(5)
  const match = /^(\d+)(ms|s|min|h)?$/i.exec(text.value)
  if (match === null) return unknown('it is not a time', text.at)
  const unit = { ms: 0.001, s: 1, min: 60, h: 3600 }[match[2]?.toLowerCase() ?? 's'] ?? 1
  return known(Number(match[1]) * unit, text.at)
}

/** The largest request body in bytes, 0 for any; httpd has a limit of its own since 2.4.54. */
export function bodyLimit(configuration: ApacheConfiguration, levels: readonly Level[]): Fact<number> {
  const fallback = isAtLeast(configuration.version, '2.4.54') ? 1_073_741_824 : 0
  return numberOf(configuration, levels, 'LimitRequestBody', fallback)
}

/** Whether TLS is spoken: `optional` is an old value for an upgrade within HTTP. */
export function sslEngine(configuration: ApacheConfiguration, host: VirtualHost | null): Fact<boolean> {
  const text = settingOf(configuration, serverLevels(host), 'SSLEngine')
  if (!text.known) return text
  if (text.value !== null) return known(text.value.toLowerCase() === 'on', text.at)
  const turnedOn = host === null ? undefined : includesOfCertbot(configuration).get(host.directive)
  if (turnedOn !== undefined) return known(true, namePlace(turnedOn))
  return host !== null && isOnItsSocketOfTls(configuration, host)
    ? ownCertificate(configuration, host)
    : known(false)
}

/** By virtual host, the line that includes the file of certbot, which has `SSLEngine on`, where that is not in the audit. */
const includesOfCertbot = memo(
  ({ executed = [], unread = [] }: ApacheConfiguration): ReadonlyMap<ApacheDirective, ApacheDirective> => {
    const found = new Map<ApacheDirective, ApacheDirective>()
    if (!unread.some(({ path }) => isOfCertbot(path))) return found
    for (const line of executed) {
      if (!/^include/i.test(line.name) || !isOfCertbot(line.args[0]?.value ?? '')) continue
      const section = virtualHostSection(line)
      if (section !== null) found.set(section, line)
    }
    return found
  },
)

/** Without `SSLEngine`, httpd speaks TLS where a certificate is set and the `Listen` of the very address is one of https. */
function ownCertificate(configuration: ApacheConfiguration, host: VirtualHost): Fact<boolean> {
  const certificate = settingOf(configuration, serverLevels(host), 'SSLCertificateFile')
  if (!certificate.known) return certificate
  return certificate.value === null ? known(false) : known(true, certificate.at)
}

/** True where a `Listen` for https opens an address that the virtual host names. */
function isOnItsSocketOfTls(configuration: ApacheConfiguration, { addresses }: VirtualHost): boolean {
  const opened = listens(configuration)
  return addresses.some(({ socket }) => {
    if (!socket.known || socket.value.port === null) return false
    const { address, port } = socket.value
    // Whose `Listen` stands in no file here is the package's, which opens 443 for https.
    if (opened.length === 0) return port === 443 && configuration.main === null
    return opened.some(
      ({ protocol, endpoint }) =>
        protocol === 'https' &&
        endpoint.known &&
        endpoint.value.port === port &&
        isAlike(endpoint.value.address, address),
    )
  })
}

function isAlike(one: Address, other: Address | null): boolean {
  if (one.kind === 'ip' && one.wildcard) return other === null || (other.kind === 'ip' && other.wildcard)
  return one.kind === 'ip' && other?.kind === 'ip' && one.ip === other.ip
}

export const TLS_PROTOCOLS = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
export type TlsProtocol = (typeof TLS_PROTOCOLS)[number]

/** What `all` stands for where OpenSSL is built without SSLv3, as distributions do. */
const ALL: readonly TlsProtocol[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/** The protocols of a virtual host: the innermost `SSLProtocol` as a whole. OpenSSL's own floor is not counted. */
export function sslProtocols(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
): Fact<ReadonlySet<TlsProtocol>> {
  const { directives, open } = effective(configuration, serverLevels(host), 'SSLProtocol')
  if (open !== null) return unknown(open)
  const directive = directives.at(-1)
  return directive === undefined ? known(new Set(ALL)) : protocolsOf(directive)
}

/** A word without a sign takes back everything before it, so `TLSv1.2 TLSv1.3` leaves the last alone. */
export function protocolsOf(directive: ApacheDirective): Fact<ReadonlySet<TlsProtocol>> {
  const at = argumentPlace(directive, 0)
  let protocols = new Set<TlsProtocol>()
  for (const { value } of directive.args) {
    if (!isSettled(value)) return unknown('the value is filled in elsewhere', at)
    const sign = /^[+-]/.exec(value)?.[0]
    const named = protocolsNamed(sign === undefined ? value : value.slice(1))
    if (named === null) return unknown('httpd refuses the protocol', at)
    if (sign === undefined) protocols = new Set(named)
    else for (const protocol of named) sign === '+' ? protocols.add(protocol) : protocols.delete(protocol)
  }
  return known(protocols, at)
}

function protocolsNamed(word: string): readonly TlsProtocol[] | null {
  const lower = word.toLowerCase()
  if (lower === 'all') return ALL
  // Accepted and without effect, to be able to take it away.
  if (lower === 'sslv2') return []
  const found = TLS_PROTOCOLS.find(protocol => protocol.toLowerCase() === lower)
  return found === undefined ? null : [found]
}

/** What answers for a file: `SetHandler` of the innermost level, else `AddHandler` of one of its suffixes. */
export function effectiveHandler(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
  fileName: string | null,
): Fact<string | null> {
  const set = settingOf(configuration, levels, 'SetHandler')
  if (!set.known) return set
  // `SetHandler None` takes an outer one back, and leaves the suffixes.
  if (set.value !== null && set.value.toLowerCase() !== 'none') return set
  const added = effective(configuration, levels, 'AddHandler')
  if (added.open !== null) return unknown(added.open)
  if (added.directives.length === 0) return known(null, set.at)
  if (fileName === null) return unknown('the file is not known')
  let result: Fact<string | null> = known(null, set.at)
  const suffixes = fileName
    .split('.')
    .slice(1)
    .map(suffix => suffix.toLowerCase())
  for (const directive of added.directives) {
    const [handler, ...extensions] = directive.args
    const matches = extensions.some(({ value }) => suffixes.includes(value.replace(/^\./, '').toLowerCase()))
    if (matches && handler !== undefined) result = known(handler.value, argumentPlace(directive, 0))
  }
  return result
}
