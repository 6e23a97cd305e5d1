import type { Place } from '../../parsers/text/source.ts'
import { pinnedDjango } from '../../src/deployment/django/django-version.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'
import { djangoProjects } from '../django/_projects.ts'
import { metAdvisories, readAdvisories, vulnerable } from './_advisories.ts'

type Condition = 'locale' | 'memcached' | 'debug' | 'cached-sessions' | 'tls-to-django'

/** Of https://docs.djangoproject.com/en/stable/releases/security/: those that a setting decides. */
const ADVISORIES = readAdvisories<Condition>(`
  CVE-2023-23969 3.2-3.2.16;4.0-4.0.8;4.1-4.1.5 3.2.17,4.0.9,4.1.6 locale moderate
  CVE-2020-13254 2.2-2.2.12;3.0-3.0.6 2.2.13,3.0.7 memcached moderate
  CVE-2019-12781 1.11-1.11.21;2.1-2.1.9;2.2-2.2.2 1.11.22,2.1.10,2.2.3 tls-to-django moderate
  CVE-2017-12794 1.10-1.10.7;1.11-1.11.4 1.10.8,1.11.5 debug moderate
  CVE-2016-9014 1.8-1.8.15;1.9-1.9.10;1.10-1.10.2 1.8.16,1.9.11,1.10.3 debug moderate
  CVE-2015-3982 1.8-1.8.1 1.8.2 cached-sessions moderate
`)

const apache = { 'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())) }
const LOCALE = conf`
  MIDDLEWARE = [
      "django.middleware.security.SecurityMiddleware",
      "django.middleware.locale.LocaleMiddleware",
  ]
`

export default defineRule({
  summary: 'Django has a known vulnerability that the settings open',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [1395],
  since: '0.1.0',
  why: 'The requirements name one release exactly, and the settings use what its advisory names.',
  remedy: 'Take a release that has the fix',
  references: ['https://docs.djangoproject.com/en/stable/releases/security/'],
  unproven: 'The tests have the Django of a distribution, which is patched',
  bad: [
    {
      title: 'the language of the client, in a release that keeps every header',
      files: { ...apache, ...djangoProject(LOCALE), 'opt/shop/requirements.txt': 'Django==«3.2.16»\n' },
    },
    {
      title: 'memcached, in a lock file',
      files: {
        ...apache,
        ...djangoProject(conf`
          CACHES = {
              "default": {
                  "BACKEND": "django.core.cache.backends.memcached.MemcachedCache",
                  "LOCATION": "127.0.0.1:11211",
              },
          }
        `),
        'opt/shop/poetry.lock': conf`
          [[package]]
          name = "django"
          version = "«3.0.6»"
        `,
      },
    },
  ],
  good: [
    {
      title: 'the release that has the fix',
      files: { ...apache, ...djangoProject(LOCALE), 'opt/shop/requirements.txt': 'Django==3.2.17\n' },
    },
    {
      title: 'what it needs is not used',
      files: { ...apache, ...djangoProject(), 'opt/shop/requirements.txt': 'Django==3.2.16\n' },
    },
    {
      title: 'any release of a branch',
      files: { ...apache, ...djangoProject(LOCALE), 'opt/shop/requirements.txt': 'Django>=3.2,<4\n' },
    },
    {
      title: 'two files that differ',
      files: {
        ...apache,
        ...djangoProject(LOCALE),
        'opt/shop/requirements.txt': 'Django==3.2.16\n',
        'opt/shop/poetry.lock': conf`
          [[package]]
          name = "django"
          version = "3.2.25"
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      const release = pinnedDjango(settings, files)
      if (release === null) continue
      const met = metAdvisories(ADVISORIES, release.version, condition =>
        meets(deployment, settings, condition),
      )
      const finding = vulnerable('Django', release, met, deployment)
      if (finding !== null) yield finding
    }
  },
})

function meets(
  deployment: Deployment,
  settings: DjangoSettings,
  condition: Condition,
): Place | 'always' | null {
  const whole = (name: string): Place | 'always' => {
    const assigned = settings.expressionOf(name)
    if (assigned === null) return 'always'
    const { source, expression } = assigned
    return { source, start: expression.start, end: expression.end }
  }
  const value = (name: string): unknown => {
    const fact = settings.get(name)
    return fact?.known === true ? fact.value : null
  }
  switch (condition) {
    case 'locale': {
      const middleware = value('MIDDLEWARE')
      const isUsed =
        Array.isArray(middleware) && middleware.includes('django.middleware.locale.LocaleMiddleware')
      return isUsed ? whole('MIDDLEWARE') : null
    }
    case 'memcached':
      return /"BACKEND":"django\.core\.cache\.backends\.memcached\./.test(textOf(value('CACHES')))
        ? whole('CACHES')
        : null
    case 'debug':
      return value('DEBUG') === true ? whole('DEBUG') : null
    case 'cached-sessions':
      return value('SESSION_ENGINE') === 'django.contrib.sessions.backends.cached_db'
        ? whole('SESSION_ENGINE')
        : null
    case 'tls-to-django':
      return value('SECURE_SSL_REDIRECT') === true && value('SECURE_PROXY_SSL_HEADER') !== null
        ? connectedByTls(deployment, settings)
        : null
  }
}

/** JSON of a value; that of a map has its entries too. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each) => (each instanceof Map ? Object.fromEntries(each) : each)) ?? ''
}

/** A pass that speaks TLS with the server in front of the application. */
function connectedByTls(deployment: Deployment, settings: DjangoSettings): Place | null {
  for (const application of deployment.applications) {
    const { host } = application
    if (host === null || deployment.pythonOf(application)?.settings !== settings) continue
    for (const { connection } of deployment.connections.reaching(host)) {
      const { protocol, pass } = connection
      if (protocol.known && protocol.value === 'https')
        return { source: pass.source, start: pass.node.name.start, end: pass.node.name.end }
    }
  }
  return null
}
