import { hostIn } from '../fronts-of.ts'
import type { Deployment } from '../model.ts'
import type { AskedHost } from './ask-host.ts'
import { requestsToHost, requestsToServer } from './made-up-requests.ts'
import { probe } from './probe.ts'

/**
 * True where no client out on the network gets to a virtual host with the request for this path: nothing but nginx
 * connects to it, and each of its servers in front refuses or redirects the request, or answers it by itself.
 *
 * @param target path and query, escaped, as both see it
 */
export function isKeptBack(
  deployment: Deployment,
  { configuration, host }: AskedHost,
  target: string,
): boolean {
  const own = hostIn(deployment, configuration, host?.directive ?? null)
  if (own === null || requestsToHost(deployment, own, target).length > 0) return false
  const fronts = new Set(deployment.connections.reaching(own).map(({ connection }) => connection.server))
  const requests = [...fronts].flatMap(server => requestsToServer(deployment, server, target))
  return (
    requests.length > 0 &&
    requests.every(request => {
      const { end } = probe(deployment, request)
      return end.kind === 'redirect' || ((end.kind === 'status' || end.kind === 'file') && end.by === 'nginx')
    })
  )
}
