import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'

/** The modules of nginx that keep answers. */
const KINDS = ['proxy', 'fastcgi', 'uwsgi', 'scgi'] as const

/** A connection whose answers nginx keeps. */
export interface CachedConnection {
  readonly connection: NginxConnection
  /** How the directives that hold for it begin: `proxy`, `fastcgi`. */
  readonly kind: (typeof KINDS)[number]
  /** The line that names the zone. */
  readonly zone: NginxDirective
}

/** Every one, where a line `<kind>_<name>` stands anywhere. */
export function* cachedConnections(
  { nginx, connections }: Deployment,
  name: 'cache' | 'cache_bypass',
): Iterable<CachedConnection> {
  if (!nginx.some(({ occurrences }) => KINDS.some(kind => occurrences.has(`${kind}_${name}`)))) return
  for (const connection of connections.nginx) {
    const { server, block, pass } = connection
    const kind = KINDS.find(each => pass.name === `${each}_pass`)
    if (kind === undefined) continue
    const cache = effective(server.configuration, block, `${kind}_cache`)
    const zone = cache.known ? cache.value.directives[0] : undefined
    if (zone !== undefined && zone.args[0]?.value !== 'off') yield { connection, kind, zone }
  }
}
