import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { type NginxLocation, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { externalReachability } from '../../src/servers/nginx/queries/reachability.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'

const RULES = ['allow', 'deny', 'auth_basic', 'auth_request', 'auth_jwt'] as const

const RESTRICTED: ReadonlySet<string> = new Set(['authenticated', 'restricted', 'denied', 'shadowed'])

/** A location that lets nobody in, only some addresses, or asks for a password, by lines of its own. */
export interface RestrictedLocation {
  readonly server: NginxServer
  readonly location: NginxLocation
  /** The first of the lines. */
  readonly rule: NginxDirective
  /** True where a `return` answers before the lines are looked at. */
  readonly isAnswered: boolean
}

/** Every one of the deployment. */
export const restrictedLocations = memo(
  (deployment: Pick<Deployment, 'nginx' | 'servers' | 'standIns'>): readonly RestrictedLocation[] => {
    const byDirective = serversAround(deployment)
    const found = new Map<NginxDirective, RestrictedLocation>()
    for (const { occurrences } of deployment.nginx) {
      for (const name of RULES) {
        for (const rule of occurrences.get(name) ?? []) {
          const { parent } = rule
          if (parent?.name !== 'location' || found.has(parent) || rule.args[0]?.value === 'off') continue
          // What grants access to everyone restricts nobody.
          if (name === 'allow' && rule.args[0]?.value === 'all') continue
          const home = serverAround(parent)
          const server = home === null ? undefined : byDirective.get(home)
          if (server === undefined) continue
          const { kind } = externalReachability(server.configuration, parent)
          if (!RESTRICTED.has(kind)) continue
          found.set(parent, {
            server,
            location: readLocation(parent),
            rule,
            isAnswered: kind === 'shadowed',
          })
        }
      }
    }
    return [...found.values()]
  },
)

/** What a client is asked for there, in words. */
export function restriction({ name, args }: NginxDirective): string {
  if (name === 'allow' || name === 'deny') return `\`${name} ${args[0]?.value ?? ''}\``
  return `\`${name}\``
}
