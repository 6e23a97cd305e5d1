import { matchesAlias } from '../../../../../parsers/wildcard/alias-match.ts'
import { mainServerName } from '../../queries/virtual-hosts.ts'
import type { RequestRecord } from '../request.ts'

/** Whether a name and port mean the virtual host itself, as httpd finds out for a URL that a rule wrote. */
export function hostMatches(
  { walk: { configuration, host } }: RequestRecord,
  name: string,
  port: number,
): boolean {
  const lower = name.toLowerCase()
  if (host === null) {
    const own = mainServerName(configuration)
    return own.known && (own.value.port ?? 0) === port && own.value.host.toLowerCase() === lower
  }
  for (const address of host.addresses) {
    if (!address.socket.known) continue
    const own = address.socket.value.port
    if ((own === null || own === port) && address.host === lower) return true
  }
  if (ownPort(host) !== port) return false
  if (host.serverName?.known && host.serverName.value.host.toLowerCase() === lower) return true
  return host.aliases.some(alias => alias.name.known && matchesAlias(alias.name.value.toLowerCase(), lower))
}

/** 0 where `ServerName` names no port: then no port of a URL is the same. */
function ownPort(host: NonNullable<RequestRecord['walk']['host']>): number {
  if (host.serverName !== null) return host.serverName.known ? (host.serverName.value.port ?? 0) : -1
  const socket = host.addresses[0]?.socket
  return socket?.known ? (socket.value.port ?? 0) : -1
}
