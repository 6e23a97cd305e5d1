import { outcome } from '../../servers/nginx/queries/outcome.ts'
import type { Deployment, NginxConnection } from '../model.ts'
import { requestOfClient } from './request-of-client.ts'

/**
 * Whether nginx hands an anonymous client's request for this path to the backend of a hop. False also where nobody
 * can tell.
 *
 * @param path the path as the backend is to see it; a hop that changes paths is left out
 */
export function connectionReachedBy(
  { filesOf }: Deployment,
  connection: NginxConnection,
  path: string,
): boolean {
  const { server } = connection
  const listen = server.listens.find(({ loopback }) => loopback === false)
  if (listen === undefined) return false
  const { end } = outcome(server.configuration, server.directive, requestOfClient(server, listen, path), {
    files: filesOf(server.configuration),
  })
  return (
    end.kind === 'pass' &&
    end.target.directive.node === connection.pass.node &&
    (end.uri === null || end.uri === path)
  )
}
