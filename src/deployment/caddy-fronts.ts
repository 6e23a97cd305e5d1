import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { posix } from 'node:path'
import type { CaddyAddress, CaddyProxy, CaddyUpstream } from '../../parsers/caddy/caddyfile.ts'
import { readCaddyfile, servesTls } from '../../parsers/caddy/read-caddyfile.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { type Place, placeText, type Source } from '../../parsers/text/source.ts'
import { sourceAt } from '../files/file-system.ts'
import { shareNetwork } from './build/published-ports.ts'
import type { Container } from './containers/container.ts'
import type { AppServerProgram, Deployment, Machine } from './model.ts'

/** A `reverse_proxy` of a site that Caddy serves with TLS: it speaks plain HTTP there, and says `X-Forwarded-Proto: https`. */
export interface CaddyFront {
  readonly upstream: CaddyUpstream
  readonly machine: Machine
}

/** Where the lines of Caddy lead that terminate TLS, and leave the headers that it sends as they are. */
export const caddyFronts = memo((deployment: Deployment): readonly CaddyFront[] =>
  deployment.machines
    .filter(mayTerminateTls)
    .flatMap(machine =>
      caddyfilesOf(machine).flatMap(source =>
        upstreamsWithTls(source, machine).map(upstream => ({ upstream, machine })),
      ),
    ),
)

/** https://caddyserver.com/docs/running: where the package of the distributions, and the image, have it. */
const MAIN = '/etc/caddy/Caddyfile'
/** Where repositories keep that of a host. */
const KEPT = [
  '/Caddyfile',
  '/caddy/Caddyfile',
  '/deploy/Caddyfile',
  '/deploy/caddy/Caddyfile',
  '/config/Caddyfile',
]

/** The Caddyfile of each Caddy of a deployment. */
export const caddyfiles = memo((deployment: Deployment): readonly Source[] => [
  ...new Set(deployment.machines.flatMap(caddyfilesOf)),
])

/** The Caddyfile of a machine, as a list of none or one. */
export function caddyfilesOf({ container, files }: Machine): readonly Source[] {
  const paths = container === null ? [MAIN, ...KEPT] : caddyPath(container)
  const found = paths.flatMap(path => sourceAt(container?.files ?? files, path) ?? [])
  return found.slice(0, 1)
}

/** Without the port of TLS another proxy is in front. */
function mayTerminateTls({ container }: Machine): boolean {
  if (container === null) return true
  const { networks, service } = container
  return (
    networks.length > 0 && service.ports.some(({ target }) => !target.known || holdsPort(target.value, 443))
  )
}

/** Where the Caddy of a container looks; none for another container, and where its command does not tell. */
function caddyPath({ base, service }: Container): readonly string[] {
  if (base !== 'caddy' || service.entrypoint !== null) return []
  if (service.command === null) return [MAIN]
  const words = service.command.words.map(({ text }) => text)
  const named = words.find((_, at) => /^(?:--config|-c)$/.test(words[at - 1] ?? ''))
  const glued = words.flatMap(word => /^--config=(.+)$/.exec(word)?.[1] ?? [])[0]
  const path = named ?? glued
  return path === undefined ? [] : [posix.resolve('/srv', path)]
}

function upstreamsWithTls(source: Source, { container }: Machine): readonly CaddyUpstream[] {
  const { sites, changesHttps } = readCaddyfile(source)
  if (changesHttps) return []
  return sites
    .filter(({ addresses }) => addresses.every(address => hasTls(address, container)))
    .flatMap(({ proxies }) => proxies.filter(tellsScheme))
    .flatMap(({ upstreams }) => upstreams.filter(({ tls }) => !tls))
}

/** True also where the compose file has the variable that the address is. */
export function hasTls({ text, tls }: CaddyAddress, container: Container | null): boolean {
  if (tls !== null || container === null) return tls === true
  const filled = text.replace(/\{\$(\w+)(?::[^{}]*)?\}/g, (all, name: string) => {
    const value = givenVariables(container.service).find(each => each.name === name)?.value
    // One that is filled in when Compose starts may be a port alone.
    return value?.known === true && value.at !== null && !placeText(value.at).includes('$')
      ? value.value
      : all
  })
  return servesTls(filled) === true
}

/** Caddy sets `X-Forwarded-For`, `-Proto` and `-Host` by itself. */
const tellsScheme = ({ changedHeaders }: CaddyProxy): boolean =>
  ['x-forwarded-proto', 'x-forwarded-*', '*'].every(name => !changedHeaders.has(name))

/** Where Caddy of another container proxies to this one; null where it does not. */
export function caddyBefore(deployment: Deployment, machine: Machine): Place | null {
  if (machine.container === null) return null
  const { names, service } = machine.container
  const front = caddyFronts(deployment).find(({ upstream, machine: from }) =>
    from.container === null
      ? isLoopbackName(upstream) && upstream.port !== null && publishes(service.ports, upstream.port)
      : from !== machine &&
        upstream.host !== null &&
        names.includes(upstream.host) &&
        shareNetwork(from, machine),
  )
  return front?.upstream.at ?? null
}

/** Where Caddy of the same host, or of another container, proxies to a program; null where it does not. */
export function caddyBeforeProgram(deployment: Deployment, program: AppServerProgram): Place | null {
  const { machine, sockets } = program
  if (machine.container !== null) return caddyBefore(deployment, machine)
  const front = caddyFronts(deployment).find(
    ({ upstream, machine: from }) =>
      from === machine &&
      sockets.some(({ endpoint }) => {
        if (!endpoint.known) return false
        const { address, port } = endpoint.value
        return address.kind === 'unix'
          ? address.path === upstream.socket
          : isLoopbackName(upstream) && port !== null && port === upstream.port
      }),
  )
  return front?.upstream.at ?? null
}

const isLoopbackName = ({ host }: CaddyUpstream): boolean =>
  host !== null && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(host)

function publishes(ports: Container['service']['ports'], port: number): boolean {
  return ports.some(({ published }) => published?.known === true && holdsPort(published.value, port))
}
