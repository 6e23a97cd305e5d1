import { memoByKey } from '../../../../parsers/collections/memo.ts'
import { isUnknownWord, type Place } from '../../../../parsers/text/source.ts'
import { ANY_V4, type Address, formatEndpoint } from '../../address.ts'
import { type NginxListenAddress, parseNginxListen } from '../../addresses/nginx.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { isOn } from './effective.ts'
import { argumentPlace, namePlace } from './places.ts'
import { childrenNamed, hasUnreadInclude } from './scope.ts'

/** One `listen` of a server, or the `*:80` that holds where there is none. */
export interface NginxListen {
  readonly address: Address
  /** Null for a unix socket. */
  readonly port: number | null
  /** The end of a range of ports; the port itself where one is written. */
  readonly lastPort: number | null
  /** Address and port, the first of a range, as one text: two listens of one socket have the same. */
  readonly endpoint: string
  /** True where the socket speaks TLS for this server: `ssl` or `quic` here, or `ssl on` in force. */
  readonly ssl: boolean
  readonly sslParameter: boolean
  /** `default_server`, or the old `default`. */
  readonly defaultServer: boolean
  readonly http2: boolean
  /** A UDP socket of its own, beside the TCP one. */
  readonly quic: boolean
  readonly proxyProtocol: boolean
  /** Null where the address is not of version 6. */
  readonly ipv6only: boolean | null
  /** The address as written; the server's keyword where no `listen` is. */
  readonly at: Place
  readonly directive: NginxDirective | null
}

/**
 * The sockets of a server. A `listen` whose address is a template's placeholder, or is malformed, is left
 * out: see {@link hasUnreadListens}.
 */
export const listens = memoByKey(findListens)

function findListens(configuration: NginxConfiguration, server: NginxDirective): readonly NginxListen[] {
  const directives = childrenNamed(server, 'listen')
  const ssl = isOn(configuration, server, 'ssl', false)
  const http2 = isOn(configuration, server, 'http2', false)
  const sslOn = ssl.known && ssl.value
  const http2On = http2.known && http2.value
  const read: readonly (NginxListen | null)[] =
    directives.length === 0
      ? [hasUnreadInclude(configuration, server) ? null : impliedListen(server, sslOn, http2On)]
      : directives.map(directive => readListen(configuration, directive, sslOn, http2On))
  return read.every(isRead) ? read : read.filter(isRead)
}

function isRead(listen: NginxListen | null): listen is NginxListen {
  return listen !== null
}

/** True where the server may have sockets that {@link listens}, whose answer is `read`, does not name. */
export function hasUnreadListens(
  configuration: NginxConfiguration,
  server: NginxDirective,
  read: readonly NginxListen[] = listens(configuration, server),
): boolean {
  const directives = childrenNamed(server, 'listen')
  if (hasUnreadInclude(configuration, server, directives.length > 0 ? 'listen' : null)) return true
  return directives.length > 0 && read.length < directives.length
}

/** nginx started by root listens on `*:80` for a server that names no socket. */
function impliedListen(server: NginxDirective, ssl: boolean, http2: boolean): NginxListen {
  return {
    address: ANY_V4,
    port: 80,
    lastPort: 80,
    endpoint: formatEndpoint({ address: ANY_V4, port: 80 }),
    ssl,
    sslParameter: false,
    defaultServer: false,
    http2,
    quic: false,
    proxyProtocol: false,
    ipv6only: null,
    at: namePlace(server),
    directive: null,
  }
}

interface ListenAddress extends NginxListenAddress {
  readonly endpoint: string
}

/** Thousands of servers share few addresses: each text is read once. */
const readAddress = memoByKey((_: NginxConfiguration, text: string): ListenAddress | null => {
  const parsed = parseNginxListen(text)
  return parsed === null ? null : { ...parsed, endpoint: formatEndpoint(parsed) }
})

function readListen(
  configuration: NginxConfiguration,
  directive: NginxDirective,
  sslOn: boolean,
  http2On: boolean,
): NginxListen | null {
  const [word, ...words] = directive.args
  if (word === undefined || directive.args.some(({ value }) => isUnknownWord(value))) return null
  const parsed = readAddress(configuration, word.value)
  if (parsed === null) return null
  const parameters = words.map(({ value }) => value)
  const quic = parameters.includes('quic')
  const sslParameter = parameters.includes('ssl') || quic
  const isVersion6 = parsed.address.kind === 'ip' && parsed.address.family === 6
  return {
    address: parsed.address,
    port: parsed.port,
    lastPort: parsed.lastPort,
    endpoint: parsed.endpoint,
    ssl: sslOn || sslParameter,
    sslParameter,
    defaultServer: parameters.includes('default_server') || parameters.includes('default'),
    http2: http2On || parameters.includes('http2'),
    quic,
    proxyProtocol: parameters.includes('proxy_protocol'),
    ipv6only: isVersion6 ? !parameters.includes('ipv6only=off') : null,
    at: argumentPlace(directive, 0),
    directive,
  }
}
