import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { connectedSocket } from '../../src/deployment/connected-address.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxConnection, Target } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'

/** A connection whose answers are cached under a key that tells sites apart by `$proxy_host` alone. */
export interface ProxyHostKeyed {
  readonly connection: NginxConnection
  readonly zone: string
  /** The key as written; null where nginx’s own default holds. */
  readonly key: string | null
  /** Where the key is written, or the cache is turned on. */
  readonly at: Place
  /** The sites between which the backend may tell. */
  readonly sites: readonly string[]
}

/** Sites whose pages are kept under the same keys. */
export interface SharedKey {
  readonly first: ProxyHostKeyed
  /** The connection of another site; null where one connection carries several. */
  readonly other: ProxyHostKeyed | null
  /** `seen` where the backend is seen to answer them differently, `likely` and `possible` by their names alone. */
  readonly evidence: 'seen' | 'likely' | 'possible'
}

/** The sites of which one may get the pages of another. */
export function* sharedKeys(deployment: Deployment, keyed: readonly ProxyHostKeyed[]): Generator<SharedKey> {
  // Each server has zones of its own, whatever others call theirs.
  const groups = [...groupBy(keyed, each => each.connection.server.configuration).values()].flatMap(own => [
    ...groupBy(own, ({ zone, key, connection }) => `${zone} ${key ?? ''} ${connection.written}`).values(),
  ])
  for (const [first, ...others] of groups) {
    if (first === undefined) continue
    const own = contentsBehind(deployment, first.connection)
    if (own.size > 1) {
      yield { first, other: null, evidence: 'seen' }
      continue
    }
    for (const other of others) {
      const evidence = isSameKey(first, other) ? evidenceOf(deployment, first, other, own) : null
      if (evidence === null) continue
      yield { first, other, evidence }
      break
    }
  }
}

function isSameKey(first: ProxyHostKeyed, other: ProxyHostKeyed): boolean {
  return (
    first.connection.server !== other.connection.server &&
    mayHoldOnePath(first.connection.block, other.connection.block) &&
    (!variableNames(first.key ?? '').includes('scheme') || haveOneScheme(first.connection, other.connection))
  )
}

function evidenceOf(
  deployment: Deployment,
  first: ProxyHostKeyed,
  other: ProxyHostKeyed,
  own: ReadonlySet<string>,
): SharedKey['evidence'] | null {
  const [one] = first.sites
  const [two] = other.sites.filter(site => !first.sites.includes(site))
  if (one === undefined || two === undefined) return null
  const theirs = contentsBehind(deployment, other.connection)
  if (own.size > 0 || theirs.size > 0)
    return own.size > 0 && theirs.size > 0 && [...theirs].some(each => !own.has(each)) ? 'seen' : null
  // One application answers all its names, and does so alike unless it is made for several sites.
  const { targets } = first.connection
  if (targets.length === 0 || targets.some(target => isApplication(target))) return null
  return labelOfDomain(one) === labelOfDomain(two) ? 'possible' : 'likely'
}

function isApplication(target: Target): boolean {
  const { to } = target
  return serverBehind(target) !== null || to.kind === 'unknown' || to.kind === 'refused'
}

/** The word by which a domain is registered: `example` of `www.example.co.uk`. */
function labelOfDomain(site: string): string {
  const labels = site.split('.')
  const isOfCountry = labels.length > 2 && /^(?:co|com|net|org|ac|gov)$/.test(labels.at(-2) ?? '')
  return labels.at(isOfCountry ? -3 : -2) ?? site
}

/** True where a path may be asked for that both locations take. */
function mayHoldOnePath(one: NginxDirective, two: NginxDirective): boolean {
  const [first, second] = [readLocation(one), readLocation(two)]
  if (one.name !== 'location' || two.name !== 'location') return one.name === two.name
  if (first.modifier === second.modifier && first.name === second.name) return true
  if (first.modifier === '@' || second.modifier === '@') return true
  if (first.modifier.startsWith('~') || second.modifier.startsWith('~')) return false
  return first.name.startsWith(second.name) || second.name.startsWith(first.name)
}

function haveOneScheme({ server: one }: NginxConnection, { server: two }: NginxConnection): boolean {
  return one.listens.some(({ tls }) => two.listens.some(other => other.tls === tls))
}

/** What stands behind a connection for the names that it asks for, in words that differ where pages do. */
function contentsBehind(deployment: Deployment, connection: NginxConnection): ReadonlySet<string> {
  const hosts = certainHosts(deployment, connection)
  const found = new Set<string>()
  for (const host of hosts.length > 0 ? hosts : hostsOfAnyName(deployment, connection)) {
    const content = contentOf(deployment, host)
    if (content !== null) found.add(content)
    if (found.size > 1) return found
  }
  for (const content of contentsOfNginx(connection)) found.add(content)
  return found
}

/** All named virtual hosts behind a server that passes on whatever name it is asked for. */
function* hostsOfAnyName(
  deployment: Deployment,
  { server, headers, targets }: NginxConnection,
): Generator<ApacheHost> {
  const host = headers.written.findLast(({ name }) => name === 'host')?.value ?? ''
  if (headers.open || !/^\$(?:host|http_host)$/.test(host)) return
  if (server.names.some(({ exact }) => exact)) return
  for (const { to, port } of targets) {
    if (to.kind !== 'listener' || to.listener.kind !== 'apache') continue
    const { configuration } = to.listener.program
    for (const each of hostsByConfiguration(deployment).get(configuration) ?? [])
      if (each.names.length > 0 && each.addresses.some(address => address.known && address.port === port))
        yield each
  }
}

const hostsByConfiguration = memo(({ apacheHosts }: Deployment) =>
  groupBy(apacheHosts, ({ configuration }) => configuration),
)

/** What a virtual host serves; null where it writes neither files nor a program of its own. */
function contentOf(deployment: Deployment, host: ApacheHost): string | null {
  const { configuration, directive } = host
  const lines = (name: string): readonly string[] =>
    (directivesByHost(configuration, name).get(directive) ?? []).map(({ args }) =>
      args.map(({ value }) => value).join(' '),
    )
  const parts = [
    ...lines('documentroot'),
    ...lines('virtualdocumentroot'),
    ...deployment.connections.ofHost(configuration, directive).map(({ written }) => written),
    ...deployment.applicationsOf(host).map(({ alias: { script } }) => (script.known ? script.value : '')),
  ]
  return parts.length === 0 ? null : parts.join('\n')
}

/** The same of the servers of another nginx behind a connection. */
function* contentsOfNginx({ targets, hostsSent }: NginxConnection): Generator<string> {
  if (!hostsSent.known) return
  for (const target of targets) {
    const { to } = target
    if (to.kind !== 'listener' || to.listener.kind !== 'nginx') continue
    const { configuration } = to.listener.program
    for (const host of hostsSent.value) {
      const selected = selectServer(configuration, { ...connectedSocket(target), host })
      if (!selected.known || !/exact|wildcard/.test(selected.value.reason)) continue
      const { server } = selected.value
      const lines = ['root', 'proxy_pass', 'fastcgi_pass', 'uwsgi_pass'].flatMap(
        name => directivesByServer(configuration, name).get(server) ?? [],
      )
      if (lines.length > 0) yield lines.map(({ args }) => args[0]?.value ?? '').join('\n')
    }
  }
}

/** Where the requests of both leave nginx. */
export function passesOf({
  first,
  other,
}: SharedKey): readonly { readonly at: Place; readonly message: string }[] {
  return [first, ...(other === null ? [] : [other])].map(({ connection, sites }) => ({
    at: namePlace(connection.pass),
    message: sites.length === 1 ? `the pages of ${sites[0]}` : 'the pages of several sites',
  }))
}
