import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { memo, memoByKey } from '../../../../parsers/collections/memo.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'

/** Every `server` block of http, in reading order: the order that decides default servers and clashes of names. */
export const httpServers = memo(({ occurrences }: NginxConfiguration): readonly NginxDirective[] =>
  (occurrences.get('server') ?? []).filter(
    directive => directive.context === 'http' && directive.node.block !== null,
  ),
)

/** The `server` block around a directive of http; the directive itself where it is one; null outside of any. */
export function enclosingServer(directive: NginxDirective): NginxDirective | null {
  for (let at: NginxDirective | null = directive; at !== null; at = at.parent) {
    if (at.name === 'server' && at.context === 'http') return at
  }
  return null
}

/** The same, or the server that stands for those that include a fragment of locations. */
export function serverAround(directive: NginxDirective): NginxDirective | null {
  for (let at: NginxDirective | null = directive; at !== null; at = at.parent) {
    if (at.name === 'server' && at.context === 'http') return at
    if (at.standIn !== undefined) return at.standIn
  }
  return null
}

/** True for what stands in the server itself, not in a block of it. */
export function isDirectlyIn({ parent, standIn }: NginxDirective, server: NginxDirective): boolean {
  return parent === server || standIn === server
}

/** True for a server of which a fragment alone is known. */
export function isUnseenServer(server: NginxDirective): boolean {
  return server.children[0]?.standIn === server
}

/** The servers that stand for those that include a fragment, in reading order. */
export const standIns = memo((configuration: NginxConfiguration): readonly NginxDirective[] => {
  if (configuration.main !== null) return []
  return [...new Set(configuration.top.flatMap(({ standIn }) => standIn ?? []))]
})

/** The directives of one name by the server of http around them; those of http itself under null. */
export const directivesByServer = memoByKey(
  (
    { occurrences }: NginxConfiguration,
    name: string,
  ): ReadonlyMap<NginxDirective | null, readonly NginxDirective[]> =>
    groupBy(
      (occurrences.get(name) ?? []).filter(({ context }) => !context.startsWith('stream')),
      enclosingServer,
    ),
)
