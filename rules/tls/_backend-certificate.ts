import { type Place, placeText } from '../../parsers/text/source.ts'
import { connectedSocket } from '../../src/deployment/connected-address.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import type { ApacheListener, Deployment, NginxListener, Target } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { type Address, parseHost } from '../../src/servers/address.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { isSettled } from '../../src/servers/apache/queries/places.ts'
import { selectVirtualHost } from '../../src/servers/apache/queries/select-virtual-host.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'
import { type Certificate, certificateAt, certificatesOf } from './_certificates.ts'

/** A certificate that a backend of the audit shows to its proxy, and where its file is named. */
export interface BackendCertificate {
  readonly at: Place
  readonly certificate: Certificate
}

/** The end of a connection at the backend, and the name in the handshake; null for none. */
interface Handshake {
  readonly address: Address
  readonly port: number
  readonly name: string | null
}

/** The one certificate that a target shows; null where several may be, or nobody knows what is in the file. */
export function backendCertificate(
  deployment: Deployment,
  target: Target,
  name: string | null,
): BackendCertificate | null {
  const { to, addresses } = target
  const { address, port } = connectedSocket(target)
  if (to.kind !== 'listener' || addresses.length !== 1 || port === null) return null
  const { listener } = to
  const handshake = { address, port, name }
  if (listener.kind === 'nginx') return ofNginx(deployment, listener, handshake)
  return listener.kind === 'apache' ? ofApache(listener, handshake) : null
}

function ofNginx(
  { servers }: Deployment,
  { program }: NginxListener,
  { address, port, name }: Handshake,
): BackendCertificate | null {
  const selection = selectServer(program.configuration, { address, port, host: name })
  if (!selection.known) return null
  const { socket, server: named } = selection.value
  // Without a name in the handshake the default server shows its certificate, also where one has an empty name.
  const server = name !== null ? named : socket.defaultServer.known ? socket.defaultServer.value.server : null
  const owner = server === null ? undefined : serverIndex(servers).get(server)
  const [shown, ...others] = owner === undefined ? [] : certificatesOf(program.machine.files, owner)
  const certificate = shown === undefined ? null : (shown.certificate ?? ofAuthority(placeText(shown.at)))
  return shown === undefined || certificate === null || others.length > 0
    ? null
    : { at: shown.at, certificate }
}

function ofApache(
  { program: { configuration, machine } }: ApacheListener,
  { address, port, name }: Handshake,
): BackendCertificate | null {
  const selected = selectVirtualHost(configuration, { address, port, host: name })
  if (selected.kind !== 'virtual-host') return null
  const [line, ...others] = directivesIn(configuration, selected.virtualHost.directive, 'sslcertificatefile')
  const path = line?.args[0]?.value ?? ''
  if (line === undefined || others.length > 0 || !path.startsWith('/') || !isSettled(path)) return null
  const certificate = certificateAt(machine.files, path) ?? ofAuthority(path)
  return certificate === null ? null : { at: argumentPlace(line, 0), certificate }
}

/** What Let’s Encrypt issued for some domains; it has no name that is none, and proxies compare no address of it. */
function ofAuthority(path: string): Certificate | null {
  const lineage =
    /^\/etc\/letsencrypt\/live\/([\w-]+(?:\.[\w-]+)+?)(?:-\d{4})?\/(?:fullchain|cert)\.pem$/.exec(path)?.[1]
  if (lineage === undefined) return null
  return {
    covers: host => host.includes('.') && parseHost(host).kind === 'name',
    names: [lineage],
    commonName: null,
  }
}
