import type { Place } from '../../../../parsers/text/source.ts'
import { ANY_V6, type Endpoint, isLoopback } from '../../../servers/address.ts'
import { type Fact, unknown } from '../../../servers/fact.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  readsEveryInclude,
} from '../../../servers/apache/configuration.ts'
import { listens } from '../../../servers/apache/queries/listens.ts'
import { stockPorts } from './stock-ports.ts'
import type { ApacheListener, ApacheProgram, Machine, Protocol } from '../../model.ts'

export function apacheProgram(configuration: ApacheConfiguration, machine: Machine): ApacheProgram {
  return { kind: 'apache', machine, configuration, listensKnown: knowsEveryListen(configuration) }
}

const BY_VIRTUAL_HOST: Fact<Protocol> = unknown('`SSLEngine` of the virtual host decides')

/** The sockets that one httpd opens; those whose address nobody here knows are left out. */
export function apacheListeners(program: ApacheProgram): readonly ApacheListener[] {
  const opened = (endpoint: Endpoint, directive: ApacheDirective | null, at: Place): ApacheListener => ({
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
      endpoint.known ? [opened(endpoint.value, directive, at)] : [],
    ),
    ...stockPorts(program).map(({ port, at }) =>
      opened({ address: ANY_V6, port, ipv6only: false }, null, at),
    ),
  ]
}

/** In fragments every `Listen` is known where Debian's `ports.conf`, which holds them all, is among them. */
function knowsEveryListen(configuration: ApacheConfiguration): boolean {
  const all = listens(configuration)
  if (!all.every(({ endpoint }) => endpoint.known)) return false
  if (!readsEveryInclude(configuration)) return false
  if (configuration.main !== null) return true
  return all.some(({ directive }) => directive.source.path.endsWith('/ports.conf'))
}
