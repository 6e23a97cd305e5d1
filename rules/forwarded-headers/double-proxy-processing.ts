import { certainBackends } from '../../src/deployment/backend-of-hop.ts'
import { groupByText } from '../../src/deployment/places.ts'
import type { SchemeTrust } from '../../src/deployment/scheme-trust.ts'
import type { Place } from '../../parsers/text/source.ts'
import { defineRule } from '../../src/engine/rule.ts'

const NGINX =
  'server {\n    listen 443 ssl;\n    server_name example.org;\n    ssl_certificate /srv/tls/a.pem;\n    ssl_certificate_key /srv/tls/a.key;\n    location / {\n        proxy_pass http://127.0.0.1:9000;\n        proxy_set_header Host $host;\n        proxy_set_header X-Forwarded-Proto $scheme;\n    }\n}\n'
const apache = (line: string): Record<string, string> => ({
  'nginx.conf': NGINX,
  'ports.conf': 'Listen 127.0.0.1:9000\n',
  'site.conf': `<VirtualHost 127.0.0.1:9000>\n    ServerName example.org\n${line}    WSGIDaemonProcess app python-path=/opt/app\n    WSGIScriptAlias / /opt/app/shop/wsgi.py process-group=app\n    <Directory /opt/app>\n        Require all granted\n    </Directory>\n</VirtualHost>\n`,
})
const django = (settings: string): Record<string, string> => ({
  'opt/app/shop/wsgi.py':
    "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\nos.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'\napplication = get_wsgi_application()\n",
  'opt/app/shop/__init__.py': '',
  'opt/app/shop/settings.py': `SECRET_KEY = 'x'\n${settings}`,
})
const HEADER = "SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')\n"

export default defineRule({
  summary: 'mod_wsgi and Django both read what the proxy says',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'mod_wsgi takes the headers of `WSGITrustedProxyHeaders` into account and then removes them or changes what they meant. An application that reads them once more sees nothing, or the client’s own words.',
  remedy: 'Let one of the two read them: drop `SECURE_PROXY_SSL_HEADER`, or `WSGITrustedProxyHeaders`',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGITrustedProxyHeaders.html',
  ],
  bad: [
    {
      title: 'both',
      files: {
        ...apache('    WSGITrustedProxyHeaders «X-Forwarded-Proto»\n'),
        ...django(HEADER),
      },
    },
  ],
  good: [
    {
      title: 'mod_wsgi alone',
      files: { ...apache('    WSGITrustedProxyHeaders X-Forwarded-Proto\n'), ...django('') },
    },
    { title: 'Django alone', files: { ...apache(''), ...django(HEADER) } },
  ],
  *check(deployment) {
    const found: { trust: SchemeTrust; setting: Place }[] = []
    for (const hop of deployment.hops) {
      for (const host of certainBackends(deployment, hop)) {
        const trust = deployment.trustsOf(host).find(({ pattern }) => pattern === null)
        if (trust === undefined) continue
        for (const application of deployment.applicationsOf(host)) {
          const header = deployment.pythonOf(application)?.settings?.get('SECURE_PROXY_SSL_HEADER')
          if (header?.known && Array.isArray(header.value) && header.at !== null)
            found.push({ trust, setting: header.at })
        }
      }
    }
    for (const [{ trust, setting }] of groupByText(found, each => each.trust.directive)) {
      yield {
        at: trust.at,
        message: 'mod_wsgi takes the scheme from this header, and Django reads the header once more',
        related: [{ at: setting, message: 'read again here' }],
      }
    }
  },
})
