import { isLoopback } from '../servers/address.ts'
import type { ReceivedHeaders } from '../servers/received-headers.ts'
import { receivedHeader } from '../servers/received-headers.ts'
import type { AppServerProgram, Connection, NginxConnection, Target } from './model.ts'

/** Servers that take no header of a proxy for the scheme unless they are told to. */
const TRUSTS_NOBODY: ReadonlySet<string> = new Set([
  'daphne',
  'hypercorn',
  'waitress',
  'granian',
  'runserver',
])

/**
 * Whether an application server takes the scheme from a proxy at the other end of a connection; undefined where
 * nobody can tell. https://docs.gunicorn.org/en/stable/settings.html#forwarded-allow-ips
 */
export function trustsProxy(
  program: AppServerProgram,
  { from }: Pick<Connection, 'from'>,
  { address }: Pick<Target, 'address'>,
): boolean | undefined {
  const peers = trustedPeers(program)
  if (peers === undefined || typeof peers === 'boolean') return peers
  if (address.kind === 'unix') return program.server.program === 'gunicorn' ? true : undefined
  if (program.machine === from.machine)
    return isLoopback(address) === true ? peers.includes('127.0.0.1') : undefined
  return isTrustedElsewhere(peers)
}

/** The same of a proxy in another container. */
export function trustsOtherContainer(program: AppServerProgram): boolean | undefined {
  const peers = trustedPeers(program)
  return peers === undefined || typeof peers === 'boolean' ? peers : isTrustedElsewhere(peers)
}

/** The addresses of which a server takes the scheme; true for all, false for none, undefined where nobody can tell. */
function trustedPeers({ server, environment }: AppServerProgram): readonly string[] | boolean | undefined {
  if (TRUSTS_NOBODY.has(server.program))
    return server.complete && server.proxyHeaders === null && !server.settings.has('trusted_proxy')
      ? false
      : undefined
  if (server.program !== 'gunicorn' && server.program !== 'uvicorn') return undefined
  if (!server.complete || server.settings.has('secure_scheme_headers')) return undefined
  const fact = server.forwardedAllowIps ?? environment('FORWARDED_ALLOW_IPS')
  if (fact !== null && !fact.known) return undefined
  const list = (fact?.value ?? '127.0.0.1').split(',').map(each => each.trim())
  return list.includes('*') ? true : list
}

/** From another container, or through a published port, the peer is an address of Docker's networks. */
export function isTrustedElsewhere(peers: readonly string[]): boolean | undefined {
  return peers.every(each => /^(?:127\.0\.0\.1|::1|localhost|)$/.test(each)) ? false : undefined
}

/** The headers by which each of them is told that the client came by TLS, and what they say then. */
const SECURE: Readonly<Record<string, readonly (readonly [name: string, value: string])[]>> = {
  gunicorn: [
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-protocol', 'ssl'],
    ['x-forwarded-ssl', 'on'],
  ],
  uvicorn: [['x-forwarded-proto', 'https']],
}

/** The scheme that an application server tells its application; null where nobody can tell. */
export function schemeTold(
  program: AppServerProgram,
  connection: Pick<NginxConnection, 'from'>,
  target: Pick<Target, 'address'>,
  headers: ReceivedHeaders,
): 'http' | 'https' | null {
  const trusted = trustsProxy(program, connection, target)
  if (trusted === false) return 'http'
  const names = SECURE[program.server.program]
  if (trusted === undefined || names === undefined) return null
  const values = names.map(([name, value]) => ({ fact: receivedHeader(headers, name), value }))
  if (values.some(({ fact, value }) => fact.known && fact.value.toLowerCase() === value)) return 'https'
  return values.every(({ fact }) => fact.known) ? 'http' : null
}
