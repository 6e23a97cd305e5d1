/**
 * Whether an entry of `ALLOWED_HOSTS` holds for a host, both in lower case and without a port: one with a dot in front
 * holds for the name itself, too. https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts
 */
export function matchesHost(host: string, pattern: string): boolean {
  if (pattern === '*') return true
  if (pattern.startsWith('.')) return host === pattern.slice(1) || host.endsWith(pattern)
  return host === pattern
}
