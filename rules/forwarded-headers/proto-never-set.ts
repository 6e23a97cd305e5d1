import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { isTurnedOn } from '../../src/deployment/django/is-turned-on.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { isSecureValue } from '../../src/deployment/build/scheme-trusts.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoProject, virtualHost, wsgiApplication } from '../_examples.ts'

const nginx = (lines = ''): string => conf`
  server {
      listen 443 ssl;
      server_name example.org;
      ssl_certificate /srv/tls/a.pem;
      ssl_certificate_key /srv/tls/a.key;
      «location» / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          ${lines}
      }
  }
`
const APACHE = (lines = ''): Record<string, string> => ({
  'ports.conf': conf`Listen 127.0.0.1:9000`,
  'site.conf': virtualHost([lines, wsgiApplication()]),
})
const REDIRECT = conf`
  MIDDLEWARE = ['django.middleware.security.SecurityMiddleware']
  SECURE_SSL_REDIRECT = True
`

export default defineRule({
  summary: 'Django redirects to https what came over TLS, for nobody tells it so',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx terminates TLS and proxies plain HTTP. With `SECURE_SSL_REDIRECT` Django’s `SecurityMiddleware` sends each such request to the very URL that was asked for, and the browser gives up after twenty.',
  remedy:
    'Send the scheme from nginx (`proxy_set_header X-Forwarded-Proto $scheme;`) and take it in Apache (`SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on`)',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#secure-ssl-redirect'],
  bad: [
    {
      title: 'nothing said, nothing read',
      files: { 'nginx.conf': nginx(), ...APACHE(), ...djangoProject(REDIRECT) },
    },
  ],
  good: [
    {
      title: 'said by nginx, taken by Apache',
      files: {
        'nginx.conf': nginx('proxy_set_header X-Forwarded-Proto $scheme;'),
        ...APACHE('SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on'),
        ...djangoProject(REDIRECT),
      },
    },
    {
      title: 'read by Django itself',
      files: {
        'nginx.conf': nginx('proxy_set_header X-Forwarded-Proto $scheme;'),
        ...APACHE(),
        ...djangoProject(conf`
          ${REDIRECT}
          SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')
        `),
      },
    },
    {
      title: 'a virtual host for TLS alone',
      files: {
        'nginx.conf': nginx(),
        ...APACHE('SetEnv HTTPS on'),
        ...djangoProject(REDIRECT),
      },
    },
    {
      title: 'nothing in Django reads the setting',
      files: { 'nginx.conf': nginx(), ...APACHE(), ...djangoProject('SECURE_SSL_REDIRECT = True') },
    },
    {
      title: 'Django does not redirect',
      files: { 'nginx.conf': nginx(), ...APACHE(), ...djangoProject('') },
    },
  ],
  *check(deployment) {
    if (!isTurnedOn(deployment, 'SECURE_SSL_REDIRECT')) return
    for (const connection of deployment.connections.http) {
      const setting =
        connection.server.tls && !connection.headers.open ? redirectingSetting(deployment, connection) : null
      if (setting === null) continue
      yield {
        at: namePlace(connection.headers.level ?? connection.block),
        per: 'locations',
        message: often =>
          `nginx terminates TLS here${often} and nothing tells the application, which redirects each request to https again`,
        label: 'tells no scheme',
        related: [{ at: setting, message: 'Django redirects what is not secure' }],
      }
    }
  },
})

/** Where an application that the hop reaches says that it redirects, and neither it nor Apache reads a scheme. */
function redirectingSetting(deployment: Deployment, connection: NginxConnection): Place | null {
  for (const host of certainHosts(deployment, connection)) {
    if (deployment.trustsOf(host).length > 0 || isAlwaysSecure(host)) continue
    for (const application of deployment.applicationsOf(host)) {
      const settings = deployment.pythonOf(application)?.settings
      const redirect = settings?.get('SECURE_SSL_REDIRECT')
      if (!redirect?.known || redirect.value !== true || redirect.at === null) continue
      if (settings?.get('SECURE_PROXY_SSL_HEADER') === null && readsRedirect(settings)) return redirect.at
    }
  }
  return null
}

/** The setting does nothing by itself: a middleware of Django's reads it, and none is there by default. */
function readsRedirect(settings: DjangoSettings): boolean {
  const middleware = settings.get('MIDDLEWARE')
  if (!middleware?.known || !Array.isArray(middleware.value)) return false
  return middleware.value.includes('django.middleware.security.SecurityMiddleware')
}

function isAlwaysSecure({ configuration, directive }: ApacheHost): boolean {
  return ['setenv', 'setenvif', 'setenvifnocase', 'rewriterule'].some(name =>
    (configuration.occurrences.get(name) ?? []).some(line => {
      const home = virtualHostSection(line)
      if (home !== null && home !== directive) return false
      const [first, second] = line.args
      if (name === 'setenv') return first?.value === 'HTTPS' && isSecureValue(second?.value ?? '')
      return line.args.some(({ value }) => /HTTPS/.test(value))
    }),
  )
}
