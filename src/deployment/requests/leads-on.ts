import { memo, memoByKey } from '../../../parsers/collections/memo.ts'
import type { VirtualHost } from '../../servers/apache/queries/virtual-hosts.ts'
import { selectServer } from '../../servers/nginx/queries/select-server.ts'
import { directivesByServer } from '../../servers/nginx/queries/servers.ts'
import { serverIndex } from '../build/servers.ts'
import type { Deployment, NginxServer } from '../model.ts'
import { type ClientRequest, type FollowedRequest, hostOf } from './answer.ts'
import { entrance } from './entrance.ts'
import { redirectedRequest } from './follow-redirects.ts'
import { hostsHolding } from './hosts-holding.ts'

/**
 * False where a request surely ends one redirect later: most sites redirect once, to a server that holds no line
 * that redirects. True in doubt. A slash that a server adds to a directory is added once, and is not counted.
 */
export function leadsOn(deployment: Deployment, { request, end }: FollowedRequest): boolean {
  if (end.kind !== 'redirect') return false
  const next = redirectedRequest(request, end.location, end.status)
  return next !== null && mayRedirectThere(deployment, next)
}

/** The same for a request that is redirected, by what is said of its target alone. */
export function mayRedirectThere(
  deployment: Deployment,
  next: Pick<ClientRequest, 'scheme' | 'host' | 'port' | 'address' | 'machine'>,
): boolean {
  const listener = entrance(deployment, next)
  if (listener === null) return false
  if (listener.kind !== 'nginx') return true
  const { port, address } = next
  const asked = { port, host: hostOf(next), ...(address !== undefined && { address }) }
  const selection = selectServer(listener.program.configuration, asked)
  const server = selection.known ? serverIndex(deployment.servers).get(selection.value.server) : undefined
  return server === undefined || mayRedirect(deployment, server)
}

/** Whatever a server of nginx says that may send a client to another URL. */
const OF_NGINX = ['return', 'rewrite', 'error_page']
/** The same of a virtual host of Apache, in lower case. */
export const REDIRECTING = [
  'redirect',
  'redirectmatch',
  'redirectpermanent',
  'redirecttemp',
  'rewriterule',
  'errordocument',
]

const mayRedirect = memoByKey((deployment: Deployment, server: NginxServer): boolean => {
  const { configuration, directive } = server
  const isRedirecting = OF_NGINX.some(name => {
    const lines = directivesByServer(configuration, name)
    return lines.has(directive) || lines.has(null)
  })
  if (isRedirecting) return true
  const redirecting = redirectingHosts(deployment)
  return deployment.connections.of(server).some(connection => {
    const programs = connection.targets.flatMap(({ to }) => (to.kind === 'listener' ? to.listener.kind : []))
    if (programs.includes('nginx')) return true
    if (redirecting.size === 0 || !programs.includes('apache')) return false
    const hosts = deployment.connections.hostsReachedBy(connection)
    return hosts.length === 0 || hosts.some(({ host }) => redirecting.has(host.virtualHost))
  })
})

/** Null stands for a main server without virtual hosts. */
const redirectingHosts = memo(
  (deployment: Deployment): ReadonlySet<VirtualHost | null> =>
    new Set(hostsHolding(deployment, REDIRECTING).map(({ host }) => host)),
)
