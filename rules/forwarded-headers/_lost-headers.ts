import { memo } from '../../parsers/collections/memo.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import type { NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import { sentHeader } from '../../src/deployment/build/sent-headers.ts'

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
