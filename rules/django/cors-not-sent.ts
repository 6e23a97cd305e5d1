import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { CORS_ORIGINS } from './_cors-origins.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { settingPlace, settingTexts, settingValue } from './_setting-entries.ts'

const project = (settings: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      INSTALLED_APPS = ["django.contrib.contenttypes", "corsheaders"]
      ${settings}
    `,
  })

export default defineRule({
  summary: 'django-cors-headers is installed and told of origins, and its middleware does not run',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`CORS_ALLOWED_ORIGINS` and its siblings are read by `corsheaders.middleware.CorsMiddleware` alone. Without it in `MIDDLEWARE` no response has `Access-Control-Allow-Origin`, and browsers refuse them all.',
  remedy: 'Put `corsheaders.middleware.CorsMiddleware` into `MIDDLEWARE`, as far in front as can be',
  references: ['https://github.com/adamchainz/django-cors-headers#setup'],
  unproven: 'django-cors-headers is no package of Debian 12 that the tests install',
  bad: [
    {
      title: 'no middleware of it',
      files: project(conf`
        MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
        «CORS_ALLOWED_ORIGINS» = ["https://app.example.org"]
      `),
    },
    {
      title: 'all origins',
      files: project(conf`
        MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
        «CORS_ALLOW_ALL_ORIGINS» = True
      `),
    },
  ],
  good: [
    {
      title: 'its middleware',
      files: project(conf`
        MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", "django.middleware.common.CommonMiddleware"]
        CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
      `),
    },
    {
      title: 'one of the project',
      files: project(conf`
        MIDDLEWARE = ["shop.cors.Middleware"]
        CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
      `),
    },
    {
      title: 'middleware that another line adds',
      files: project(conf`
        import os
        MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
        if os.environ.get("SHOP_CORS"):
            MIDDLEWARE.insert(0, "corsheaders.middleware.CorsMiddleware")
        CORS_ALLOW_ALL_ORIGINS = True
      `),
    },
    {
      title: 'settings that tests run with, of fewer middleware',
      files: {
        ...project(conf`
          MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", "django.middleware.common.CommonMiddleware"]
          CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
        `),
        'web/shop/test_settings.py': conf`
          from shop.settings import *
          MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
        `,
      },
    },
    {
      title: 'no origins',
      files: project(conf`
        MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
        CORS_ALLOWED_ORIGINS = []
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      const middleware = settingTexts(settings, 'MIDDLEWARE')
      if (middleware === null || middleware.some(each => each === null || /cors/i.test(each))) continue
      if (settingTexts(settings, 'INSTALLED_APPS')?.includes('corsheaders') !== true) continue
      const name = CORS_ORIGINS.find(each => {
        const value = settingValue(settings, each)
        return value === true || (Array.isArray(value) && value.length > 0)
      })
      const at = name === undefined ? null : settingPlace(settings, name)
      // What this deployment does not turn on may be meant for another.
      if (name !== undefined && at !== null && !at.source.text.includes('corsheaders.middleware'))
        yield {
          at,
          message: `nothing reads \`${name}\`, for \`CorsMiddleware\` is not in \`MIDDLEWARE\`, so no response has \`Access-Control-Allow-Origin\``,
          label: 'not read',
          help: 'Put `corsheaders.middleware.CorsMiddleware` into `MIDDLEWARE`',
        }
    }
  },
})
