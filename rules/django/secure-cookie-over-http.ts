import { directPlainListens } from '../../src/deployment/outer-proxies.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, djangoProject } from '../_examples.ts'
import { assignedValue } from './_behind-nginx.ts'
import { waysByRunner } from './_connections.ts'
import { plainInApache } from './_plain-apache.ts'
import { djangoBehindNginx, djangoBehindProxyPass, djangoInApache, TLS } from './_examples.ts'

const SETTINGS = conf`
  ALLOWED_HOSTS = ["example.org"]
  SESSION_COOKIE_SECURE = «True»
`
const plain = (text: string): string => text.replaceAll(/[«»]/g, '')

const onApache = (
  settings: string,
  { lines = '', address = '*:80', tls = false } = {},
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen ${tls ? '443' : '80'}
      <VirtualHost ${tls ? '*:443' : address}>
          ServerName example.org
          ${tls ? 'SSLEngine on\nSSLCertificateFile /etc/ssl/a.pem\nSSLCertificateKeyFile /etc/ssl/a.key' : ''}
          ${lines}
          WSGIDaemonProcess shop python-path=/opt/shop
          WSGIProcessGroup shop
          WSGIScriptAlias / /opt/shop/shop/wsgi.py
          <Directory /opt/shop>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['wsgi', 'setenvif', 'ssl', 'socache_shmcb'],
  ),
  ...djangoProject(settings),
  'opt/shop/shop/__init__.py': '',
  'opt/shop/shop/urls.py': 'urlpatterns = []\n',
})

export default defineRule({
  summary: 'Cookies that browsers send by TLS alone, for a site without TLS',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A browser neither keeps nor sends a cookie with `Secure` by plain HTTP. Where nothing terminates TLS in front of the application, every login is lost at once, and every form is refused: `CSRF cookie not set`.',
  remedy: 'Serve the site by TLS, or turn the setting off where it is tried without',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#session-cookie-secure'],
  bad: [
    {
      title: 'Apache alone, with mod_wsgi',
      files: onApache('CSRF_COOKIE_SECURE = «True»'),
    },
    {
      title: 'Apache alone, in front of gunicorn',
      files: djangoBehindProxyPass('SESSION_COOKIE_SECURE = «True»\n', '', { tls: false }),
    },
    { title: 'a site of plain HTTP', files: djangoBehindNginx({ settings: SETTINGS }) },
    {
      title: 'a site of plain HTTP, in mod_wsgi',
      files: djangoInApache({ settings: 'SESSION_COOKIE_SECURE = «True»' }),
    },
  ],
  good: [
    { title: 'TLS of Apache', files: onApache('SESSION_COOKIE_SECURE = True', { tls: true }) },
    {
      title: 'Apache behind a proxy that Django waits for',
      files: onApache(conf`
        SESSION_COOKIE_SECURE = True
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
      `),
    },
    {
      title: 'Apache behind a proxy whose word it takes',
      files: onApache('SESSION_COOKIE_SECURE = True', {
        lines: 'SetEnvIf X-Forwarded-Proto https HTTPS=on',
      }),
    },
    {
      title: 'a script that brings a certificate',
      files: {
        ...onApache('SESSION_COOKIE_SECURE = True'),
        'deploy/install.sh': 'certbot --apache -d example.org\n',
      },
    },
    {
      title: 'Apache for this machine alone',
      files: onApache('SESSION_COOKIE_SECURE = True', { address: '127.0.0.1:80' }),
    },
    { title: 'TLS', files: djangoBehindNginx({ settings: plain(SETTINGS), listen: '443 ssl', site: TLS }) },
    {
      title: 'a proxy in front that says the scheme',
      files: djangoBehindNginx({
        settings: plain(SETTINGS),
        headers: conf`
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
        `,
      }),
    },
    {
      title: 'turned off',
      files: djangoBehindNginx({ settings: plain(SETTINGS).replace('True', 'False') }),
    },
  ],
  *check(deployment) {
    for (const all of waysByRunner(deployment)) {
      const [first] = all
      const plainListen = first && directPlainListens(deployment, first.connection.server)[0]
      if (first === undefined || plainListen === undefined) continue
      if (!all.every(({ connection }) => isPlain(connection))) continue
      for (const name of COOKIES) {
        const fact = first.settings.get(name)
        if (fact?.known !== true || fact.value !== true || fact.at === null) continue
        yield {
          at: assignedValue(fact.at),
          message: `\`${name}\` is on, and nginx serves this application by plain HTTP alone`,
          label: 'no browser sends the cookie',
          related: [{ at: plainListen.at, message: 'plain HTTP' }],
        }
      }
    }
    for (const { settings, at } of plainInApache(deployment))
      for (const name of COOKIES) {
        const fact = settings.get(name)
        if (fact?.known !== true || fact.value !== true || fact.at === null) continue
        yield {
          at: assignedValue(fact.at),
          message: `\`${name}\` is on, and Apache serves this application by plain HTTP alone`,
          label: 'no browser sends the cookie',
          related: [{ at, message: 'plain HTTP' }],
        }
      }
  },
})

const COOKIES = ['SESSION_COOKIE_SECURE', 'CSRF_COOKIE_SECURE']

/** True where nothing says that something in front terminates TLS. */
function isPlain({ server, headers }: NginxConnection): boolean {
  if (server.tls || headers.open) return false
  return !headers.written.some(
    ({ name, state, value }) =>
      /^x-forwarded-(?:proto|ssl|scheme|port)$/.test(name) &&
      (state === 'passed' || /https|on|443|\$(?!scheme)/.test(value)),
  )
}
