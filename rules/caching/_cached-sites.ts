import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'

export interface CachedSites {
  readonly connection: NginxConnection
  /** The name of the zone that keeps the answers. */
  readonly zone: string
  /** The sites between which the backend may tell. */
  readonly sites: readonly string[]
  /** True where the zone keeps pages of more than one site, of this connection or another. */
  readonly isShared: boolean
}

/** The connections whose answers nginx keeps. */
export function cachedSites({ connections }: Deployment): readonly CachedSites[] {
  const cached = connections.nginx.flatMap(connection => {
    const zone = zoneOf(connection)
    return zone === null ? [] : [{ connection, zone, sites: sitesOf(connection) }]
  })
  // Each server has zones of its own, whatever others call theirs.
  const byServer = groupBy(cached, ({ connection }) => connection.server.configuration)
  return [...byServer.values()].flatMap(own => {
    const sitesOfZone = new Map(
      [...groupBy(own, ({ zone }) => zone)].map(
        ([zone, all]) => [zone, new Set(all.flatMap(({ sites }) => sites))] as const,
      ),
    )
    return own.map(each => ({ ...each, isShared: sitesOfZone.get(each.zone)!.size > 1 }))
  })
}

/** The line that turns on the cache of a pass. */
export function cacheOf({ server, block, pass }: NginxConnection): NginxDirective | undefined {
  const cache = effectiveAtHand(server.configuration, block, pass.name.replace('_pass', '_cache'))
  return cache.known ? cache.value.directives[0] : undefined
}

function zoneOf(connection: NginxConnection): string | null {
  if (!/^(?:proxy|fastcgi|uwsgi|scgi)_pass$/.test(connection.pass.name)) return null
  const value = cacheOf(connection)?.args[0]?.value
  return value === undefined || value === 'off' || value.includes('$') ? null : value
}

/** The sites between which the backend may tell: one where it is asked for the same name whoever asks. */
function sitesOf({ server, pass, headers }: NginxConnection): readonly string[] {
  const target = pass.args[0]?.value ?? ''
  // A file above this one may say what the backend is asked for.
  if (pass.name === 'proxy_pass' && headers.open) return []
  if (pass.name === 'proxy_pass' && !target.includes('$')) {
    const written = headers.written.filter(({ state }) => state === 'set')
    const host = written.find(({ name }) => name === 'host')
    // `$server_name` is one name for all that a server answers to.
    if (!written.some(({ value }) => variableNames(value).some(name => NAMES_SITE.test(name))))
      return [
        `${host?.value ?? ''} ${target} ${isToldOfServer(written) ? (server.names[0]?.name ?? '') : ''}`,
      ]
  }
  const names = server.names.map(({ name }) => name.replace(/^www\./, ''))
  return names.filter(name => name !== '' && name !== '_')
}

function isToldOfServer(written: readonly { readonly value: string }[]): boolean {
  return written.some(({ value }) => variableNames(value).includes('server_name'))
}

/** Variables that are the host that a client asked for, and those that somebody else may have set to it. */
const NAMES_SITE =
  /^(?!(?:proxy_host|proxy_port|remote_\w+|scheme|proxy_add_\w+|server_name|server_port|http_upgrade)$)/
