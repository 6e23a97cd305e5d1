import { namePlace } from '../../src/deployment/places.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import {
  assignedValue,
  isTakenForHttp,
  schemeSeen,
  trustedHeader,
  usesMiddleware,
  written,
} from './_behind-nginx.ts'
import { djangoConnections, waysByRunner } from './_connections.ts'
import { untrustingBehindLabels } from './_behind-labels.ts'
import { djangoBehindApache, keepsHost, schemeBehindApache } from './_behind-apache.ts'
import {
  behindCaddy,
  behindTraefik,
  djangoBehindNginx,
  djangoBehindProxyPass,
  djangoInApache,
  TLS,
  TLS_HEADERS,
} from './_examples.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import { nginxMain } from '../_examples.ts'
import { serviceUnit, WSGI } from '../app-server/_examples.ts'

const SETTINGS = conf`
  ALLOWED_HOSTS = ["example.org"]
  MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
  SECURE_SSL_REDIRECT = «True»
`
const PROXY = conf`
  ALLOWED_HOSTS = ["example.org"]
  MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
  SECURE_SSL_REDIRECT = «True»
  SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
`

/** For a project whose `ALLOWED_HOSTS` are there already. */
const inApache = (lines = '', parts: Parameters<typeof djangoInApache>[0] = {}): Record<string, string> =>
  djangoInApache({
    settings: conf`
      MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
      SECURE_SSL_REDIRECT = «True»
      ${lines}
    `,
    listen: '443 ssl',
    site: TLS,
    ...parts,
  })
const HEADER = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'

const shop = (lines: string): string => conf`
  server {
      ${lines}
      server_name example.org;
      location / {
          proxy_pass http://web:8000;
          ${TLS_HEADERS}
      }
  }
`

export default defineRule({
  summary: 'Django redirects https to https for ever',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx or Apache terminates TLS and Django, in an application server or in mod_wsgi, does not learn it, so with `SECURE_SSL_REDIRECT` every request is sent back to the address that it came from: `ERR_TOO_MANY_REDIRECTS`.',
  remedy:
    'Send `X-Forwarded-Proto $scheme` in nginx, or `RequestHeader set X-Forwarded-Proto https` in Apache, and set `SECURE_PROXY_SSL_HEADER` in Django (or `SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on` in front of mod_wsgi), or redirect in the proxy alone',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#secure-ssl-redirect',
    'https://docs.djangoproject.com/en/stable/ref/settings/#secure-proxy-ssl-header',
  ],
  bad: [
    {
      title: 'a container to which Traefik sends what comes by TLS',
      files: behindTraefik(djangoBehindNginx({ settings: SETTINGS })),
    },
    {
      title: 'a container to which Caddy sends what comes by TLS',
      files: behindCaddy(
        djangoBehindNginx({ settings: SETTINGS }),
        conf`
          (common) {
              encode zstd gzip
          }
          example.org, www.example.org {
              import common
              handle /static/* {
                  root * /srv
                  file_server
              }
              handle {
                  reverse_proxy http://web:8000
              }
          }
        `,
      ),
    },
    {
      title: 'a header that Django is not told to trust',
      files: djangoBehindNginx({ settings: SETTINGS, listen: '443 ssl', site: TLS, headers: TLS_HEADERS }),
    },
    {
      title: 'a header that nginx does not send',
      files: djangoBehindNginx({ settings: PROXY, listen: '443 ssl', site: TLS }),
    },
    {
      title: 'a server that trusts no proxy',
      files: djangoBehindNginx({
        settings: SETTINGS,
        listen: '443 ssl',
        site: TLS,
        headers: TLS_HEADERS,
        command: 'daphne -b 0.0.0.0 -p 8000 shop.wsgi',
      }),
    },
    {
      title: 'Apache does not tell it',
      files: djangoBehindProxyPass(PROXY, 'ProxyPreserveHost On'),
    },
    {
      title: 'nginx in front has no TLS, and says so',
      files: djangoBehindNginx({ settings: PROXY, headers: TLS_HEADERS }),
    },
    {
      title: 'Apache tells a server that trusts no proxy',
      files: (() => {
        const files = djangoBehindProxyPass(SETTINGS, [
          'ProxyPreserveHost On',
          'RequestHeader set X-Forwarded-Proto https',
        ])
        const unit = files['etc/systemd/system/shop.service']!
        return {
          ...files,
          'etc/systemd/system/shop.service': unit.replace(
            /ExecStart=.*/,
            'ExecStart=/usr/bin/daphne -b 127.0.0.1 -p 8000 shop.wsgi',
          ),
        }
      })(),
    },
    { title: 'mod_wsgi, nothing said and nothing read', files: inApache() },
    { title: 'mod_wsgi, and a header that nginx does not send', files: inApache(HEADER) },
    {
      title: 'mod_wsgi, and a header that nobody reads',
      files: inApache('', { headers: TLS_HEADERS }),
    },
    {
      title: 'mod_wsgi behind an nginx that has no TLS, and says so',
      files: inApache(HEADER, { listen: '80', site: '', headers: TLS_HEADERS }),
    },
    { title: 'neither TLS nor a header that is trusted', files: djangoBehindNginx({ settings: SETTINGS }) },
  ],
  good: [
    {
      title: 'what Caddy says of the scheme is trusted',
      files: behindCaddy(djangoBehindNginx({ settings: PROXY.replace(/[«»]/g, '') })),
    },
    {
      title: 'what Traefik says of the scheme is trusted',
      files: behindTraefik(djangoBehindNginx({ settings: PROXY.replace(/[«»]/g, '') })),
    },
    {
      title: 'sent and trusted',
      files: djangoBehindNginx({ settings: PROXY, listen: '443 ssl', site: TLS, headers: TLS_HEADERS }),
    },
    { title: 'sent to mod_wsgi, and read by Django', files: inApache(HEADER, { headers: TLS_HEADERS }) },
    {
      title: 'sent to mod_wsgi, and read by Apache',
      files: inApache('', {
        headers: TLS_HEADERS,
        apache: 'SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on',
      }),
    },
    { title: 'a virtual host for TLS alone', files: inApache('', { apache: 'SetEnv HTTPS on' }) },
    {
      title: 'Apache sets the header that Django reads',
      files: inApache(HEADER, { apache: 'RequestHeader set X-Forwarded-Proto https' }),
    },
    {
      title: 'mod_wsgi behind an nginx that has no TLS, and another virtual host with it',
      files: {
        ...inApache('', { listen: '80', site: '' }),
        'etc/apache2/apache2.conf': conf`
          ${inApache()['etc/apache2/apache2.conf']!}
          LoadModule ssl_module modules/mod_ssl.so
          Listen 443
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLCertificateFile /etc/ssl/example.org.pem
              SSLCertificateKeyFile /etc/ssl/example.org.key
              WSGIProcessGroup shop
              WSGIScriptAlias / /opt/shop/shop/wsgi.py
          </VirtualHost>
        `,
      },
    },
    {
      title: 'gunicorn trusts the header of every proxy',
      files: djangoBehindNginx({
        settings: SETTINGS,
        listen: '443 ssl',
        site: TLS,
        headers: TLS_HEADERS,
        command: "gunicorn --bind 0.0.0.0:8000 --forwarded-allow-ips='*' shop.wsgi",
      }),
    },
    {
      title:
        'Django trusts a header that nobody sends, and takes the scheme of gunicorn, which trusts the other',
      files: djangoBehindNginx({
        settings: conf`
          ${SETTINGS}
          SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTOCOL", "https")
        `,
        listen: '443 ssl',
        site: TLS,
        headers: TLS_HEADERS,
        command: "gunicorn --bind 0.0.0.0:8000 --forwarded-allow-ips='*' shop.wsgi",
      }),
    },
    {
      title: 'gunicorn behind a Unix socket, where it trusts the header by itself',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 443 ssl;
              server_name example.org;
              ${TLS}
              location / {
                  proxy_pass http://unix:/run/shop/gunicorn.sock;
                  ${TLS_HEADERS}
              }
          }
        `),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/gunicorn --bind unix:/run/shop/gunicorn.sock shop.wsgi',
        ),
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI,
        'etc/shop/shop/settings.py': SETTINGS,
      },
    },
    {
      title: 'Apache tells it',
      files: djangoBehindProxyPass(PROXY, [
        'ProxyPreserveHost On',
        'RequestHeader set X-Forwarded-Proto https',
      ]),
    },
    {
      title: 'Apache tells gunicorn, which trusts it',
      files: djangoBehindProxyPass(SETTINGS, [
        'ProxyPreserveHost On',
        'RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}',
      ]),
    },
    {
      title: 'the scheme that a proxy in front says',
      files: djangoBehindNginx({
        settings: PROXY,
        headers: conf`
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
        `,
      }),
    },
    { title: 'a header that nginx passes on as it comes', files: djangoBehindNginx({ settings: PROXY }) },
    {
      title: 'another server with TLS',
      files: {
        ...djangoBehindNginx({ settings: PROXY }),
        'nginx/site.conf': conf`
          ${shop('listen 80;')}
          ${shop(conf`
            listen 443 ssl;
            ${TLS}
          `)}
        `,
      },
    },
    {
      title: 'no middleware that redirects',
      files: djangoBehindNginx({
        settings: SETTINGS.replace('security.SecurityMiddleware', 'common.CommonMiddleware'),
        listen: '443 ssl',
        site: TLS,
      }),
    },
  ],
  *check(deployment) {
    yield* behindApache(deployment)
    yield* overPlainHttp(deployment)
    yield* behindLabels(deployment)
    for (const each of djangoConnections(deployment)) {
      const { connection, settings } = each
      const redirect = settings.get('SECURE_SSL_REDIRECT')
      if (redirect?.known !== true || redirect.value !== true || redirect.at === null) continue
      if (
        !connection.server.tls ||
        usesMiddleware(settings, 'django.middleware.security.SecurityMiddleware') !== true
      )
        continue
      if (schemeSeen(each) !== 'http') continue
      const header = written(connection, 'x-forwarded-proto')
      yield {
        at: assignedValue(redirect.at),
        message: `Django takes every request for plain HTTP${header === null ? ', as no header says the scheme' : ', as it does not trust X-Forwarded-Proto'}, and redirects https to https for ever`,
        label: 'every request is redirected',
        related: [
          ...trustedHeader(settings),
          { at: namePlace(connection.pass), message: 'what comes by TLS is proxied here' },
          ...(header === null
            ? []
            : [{ at: namePlace(header.directive), message: 'the header that is not trusted' }]),
        ],
      }
    }
  },
})

/** Caddy and Traefik send the scheme, and nothing takes it. */
function* behindLabels(deployment: Deployment): Iterable<RuleFinding> {
  for (const { front, settings } of untrustingBehindLabels(deployment)) {
    const redirect = settings.get('SECURE_SSL_REDIRECT')
    if (redirect?.known !== true || redirect.value !== true || redirect.at === null) continue
    if (usesMiddleware(settings, 'django.middleware.security.SecurityMiddleware') !== true) continue
    yield {
      at: assignedValue(redirect.at),
      message:
        'Django takes every request for plain HTTP, for it is not told to trust X-Forwarded-Proto, and redirects https to https for ever',
      label: 'every request is redirected',
      related: [{ at: front.at, message: `${front.proxy} terminates TLS` }],
    }
  }
}

/** Where nginx gets plain HTTP alone, a proxy with TLS in front of it does not help either. */
function* overPlainHttp(deployment: Deployment): Iterable<RuleFinding> {
  for (const all of waysByRunner(deployment)) {
    const [first] = all
    if (first === undefined || !all.every(way => isTakenForHttp(deployment, way))) continue
    const { settings, connection } = first
    const redirect = settings.get('SECURE_SSL_REDIRECT')
    if (redirect?.known !== true || redirect.value !== true || redirect.at === null) continue
    if (settings.get('SECURE_REDIRECT_EXEMPT') !== null) continue
    if (usesMiddleware(settings, 'django.middleware.security.SecurityMiddleware') !== true) continue
    const header = written(connection, 'x-forwarded-proto')
    yield {
      at: assignedValue(redirect.at),
      message:
        'Django redirects every request to https, and takes none for that: nginx gets plain HTTP, and what a proxy with TLS in front says of the scheme does not get here',
      label: 'every request is redirected',
      related: [
        { at: namePlace(connection.pass), message: 'plain HTTP is proxied here' },
        ...(header === null ? [] : [{ at: namePlace(header.directive), message: 'says http' }]),
      ],
    }
  }
}

/** Apache sends no scheme by itself, and a server may not trust the one that a line sends. */
function* behindApache(deployment: Deployment): Iterable<RuleFinding> {
  for (const each of djangoBehindApache(deployment)) {
    const { connection, settings } = each
    const redirect = settings.get('SECURE_SSL_REDIRECT')
    if (redirect?.known !== true || redirect.value !== true || redirect.at === null) continue
    if (!frontLine(connection).tls) continue
    if (usesMiddleware(settings, 'django.middleware.security.SecurityMiddleware') !== true) continue
    // Where the name is not kept, Django sends the client to the address of the backend instead.
    if (schemeBehindApache(each) !== 'http' || keepsHost(each.connection) !== true) continue
    const isSent = frontLine(connection).scheme === 'https'
    yield {
      at: assignedValue(redirect.at),
      message: `Django takes every request for plain HTTP, as ${isSent ? 'it does not trust X-Forwarded-Proto' : 'no header says the scheme'}, and redirects https to https for ever`,
      label: 'every request is redirected',
      related: [
        ...trustedHeader(settings),
        { at: namePlace(connection.pass), message: 'what comes by TLS is proxied here' },
      ],
    }
  }
}
