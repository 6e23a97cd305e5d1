import { argumentPlace } from '../../src/deployment/places.ts'
import { listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { readsEveryInclude } from '../../src/servers/apache/configuration.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain, wsgiApplication } from '../_examples.ts'

const main = (lines: string, listen = '80'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen ${listen}
      ServerName example.org
      ${lines}
      ${wsgiApplication()}
    `,
    ['wsgi'],
  ),
})

export default defineRule({
  summary: 'mod_wsgi takes address, host and scheme from headers, whoever sends them',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 6.5,
  cwe: [290, 348],
  since: '0.1.0',
  why: 'With `WSGITrustedProxyHeaders` mod_wsgi writes what `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` say into `REMOTE_ADDR`, `wsgi.url_scheme` and `HTTP_HOST`. Without `WSGITrustedProxies` it believes every client: any of them has the address that a list of the application lets in.',
  remedy: 'Name the proxies in front: `WSGITrustedProxies 10.0.0.1`',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGITrustedProxies.html',
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGITrustedProxyHeaders.html',
  ],
  bad: [
    {
      title: 'the headers alone',
      files: main('WSGITrustedProxyHeaders «X-Forwarded-For» X-Forwarded-Proto'),
    },
  ],
  good: [
    {
      title: 'the proxies are named',
      files: main(conf`
        WSGITrustedProxies 10.0.0.1
        WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto
      `),
    },
    {
      title: 'only this machine connects',
      files: main('WSGITrustedProxyHeaders X-Forwarded-For', '127.0.0.1:9000'),
    },
    {
      title: 'a file that is not here, and may name them',
      files: main(conf`
        Include /opt/proxies.conf
        WSGITrustedProxyHeaders X-Forwarded-For
      `),
    },
    { title: 'a fragment', files: { 'site.conf': 'WSGITrustedProxyHeaders X-Forwarded-For\n' } },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const { main: file, occurrences } = configuration
      const headers = occurrences.get('wsgitrustedproxyheaders') ?? []
      if (headers.length === 0 || file === null || !readsEveryInclude(configuration)) continue
      if (!isReached(deployment, configuration)) continue
      const homes = new Set((occurrences.get('wsgitrustedproxies') ?? []).map(virtualHostSection))
      if (homes.has(null)) continue
      for (const directive of headers) {
        const home = virtualHostSection(directive)
        // Headers of the main server hold in the virtual hosts too, and so may their own lists.
        if (home === null ? homes.size > 0 : homes.has(home)) continue
        yield {
          at: argumentPlace(directive, 0),
          message: 'mod_wsgi believes these headers of whoever connects, because no proxy is named',
          label: 'believed from everybody',
        }
      }
    }
  },
})

/** True where another machine may connect. */
function isReached(deployment: Deployment, configuration: ApacheConfiguration): boolean {
  return listenersOfKind(deployment, 'apache').some(
    ({ program, loopback }) => program.configuration === configuration && loopback !== true,
  )
}
