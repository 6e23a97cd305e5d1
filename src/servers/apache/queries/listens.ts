import { memo } from '../../../../parsers/collections/memo.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import type { Endpoint } from '../../address.ts'
import { type ApacheSocket, parseApacheListen } from '../../addresses/apache.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { isSettled, namePlace, wordPlace } from './places.ts'

/** One `Listen`. */
export interface ApacheListen {
  readonly directive: ApacheDirective
  /** The word with the address. */
  readonly at: Place
  /**
   * The socket. A bare port and `*:port` are `::` that takes version 4 too, as httpd opens them on Linux;
   * a host name stays a name.
   */
  readonly endpoint: Fact<Endpoint>
  /** True where no address is written: any address of either version. */
  readonly any: boolean
  /** The second argument, lower case; httpd takes `https` for port 443 and `http` otherwise. */
  readonly protocol: string
}

/** Every socket that the configuration opens, in reading order; `Listen` is global wherever it stands. */
export const listens = memo(({ occurrences }: ApacheConfiguration): readonly ApacheListen[] =>
  (occurrences.get('listen') ?? []).map(toListen),
)

function toListen(directive: ApacheDirective): ApacheListen {
  const [word, second] = directive.args
  if (word === undefined) {
    const at = namePlace(directive)
    return { directive, at, endpoint: unknown('no address is written', at), any: false, protocol: 'http' }
  }
  const at = wordPlace(directive, word)
  const socket = isSettled(word.value) ? parseApacheListen(word.value) : null
  const endpoint = endpointOf(socket, at)
  const port = endpoint.known ? endpoint.value.port : null
  return {
    directive,
    at,
    endpoint,
    any: socket?.kind === 'any' && !socket.written,
    protocol: second?.value.toLowerCase() ?? (port === 443 ? 'https' : 'http'),
  }
}

function endpointOf(socket: ApacheSocket | null, at: Place): Fact<Endpoint> {
  if (socket === null) return unknown('the address is filled in elsewhere', at)
  if (socket.kind === 'malformed' || socket.kind === 'unresolvable' || socket.port === null)
    return unknown('httpd refuses the address', at)
  const { port } = socket
  if (socket.kind === 'name') return known({ address: { kind: 'name', name: socket.name }, port }, at)
  const { address } = socket
  if (socket.kind === 'ip' || address.family === 4) return known({ address, port }, at)
  return known({ address, port, ipv6only: false }, at)
}
