import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { listenersByProgram } from '../_inner-port.ts'

/**
 * nginx names no port where it listens on that of the scheme, so that clients who come by the port at which Compose
 * publishes it are sent to another server, or none.
 */
export function* portlessRedirect(
  deployment: Deployment,
  server: NginxServer,
  redirect: NginxDirective,
): Iterable<RuleFinding> {
  const { container, files } = deployment.programOf(server.configuration).machine
  if (container === null || !server.listens.some(({ port, tls }) => port === (tls ? 443 : 80))) return
  if (hasFront(deployment, server, container) || !redirectsPages(server, redirect, files)) return
  const absolute = effectiveAtHand(server.configuration, redirect.parent, 'absolute_redirect')
  if (!absolute.known || absolute.value.directives.at(-1)?.args[0]?.value === 'off') return
  for (const { port, tls, directive } of server.listens) {
    if (directive === null || port !== (tls ? 443 : 80)) continue
    const ports = container.service.ports.filter(
      ({ target }) => !target.known || (target.value.first <= port && port <= target.value.last),
    )
    const [first] = ports
    if (first?.published?.known !== true || ports.some(each => !isForClients(each, port))) continue
    yield {
      at: argumentPlace(directive, 0),
      severity: 'info',
      confidence: 'medium',
      message: `redirects of nginx name no port, so clients who come by port ${first.published.value.first} are sent to port ${port}`,
      label: 'the port of the scheme',
      related: [
        { at: namePlace(redirect), message: 'this redirects' },
        { at: first.at, message: 'published here' },
      ],
    }
    // The line of the other family is put right with it.
    return
  }
}

/** True for a port other than the scheme’s that browsers may come by: one of loopback is there for a proxy. */
function isForClients({ hostIp, published }: Container['service']['ports'][number], port: number): boolean {
  return (
    published?.known === true &&
    published.value.first !== port &&
    (hostIp === null || (hostIp.known && isLoopback(parseHost(hostIp.value)) === false))
  )
}

/**
 * True where another server of the audit proxies to this one, something else is reached by the ports of the schemes, or
 * a service of the project tells a proxy of itself.
 */
export function hasFront(
  deployment: Deployment,
  { configuration }: NginxServer,
  { project, service }: Container,
): boolean {
  const services = [...project.services.values()]
  const listeners = listenersByProgram(deployment).get(deployment.programOf(configuration)) ?? []
  return (
    services.some(isTold) ||
    services.some(each => each !== service && each.ports.some(isOfScheme)) ||
    servicesOfSchemes(deployment).some(each => each !== service) ||
    listeners.some(listener => deployment.connections.to(listener).length > 0)
  )
}

/** Two of them at most: whether there is another one is all that is asked. */
const servicesOfSchemes = memo(({ machines }: Deployment): readonly Container['service'][] => {
  const found = machines.flatMap(({ container }) => (container === null ? [] : [container.service]))
  return [...new Set(found.filter(({ ports }) => ports.some(isOfScheme)))].slice(0, 2)
})

/** True for labels and variables by which Traefik, Caddy and nginx-proxy are told what to proxy. */
function isTold({ labels, environment }: Container['service']): boolean {
  return (
    labels.some(({ name }) => /^(?:traefik|caddy)/i.test(name)) ||
    environment.some(({ name }) => name === 'VIRTUAL_HOST')
  )
}

function isOfScheme({ published }: Container['service']['ports'][number]): boolean {
  return (
    published !== null && (!published.known || published.value.first === 80 || published.value.first === 443)
  )
}

/** True for a redirect to a path that is written out, and for one to a directory that is there with its page. */
function redirectsPages(
  { configuration }: NginxServer,
  redirect: NginxDirective,
  files: FileSystem,
): boolean {
  if (redirect.name !== 'try_files') return true
  const fact = effectiveAtHand(configuration, redirect.parent, 'root')
  const root = fact.known ? (fact.value.directives.at(-1)?.args[0]?.value ?? '') : ''
  return root.startsWith('/') && pagesBelow(files, root)
}

/** True where a directory right below another one has a start page, to which nginx adds the slash. */
export function pagesBelow(files: FileSystem, directory: string): boolean {
  return (files.list(directory) ?? []).some(
    ({ name, kind }) =>
      kind === 'directory' &&
      ['index.html', 'index.php'].some(page => files.kind(posix.join(directory, name, page)) === 'file'),
  )
}
