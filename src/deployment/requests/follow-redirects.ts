import { memo } from '../../../parsers/collections/memo.ts'
import type { Place } from '../../../parsers/text/source.ts'
import type { Deployment } from '../model.ts'
import type { ClientRequest, FollowedRequest, FollowOptions } from './answer.ts'
import { followRequest } from './follow-request.ts'

/** A browser gives up sooner or later too; the fetch standard counts twenty. */
const MOST_REDIRECTS = 20

/** A request, and those that its redirects lead to, as a browser makes them. */
export interface FollowedRedirects {
  /** The requests in order, at least one. */
  readonly requests: readonly FollowedRequest[]
  readonly end: /** The last request is answered by something else than a redirect. */
    | { readonly kind: 'answered' }
    /** The last redirect leads to a request that was made before: the one at this index. */
    | { readonly kind: 'loop'; readonly from: number; readonly at: Place | null }
    /** The last redirect leads to a host that no server of the deployment has a name for. */
    | { readonly kind: 'elsewhere'; readonly url: string }
    /** The last redirect leads to what is no URL of http. */
    | { readonly kind: 'no-url'; readonly location: string }
    /** More redirects than a browser follows. */
    | { readonly kind: 'limit' }
}

/** Follows a request and its redirects until there is content, a loop, or another site. */
export function followRedirects(
  deployment: Deployment,
  first: ClientRequest,
  options: FollowOptions = {},
  follow: typeof followRequest = followRequest,
): FollowedRedirects {
  const requests: FollowedRequest[] = []
  const seen = new Map<string, number>()
  let request = first
  while (requests.length <= MOST_REDIRECTS) {
    seen.set(urlOf(request), requests.length)
    const followed = follow(deployment, request, options)
    requests.push(followed)
    const { end } = followed
    if (end.kind !== 'redirect') return { requests, end: { kind: 'answered' } }
    const next = redirectedRequest(request, end.location, end.status)
    if (next === null) return { requests, end: { kind: 'no-url', location: end.location } }
    const from = seen.get(urlOf(next))
    if (from !== undefined) return { requests, end: { kind: 'loop', from, at: end.at } }
    if (next.host !== first.host && !ownHosts(deployment).has(next.host))
      return { requests, end: { kind: 'elsewhere', url: urlOf(next) } }
    request = next
  }
  return { requests, end: { kind: 'limit' } }
}

/** Every name that a server of nginx or a virtual host of Apache has. */
const ownHosts = memo(({ servers, virtualHosts }: Deployment): ReadonlySet<string> => {
  const hosts = new Set<string>()
  for (const { names } of servers) for (const { name } of names) hosts.add(name)
  for (const { names } of virtualHosts) for (const name of names) hosts.add(name)
  return hosts
})

export function urlOf({ scheme, host, port, target }: ClientRequest): string {
  return `${scheme}://${host}${port === usualPort(scheme) ? '' : `:${port}`}${target}`
}

function usualPort(scheme: 'http' | 'https'): number {
  return scheme === 'https' ? 443 : 80
}

/** The request that a browser makes for a `Location`; null where that is no URL of http. */
export function redirectedRequest(
  request: ClientRequest,
  location: string,
  status: number,
): ClientRequest | null {
  let url: URL
  try {
    url = new URL(location, urlOf(request))
  } catch {
    return null
  }
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'http' && scheme !== 'https') return null
  // 307 and 308 keep the method; the others are asked for by GET.
  const method = status === 307 || status === 308 || request.method === 'HEAD' ? request.method : 'GET'
  const port = url.port === '' ? usualPort(scheme) : Number(url.port)
  const { host: _host, port: _port, scheme: _scheme, target: _target, method: _method, ...rest } = request
  return { ...rest, scheme, host: url.hostname, port, target: url.pathname + url.search, method }
}
