import type { NginxConfiguration, NginxDirective } from '../configuration.ts'

const serversOf = new WeakMap<NginxConfiguration, readonly NginxDirective[]>()

/** Every `server` block of http, in reading order: the order that decides default servers and clashes of names. */
export function httpServers(configuration: NginxConfiguration): readonly NginxDirective[] {
  const known = serversOf.get(configuration)
  if (known !== undefined) return known
  const servers = (configuration.occurrences.get('server') ?? []).filter(
    directive => directive.context === 'http' && directive.node.block !== null,
  )
  serversOf.set(configuration, servers)
  return servers
}

/** The `server` block around a directive of http; the directive itself where it is one; null outside of any. */
export function enclosingServer(directive: NginxDirective): NginxDirective | null {
  for (let at: NginxDirective | null = directive; at !== null; at = at.parent) {
    if (at.name === 'server' && at.context === 'http') return at
  }
  return null
}
