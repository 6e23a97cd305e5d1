import type { ClientRequest } from './answer.ts'

/**
 * True where a Location leads to the very URL that was asked for: a default port may be written or not, the
 * host has no case, and a path alone keeps scheme and host (RFC 9110, section 10.2.2).
 */
export function isSameUrl({ scheme, host, port, target }: ClientRequest, location: string): boolean {
  const own = `${scheme}://${host}:${port}`
  const parts = /^(?:(https?):)?\/\/([^/?#:]+|\[[^\]]*\])(?::(\d+))?([/?][^#]*)?(?:#.*)?$/i.exec(location)
  if (parts === null) return location.startsWith('/') && withoutFragment(location) === target
  const toScheme = parts[1]?.toLowerCase() ?? scheme
  const toPort = parts[3] ?? (toScheme === 'https' ? 443 : 80)
  const path = parts[4] ?? '/'
  const to = `${toScheme}://${parts[2]?.toLowerCase()}:${toPort}`
  return to === own && (path.startsWith('?') ? `/${path}` : path) === target
}

function withoutFragment(location: string): string {
  return location.split('#', 1)[0] ?? ''
}
