import { groupBy } from '../parsers/collections/group-by.ts'
import { memo } from '../parsers/collections/memo.ts'
import type { Place } from '../parsers/text/source.ts'
import { exactNames } from '../src/deployment/build/servers.ts'
import { hostAt } from '../src/deployment/fronts-of.ts'
import type {
  ApacheConnection,
  Connection,
  Deployment,
  NginxConnection,
  NginxServer,
} from '../src/deployment/model.ts'
import { argumentPlace } from '../src/deployment/places.ts'
import { listenersOfKind } from '../src/deployment/programs-of-kind.ts'
import { effective, serverLevels } from '../src/servers/apache/queries/effective.ts'
import { directivesByHost } from '../src/servers/apache/queries/virtual-hosts.ts'
import type { NginxDirective } from '../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../src/servers/nginx/queries/effective.ts'

/** Another port than that on which nginx listens, by which clients come to it. */
export interface Outside {
  readonly port: number
  readonly at: Place
  readonly said: string
}

/**
 * Another nginx or an Apache that proxies to a port of a server and passes the name on which clients ask: what is
 * redirected there by this name and the port, neither of them takes back by itself.
 */
export function frontOf(deployment: Deployment, server: NginxServer, port: number): Outside | null {
  const program = deployment.programOf(server.configuration)
  const listener = listenersByProgram(deployment)
    .get(program)
    ?.find(each => each.port === port)
  for (const connection of listener === undefined ? [] : deployment.connections.to(listener)) {
    const front = 'server' in connection ? frontOfNginx(connection) : frontOfApache(deployment, connection)
    const [first] = front?.ports ?? []
    if (front === null || first == null || front.ports.includes(port)) continue
    if (!mayAnswer(deployment, server, port, front.names)) continue
    return {
      port: first,
      at: placeOf(connection),
      said: `${'server' in connection ? 'another nginx' : 'Apache'} proxies to it`,
    }
  }
  return null
}

interface Front {
  readonly names: readonly string[]
  /** Null for every port. */
  readonly ports: readonly (number | null)[]
}

function placeOf({ pass }: Connection): Place {
  return argumentPlace(pass, pass.name === 'ProxyPass' && pass.args.length > 1 ? 1 : 0)
}

function frontOfNginx({ pass, headers, server, from, block }: NginxConnection): Front | null {
  if (pass.name !== 'proxy_pass') return null
  const host = headers.written.find(({ name }) => name === 'host')?.value
  if (!/^\$(?:host|http_host|server_name)(?:$|:)/.test(host ?? '')) return null
  const moved = effectiveAtHand(from.configuration, block, 'proxy_redirect')
  if (
    !moved.known ||
    moved.value.directives.some(({ args }) => !/^(?:off|default)$/.test(args[0]?.value ?? ''))
  )
    return null
  return { names: exactNames(server), ports: server.listens.map(each => each.port) }
}

function frontOfApache(deployment: Deployment, connection: ApacheConnection): Front | null {
  const { pass, protocol, host: section, written, from } = connection
  const host = section === null ? null : hostAt(deployment, section)
  if (host === null || pass.name !== 'ProxyPass' || !protocol.known || protocol.value !== 'http') return null
  const kept = effective(from.configuration, serverLevels(host.virtualHost), 'ProxyPreserveHost')
  if (kept.open !== null || !/^on$/i.test(kept.directives.at(-1)?.args[0]?.value ?? '')) return null
  const linesOf = (name: string) =>
    [null, section].flatMap(each => directivesByHost(from.configuration, name).get(each) ?? [])
  const [backend] = /^\w+:\/\/[^/]*/.exec(written) ?? []
  const isOther = linesOf('proxypassreverse').some(
    ({ args }) => backend === undefined || !(args.at(-1)?.value ?? '').startsWith(backend),
  )
  const isEdited = linesOf('header').some(({ args }) => args.some(({ value }) => /^location$/i.test(value)))
  return isOther || isEdited ? null : { names: host.names, ports: host.addresses.map(({ port }) => port) }
}

/** True unless another server of the same port has one of the names. */
function mayAnswer(
  { servers }: Deployment,
  server: NginxServer,
  port: number,
  names: readonly string[],
): boolean {
  const has = ({ names: own }: NginxServer): boolean => own.some(({ name }) => names.includes(name))
  return (
    has(server) ||
    serversByConfiguration(servers)
      .get(server.configuration)
      ?.every(each => each === server || each.listens.every(listen => listen.port !== port)) === true
  )
}

const serversByConfiguration = memo((servers: readonly NginxServer[]) =>
  groupBy(servers, ({ configuration }) => configuration),
)

/** The sockets of each nginx. */
export const listenersByProgram = memo((deployment: Deployment) =>
  groupBy(listenersOfKind(deployment, 'nginx'), ({ program }) => program),
)

/** A line by which nginx itself redirects to a path of this server. */
export function redirectIn(directive: NginxDirective): NginxDirective | null {
  for (const inner of directive.children) {
    const words = inner.args.map(({ value }) => value)
    // Below the start page of an application with a router there are its scripts and pictures, and no pages.
    const isRouted = /\/index\.html?$/.test(words.at(-1) ?? '')
    if (inner.name === 'try_files' && words.slice(0, -1).includes('$uri/') && !isRouted) return inner
    if (
      inner.name === 'rewrite' &&
      /^(?:permanent|redirect)$/.test(words[2] ?? '') &&
      /^[/$](?!scheme|http)/.test(words[1] ?? '')
    )
      return inner
    if (inner.name === 'return' && /^30[1278]$/.test(words[0] ?? '') && words[1]?.startsWith('/') === true)
      return inner
    if (inner.name === 'location' || inner.name === 'if') {
      const found = redirectIn(inner)
      if (found !== null) return found
    }
  }
  return null
}

/** True where it names the port of the socket that it came by. */
export function showsPort({ configuration }: NginxServer, redirect: NginxDirective): boolean {
  const scope = redirect.parent
  return ['absolute_redirect', 'port_in_redirect'].every(name => {
    const fact = effectiveAtHand(configuration, scope, name)
    return fact.known && fact.value.directives.at(-1)?.args[0]?.value !== 'off'
  })
}
