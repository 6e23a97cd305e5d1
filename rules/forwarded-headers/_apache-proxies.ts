import type { Deployment } from '../../src/deployment/model.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import {
  directivesByHost,
  type VirtualHost,
  virtualHosts,
} from '../../src/servers/apache/queries/virtual-hosts.ts'

/** A `ProxyPass /` in a virtual host that terminates TLS. */
export interface PublicProxy {
  readonly configuration: ApacheConfiguration
  readonly host: VirtualHost
  readonly line: ApacheDirective
  /** True where some `RequestHeader` of a matching lower-case name may hold, wherever it stands. */
  sent(name: RegExp): boolean
}

/** Those whose backend is plain HTTP and no server of the audit. */
export function publicProxies({ apache, connections }: Deployment): readonly PublicProxy[] {
  const known = new Set(
    connections.apache
      .filter(({ targets }) => targets.some(({ to }) => to.kind === 'listener'))
      .map(({ pass }) => pass),
  )
  return apache.flatMap(configuration =>
    virtualHosts(configuration).flatMap(host => {
      const engine = sslEngine(configuration, host)
      if (!engine.known || !engine.value) return []
      const line = directivesIn(configuration, host.directive, 'proxypass').find(
        ({ args }) => args[0]?.value === '/' && /^http:\/\//i.test(args[1]?.value ?? ''),
      )
      if (line === undefined || known.has(line)) return []
      const byHost = directivesByHost(configuration, 'requestheader')
      const headers = [host.directive, null].flatMap(section => byHost.get(section) ?? [])
      const sent = (name: RegExp): boolean =>
        headers.some(({ args }) => name.test(args[1]?.value.toLowerCase().replace(/:$/, '') ?? ''))
      return [{ configuration, host, line, sent }]
    }),
  )
}
