import { type Fact, known, unknown } from '../text/fact.ts'
import type { AppAddress, AppBind, AppProtocol } from './app-server.ts'

export const HTTP = known<AppProtocol>('http')

/** TLS where a certificate is given; one in a file that was not read is not assumed. */
export function httpOrHttps(certificate: Fact<string> | null): Fact<AppProtocol> {
  if (certificate === null || certificate.at === null) return HTTP
  return certificate.known ? known('https', certificate.at) : certificate
}

/** An address out of an option for the host and one for the port. */
export function hostPortBind(
  host: Fact<string> | null,
  port: Fact<number> | null,
  protocol: Fact<AppProtocol>,
  defaultHost: string,
  defaultPort: number,
): AppBind {
  const at = port?.at ?? host?.at ?? null
  const lost = [host, port].find(fact => fact?.known === false)
  const address: Fact<AppAddress> =
    lost !== undefined && lost !== null && !lost.known
      ? lost
      : known(
          {
            kind: 'ip',
            host: host?.known === true ? host.value : defaultHost,
            port: port?.known === true ? port.value : defaultPort,
          },
          at,
        )
  return { at, protocol, address }
}

export function pathAddress(path: Fact<string>, directory: Fact<string> | null): Fact<AppAddress> {
  if (!path.known) return path
  if (path.value.startsWith('/')) return known({ kind: 'unix', path: path.value }, path.at)
  if (directory?.known !== true) return unknown('its directory is not known', path.at)
  const base = directory.value.replace(/\/$/, '')
  return known({ kind: 'unix', path: `${base}/${path.value.replace(/^\.\//, '')}` }, path.at)
}
