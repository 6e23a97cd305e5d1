import { ANY_V4 } from '../servers/address.ts'
import type { ApacheDirective } from '../servers/apache/configuration.ts'
import { sslEngine } from '../servers/apache/queries/server-settings.ts'
import { hostName } from '../servers/apache/queries/virtual-hosts.ts'
import { wsgiScriptAliasFor } from '../servers/apache/queries/wsgi-script-aliases.ts'
import type { BackendHost, Deployment } from './deployment.ts'
import { hopReachedBy } from './hop-reached-by.ts'
import { traceApache } from './trace/trace-apache.ts'

const LOOPBACK = { ...ANY_V4, ip: '127.0.0.1', wildcard: false }

/**
 * The path of the URL at which a `DocumentRoot` or `Alias` of a virtual host gives a file to clients as it is;
 * null where a program answers, access is denied, nginx hands no such request on, or nobody can tell.
 */
export function apacheServes(
  deployment: Deployment,
  host: BackendHost,
  folder: ApacheDirective,
  file: string,
): string | null {
  const isAlias = folder.name.toLowerCase() === 'alias'
  const base = folder.args[isAlias ? 1 : 0]?.value.replace(/\/+$/, '') ?? ''
  if (!file.startsWith(`${base}/`)) return null
  const prefix = isAlias ? (folder.args[0]?.value.replace(/\/+$/, '') ?? '') : ''
  const url = prefix + file.slice(base.length)
  const { configuration, virtualHost } = host
  // The script alias of a whole site answers for every file of its document root.
  if (!isAlias && wsgiScriptAliasFor(configuration, virtualHost, url) !== null) return null
  const address = host.addresses.find(({ known }) => known)
  const name = hostName(configuration, virtualHost)
  if (address === undefined || !name.known) return null
  const arrival = {
    address: address.address ?? LOOPBACK,
    port: address.port ?? 80,
    host: name.value.host,
    tls: false,
    target: encodeURI(url),
    method: 'GET',
    header: () => ({ kind: 'client' }) as const,
  }
  const { steps, end } = traceApache(deployment, configuration, arrival)
  // Whether the missing main file of fragments turns TLS on changes nothing of what is served.
  const doubts =
    steps.filter(({ known }) => !known).length - (sslEngine(configuration, virtualHost).known ? 0 : 1)
  if (end.kind !== 'file' || end.path !== file || doubts > 0) return null
  const isReached = host.hops.length === 0 || host.hops.some(({ hop }) => hopReachedBy(deployment, hop, url))
  return isReached ? url : null
}
