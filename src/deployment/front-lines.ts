import type { Place } from '../../parsers/text/source.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { type ApacheDirective, mayHoldSectionsUnread } from '../servers/apache/configuration.ts'
import { sslEngine } from '../servers/apache/queries/server-settings.ts'
import { directivesByHost, virtualHostOf } from '../servers/apache/queries/virtual-hosts.ts'
import type { ApacheConnection, Connection } from './model.ts'
import { namePlace } from './places.ts'

/** A line of nginx or Apache by which requests get to a program, in what is alike of both. */
export interface FrontLine {
  readonly server: 'nginx' | 'Apache'
  /** The name of the directive that proxies. */
  readonly at: Place
  /** True where clients speak TLS with the server, and it surely does so. */
  readonly tls: boolean
  /** What the program is told of the scheme of a client that came by TLS: nothing, or `https`; null where nobody knows. */
  readonly scheme: 'nothing' | 'https' | null
}

export const frontLine = memo((connection: Connection): FrontLine => {
  const at = namePlace(connection.pass)
  if (!('server' in connection)) return ofApache(connection, at)
  const { server, headers } = connection
  const header = headers.written.findLast(({ name }) => name === 'x-forwarded-proto')
  const isOther = headers.open || headers.written.some(({ name }) => SAYS_SCHEME.test(name))
  const isHttps = header !== undefined && /^(?:https|\$scheme)$/.test(header.value)
  return {
    server: 'nginx',
    at,
    tls: server.tls,
    scheme: isHttps ? 'https' : isOther ? null : 'nothing',
  }
})

/** mod_proxy sends the name and the address of the client by itself, and never the scheme. */
function ofApache({ from: { configuration }, pass }: ApacheConnection, at: Place): FrontLine {
  const host = virtualHostOf(configuration, pass)
  const engine = sslEngine(configuration, host)
  const byHost = directivesByHost(configuration, 'requestheader')
  const lines = [null, ...(host === null ? [] : [host.directive])].flatMap(
    section => byHost.get(section) ?? [],
  )
  const telling = lines.filter(line => SAYS_SCHEME.test(headerOf(line)))
  const isNothing = telling.length === 0 && !mayHoldSectionsUnread(configuration)
  return {
    server: 'Apache',
    at,
    tls: engine.known && engine.value,
    scheme: isNothing ? 'nothing' : telling.some(saysHttps) ? 'https' : null,
  }
}

function headerOf({ args }: ApacheDirective): string {
  return args[1]?.value.toLowerCase().replace(/:$/, '') ?? ''
}

/** `RequestHeader set X-Forwarded-Proto https` for all requests of a virtual host. */
function saysHttps(line: ApacheDirective): boolean {
  const [action, , value, ...condition] = line.args.map(each => each.value)
  return (
    headerOf(line) === 'x-forwarded-proto' &&
    line.parent?.name === 'VirtualHost' &&
    condition.length === 0 &&
    /^set(?:ifempty)?$/i.test(action ?? '') &&
    /^"?(?:https|(?:expr=)?%\{REQUEST_SCHEME\}s?)"?$/i.test(value ?? '')
  )
}

/** Headers by which a proxy tells the scheme. */
const SAYS_SCHEME =
  /^(?:x-forwarded-(?:proto|protocol|ssl|scheme)|x-url-scheme|x-scheme|forwarded|front-end-https)$/
