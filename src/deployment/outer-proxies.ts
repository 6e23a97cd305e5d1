import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { type IpNetwork, isLoopbackNetwork, networksMeet, parseNetwork } from '../servers/addresses/ip.ts'
import { parseNginxNetwork } from '../servers/addresses/nginx.ts'
import type { NginxDirective } from '../servers/nginx/configuration.ts'
import { isLoopbackSource } from '../servers/nginx/queries/access.ts'
import { directivesByServer } from '../servers/nginx/queries/servers.ts'
import type { Deployment, NginxServer, ServerListen } from './model.ts'
import { onlyFronts } from './only-fronts.ts'
import type { SiteFacts } from './site-facts.ts'

type Joined = Pick<Deployment, 'facts' | 'connections' | 'nginx' | 'programOf'>

/** Whence the proxies in front of a server of nginx connect to it. */
interface Sources {
  readonly thisMachine: boolean
  readonly network: boolean
}

/**
 * Whether a proxy in front of nginx makes the connections to a socket, so that it is the proxy that speaks TLS
 * with the clients and sets the forwarded headers. The owner names the proxies (`facts.outerProxies`); where
 * nobody does, the addresses count that `set_real_ip_from` trusts. A proxy on this machine stands before sockets of
 * loopback alone: who comes to another one from the network is a client.
 */
export function isBehindProxy(
  { facts }: Pick<Deployment, 'facts'>,
  server: NginxServer,
  { loopback }: ServerListen,
): boolean {
  const { thisMachine, network } = facts.outerProxies.length > 0 ? declared(facts) : trusted(server)
  if (loopback === undefined) return thisMachine || network
  return loopback ? thisMachine : network
}

/** The sockets on which clients from the network reach a server in plain HTTP, without a proxy in between. */
export function directPlainListens(deployment: Joined, server: NginxServer): readonly ServerListen[] {
  if (onlyFronts(deployment, server.configuration).length > 0) return []
  return server.plainListens.filter(listen => !isBehindProxy(deployment, server, listen))
}

/** Whether clients from the network connect to a server without a proxy in between. */
export function takesClients(deployment: Joined, server: NginxServer): boolean {
  if (onlyFronts(deployment, server.configuration).length > 0) return false
  return server.listens.some(listen => listen.loopback !== true && !isBehindProxy(deployment, server, listen))
}

/** The networks that the owner names. */
export const declaredProxies = memo(({ outerProxies }: SiteFacts): readonly IpNetwork[] =>
  outerProxies.flatMap(text => parseNetwork(text) ?? []),
)

const declared = memo((facts: SiteFacts): Sources => {
  const networks = declaredProxies(facts)
  return { thisMachine: networks.some(isLoopbackNetwork), network: !networks.every(isLoopbackNetwork) }
})

const trusted = memo((server: NginxServer): Sources => {
  const sources = realIpSources(server).map(({ args }) => args[0]?.value ?? '')
  return {
    thisMachine: sources.some(source => isUnknownWord(source) || isLoopbackSource(source)),
    network: !sources.every(isLoopbackSource),
  }
})

/** The `set_real_ip_from` lines that hold in a server: its own, at any depth, else those of http. */
export function realIpSources({ configuration, directive }: NginxServer): readonly NginxDirective[] {
  const byServer = directivesByServer(configuration, 'set_real_ip_from')
  return byServer.get(directive) ?? byServer.get(null) ?? []
}

/**
 * The proxies that the owner names, that can connect to a server, and whose header it does not take for the client's
 * address: to nginx they are the client. Empty where a `set_real_ip_from` is not known.
 */
export function proxiesTakenForClients(facts: SiteFacts, server: NginxServer): readonly IpNetwork[] {
  const proxies = declaredProxies(facts).filter(proxy =>
    server.listens.some(listen => mayConnect(proxy, listen)),
  )
  if (proxies.length === 0) return []
  const trusted: IpNetwork[] = []
  for (const { args } of realIpSources(server)) {
    const source = args[0]?.value ?? ''
    const read = parseNginxNetwork(source)
    if (read !== null) trusted.push(read.network)
    else if (source !== 'unix:') return []
  }
  // Of a network that is trusted in part, the proxies may be just those.
  return proxies.filter(proxy => !trusted.some(each => networksMeet(each, proxy)))
}

/** The kernel makes no connection between an address of loopback and another, or from one version to the other. */
function mayConnect(proxy: IpNetwork, { address, ipv6only, loopback }: ServerListen): boolean {
  if (address.kind !== 'ip' || loopback !== isLoopbackNetwork(proxy)) return false
  if (address.family === 4) return proxy.ip.length === 4
  return proxy.ip.length === 16 || (address.wildcard && ipv6only === false)
}
