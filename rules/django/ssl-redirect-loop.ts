import { namePlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { conf } from '../../src/engine/conf.ts'
import {
  assignedValue,
  djangoConnections,
  schemeSeen,
  trustedHeader,
  usesMiddleware,
  written,
} from './_behind-nginx.ts'
import { djangoBehindNginx, TLS, TLS_HEADERS } from './_examples.ts'

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

export default defineRule({
  summary: 'Django redirects https to https for ever',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx terminates TLS and Django does not learn it, so with `SECURE_SSL_REDIRECT` every request is sent back to the address that it came from: `ERR_TOO_MANY_REDIRECTS`.',
  remedy:
    'Send `X-Forwarded-Proto $scheme` in nginx and set `SECURE_PROXY_SSL_HEADER` in Django, or redirect in nginx alone',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#secure-ssl-redirect',
    'https://docs.djangoproject.com/en/stable/ref/settings/#secure-proxy-ssl-header',
  ],
  bad: [
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
  ],
  good: [
    {
      title: 'sent and trusted',
      files: djangoBehindNginx({ settings: PROXY, listen: '443 ssl', site: TLS, headers: TLS_HEADERS }),
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
    { title: 'nothing terminates TLS here', files: djangoBehindNginx({ settings: SETTINGS }) },
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
        message: `Django takes every request for plain HTTP${header === null ? ', for nothing tells it the scheme' : ', for it is not told to trust X-Forwarded-Proto'}, and redirects https to https for ever`,
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
