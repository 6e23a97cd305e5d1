import { memo } from '../../parsers/collections/memo.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import type { NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import { sentHeader } from '../../src/deployment/build/sent-headers.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'

const INNER: ReadonlySet<string> = new Set(['location', 'if', 'limit_except'])

/** True where http or some server says what the locations in it send: most leave that to each location. */
const isWrittenAbove = memo(({ occurrences }: NginxConfiguration): boolean => {
  const lines = occurrences.get('proxy_set_header') ?? []
  return lines.some(({ parent }) => !(parent !== null && INNER.has(parent.name)))
})

/**
 * The headers that the level above sets and that a hop does not send, because a set of its own replaces
 * the inherited one. Empty where the set is inherited, or where nobody knows what is above.
 */
export function lostHeaders({ server, headers }: NginxConnection): readonly SentHeader[] {
  const { level, written } = headers
  if (level === null || level.parent === null) return []
  if (level.parent.name !== 'location' && !isWrittenAbove(server.configuration)) return []
  const outer = effective(server.configuration, level.parent, 'proxy_set_header')
  if (!outer.known || outer.value.directives.length === 0) return []
  const names = new Set(written.map(({ name }) => name))
  return outer.value.directives
    .map(line => sentHeader(line.args[0]?.value ?? '', line.args[1]?.value ?? '', line))
    .filter(({ name }) => !names.has(name))
}

/** A host of its own name, outside of this deployment, wants neither our headers nor our clients' addresses. */
export function isElsewhere({ upstream, targets }: NginxConnection): boolean {
  return upstream === null && !targets.some(({ local, machine }) => local === true || machine !== null)
}

/** The `Upgrade` that a connection does not send though the level above sets it. */
export interface LostUpgrade {
  readonly line: SentHeader
  /** True where another server of the same nginx sends the very line, so that it is not written in vain. */
  readonly isUsed: boolean
}

/**
 * The connections of servers of which no location sends the `Upgrade` that a level above sets for them. Where one does,
 * WebSocket has a location, and the others need none.
 */
export const lostUpgrades = memo(
  (connections: readonly NginxConnection[]): ReadonlyMap<NginxConnection, LostUpgrade> => {
    const lost = new Map<NginxConnection, LostUpgrade>()
    const sending = connections.filter(({ headers }) => headers.open || headers.written.some(isUpgrade))
    const servers = new Set(sending.map(({ server }) => server))
    const lines = new Set(sending.flatMap(({ headers }) => headers.written.map(({ directive }) => directive)))
    for (const connection of connections) {
      const { block, headers, reachable, server } = connection
      if (reachable === false || headers.open || servers.has(server) || isElsewhere(connection)) continue
      // Whoever clears it wants connections that are kept alive, and no WebSocket.
      if (
        headers.written.some(
          ({ name, value }) => name === 'upgrade' || (name === 'connection' && value === ''),
        )
      )
        continue
      if (block.name === 'location' && FILES.test(readLocation(block).name)) continue
      const line = lostHeaders(connection).find(isUpgrade)
      if (line !== undefined) lost.set(connection, { line, isUsed: lines.has(line.directive) })
    }
    return lost
  },
)

function isUpgrade({ name, state }: SentHeader): boolean {
  return name === 'upgrade' && state !== 'cleared'
}

/** Locations of files, to which nobody opens a WebSocket. */
const FILES =
  /\b(?:css|png|jpe?g|gif|ico|svg|woff2?)\b|^\/(?:static|media|assets|uploads|images?)\b|\.(?:txt|xml|json|php)\b/
