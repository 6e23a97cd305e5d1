import type { Place } from '../../parsers/text/source.ts'
import { certainBackends } from '../../src/deployment/backend-of-hop.ts'
import type { BackendHost, Deployment, Target } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { isTurnedOn } from '../../src/deployment/django/is-turned-on.ts'
import { virtualHostOf } from '../../src/deployment/build/scheme-trusts.ts'
import { defineRule } from '../../src/engine/rule.ts'

const NGINX =
  'server {\n    listen 80;\n    server_name example.org;\n    location / {\n        proxy_pass http://127.0.0.1:9000;\n        proxy_set_header Host $host;\n        proxy_set_header X-Real-IP $remote_addr;\n    }\n}\n'
const site = (lines = ''): Record<string, string> => ({
  'nginx.conf': NGINX,
  'ports.conf': 'Listen 127.0.0.1:9000\n',
  'site.conf': `<VirtualHost 127.0.0.1:9000>\n    ServerName example.org\n${lines}    WSGIDaemonProcess app python-path=/opt/app\n    WSGIScriptAlias / /opt/app/shop/wsgi.py process-group=app\n    <Directory /opt/app>\n        Require all granted\n    </Directory>\n</VirtualHost>\n`,
})
const django = (settings: string): Record<string, string> => ({
  'opt/app/shop/wsgi.py':
    "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\nos.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'\napplication = get_wsgi_application()\n",
  'opt/app/shop/__init__.py': '',
  'opt/app/shop/settings.py': `ALLOWED_HOSTS = ['example.org']\nSECRET_KEY = 'x'\nROOT_URLCONF = 'shop.urls'\n${settings}`,
})

export default defineRule({
  summary: 'Behind nginx every visitor has one of INTERNAL_IPS',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 5.3,
  since: '0.1.0',
  why: 'For Django every request comes from the address of nginx. With `DEBUG` on and that address in `INTERNAL_IPS`, whatever is for developers alone, such as the toolbar with its queries and settings, is shown to everybody.',
  remedy: 'Turn `DEBUG` off, or let mod_remoteip put the visitor’s address in the place of nginx’s',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#internal-ips',
    'https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html',
  ],
  bad: [
    {
      title: 'a developer’s settings on the server',
      files: { ...site(), ...django("DEBUG = True\n«INTERNAL_IPS = ['127.0.0.1']»\n") },
    },
  ],
  good: [
    {
      title: 'mod_remoteip',
      files: {
        ...site('    RemoteIPHeader X-Real-IP\n    RemoteIPInternalProxy 127.0.0.1\n'),
        ...django("DEBUG = True\nINTERNAL_IPS = ['127.0.0.1']\n"),
      },
    },
    {
      title: 'nothing is for developers',
      files: { ...site(), ...django("DEBUG = False\nINTERNAL_IPS = ['127.0.0.1']\n") },
    },
    {
      title: 'the address of a developer',
      files: { ...site(), ...django("DEBUG = True\nINTERNAL_IPS = ['192.0.2.7']\n") },
    },
  ],
  *check(deployment) {
    if (!isTurnedOn(deployment, 'DEBUG')) return
    const said = new Set<string>()
    for (const hop of deployment.hops) {
      // Only connections from loopback come from the address that the settings name.
      if (hop.reachable !== true || !hop.targets.every(isLoopback)) continue
      for (const host of certainBackends(hop)) {
        const at = internalAddress(deployment, host)
        if (at === null || said.has(`${at.source.path}\0${at.start}`)) continue
        said.add(`${at.source.path}\0${at.start}`)
        yield {
          at,
          message: '`127.0.0.1` is the address of every visitor whom nginx hands on, not only of developers',
          label: 'everybody behind nginx',
          related: [{ at: argumentPlace(hop.pass, 0), message: 'nginx connects from there' }],
        }
      }
    }
  },
})

function isLoopback({ address }: Target): boolean {
  return address.kind === 'ip' && address.ip.startsWith('127.')
}

/** Where an application of the host calls the address of nginx internal, and shows something for it. */
function internalAddress(deployment: Deployment, host: BackendHost): Place | null {
  if (knowsVisitors(host)) return null
  for (const application of deployment.applicationsOf(host)) {
    const settings = deployment.pythonOf(application)?.settings
    const debug = settings?.get('DEBUG')
    const internal = settings?.get('INTERNAL_IPS')
    if (!debug?.known || debug.value !== true || !internal?.known || internal.at === null) continue
    if (Array.isArray(internal.value) && internal.value.includes('127.0.0.1')) return internal.at
  }
  return null
}

/** mod_remoteip puts the visitor’s address in the place of nginx’s. */
function knowsVisitors({ configuration, directive }: BackendHost): boolean {
  return (configuration.occurrences.get('remoteipheader') ?? []).some(header => {
    const home = virtualHostOf(header)
    return home === null || home === directive
  })
}
