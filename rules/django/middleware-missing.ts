import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindProxyPass } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { settingPlace, settingTexts, settingValue, someFile } from './_setting-entries.ts'

const project = (settings: string): Record<string, string> => ({
  ...djangoBehindProxyPass(
    conf`
      DEBUG = False
      ALLOWED_HOSTS = ["127.0.0.1", "example.org"]
      ${settings}
    `,
    '',
    { tls: false },
  ),
})
const WITHOUT = 'MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]'
const WITH = conf`
  MIDDLEWARE = [
      "django.middleware.security.SecurityMiddleware",
      "django.middleware.common.CommonMiddleware",
  ]
`

export default defineRule({
  summary: 'A setting does nothing, because the middleware that reads it is not in MIDDLEWARE',
  severity: 'warning',
  otherSeverities: { info: 'for headers that a browser reads besides' },
  confidence: 'high',
  securitySeverity: 5,
  cwe: [1188],
  since: '0.1.0',
  why: '`SECURE_SSL_REDIRECT`, `SECURE_HSTS_SECONDS` and their siblings are read by `SecurityMiddleware` alone, and `X_FRAME_OPTIONS` by `XFrameOptionsMiddleware`. Without it in `MIDDLEWARE` nothing is redirected and no such header is sent. Nothing tells of it but `manage.py check --deploy`: (security.W001).',
  remedy: 'Put `django.middleware.security.SecurityMiddleware` first into `MIDDLEWARE`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/middleware/#module-django.middleware.security',
    'https://docs.djangoproject.com/en/stable/ref/clickjacking/',
  ],
  bad: [
    {
      title: 'a redirect to https',
      files: project(conf`
        ${WITHOUT}
        «SECURE_SSL_REDIRECT» = True
      `),
    },
    {
      title: 'HSTS, and headers, in settings of an older Django',
      files: project(conf`
        MIDDLEWARE_CLASSES = ("django.middleware.common.CommonMiddleware",)
        «SECURE_HSTS_SECONDS» = 31536000
        «X_FRAME_OPTIONS» = "DENY"
      `),
    },
    {
      title: 'settings that everybody makes of a sample',
      files: {
        'manage.py': conf`
          import os
          import sys
          from django.core.management import execute_from_command_line
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
          execute_from_command_line(sys.argv)
        `,
        'shop/settings.dist.py': conf`
          ROOT_URLCONF = "shop.urls"
          INSTALLED_APPS = ["django.contrib.auth"]
          ${WITHOUT}
          «SECURE_SSL_REDIRECT» = True
        `,
      },
    },
  ],
  good: [
    {
      title: 'settings of developers and of tests, with which nothing is seen to start',
      files: {
        'manage.py': conf`
          import os
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.dev")
        `,
        'shop/settings/dev.py': conf`
          ${WITHOUT}
          SECURE_SSL_REDIRECT = True
        `,
      },
    },
    {
      title: 'the middleware is there',
      files: project(conf`
        ${WITH}
        SECURE_SSL_REDIRECT = True
      `),
    },
    {
      title: 'a middleware of its own that is called so',
      files: project(conf`
        MIDDLEWARE = ["shop.middleware.OwnSecurityMiddleware"]
        SECURE_SSL_REDIRECT = True
      `),
    },
    {
      title: 'what is turned off',
      files: project(conf`
        ${WITHOUT}
        SECURE_SSL_REDIRECT = False
        SECURE_HSTS_SECONDS = 0
      `),
    },
    {
      title: 'middleware that nobody knows',
      files: project(conf`
        import os
        ${WITHOUT}
        MIDDLEWARE += os.environ["MORE"].split(",")
        SECURE_SSL_REDIRECT = True
      `),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      const middleware = middlewareOf(settings)
      if (middleware === null) continue
      for (const [name, { reader, others, isQuiet }] of SETTINGS) {
        const value = settingValue(settings, name)
        if (value === undefined || value === null || value === false || value === 0 || value === '') continue
        if (middleware.some(each => others.test(each))) continue
        const last = reader.slice(reader.lastIndexOf('.') + 1)
        const at = settingPlace(settings, name)
        // What a file names, a condition may turn on.
        if (at === null || someFile(settings, files, text => text.includes(last))) continue
        yield {
          at,
          ...(isQuiet && { severity: 'info' as const }),
          message: `nothing reads \`${name}\`, for \`${last}\` is not in \`MIDDLEWARE\``,
          label: 'not read',
          help: `Put \`${reader}\` into \`MIDDLEWARE\``,
        }
      }
    }
  },
})

/** The middleware that runs; null where nobody knows all of it. */
function middlewareOf(settings: DjangoSettings): readonly string[] | null {
  const name = settings.get('MIDDLEWARE') === null ? 'MIDDLEWARE_CLASSES' : 'MIDDLEWARE'
  const texts = settingTexts(settings, name)
  const known = texts?.filter(each => each !== null) ?? []
  return texts === null || known.length < texts.length ? null : known
}

interface Reader {
  readonly reader: string
  /** Words in the name of another middleware that may do the same. */
  readonly others: RegExp
  readonly isQuiet: boolean
}

const security = (isQuiet: boolean): Reader => ({
  reader: 'django.middleware.security.SecurityMiddleware',
  others: /secur|ssl|tls|https|hsts|header/i,
  isQuiet,
})

const SETTINGS: readonly (readonly [name: string, reader: Reader])[] = [
  ['SECURE_SSL_REDIRECT', security(false)],
  ['SECURE_HSTS_SECONDS', security(false)],
  ['SECURE_BROWSER_XSS_FILTER', security(true)],
  ['SECURE_CONTENT_TYPE_NOSNIFF', security(true)],
  ['SECURE_REFERRER_POLICY', security(true)],
  [
    'X_FRAME_OPTIONS',
    {
      reader: 'django.middleware.clickjacking.XFrameOptionsMiddleware',
      others: /frame|clickjack|secur|csp|header/i,
      isQuiet: true,
    },
  ],
]
