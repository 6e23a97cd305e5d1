import type { NginxRequest } from '../../servers/nginx/queries/request.ts'
import type { NginxServer, ServerListen } from '../model.ts'
import { UNKNOWN_HOST } from './made-up-requests.ts'

/** An address of the block that is reserved for documentation: some client out on the network. */
const ANONYMOUS = '192.0.2.77'

/** The GET of some client out on the network for a decoded path, by one socket of a server. */
export function requestOfClient(server: NginxServer, listen: ServerListen, path: string): NginxRequest {
  return {
    method: 'GET',
    target: encodeURI(path),
    host: server.names.find(({ exact }) => exact)?.name ?? UNKNOWN_HOST,
    scheme: listen.tls ? 'https' : 'http',
    address: listen.address,
    port: listen.port,
    client: ANONYMOUS,
  }
}
