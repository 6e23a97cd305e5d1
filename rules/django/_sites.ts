import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { ApacheHost, Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { djangoBehindApache } from './_behind-apache.ts'
import { djangoConnections, isPlaced } from './_connections.ts'

const COOKIE_LINES = ['proxy_cookie_path', 'proxy_cookie_domain']
const APACHE_COOKIE_LINES = ['proxypassreversecookiepath', 'proxypassreversecookiedomain', 'header']

/** A project of Django at one line of nginx or Apache that brings clients to it. */
export interface DjangoSite {
  readonly settings: DjangoSettings
  readonly configuration: object
  /** What answers all requests of one host name: a server of nginx, a virtual host or the main server of Apache. */
  readonly host: object
  /** Plain host names, in lower case. */
  readonly names: readonly string[]
  /** Ports on which it answers; null where that may be any. */
  readonly ports: readonly number[] | null
  /** True where no line of the server changes a cookie that the project sets. */
  readonly keepsCookies: boolean
  /** The pass, or the path of the alias. */
  readonly at: Place
}

/** Every one that is known, in reading order. A pass inside of an `if` is left out, whose requests nobody knows. */
export const djangoSites = memo((deployment: Deployment): readonly DjangoSite[] => [
  ...behindNginx(deployment),
  ...inApache(deployment),
])

function* behindNginx(deployment: Deployment): Iterable<DjangoSite> {
  for (const each of djangoConnections(deployment)) {
    const { server, block, pass } = each.connection
    if (block.name !== 'location' || !isPlaced(each)) continue
    const outer = server.listens.filter(({ loopback }) => loopback !== true)
    yield {
      settings: each.settings,
      configuration: server.configuration,
      host: server.directive,
      names: server.names.filter(({ exact }) => exact).map(({ name }) => name),
      keepsCookies: !COOKIE_LINES.some(name => {
        const lines = directivesByServer(server.configuration, name)
        return lines.has(server.directive) || lines.has(null)
      }),
      ports: outer.some(({ port }) => port === null) ? null : outer.flatMap(({ port }) => port ?? []),
      at: argumentPlace(pass, 0),
    }
  }
}

function* inApache(deployment: Deployment): Iterable<DjangoSite> {
  const hosts = new Map(deployment.virtualHosts.map(each => [each.directive, each]))
  for (const { settings, configuration, connection } of djangoBehindApache(deployment)) {
    const own = connection.host === null ? null : (hosts.get(connection.host) ?? null)
    yield { settings, ...ofHost(configuration, own), at: argumentPlace(connection.pass, 0) }
  }
  for (const application of deployment.applications) {
    const settings = deployment.pythonOf(application)?.settings ?? null
    const { configuration, host, alias } = application
    if (settings !== null) yield { settings, ...ofHost(configuration, host), at: alias.pathAt }
  }
}

function ofHost(
  configuration: ApacheConfiguration,
  host: ApacheHost | null,
): Omit<DjangoSite, 'settings' | 'at'> {
  const ports = host?.addresses.map(({ port }) => port) ?? [null]
  return {
    configuration,
    host: host?.directive ?? configuration,
    names: host?.names ?? [],
    keepsCookies: !changesCookies(configuration, host),
    ports: ports.includes(null) ? null : ports.flatMap(port => port ?? []),
  }
}

function changesCookies(configuration: ApacheConfiguration, host: ApacheHost | null): boolean {
  return APACHE_COOKIE_LINES.some(name => {
    const lines = directivesByHost(configuration, name)
    return [null, host?.directive ?? null].some(section =>
      lines
        .get(section)
        ?.some(({ args }) => name !== 'header' || args.some(({ value }) => /cookie/i.test(value))),
    )
  })
}
