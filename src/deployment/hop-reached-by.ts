import { outcome } from '../servers/nginx/queries/outcome.ts'
import type { Deployment, Hop } from './deployment.ts'

/** An address of the block that is reserved for documentation: some client out on the network. */
const STRANGER = '192.0.2.77'

/**
 * Whether nginx hands a stranger's request for this path to the backend of a hop. False also where nobody
 * can tell.
 *
 * @param path the path as the backend is to see it; a hop that changes paths is left out
 */
export function hopReachedBy({ files }: Deployment, hop: Hop, path: string): boolean {
  const { server } = hop
  const listen = server.listens.find(({ loopback }) => loopback === false)
  const name = server.names.find(({ exact }) => exact)
  if (listen === undefined) return false
  const { end } = outcome(
    server.configuration,
    server.directive,
    {
      method: 'GET',
      target: encodeURI(path),
      host: name?.name ?? 'host.invalid',
      scheme: listen.tls ? 'https' : 'http',
      address: listen.address,
      port: listen.port,
      client: STRANGER,
    },
    { files },
  )
  return (
    end.kind === 'pass' &&
    end.target.directive.node === hop.pass.node &&
    (end.uri === null || end.uri === path)
  )
}
