import { isLoopback } from '../../servers/address.ts'
import { type ApacheConfiguration, readsEveryInclude } from '../../servers/apache/configuration.ts'
import { listens } from '../../servers/apache/queries/listens.ts'
import type { Listener } from '../model.ts'

/** The sockets that one httpd opens; those whose address nobody here knows are left out. */
export function apacheListeners(configuration: ApacheConfiguration): readonly Listener[] {
  return listens(configuration).flatMap(({ directive, at, endpoint }) =>
    endpoint.known
      ? [
          {
            program: 'apache',
            configuration,
            ...endpoint.value,
            loopback: isLoopback(endpoint.value.address),
            directive,
            at,
            others: [],
          } as const,
        ]
      : [],
  )
}

/**
 * True where every `Listen` of the configuration is in the audit. In fragments that is so where Debian's
 * `ports.conf`, which holds them all, is among them.
 */
export function knowsEveryListen(configuration: ApacheConfiguration): boolean {
  const all = listens(configuration)
  if (!all.every(({ endpoint }) => endpoint.known)) return false
  if (!readsEveryInclude(configuration)) return false
  if (configuration.main !== null) return true
  return all.some(({ directive }) => directive.source.path.endsWith('/ports.conf'))
}
