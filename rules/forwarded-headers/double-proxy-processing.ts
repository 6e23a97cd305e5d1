import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { isProxySchemeHeader } from '../../src/deployment/build/scheme-trusts.ts'
import type { SchemeTrust } from '../../src/deployment/model.ts'
import type { Place } from '../../parsers/text/source.ts'
import { headerNamed } from '../django/_behind-nginx.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoProject, virtualHost, wsgiApplication } from '../_examples.ts'

const NGINX = conf`
  server {
      listen 443 ssl;
      server_name example.org;
      ssl_certificate /srv/tls/a.pem;
      ssl_certificate_key /srv/tls/a.key;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto $scheme;
      }
  }
`
const apache = (line: string): Record<string, string> => ({
  'nginx.conf': NGINX,
  'ports.conf': conf`Listen 127.0.0.1:9000`,
  'site.conf': virtualHost([line, wsgiApplication()]),
})
const HEADER = "SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')"

export default defineRule({
  summary: 'mod_wsgi and Django both read what the proxy says',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'It works as long as both name the same header, which mod_wsgi leaves to the application. Of the other headers that say a scheme it removes all that it does not trust: one change of the list, and Django waits for a header that never comes and takes TLS for plain HTTP.',
  remedy: 'Let one of the two read them: drop `SECURE_PROXY_SSL_HEADER`, or `WSGITrustedProxyHeaders`',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGITrustedProxyHeaders.html',
  ],
  bad: [
    {
      title: 'both',
      files: {
        ...apache('WSGITrustedProxyHeaders «X-Forwarded-Proto»'),
        ...djangoProject(HEADER),
      },
    },
    {
      title: 'each its own',
      files: {
        ...apache('WSGITrustedProxyHeaders «X-Forwarded-Scheme»'),
        'nginx.conf': NGINX.replace('X-Forwarded-Proto', 'X-Forwarded-Scheme'),
        ...djangoProject(HEADER),
      },
    },
  ],
  good: [
    {
      title: 'mod_wsgi alone',
      files: { ...apache('WSGITrustedProxyHeaders X-Forwarded-Proto'), ...djangoProject('') },
    },
    { title: 'Django alone', files: { ...apache(''), ...djangoProject(HEADER) } },
  ],
  *check(deployment) {
    if (!deployment.trusts.some(({ pattern }) => pattern === null)) return
    const found: { trust: SchemeTrust; same: boolean; header: string; setting: Place }[] = []
    for (const connection of deployment.connections.http) {
      for (const host of certainHosts(deployment, connection)) {
        const trusts = deployment.trustsOf(host).filter(({ pattern }) => pattern === null)
        const [first] = trusts
        if (first === undefined) continue
        for (const application of deployment.applicationsOf(host)) {
          const setting = deployment.pythonOf(application)?.settings?.get('SECURE_PROXY_SSL_HEADER')
          if (!setting?.known || !Array.isArray(setting.value) || setting.at === null) continue
          const variable: unknown = setting.value[0]
          if (typeof variable !== 'string') continue
          const header = headerNamed(variable)
          const same = trusts.find(trust => trust.header === header)
          found.push({ trust: same ?? first, same: same !== undefined, header, setting: setting.at })
        }
      }
    }
    for (const { trust, same, header, setting } of found) {
      // What mod_wsgi does not count among the headers of proxies, it does not touch.
      const isRemoved = !same && isProxySchemeHeader(header)
      yield {
        at: trust.at,
        message: isRemoved
          ? `mod_wsgi takes the scheme from this header and removes \`${header}\`, for which Django waits`
          : 'mod_wsgi takes the scheme from this header, and Django takes it from a header once more',
        related: [{ at: setting, message: isRemoved ? 'never arrives here' : 'read again here' }],
      }
    }
  },
})
