import { readLocation } from '../../servers/nginx/queries/locations.ts'
import { NO_HEADERS } from '../../servers/received-headers.ts'
import type { ApacheHost, Deployment, NginxServer, ServerListen } from '../model.ts'
import { listenersOfKind } from '../programs-of-kind.ts'
import { sslEngine } from '../../servers/apache/queries/server-settings.ts'
import type { ClientRequest } from './answer.ts'

/** A name that a probe takes for one that nothing has: no location, no route, no file. */
export const MISSING = 'no-such-page-7c1e'
/** A name of a file that a probe takes to be there, wherever the URL is mapped to. */
export const EXISTING = 'some-file-5d2b'

/** Paths worth asking for. */
export const PATHS = {
  startPage: '/',
  missingPage: `/${MISSING}`,
  missingScript: `/${MISSING}.php`,
  frontController: '/index.php',
  uploadedScript: `/uploads/${EXISTING}.php`,
  gitConfig: '/.git/config',
  environmentFile: '/.env',
  htaccess: '/.htaccess',
  serverStatus: '/server-status',
  acmeChallenge: `/.well-known/acme-challenge/${MISSING}`,
} as const

/** An address of the block that is reserved for documentation: some client out on the network. */
export const CLIENT = '192.0.2.77'

/** The GET of some client out on the network, without a password or any header of its own. */
export function clientRequest(
  parts: Pick<ClientRequest, 'scheme' | 'host'> & Partial<ClientRequest>,
): ClientRequest {
  return {
    port: parts.scheme === 'https' ? 443 : 80,
    target: '/',
    method: 'GET',
    client: CLIENT,
    headers: NO_HEADERS,
    ...parts,
  }
}

/** A name that no server has: the default server of a socket answers it. */
export const UNKNOWN_HOST = 'host.invalid'

/** How clients out on the network reach a server of nginx: each plain name by each socket. */
export function requestsToServer(
  deployment: Deployment,
  server: NginxServer,
  target: string = PATHS.startPage,
): readonly ClientRequest[] {
  const { machine } = deployment.programOf(server.configuration)
  const names = server.names.filter(({ exact }) => exact).map(({ name }) => name)
  return server.listens.filter(isReached).flatMap(({ tls, port, address }) =>
    (names.length > 0 ? names : [UNKNOWN_HOST]).map(host =>
      clientRequest({
        scheme: tls ? 'https' : 'http',
        host,
        port: port ?? 0,
        target,
        machine,
        ...(address.kind === 'ip' && !address.wildcard && { address }),
      }),
    ),
  )
}

function isReached({ loopback, port, quic }: ServerListen): boolean {
  return loopback !== true && port !== null && !quic
}

/** How clients reach a virtual host of Apache that is not behind another server. */
export function requestsToHost(
  deployment: Deployment,
  { configuration, virtualHost, addresses, names }: ApacheHost,
  target: string = PATHS.startPage,
): readonly ClientRequest[] {
  const { machine } = deployment.programOf(configuration)
  const engine = sslEngine(configuration, virtualHost)
  if (!engine.known) return []
  const plain = names.filter(name => !/[*?]/.test(name))
  return listenersOfKind(deployment, 'apache')
    .filter(({ program, loopback }) => program.configuration === configuration && loopback !== true)
    .filter(({ port }) => addresses.some(address => address.known && (address.port ?? port) === port))
    .flatMap(({ port }) =>
      plain.map(host =>
        clientRequest({
          scheme: engine.value ? 'https' : 'http',
          host,
          port: port ?? 0,
          target,
          machine,
        }),
      ),
    )
}

/** A file below each prefix location of a server, at any depth, by the name of the location. */
export function pathsBelowLocations(server: NginxServer): readonly string[] {
  const paths = new Set<string>()
  const visit = (block: NginxServer['directive']): void => {
    for (const child of block.children) {
      if (child.name !== 'location') continue
      const { modifier, name } = readLocation(child)
      if ((modifier === '' || modifier === '^~') && name.startsWith('/'))
        paths.add(`${name.endsWith('/') ? name : `${name}/`}${EXISTING}.css`)
      visit(child)
    }
  }
  visit(server.directive)
  return [...paths]
}
