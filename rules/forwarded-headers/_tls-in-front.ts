import type { Container } from '../../src/deployment/containers/container.ts'
import type { Place } from '../../parsers/text/source.ts'

/** A line that has a proxy of other containers terminate TLS in front of this one. */
export interface TlsInFront {
  readonly at: Place
  readonly proxy: string
}

/**
 * What of a service tells Traefik, or nginx-proxy with its companion, to serve it over TLS: they speak plain HTTP to it,
 * and send `X-Forwarded-Proto`. Null where nothing does.
 */
export function tlsInFront({ service }: Container): TlsInFront | null {
  const { labels, environment, ports, networkMode } = service
  // Who publishes ports may be reached without them.
  if (ports.length > 0 || networkMode !== null) return null
  const isOff = labels.some(
    ({ name, value }) => name === 'traefik.enable' && value?.known === true && /^false$/i.test(value.value),
  )
  const router = labels.find(
    ({ name, value }) =>
      value?.known === true &&
      ((/^traefik\.http\.routers\.[^.]+\.tls$/i.test(name) && /^true$/i.test(value.value)) ||
        /^traefik\.http\.routers\.[^.]+\.tls\.certresolver$/i.test(name)),
  )
  if (router !== undefined && !isOff) return { at: router.at, proxy: 'Traefik' }
  const isServed = environment.some(({ name }) => name === 'VIRTUAL_HOST')
  const certificate = environment.find(({ name }) => name === 'LETSENCRYPT_HOST')
  return isServed && certificate !== undefined ? { at: certificate.at, proxy: 'nginx-proxy' } : null
}
