import { outcome } from '../../servers/nginx/queries/outcome.ts'
import type { Deployment, Hop } from '../model.ts'
import { strangerRequest } from './request-of-client.ts'

/**
 * Whether nginx hands a stranger's request for this path to the backend of a hop. False also where nobody
 * can tell.
 *
 * @param path the path as the backend is to see it; a hop that changes paths is left out
 */
export function hopReachedBy({ files }: Deployment, hop: Hop, path: string): boolean {
  const { server } = hop
  const listen = server.listens.find(({ loopback }) => loopback === false)
  if (listen === undefined) return false
  const { end } = outcome(server.configuration, server.directive, strangerRequest(server, listen, path), {
    files,
  })
  return (
    end.kind === 'pass' &&
    end.target.directive.node === hop.pass.node &&
    (end.uri === null || end.uri === path)
  )
}
