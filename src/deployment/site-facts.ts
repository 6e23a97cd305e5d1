/**
 * What no configuration file says and the owner can: `facts` of `.auditrc`. Rules ask here where sites
 * legitimately differ.
 */
export interface SiteFacts {
  /** False where the application is known not to be thread safe; null where nobody said. */
  readonly threadSafe: boolean | null
  /** Names of which each page has exactly one; empty where the configuration alone decides. */
  readonly canonicalHosts: readonly string[]
  /** Import names of libraries that must not run in two threads. */
  readonly threadUnsafeLibraries: readonly string[]
  /** `maximum-requests` below this restarts processes too often. */
  readonly minimumMaximumRequests: number
  /** `address:port` or `port` of backend listeners that are public on purpose. */
  readonly publicListeners: readonly string[]
  /** Addresses or networks of proxies in front of nginx that set the forwarded headers themselves. */
  readonly outerProxies: readonly string[]
  /** Bytes of memory of the machine; null where nobody said. */
  readonly memory: number | null
}

export const DEFAULT_SITE_FACTS: SiteFacts = {
  threadSafe: null,
  canonicalHosts: [],
  threadUnsafeLibraries: [],
  minimumMaximumRequests: 500,
  publicListeners: [],
  outerProxies: [],
  memory: null,
}
