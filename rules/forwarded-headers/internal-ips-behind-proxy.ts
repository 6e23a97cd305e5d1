import type { Place } from '../../parsers/text/source.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, Target } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { isTurnedOn } from '../../src/deployment/django/is-turned-on.ts'
import { conf } from '../../src/engine/conf.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoProject, virtualHost, wsgiApplication } from '../_examples.ts'
import { isLoopback } from '../../src/servers/address.ts'

const NGINX = conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          proxy_set_header X-Real-IP $remote_addr;
      }
  }
`
const site = (lines = ''): Record<string, string> => ({
  'nginx.conf': NGINX,
  'ports.conf': conf`Listen 127.0.0.1:9000`,
  'site.conf': virtualHost([lines, wsgiApplication()]),
})

export default defineRule({
  summary: 'Behind nginx every client has one of INTERNAL_IPS',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [291],
  since: '0.1.0',
  why: 'For Django every request comes from the address of nginx. With `DEBUG` on and that address in `INTERNAL_IPS`, whatever is for developers alone, such as the toolbar with its queries and settings, is shown to everybody.',
  remedy: 'Turn `DEBUG` off, or let mod_remoteip put the client’s address in the place of nginx’s',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#internal-ips',
    'https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html',
  ],
  bad: [
    {
      title: 'a developer’s settings on the server',
      files: {
        ...site(),
        ...djangoProject(conf`
          DEBUG = True
          «INTERNAL_IPS = ['127.0.0.1']»
        `),
      },
    },
  ],
  good: [
    {
      title: 'mod_remoteip',
      files: {
        ...site(conf`
          RemoteIPHeader X-Real-IP
          RemoteIPInternalProxy 127.0.0.1
        `),
        ...djangoProject(conf`
          DEBUG = True
          INTERNAL_IPS = ['127.0.0.1']
        `),
      },
    },
    {
      title: 'nothing is for developers',
      files: {
        ...site(),
        ...djangoProject(conf`
          DEBUG = False
          INTERNAL_IPS = ['127.0.0.1']
        `),
      },
    },
    {
      title: 'the address of a developer',
      files: {
        ...site(),
        ...djangoProject(conf`
          DEBUG = True
          INTERNAL_IPS = ['192.0.2.7']
        `),
      },
    },
  ],
  *check(deployment) {
    if (!isTurnedOn(deployment, 'DEBUG')) return
    for (const connection of deployment.connections.http) {
      const source = sourceOf(connection.targets)
      if (connection.reachable !== true || source === null) continue
      for (const host of certainHosts(deployment, connection)) {
        const at = internalAddress(deployment, host, source)
        if (at === null) continue
        yield {
          at,
          message: `\`${source}\` is the address of every client whom nginx proxies, not only of developers`,
          label: 'everybody behind nginx',
          related: [{ at: argumentPlace(connection.pass, 0), message: 'nginx connects from there' }],
        }
      }
    }
  },
})

/** The address from which nginx makes its connections to loopback; null where some go elsewhere. */
function sourceOf(targets: readonly Target[]): string | null {
  const sources = new Set(
    targets.map(({ address }) => {
      if (address.kind !== 'ip' || isLoopback(address) !== true) return null
      // The kernel takes the first address of the interface, whichever of 127.0.0.0/8 it connects to.
      return address.family === 4 ? '127.0.0.1' : '::1'
    }),
  )
  const [source = null] = sources
  return sources.size === 1 ? source : null
}

/** Where an application of the host calls the address of nginx internal, and shows something for it. */
function internalAddress(deployment: Deployment, host: ApacheHost, source: string): Place | null {
  if (knowsVisitors(host)) return null
  for (const application of deployment.applicationsOf(host)) {
    const settings = deployment.pythonOf(application)?.settings
    const debug = settings?.get('DEBUG')
    const internal = settings?.get('INTERNAL_IPS')
    if (!debug?.known || debug.value !== true || !internal?.known || internal.at === null) continue
    if (Array.isArray(internal.value) && internal.value.includes(source)) return internal.at
  }
  return null
}

/** mod_remoteip puts the client’s address in the place of nginx’s. */
function knowsVisitors({ configuration, directive }: ApacheHost): boolean {
  return (configuration.occurrences.get('remoteipheader') ?? []).some(header => {
    const home = virtualHostSection(header)
    return home === null || home === directive
  })
}
