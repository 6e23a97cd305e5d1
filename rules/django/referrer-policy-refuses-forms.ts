import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace as apachePlace } from '../../src/servers/apache/queries/places.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { addedHeaders } from '../response-headers/_added-headers.ts'
import { djangoBehindApache } from './_behind-apache.ts'
import { assignedValue, usesMiddleware } from './_behind-nginx.ts'
import { djangoConnections } from './_connections.ts'
import { djangoBehindNginx, TLS, TLS_HEADERS } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const SETTINGS = conf`
  ALLOWED_HOSTS = ["example.org"]
  MIDDLEWARE = [
      "django.middleware.security.SecurityMiddleware",
      "django.middleware.csrf.CsrfViewMiddleware",
  ]
  SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
`

export default defineRule({
  summary: '`Referrer-Policy: no-referrer` makes Django refuse forms',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Under this policy a browser sends a form without `Referer` and with `Origin: null`. The protection of Django against forged forms needs one of them: since Django 4.0 it answers `Origin checking failed - null does not match any trusted origins`, and before, by HTTPS, `Referer checking failed - no Referer`. Every form is a 403, the login too.',
  remedy: 'Send `same-origin` or `strict-origin-when-cross-origin`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/csrf/#how-it-works',
    'https://fetch.spec.whatwg.org/#append-a-request-origin-header',
  ],
  unproven: 'it is the browser that leaves the headers out',
  bad: [
    {
      title: 'a header of nginx',
      files: djangoBehindNginx({
        settings: SETTINGS,
        listen: '443 ssl',
        site: conf`
          ${TLS}
          add_header Referrer-Policy «no-referrer» always;
        `,
        headers: TLS_HEADERS,
      }),
    },
    {
      title: 'a setting of Django',
      files: djangoBehindNginx({
        settings: conf`
          ${SETTINGS}
          SECURE_REFERRER_POLICY = «"no-referrer"»
        `,
        listen: '443 ssl',
        site: TLS,
        headers: TLS_HEADERS,
      }),
    },
  ],
  good: [
    {
      title: 'a policy that keeps the origin, and a fallback for old browsers',
      files: djangoBehindNginx({
        settings: conf`
          ${SETTINGS}
          SECURE_REFERRER_POLICY = "same-origin"
        `,
        listen: '443 ssl',
        site: conf`
          ${TLS}
          add_header Referrer-Policy "no-referrer, strict-origin-when-cross-origin" always;
        `,
        headers: TLS_HEADERS,
      }),
    },
    {
      title: 'an application without that protection',
      files: djangoBehindNginx({
        settings: 'ALLOWED_HOSTS = ["example.org"]\nMIDDLEWARE = []\n',
        listen: '443 ssl',
        site: conf`
          ${TLS}
          add_header Referrer-Policy no-referrer always;
        `,
      }),
    },
  ],
  *check(deployment) {
    for (const { at, sender } of refusers(deployment)) {
      yield {
        at,
        message: `browsers send forms with \`Origin: null\` under this policy of ${sender}, and Django refuses them with 403`,
        label: 'no Referer, and no origin',
      }
    }
  },
})

interface Refuser {
  readonly at: Place
  readonly sender: 'nginx' | 'Apache' | 'Django'
}

function* refusers(deployment: Deployment): Generator<Refuser> {
  for (const { connection, settings } of djangoConnections(deployment)) {
    if (!refusesForged(settings)) continue
    const sent = addedHeaders(connection.from.configuration, connection.block)
    const policy = sent?.filter(({ name }) => name === 'referrer-policy').at(-1)
    if (policy !== undefined && isNone(policy.value))
      yield { at: argumentPlace(policy.directive, 1), sender: 'nginx' }
  }
  for (const { configuration, host, settings } of djangoBehindApache(deployment)) {
    if (!refusesForged(settings) || host === null) continue
    const lines = directivesByHost(configuration, 'header').get(host.directive) ?? []
    for (const line of lines) {
      if (line.parent !== host.directive) continue
      const words = line.args.map(({ value }) => value)
      const index = /^(?:always|onsuccess)$/i.test(words[0] ?? '') ? 1 : 0
      if (words[index]?.toLowerCase() !== 'set' || words[index + 1]?.toLowerCase() !== 'referrer-policy')
        continue
      if (words.length === index + 3 && isNone(words[index + 2] ?? ''))
        yield { at: apachePlace(line, index + 2), sender: 'Apache' }
    }
  }
  for (const { settings } of djangoProjects(deployment)) {
    const policy = settings.get('SECURE_REFERRER_POLICY')
    if (policy?.known !== true || policy.at === null || typeof policy.value !== 'string') continue
    if (!isNone(policy.value) || !refusesForged(settings)) continue
    if (usesMiddleware(settings, 'django.middleware.security.SecurityMiddleware') === true)
      yield { at: assignedValue(policy.at), sender: 'Django' }
  }
}

function refusesForged(settings: DjangoSettings): boolean {
  return usesMiddleware(settings, 'django.middleware.csrf.CsrfViewMiddleware') === true
}

/** Of several policies a browser takes the last that it knows. */
function isNone(value: string): boolean {
  return value.split(',').at(-1)?.trim().toLowerCase() === 'no-referrer'
}
