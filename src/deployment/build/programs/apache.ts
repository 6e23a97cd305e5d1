import { isLoopback } from '../../../servers/address.ts'
import { type Fact, unknown } from '../../../servers/fact.ts'
import { type ApacheConfiguration, readsEveryInclude } from '../../../servers/apache/configuration.ts'
import { listens } from '../../../servers/apache/queries/listens.ts'
import { stockListens } from './stock-listens.ts'
import type { ApacheListener, ApacheProgram, Machine, Protocol } from '../../model.ts'

export function apacheProgram(configuration: ApacheConfiguration, machine: Machine): ApacheProgram {
  return { kind: 'apache', machine, configuration, listensKnown: knowsEveryListen(configuration) }
}

const BY_VIRTUAL_HOST: Fact<Protocol> = unknown('`SSLEngine` of the virtual host decides')

/** The sockets that one httpd opens; those whose address nobody here knows are left out. */
export function apacheListeners(program: ApacheProgram): readonly ApacheListener[] {
  const written = listens(program.configuration).flatMap(({ directive, at, endpoint }) =>
    endpoint.known
      ? [
          {
            kind: 'apache',
            program,
            ...endpoint.value,
            protocol: BY_VIRTUAL_HOST,
            loopback: isLoopback(endpoint.value.address),
            directive,
            at,
            others: [],
          } as const,
        ]
      : [],
  )
  return [...written, ...stockListens(program)]
}

/** In fragments every `Listen` is known where Debian's `ports.conf`, which holds them all, is among them. */
function knowsEveryListen(configuration: ApacheConfiguration): boolean {
  const all = listens(configuration)
  if (!all.every(({ endpoint }) => endpoint.known)) return false
  if (!readsEveryInclude(configuration)) return false
  if (configuration.main !== null) return true
  return all.some(({ directive }) => directive.source.path.endsWith('/ports.conf'))
}
