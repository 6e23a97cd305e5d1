import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import type { ApacheConnection, AppServerProgram, Deployment, Target } from '../../src/deployment/model.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import { trustsProxy } from '../../src/deployment/proxy-trust.ts'
import { djangoBehindFronts } from './_connections.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import {
  directivesByHost,
  type VirtualHost,
  virtualHostOf,
} from '../../src/servers/apache/queries/virtual-hosts.ts'

/** A connection of Apache that leads to a project of Django in an application server. */
export interface DjangoBehindApache {
  readonly configuration: ApacheConfiguration
  /** Null for a line of the main server. */
  readonly host: VirtualHost | null
  readonly connection: ApacheConnection
  readonly target: Target
  readonly program: AppServerProgram
  readonly loaded: LoadedModule
  readonly settings: DjangoSettings
}

export function* djangoBehindApache(deployment: Deployment): Iterable<DjangoBehindApache> {
  for (const { connection, settings, loaded, runner } of djangoBehindFronts(deployment)) {
    if ('server' in connection) continue
    const { configuration } = connection.from
    const host = virtualHostOf(configuration, connection.pass)
    yield { configuration, host, connection, ...runner, loaded, settings }
  }
}

/** The lines that may send a header of a matching name, in lower case, with what the virtual host proxies. */
export function headersSent(
  { configuration, host }: Pick<DjangoBehindApache, 'configuration' | 'host'>,
  name: (header: string) => boolean,
): readonly ApacheDirective[] {
  const lines = directivesByHost(configuration, 'requestheader')
  return [null, host?.directive ?? null]
    .flatMap(each => lines.get(each) ?? [])
    .filter(({ args }) => name(args[1]?.value.toLowerCase().replace(/:$/, '') ?? ''))
}

/**
 * The scheme that Django sees of a client that came by TLS, as `schemeSeen` says it of nginx; undefined where nobody can
 * tell.
 */
export function schemeBehindApache(each: DjangoBehindApache): 'http' | 'https' | undefined {
  const { connection, program, target, settings } = each
  // By the other protocols Apache says `HTTPS=on`.
  if (!connection.protocol.known || connection.protocol.value !== 'http') return undefined
  const proxy = settings.get('SECURE_PROXY_SSL_HEADER')
  if (proxy !== null && !proxy.known) return undefined
  const [key] = proxy !== null && Array.isArray(proxy.value) ? (proxy.value as readonly unknown[]) : []
  const trusted =
    typeof key === 'string'
      ? key
          .replace(/^HTTP_/, '')
          .replaceAll('_', '-')
          .toLowerCase()
      : null
  if (trusted !== null && headersSent(each, header => header === trusted).length > 0) return undefined
  const { scheme } = frontLine(connection)
  if (scheme === 'nothing') return 'http'
  return scheme === 'https' && trustsProxy(program, connection, target) === false ? 'http' : undefined
}

/** True where Apache sends the name that the client asked for; undefined where that is not known. */
export function keepsHost(connection: ApacheConnection): boolean | undefined {
  const { host } = frontLine(connection)
  return host === null ? undefined : host === 'client'
}
