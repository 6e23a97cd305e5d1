import type { Deployment } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { schemeSeen, textList, trustedHeader, usesMiddleware, written } from './_behind-nginx.ts'
import { djangoBehindApache, schemeBehindApache } from './_behind-apache.ts'
import { djangoConnections } from './_connections.ts'
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
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { entryPlace, settingPlace, settingValue } from './_setting-entries.ts'
import { isDjangoAtLeast } from '../../src/deployment/django/django-version.ts'
import { untrustingBehindLabels } from './_behind-labels.ts'
import { isForWebSockets } from '../_websocket-locations.ts'

const CSRF = 'django.middleware.csrf.CsrfViewMiddleware'
const SETTINGS = conf`
  ALLOWED_HOSTS = ["example.org"]
  MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
`

const MARKED = SETTINGS.replace('"django.middleware.csrf.CsrfViewMiddleware"', '«$&»')

export default defineRule({
  summary: 'Django refuses forms, because it takes https for http',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Since Django 4.0 the header `Origin` of a POST is compared with the scheme and name that Django sees. Behind an nginx or Apache that terminates TLS this is http, unless Django is told: every form, the login of the admin too, is answered with 403, `Origin checking failed - https://… does not match any trusted origins`. Older versions only make `http://` links.',
  remedy:
    'Set `SECURE_PROXY_SSL_HEADER` to a header that the proxy sets, or list the origins in `CSRF_TRUSTED_ORIGINS`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#csrf-trusted-origins',
    'https://docs.djangoproject.com/en/stable/ref/csrf/#how-it-works',
  ],
  unproven: 'the Django of Debian 12 is 3.2, which does not compare the header Origin yet',
  bad: [
    {
      title: 'a header that nobody trusts',
      files: djangoBehindNginx({
        settings: MARKED,
        listen: '443 ssl',
        site: TLS,
        headers: TLS_HEADERS,
      }),
    },
    {
      title: 'a header that nobody trusts, in front of mod_wsgi',
      files: {
        ...djangoInApache({ listen: '443 ssl', site: TLS, headers: TLS_HEADERS }),
        'opt/shop/shop/settings.py': MARKED,
      },
    },
    {
      title: 'a container to which Traefik sends what comes by TLS',
      files: behindTraefik(djangoBehindNginx({ settings: MARKED })),
    },
    {
      title: 'a container to which Caddy sends what comes by TLS',
      files: behindCaddy(djangoBehindNginx({ settings: MARKED })),
    },
    { title: 'Apache, which says nothing', files: djangoBehindProxyPass(MARKED, 'ProxyPreserveHost On') },
  ],
  good: [
    {
      title: 'Apache tells gunicorn, which trusts it',
      files: djangoBehindProxyPass(SETTINGS, [
        'ProxyPreserveHost On',
        'RequestHeader set X-Forwarded-Proto https',
      ]),
    },
    {
      title: 'Apache says nothing, and the origin is trusted',
      files: djangoBehindProxyPass(
        `${SETTINGS}CSRF_TRUSTED_ORIGINS = ["https://example.org"]\n`,
        'ProxyPreserveHost On',
      ),
    },
    {
      title: 'a Django that compares no origin',
      files: {
        ...djangoInApache({
          settings: 'MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]',
          listen: '443 ssl',
          site: TLS,
          headers: TLS_HEADERS,
        }),
        'opt/shop/requirements.txt': conf`Django==3.2.25`,
      },
    },
    {
      title: 'a header that Apache takes for the scheme',
      files: djangoInApache({
        settings: 'MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]',
        listen: '443 ssl',
        site: TLS,
        headers: TLS_HEADERS,
        apache: 'SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on',
      }),
    },
    {
      title: 'a site of Caddy in plain HTTP',
      files: behindCaddy(
        djangoBehindNginx({ settings: SETTINGS }),
        'http://example.org {\n\treverse_proxy web:8000\n}\n',
      ),
    },
    {
      title: 'a site of Caddy whose address a variable has',
      files: behindCaddy(
        djangoBehindNginx({ settings: SETTINGS }),
        '{$SITE} {\n\treverse_proxy web:8000\n}\n',
      ),
    },
    {
      title: 'another container behind Caddy',
      files: behindCaddy(
        djangoBehindNginx({ settings: SETTINGS }),
        'example.org {\n\treverse_proxy api:8000\n}\n',
      ),
    },
    {
      title: 'gunicorn that trusts what Caddy says',
      files: behindCaddy(
        djangoBehindNginx({ settings: SETTINGS }),
        undefined,
        "gunicorn --bind 0.0.0.0:8000 --forwarded-allow-ips='*' shop.wsgi",
      ),
    },
    {
      title: 'a header of Traefik that is trusted',
      files: behindTraefik(
        djangoBehindNginx({
          settings: conf`
            ${SETTINGS}
            SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
          `,
        }),
      ),
    },
    {
      title: 'gunicorn that trusts what Traefik says',
      files: behindTraefik(
        djangoBehindNginx({ settings: SETTINGS }),
        "gunicorn --bind 0.0.0.0:8000 --forwarded-allow-ips='*' shop.wsgi",
      ),
    },
    {
      title: 'origins that are trusted behind Traefik',
      files: behindTraefik(
        djangoBehindNginx({
          settings: conf`
            ${SETTINGS}
            CSRF_TRUSTED_ORIGINS = ["https://example.org"]
          `,
        }),
      ),
    },
    {
      title: 'a header that is trusted',
      files: djangoBehindNginx({
        settings: conf`
          ${SETTINGS}
          SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        `,
        listen: '443 ssl',
        site: TLS,
        headers: TLS_HEADERS,
      }),
    },
    {
      title: 'origins that are trusted',
      files: djangoBehindNginx({
        settings: conf`
          ${SETTINGS}
          CSRF_TRUSTED_ORIGINS = ["https://example.org"]
        `,
        listen: '443 ssl',
        site: TLS,
        headers: TLS_HEADERS,
      }),
    },
    {
      title: 'a location for WebSockets, which sends no scheme',
      files: djangoBehindNginx({
        settings: conf`
          ${SETTINGS}
          SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        `,
        listen: '443 ssl',
        site: conf`
          ${TLS}
          location /ws/ {
              proxy_pass http://web:8000;
              proxy_http_version 1.1;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection "upgrade";
          }
        `,
        headers: TLS_HEADERS,
      }),
    },
    { title: 'plain HTTP', files: djangoBehindNginx({ settings: SETTINGS }) },
    {
      title: 'an application without the middleware',
      files: djangoBehindNginx({
        settings: 'ALLOWED_HOSTS = ["example.org"]\nMIDDLEWARE = []\n',
        listen: '443 ssl',
        site: TLS,
      }),
    },
  ],
  *check(deployment) {
    for (const { front, machine, settings } of untrustingBehindLabels(deployment)) {
      if (usesMiddleware(settings, CSRF) !== true) continue
      if (isDjangoAtLeast(4, settings, machine.container?.files ?? machine.files) === false) continue
      const origins = textList(settings, 'CSRF_TRUSTED_ORIGINS')
      const at = checkPlace(settings)
      if (at === null || origins === null || origins.some(origin => origin.startsWith('https://'))) continue
      yield {
        at,
        message: `these settings trust no header for the scheme and no origin, so Django sees http behind the TLS of ${front.proxy} and refuses every form: Origin checking failed`,
        label: 'neither SECURE_PROXY_SSL_HEADER nor CSRF_TRUSTED_ORIGINS',
        related: [{ at: front.at, message: 'TLS ends here' }, ...expectingTls(settings)],
        help: 'Write `SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")`',
      }
    }
    yield* behindApache(deployment)
    for (const each of djangoConnections(deployment)) {
      const { connection, settings, machine } = each
      if (
        !connection.server.tls ||
        usesMiddleware(settings, CSRF) !== true ||
        isForWebSockets(connection) ||
        isDjangoAtLeast(4, settings, machine.container?.files ?? machine.files) === false
      )
        continue
      const origins = textList(settings, 'CSRF_TRUSTED_ORIGINS')
      if (
        origins === null ||
        origins.some(origin => origin.startsWith('https://')) ||
        schemeSeen(each) !== 'http'
      )
        continue
      const at = checkPlace(settings)
      if (at === null) continue
      const redirect = settings.get('SECURE_SSL_REDIRECT')
      // `django/ssl-redirect-loop` says it: no form is reached.
      if (redirect?.known === true && redirect.value === true) continue
      const header = written(connection, 'x-forwarded-proto')
      const { tlsAt } = frontLine(connection)
      const trusted = trustedHeader(settings)
      const isSentNone = trusted.length > 0 && header === null
      yield {
        at,
        message: isSentNone
          ? 'nginx sends no header that these settings trust for the scheme, and they trust no origin, so Django sees http behind its TLS and refuses every form: Origin checking failed'
          : 'these settings trust no header for the scheme and no origin, so Django sees http behind the TLS of nginx and refuses every form: Origin checking failed',
        label: isSentNone
          ? 'the header is never sent, and no CSRF_TRUSTED_ORIGINS'
          : 'neither SECURE_PROXY_SSL_HEADER nor CSRF_TRUSTED_ORIGINS',
        related: [
          ...trusted,
          ...(tlsAt === null ? [] : [{ at: tlsAt, message: 'TLS ends here' }]),
          { at: namePlace(connection.pass), message: 'what comes by TLS is proxied here' },
          ...(header === null
            ? []
            : [{ at: namePlace(header.directive), message: 'nginx sends the scheme here' }]),
          ...expectingTls(settings),
        ],
        help: isSentNone
          ? 'Send the header that they trust from nginx, with `$scheme`'
          : header === null
            ? 'Send `X-Forwarded-Proto $scheme`, and write `SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")`'
            : 'Write `SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")`',
      }
    }
  },
})

function* behindApache(deployment: Deployment): Iterable<RuleFinding> {
  for (const each of djangoBehindApache(deployment)) {
    const { connection, settings, program } = each
    const { tls, tlsAt, scheme, at: line, written: headers } = frontLine(connection)
    if (!tls || usesMiddleware(settings, CSRF) !== true) continue
    const { container, files } = program.machine
    if (isDjangoAtLeast(4, settings, container?.files ?? files) === false) continue
    const origins = textList(settings, 'CSRF_TRUSTED_ORIGINS')
    if (origins === null || origins.some(origin => origin.startsWith('https://'))) continue
    const at = checkPlace(settings)
    if (schemeBehindApache(each) !== 'http' || at === null) continue
    yield {
      at,
      message:
        'these settings trust no header for the scheme and no origin, so Django sees http behind the TLS of Apache and refuses every form: Origin checking failed',
      label: 'neither SECURE_PROXY_SSL_HEADER nor CSRF_TRUSTED_ORIGINS',
      related: [
        ...trustedHeader(settings),
        ...(tlsAt === null ? [] : [{ at: tlsAt, message: 'TLS ends here' }]),
        { at: line, message: 'what comes by TLS is proxied here' },
        ...headers
          .filter(({ name }) => name === 'x-forwarded-proto')
          .map(header => ({ at: header.at, message: 'Apache sends the scheme here' })),
        ...expectingTls(settings),
      ],
      help:
        scheme === 'nothing'
          ? 'Write `RequestHeader set X-Forwarded-Proto https` in the virtual host, and `SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")`'
          : 'Write `SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")`',
    }
  }
}

/** What refuses the forms: the origins that are trusted, where any are written, else the middleware that asks for them. */
function checkPlace(settings: DjangoSettings): Place | null {
  const index = textList(settings, 'MIDDLEWARE')?.indexOf(CSRF) ?? -1
  const origins = settingPlace(settings, 'CSRF_TRUSTED_ORIGINS')
  return origins ?? (index === -1 ? null : entryPlace(settings, 'MIDDLEWARE', [index], 'value'))
}

/** A setting that says of the site that it is served over TLS. */
function expectingTls(settings: DjangoSettings): NonNullable<RuleFinding['related']> {
  return ['CSRF_COOKIE_SECURE', 'SESSION_COOKIE_SECURE']
    .filter(name => settingValue(settings, name) === true)
    .flatMap(name => settingPlace(settings, name) ?? [])
    .slice(0, 1)
    .map(at => ({ at, message: 'this expects https' }))
}
