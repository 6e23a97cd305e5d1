import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { CORS_ORIGINS } from './_cors-origins.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, settingTexts, settingValue } from './_setting-entries.ts'

const project = (settings: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      INSTALLED_APPS = ["django.contrib.contenttypes", "corsheaders"]
      ${settings}
    `,
  })
const ORIGINS = 'CORS_ALLOWED_ORIGINS = ["https://app.example.org"]'
const LATE = conf`
  MIDDLEWARE = [
      "django.middleware.security.SecurityMiddleware",
      "django.middleware.common.CommonMiddleware",
      «"corsheaders.middleware.CorsMiddleware"»,
  ]
`
const UNMARKED = LATE.replace(/[«»]/g, '')

export default defineRule({
  summary: 'CorsMiddleware stands behind CommonMiddleware, whose redirects go out without its headers',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Responses go through the middleware from the last to the first. For `/orders` instead of `/orders/` `CommonMiddleware` puts a redirect in place of the response that `CorsMiddleware` has worked on before, so `Access-Control-Allow-Origin` is lost with it. A browser that asks from another origin follows no such redirect: “No Access-Control-Allow-Origin header is present on the requested resource”.',
  remedy: 'Put `corsheaders.middleware.CorsMiddleware` before `django.middleware.common.CommonMiddleware`',
  references: [
    'https://github.com/adamchainz/django-cors-headers#setup',
    'https://docs.djangoproject.com/en/stable/ref/middleware/#middleware-ordering',
  ],
  unproven: 'django-cors-headers is no package that the tests install',
  bad: [
    { title: 'behind it', files: project(`${ORIGINS}\n${LATE}`) },
    { title: 'all origins, by an older name', files: project(`CORS_ORIGIN_ALLOW_ALL = True\n${LATE}`) },
    {
      title: 'origins that the environment holds',
      files: project(`import os\nCORS_ALLOWED_ORIGINS = os.environ["ORIGINS"].split(",")\n${LATE}`),
    },
    {
      title: 'added at the end',
      files: project(conf`
        ${ORIGINS}
        MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
        MIDDLEWARE += [«"corsheaders.middleware.CorsMiddleware"»]
      `),
    },
  ],
  good: [
    {
      title: 'before it',
      files: project(conf`
        ${ORIGINS}
        MIDDLEWARE = [
            "corsheaders.middleware.CorsMiddleware",
            "django.middleware.common.CommonMiddleware",
        ]
      `),
    },
    {
      title: 'put to the front',
      files: project(conf`
        ${ORIGINS}
        MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
        MIDDLEWARE.insert(0, "corsheaders.middleware.CorsMiddleware")
      `),
    },
    {
      title: 'put before it by its place',
      files: project(conf`
        ${ORIGINS}
        MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
        MIDDLEWARE.insert(
            MIDDLEWARE.index("django.middleware.common.CommonMiddleware"),
            "corsheaders.middleware.CorsMiddleware",
        )
      `),
    },
    { title: 'no slash is appended', files: project(`${ORIGINS}\nAPPEND_SLASH = False\n${UNMARKED}`) },
    {
      title: 'a slash that the environment decides',
      files: project(`import os\n${ORIGINS}\nAPPEND_SLASH = bool(os.environ.get("SLASH"))\n${UNMARKED}`),
    },
    { title: 'no origins', files: project(`CORS_ALLOWED_ORIGINS = []\n${UNMARKED}`) },
    { title: 'nothing that names origins', files: project(UNMARKED) },
    {
      title: 'both',
      files: project(conf`
        ${ORIGINS}
        MIDDLEWARE = [
            "corsheaders.middleware.CorsMiddleware",
            "django.middleware.common.CommonMiddleware",
            "corsheaders.middleware.CorsMiddleware",
        ]
      `),
    },
    {
      title: 'middleware that nobody knows',
      files: project(conf`
        import os
        ${ORIGINS}
        ${UNMARKED}
        MIDDLEWARE = os.environ["MORE"].split(",") + MIDDLEWARE
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      const middleware = settingTexts(settings, 'MIDDLEWARE') ?? []
      const cors = middleware.indexOf(CORS)
      const common = middleware.indexOf(COMMON)
      if (common === -1 || cors < common || middleware.includes(null)) continue
      if (settings.get('APPEND_SLASH') !== null && settingValue(settings, 'APPEND_SLASH') !== true) continue
      const hasOrigins = CORS_ORIGINS.some(name => {
        const fact = settings.get(name)
        return fact !== null && (!fact.known || !isEmpty(fact.value))
      })
      const at = entryPlace(settings, 'MIDDLEWARE', [cors], 'value')
      if (!hasOrigins || at === null) continue
      const before = entryPlace(settings, 'MIDDLEWARE', [common], 'value')
      yield {
        at,
        message:
          'the redirect of `CommonMiddleware` to the path with a slash has no `Access-Control-Allow-Origin`, for this stands behind it',
        label: 'behind `CommonMiddleware`',
        related: before === null ? [] : [{ at: before, message: 'replaces the response' }],
      }
    }
  },
})

const CORS = 'corsheaders.middleware.CorsMiddleware'
const COMMON = 'django.middleware.common.CommonMiddleware'

function isEmpty(value: unknown): boolean {
  return value === false || value === null || (Array.isArray(value) && value.length === 0)
}
