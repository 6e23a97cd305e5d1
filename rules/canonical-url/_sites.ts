import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { renewals } from '../../src/deployment/acme-challenges.ts'
import type { VirtualApacheHost, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import type { ClientRequest, FollowedRequest } from '../../src/deployment/requests/answer.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import type { FileSystem } from '../../src/files/file-system.ts'

/** A server of nginx, or a virtual host of Apache. */
export interface Site {
  readonly directive: NginxDirective | ApacheDirective
  /** Whole names, lower case, with their places. */
  readonly names: ReadonlyMap<string, Place>
  /** False where it may have names that nobody can list: patterns, or none at all. */
  readonly isListed: boolean
  readonly tls: boolean
  /** Names for which certbot renews a certificate on its machine, lower case. */
  readonly certified: ReadonlySet<string>
  readonly at: Place
}

export const sitesOf = memo(
  ({ servers, virtualHosts, listeners, filesOf }: Deployment): ReadonlyMap<object, Site> => {
    const ports = tlsPorts(listeners)
    const sites = [
      ...servers.map(each => ({ ...ofNginx(each), certified: certifiedNames(filesOf(each.configuration)) })),
      ...virtualHosts.map(each => ({
        ...ofApache(each, ports),
        certified: certifiedNames(filesOf(each.configuration)),
      })),
    ]
    return new Map(sites.map(site => [site.directive, site]))
  },
)

const certifiedNames = memo(
  (files: FileSystem): ReadonlySet<string> =>
    new Set(renewals(files).flatMap(({ name, webroots }) => [name, ...webroots.map(({ name }) => name)])),
)

function ofNginx({ directive, names, tls }: NginxServer): Omit<Site, 'certified'> {
  const whole = names.filter(({ name, exact }) => exact && name.includes('.'))
  return {
    directive,
    names: new Map(whole.map(({ name, at }) => [name, at])),
    isListed: whole.length > 0 && names.every(({ exact }) => exact),
    tls,
    at: namePlace(directive),
  }
}

function tlsPorts(listeners: Deployment['listeners']): ReadonlySet<number | null> {
  return new Set(
    listeners.flatMap(({ kind, port, protocol }) =>
      kind === 'apache' && protocol.known && protocol.value === 'https' ? [port] : [],
    ),
  )
}

function ofApache(
  { directive, virtualHost, addresses }: VirtualApacheHost,
  secure: ReadonlySet<number | null>,
): Omit<Site, 'certified'> {
  const { serverName, aliases } = virtualHost
  const own =
    serverName?.known === true
      ? [[serverName.value.host.toLowerCase(), serverName.at ?? namePlace(directive)] as const]
      : []
  const others = aliases.flatMap(({ name, at, wild }) =>
    name.known && !wild ? [[name.value.toLowerCase(), at] as const] : [],
  )
  return {
    directive,
    names: new Map([...own, ...others].filter(([name]) => name.includes('.'))),
    isListed: serverName?.known === true && aliases.every(({ name, wild }) => name.known && !wild),
    tls: addresses.some(({ port }) => port === 443 || secure.has(port)),
    at: namePlace(directive),
  }
}

/** The site that a request is given to first; null where none is known. */
export function siteAsked(deployment: Deployment, { steps }: FollowedRequest): Site | null {
  const sites = sitesOf(deployment)
  for (const { directive } of steps) {
    const site = directive === null ? undefined : sites.get(directive)
    if (site !== undefined) return site
  }
  return null
}

/** A request for a file that may be there, as any client sends it. */
export function requestTo(host: string, scheme: 'http' | 'https'): ClientRequest {
  return { scheme, host, port: scheme === 'https' ? 443 : 80, target: `/${EXISTING}`, method: 'GET' }
}
