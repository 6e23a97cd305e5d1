import type { Place } from '../../parsers/text/source.ts'
import type { Deployment, NginxConnection, NginxServer, SentHeader } from '../../src/deployment/model.ts'
import { directPlainListens, takesClients } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { proxyInFront } from '../../src/deployment/proxy-in-front.ts'
import { tlsInFront } from './_tls-in-front.ts'

/** A header that nginx sends its backend as the client wrote it. */
export interface RepeatedWord {
  readonly connection: NginxConnection
  /** As it is written. */
  readonly name: string
  /** The value. */
  readonly at: Place
  /** True where clients come by plain HTTP. */
  readonly isPlain: boolean
  /** Where nginx itself terminates TLS for the name, hardly another proxy stands in front. */
  readonly severity: 'warning' | 'info'
}

/** What servers that clients connect to repeat; nothing where a proxy in front is known of. */
export function* repeatedWords(
  deployment: Deployment,
  isMeant: (header: SentHeader) => boolean,
): Iterable<RepeatedWord> {
  for (const connection of deployment.connections.http) {
    if (connection.reachable !== true || !connection.headers.written.some(isMeant)) continue
    const { server } = connection
    const isPlain = directPlainListens(deployment, server).length > 0
    if (!isPlain && !isTlsAlone(deployment, server)) continue
    // What comes from no client, but from the proxy of other containers.
    if (tlsInFront(deployment, deployment.programOf(server.configuration).machine) !== null) continue
    for (const header of connection.headers.written) {
      if (!isMeant(header)) continue
      yield {
        connection,
        name: header.directive.args[0]?.value ?? header.name,
        at: argumentPlace(header.directive, 1),
        isPlain,
        severity: hasTls(deployment, server) ? 'warning' : 'info',
      }
    }
  }
}

/** True where clients come over TLS alone, and nothing tells of a proxy in front that says who they are. */
function isTlsAlone(deployment: Deployment, server: NginxServer): boolean {
  return (
    server.tls &&
    server.plainListens.length === 0 &&
    server.listens.every(({ proxyProtocol }) => !proxyProtocol) &&
    takesClients(deployment, server) &&
    proxyInFront(server) === null
  )
}

/** True where nginx itself terminates TLS for a name of the server. */
function hasTls({ servers }: Deployment, { tls, names }: NginxServer): boolean {
  if (tls) return true
  const own = new Set(names.map(({ name }) => name))
  return servers.some(other => other.tls && other.names.some(({ name }) => own.has(name)))
}
