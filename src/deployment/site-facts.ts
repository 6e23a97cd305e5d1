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
  /**
   * Addresses and networks (`192.0.2.0/24`) of the proxies in front of nginx, which speak TLS with the clients and
   * set the forwarded headers. Who connects from another address is a client. Empty where nobody said.
   */
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
