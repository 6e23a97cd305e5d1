import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { isOwn, lackOf, wantedBy, withBrought } from '../django/_wanted-packages.ts'
import { installedPackages } from './_python-packages.ts'

const project = (
  settings: string,
  requirements: string,
  install = 'RUN pip install -r requirements.txt',
  more: Record<string, string> = {},
): Record<string, string> => ({
  ...djangoBehindNginx({ settings }),
  'web/Dockerfile': conf`
    FROM python:3.12-slim
    WORKDIR /app
    COPY requirements.txt .
    ${install}
    COPY . .
  `,
  'web/requirements.txt': requirements,
  ...more,
})
const REQUIREMENTS = conf`
  Django==5.2.1
  gunicorn==23.0.0
`
const APPS = conf`
  INSTALLED_APPS = [
      "django.contrib.auth",
      "django.contrib.contenttypes",
      «"rest_framework"»,
  ]
`
const POSTGRES = `DATABASES = {"default": {"ENGINE": «"django.db.backends.postgresql"», "NAME": "shop"}}\n`

export default defineRule({
  summary: 'Settings of Django name a package that the image does not install',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'On the machine where an application is written a package is there because somebody once installed it; in the image is what `requirements.txt` names. What `INSTALLED_APPS`, `MIDDLEWARE` or an import of the settings names and nothing installs ends every worker: `ModuleNotFoundError: No module named`, and behind nginx 502.',
  remedy: 'Add the package to `requirements.txt`',
  references: ['https://docs.djangoproject.com/en/stable/ref/applications/#troubleshooting'],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'an application', files: project(APPS, REQUIREMENTS) },
    {
      title: 'middleware',
      files: project(
        conf`
          MIDDLEWARE = [
              "django.middleware.security.SecurityMiddleware",
              «"whitenoise.middleware.WhiteNoiseMiddleware"»,
          ]
        `,
        REQUIREMENTS,
      ),
    },
    { title: 'the driver of the database', files: project(POSTGRES, REQUIREMENTS) },
    {
      title: 'the driver of MySQL',
      files: project(
        'DATABASES = {"default": {"ENGINE": «"django.db.backends.mysql"», "NAME": "shop"}}\n',
        REQUIREMENTS,
      ),
    },
    {
      title: 'the client of a cache of Django itself',
      files: project(
        'CACHES = {"default": {"BACKEND": «"django.core.cache.backends.redis.RedisCache"», "LOCATION": "redis://cache"}}\n',
        REQUIREMENTS,
      ),
    },
    {
      title: 'an import of the settings',
      files: project(
        conf`
          from decouple import «config»
          SECRET_KEY = config("SECRET_KEY")
        `,
        REQUIREMENTS,
      ),
    },
    {
      title: 'a cache',
      files: project(
        'CACHES = {"default": {"BACKEND": «"django_redis.cache.RedisCache"», "LOCATION": "redis://cache"}}\n',
        REQUIREMENTS,
      ),
    },
  ],
  good: [
    {
      title: 'the client of a cache, which another package brings',
      files: project(
        'CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://cache"}}\n',
        `${REQUIREMENTS}django-redis==5.4.0\n`,
      ),
    },
    { title: 'all of them', files: project(APPS, `${REQUIREMENTS}djangorestframework==3.16.0\n`) },
    {
      title: 'a package that brings it',
      files: project(APPS, `${REQUIREMENTS}djangorestframework-simplejwt==5.5.0\n`),
    },
    {
      title: 'a package of which nobody knows what it brings',
      files: project(APPS, `${REQUIREMENTS}django-shop-kit==1.0\n`),
    },
    {
      title: 'named in the Dockerfile',
      files: project(
        POSTGRES,
        REQUIREMENTS,
        conf`
          RUN pip install -r requirements.txt
          RUN pip install psycopg2-binary
        `,
      ),
    },
    {
      title: 'the driver with its binary part',
      files: project(POSTGRES, `${REQUIREMENTS}psycopg[binary]\n`),
    },
    {
      title: 'an application that lies in the project',
      files: project(APPS, REQUIREMENTS, undefined, { 'web/rest_framework/__init__.py': '' }),
    },
    {
      title: 'an application for development',
      files: project(
        conf`
          DEBUG = False
          INSTALLED_APPS = ["django.contrib.auth"]
          if DEBUG:
              INSTALLED_APPS += ["debug_toolbar"]
          try:
              import dotenv
          except ImportError:
              pass
        `,
        REQUIREMENTS,
      ),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      const settings = container === null ? null : (deployment.moduleOf(program)?.settings ?? null)
      if (container === null || settings === null) continue
      const installed = installedPackages(container)
      const brought = installed === null ? null : withBrought(installed)
      if (brought === null) continue
      const said = new Set<string>()
      for (const wanted of wantedBy(settings, container.files)) {
        const { module, packages, at } = wanted
        const [first] = packages
        if (first === undefined || packages.some(name => brought.has(name))) continue
        if (said.has(first) || isOwn(container.files, settings, module)) continue
        said.add(first)
        yield {
          at,
          message: `nothing installs \`${first}\`, ${lackOf(wanted)}`,
          label: 'not in the requirements',
          help: `Add \`${first}\` to the requirements`,
        }
      }
    }
  },
})
