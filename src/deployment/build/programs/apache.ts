import type { Place } from '../../../../parsers/text/source.ts'
import { ANY_V6, type Endpoint, formatEndpoint, isLoopback } from '../../../servers/address.ts'
import { type Fact, unknown } from '../../../servers/fact.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  readsEveryInclude,
} from '../../../servers/apache/configuration.ts'
import { listens } from '../../../servers/apache/queries/listens.ts'
import { virtualHosts } from '../../../servers/apache/queries/virtual-hosts.ts'
import { stockPorts } from './stock-ports.ts'
import type { ApacheListener, ApacheProgram, Machine, Protocol } from '../../model.ts'

export function apacheProgram(configuration: ApacheConfiguration, machine: Machine): ApacheProgram {
  return { kind: 'apache', machine, configuration, listensKnown: knowsEveryListen(configuration) }
}

const BY_VIRTUAL_HOST: Fact<Protocol> = unknown('`SSLEngine` of the virtual host decides')

/** The sockets that one httpd opens; those whose address nobody here knows are left out. */
export function apacheListeners(program: ApacheProgram): readonly ApacheListener[] {
  const opened = (
    endpoint: Endpoint,
    at: Place,
    directive: ApacheDirective | null = null,
  ): ApacheListener => ({
    kind: 'apache',
    program,
    ...endpoint,
    protocol: BY_VIRTUAL_HOST,
    loopback: isLoopback(endpoint.address),
    directive,
    at,
    others: [],
  })
  return [
    ...listens(program.configuration).flatMap(({ directive, at, endpoint }) =>
      endpoint.known ? [opened(endpoint.value, at, directive)] : [],
    ),
    ...stockPorts(program).map(({ port, at }) => opened({ address: ANY_V6, port, ipv6only: false }, at)),
    ...supposedSockets(program).map(({ endpoint, at, loopback }) => ({ ...opened(endpoint, at), loopback })),
  ]
}

/**
 * What the virtual hosts of fragments wait for, of which no file that opens a port is in the audit: where one of them
 * stands on another port than those of the web, a `Listen` elsewhere opens it, or it answers nothing.
 */
function supposedSockets({ configuration, machine: { container } }: ApacheProgram) {
  if (configuration.main !== null || container !== null || configuration.occurrences.has('listen')) return []
  const sockets = new Map<string, { endpoint: Endpoint; at: Place; loopback: boolean | undefined }>()
  for (const { socket, at } of virtualHosts(configuration).flatMap(({ addresses }) => addresses)) {
    if (!socket.known) continue
    const { address, port } = socket.value
    if (port === null || port === 80 || port === 443) continue
    const endpoint = { address: address ?? ANY_V6, port, ipv6only: false }
    // Whether the port is open to the network as well, the virtual host does not say.
    const loopback = address === null ? undefined : isLoopback(address)
    const key = formatEndpoint(endpoint)
    if (!sockets.has(key)) sockets.set(key, { endpoint, at, loopback })
  }
  return [...sockets.values()]
}

/** In fragments every `Listen` is known where Debian's `ports.conf`, which holds them all, is among them. */
function knowsEveryListen(configuration: ApacheConfiguration): boolean {
  const all = listens(configuration)
  if (!all.every(({ endpoint }) => endpoint.known)) return false
  if (!readsEveryInclude(configuration)) return false
  if (configuration.main !== null) return true
  return all.some(({ directive }) => directive.source.path.endsWith('/ports.conf'))
}
