import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, settingTexts, settingValue } from './_setting-entries.ts'

const project = (lines: string, more = ''): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
      ${more}
      MIDDLEWARE = [
          ${lines}
      ]
    `,
  })
const SESSIONS = '"django.contrib.sessions.middleware.SessionMiddleware",'
const UPDATE = '"django.middleware.cache.UpdateCacheMiddleware"'
const FETCH = '"django.middleware.cache.FetchFromCacheMiddleware",'

export default defineRule({
  summary: 'The cache of Django keeps pages before the sessions say whom they are for',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [524],
  since: '0.1.0',
  why: 'Responses go through the middleware from the last to the first. `SessionMiddleware` adds `Vary: Cookie` and the cookie; an `UpdateCacheMiddleware` that stands behind it in the list has kept the page by then, without either. `FetchFromCacheMiddleware` sends it to every client that asks for the same URL: the page of one user, to all others.',
  remedy: 'Put `UpdateCacheMiddleware` at the top of `MIDDLEWARE`, and `FetchFromCacheMiddleware` at its end',
  references: [
    'https://docs.djangoproject.com/en/stable/topics/cache/#order-of-middleware',
    'https://docs.djangoproject.com/en/stable/ref/middleware/#middleware-ordering',
  ],
  bad: [
    { title: 'both behind the sessions', files: project(`${SESSIONS}\n«${UPDATE}»,\n${FETCH}`) },
    { title: 'the two the wrong way round', files: project(`${FETCH}\n${SESSIONS}\n«${UPDATE}»,`) },
  ],
  good: [
    { title: 'around all others', files: project(`${UPDATE},\n${SESSIONS}\n${FETCH}`) },
    { title: 'no sessions', files: project(`${UPDATE},\n${FETCH}`) },
    { title: 'nothing is fetched', files: project(`${SESSIONS}\n${UPDATE},`) },
    {
      title: 'a cache that keeps nothing',
      files: project(
        `${SESSIONS}\n${UPDATE},\n${FETCH}`,
        'CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}',
      ),
    },
    {
      title: 'nothing is kept unless a view says so',
      files: project(`${SESSIONS}\n${UPDATE},\n${FETCH}`, 'CACHE_MIDDLEWARE_SECONDS = 0'),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      const texts = settingTexts(settings, 'MIDDLEWARE') ?? []
      const update = texts.indexOf(UPDATE.slice(1, -1))
      const sessions = texts.indexOf(SESSIONS.slice(1, -2))
      if (sessions === -1 || sessions > update || !texts.includes(FETCH.slice(1, -2))) continue
      const caches = settings.get('CACHES')
      if (settings.get('CACHE_MIDDLEWARE_ALIAS') !== null || (caches !== null && !caches.known)) continue
      if (settingValue(settings, 'CACHE_MIDDLEWARE_SECONDS') === 0 || backendOf(caches?.value) === DUMMY)
        continue
      const at = entryPlace(settings, 'MIDDLEWARE', [update], 'value')
      if (at === null) continue
      yield {
        at,
        message:
          'this keeps the pages before `SessionMiddleware` adds `Vary: Cookie`, so the page of one user is sent to all others',
        label: 'behind `SessionMiddleware`',
      }
    }
  },
})

const DUMMY = 'django.core.cache.backends.dummy.DummyCache'

function backendOf(caches: unknown): unknown {
  const own: unknown = caches instanceof Map ? caches.get('default') : null
  return own instanceof Map ? own.get('BACKEND') : null
}
