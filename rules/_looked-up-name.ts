import { memo } from '../parsers/collections/memo.ts'
import type { Deployment, NginxServer } from '../src/deployment/model.ts'
import { askServer } from '../src/deployment/requests/ask-server.ts'
import { MISSING, UNKNOWN_HOST } from '../src/deployment/requests/made-up-requests.ts'
import { pathsInto } from '../src/deployment/requests/paths-into.ts'
import type { NginxConfiguration, NginxDirective } from '../src/servers/nginx/configuration.ts'
import { PASSES } from '../src/servers/nginx/queries/locations.ts'
import { proxyTarget } from '../src/servers/nginx/queries/proxy-target.ts'

/** The name that the variables make up; null for an address, an upstream, or what is not known. */
export function lookedUpName(
  deployment: Deployment,
  server: NginxServer,
  block: NginxDirective,
  written: string,
): string | null {
  for (const path of pathsInto(block)) {
    const answer = askServer(deployment, server, path, { into: block })
    if (answer === null || answer.end.kind !== 'pass' || answer.end.scope !== block) continue
    const { target } = answer.end
    if (!target.computed || target.upstream !== null) continue
    const [endpoint] = target.endpoints
    if (endpoint?.address.kind !== 'name') continue
    return lookedUpAtStart(server.configuration).has(target.proxyHost.toLowerCase())
      ? null
      : target.host.includes(MISSING) || target.host === UNKNOWN_HOST
        ? written
        : target.host
  }
  return null
}

/** Names with their ports that some pass writes out: nginx knows their addresses from its start. */
const lookedUpAtStart = memo((configuration: NginxConfiguration): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const name of PASSES) {
    for (const pass of configuration.occurrences.get(name) ?? []) {
      const target = proxyTarget(configuration, pass)
      if (target.known) names.add(target.value.proxyHost.toLowerCase())
    }
  }
  return names
})
