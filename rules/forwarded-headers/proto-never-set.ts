import { certainBackends } from '../../src/deployment/backend-of-hop.ts'
import type { BackendHost, Deployment, Hop } from '../../src/deployment/model.ts'
import { isTurnedOn } from '../../src/deployment/django/is-turned-on.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { alsoElsewhere, groupByText, namePlace } from '../../src/deployment/places.ts'
import { isSecureValue, virtualHostOf } from '../../src/deployment/build/scheme-trusts.ts'
import type { Place } from '../../parsers/text/source.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (lines = ''): string =>
  `server {\n    listen 443 ssl;\n    server_name example.org;\n    ssl_certificate /srv/tls/a.pem;\n    ssl_certificate_key /srv/tls/a.key;\n    «location» / {\n        proxy_pass http://127.0.0.1:9000;\n        proxy_set_header Host $host;\n${lines}    }\n}\n`
const plain = (lines = ''): string => nginx(lines).replace(/[«»]/g, '')
const APACHE = (lines = ''): Record<string, string> => ({
  'ports.conf': 'Listen 127.0.0.1:9000\n',
  'site.conf': `<VirtualHost 127.0.0.1:9000>\n    ServerName example.org\n${lines}    WSGIDaemonProcess app python-path=/opt/app\n    WSGIScriptAlias / /opt/app/shop/wsgi.py process-group=app\n    <Directory /opt/app>\n        Require all granted\n    </Directory>\n</VirtualHost>\n`,
})
const DJANGO = (settings: string): Record<string, string> => ({
  'opt/app/shop/wsgi.py':
    "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\nos.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'\napplication = get_wsgi_application()\n",
  'opt/app/shop/__init__.py': '',
  'opt/app/shop/settings.py': `ALLOWED_HOSTS = ['example.org']\nSECRET_KEY = 'x'\nROOT_URLCONF = 'shop.urls'\n${settings}`,
})
const REDIRECT =
  "MIDDLEWARE = ['django.middleware.security.SecurityMiddleware']\nSECURE_SSL_REDIRECT = True\n"

export default defineRule({
  summary: 'Django redirects to https what came over TLS, for nobody tells it so',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx ends TLS and hands on plain HTTP. With `SECURE_SSL_REDIRECT` Django’s `SecurityMiddleware` sends each such request to the very URL that was asked for, and the browser gives up after twenty.',
  remedy:
    'Send the scheme from nginx (`proxy_set_header X-Forwarded-Proto $scheme;`) and take it in Apache (`SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on`)',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#secure-ssl-redirect'],
  bad: [
    {
      title: 'nothing said, nothing read',
      files: { 'nginx.conf': nginx(), ...APACHE(), ...DJANGO(REDIRECT) },
    },
  ],
  good: [
    {
      title: 'said by nginx, taken by Apache',
      files: {
        'nginx.conf': plain('        proxy_set_header X-Forwarded-Proto $scheme;\n'),
        ...APACHE('    SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on\n'),
        ...DJANGO(REDIRECT),
      },
    },
    {
      title: 'read by Django itself',
      files: {
        'nginx.conf': plain('        proxy_set_header X-Forwarded-Proto $scheme;\n'),
        ...APACHE(),
        ...DJANGO(`${REDIRECT}SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')\n`),
      },
    },
    {
      title: 'a virtual host for TLS alone',
      files: {
        'nginx.conf': plain(),
        ...APACHE('    SetEnv HTTPS on\n'),
        ...DJANGO(REDIRECT),
      },
    },
    {
      title: 'nothing in Django reads the setting',
      files: { 'nginx.conf': plain(), ...APACHE(), ...DJANGO('SECURE_SSL_REDIRECT = True\n') },
    },
    { title: 'Django does not redirect', files: { 'nginx.conf': plain(), ...APACHE(), ...DJANGO('') } },
  ],
  *check(deployment) {
    if (!isTurnedOn(deployment, 'SECURE_SSL_REDIRECT')) return
    const found = deployment.hops.flatMap(hop => {
      const setting = hop.server.tls && !hop.headers.open ? redirectingSetting(deployment, hop) : null
      return setting === null ? [] : [{ hop, setting, level: hop.headers.level ?? hop.block }]
    })
    for (const [{ setting, level }, ...others] of groupByText(found, each => each.level)) {
      yield {
        at: namePlace(level),
        message: `nginx ends TLS here${alsoElsewhere(others.length + 1, 'locations')} and nothing tells the application, which redirects each request to https again`,
        label: 'tells no scheme',
        related: [{ at: setting, message: 'Django redirects what is not secure' }],
      }
    }
  },
})

/** Where an application that the hop reaches says that it redirects, and neither it nor Apache reads a scheme. */
function redirectingSetting(deployment: Deployment, hop: Hop): Place | null {
  for (const host of certainBackends(hop)) {
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

function isAlwaysSecure({ configuration, directive }: BackendHost): boolean {
  return ['setenv', 'setenvif', 'setenvifnocase', 'rewriterule'].some(name =>
    (configuration.occurrences.get(name) ?? []).some(line => {
      const home = virtualHostOf(line)
      if (home !== null && home !== directive) return false
      const [first, second] = line.args
      if (name === 'setenv') return first?.value === 'HTTPS' && isSecureValue(second?.value ?? '')
      return line.args.some(({ value }) => /HTTPS/.test(value))
    }),
  )
}
