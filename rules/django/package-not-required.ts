import { posix } from 'node:path'
import { projectDirectory } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { requiredBeside } from '../containers/_python-packages.ts'
import { behindNginx, serviceUnit, WSGI } from '../app-server/_examples.ts'
import { djangoProjects } from './_projects.ts'
import { isOwn, wantedBy, withBrought } from './_wanted-packages.ts'

const project = (
  settings: string,
  requirements: string,
  more: Record<string, string> = {},
): Record<string, string> => ({
  ...behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi'), {
    'etc/shop/manage.py': conf`import os`,
    'etc/shop/shop/__init__.py': '',
    'etc/shop/shop/wsgi.py': WSGI,
    'etc/shop/shop/settings.py': settings,
    'etc/shop/requirements.txt': requirements,
    ...more,
  }),
})
const REQUIREMENTS = conf`
  Django==5.2.1
  gunicorn==23.0.0
`
const APPS = conf`
  INSTALLED_APPS = [
      "django.contrib.auth",
      "django.contrib.contenttypes",
      «"corsheaders"»,
  ]
`

export default defineRule({
  summary: 'Settings of Django name a package that the requirements of the project lack',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'On the machine where an application is written a package is there because somebody once installed it; on every other one is what `requirements.txt` names. What `INSTALLED_APPS`, `MIDDLEWARE`, a driver or an import of the settings needs and nothing installs ends every worker: `ModuleNotFoundError: No module named`, and behind nginx 502.',
  remedy: 'Add the package to `requirements.txt`',
  references: ['https://docs.djangoproject.com/en/stable/ref/applications/#troubleshooting'],
  unproven: 'The machines of the live tests install nothing from PyPI',
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
  ],
  good: [
    { title: 'all of them', files: project(APPS, `${REQUIREMENTS}django-cors-headers==4.4.0\n`) },
    {
      title: 'an application that lies in the project',
      files: project(APPS, REQUIREMENTS, { 'etc/shop/corsheaders/__init__.py': '' }),
    },
    {
      title: 'a package of which nobody knows what it brings',
      files: project(APPS, `${REQUIREMENTS}django-shop-kit==1.0\n`),
    },
    {
      title: 'another list of packages beside it',
      files: project(APPS, REQUIREMENTS, { 'etc/shop/pyproject.toml': '[project]\n' }),
    },
    {
      title: 'requirements of something else',
      files: project(APPS, 'ansible==10.0\n'),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      const directory = projectDirectory(settings)
      const required = directory === null ? null : requiredIn(files, directory)
      const brought = required === null ? null : withBrought(required)
      if (brought === null) continue
      const said = new Set<string>()
      for (const wanted of wantedBy(settings, files)) {
        const { module, packages, at, says, late } = wanted
        const [first] = packages
        if (first === undefined || packages.some(name => brought.has(name))) continue
        if (said.has(first) || isOwn(files, settings, module)) continue
        said.add(first)
        yield {
          at,
          message: `\`requirements.txt\` has no \`${first}\`, so ${late === true ? 'all that asks the cache fails' : 'Django does not start'} where it is installed from that: ${says}`,
          label: 'not in the requirements',
          help: `Add \`${first}\` to the requirements`,
        }
      }
    }
  },
})

/** The packages of the one list beside `manage.py`; null where they may stand elsewhere. */
function requiredIn(files: FileSystem, directory: string): ReadonlySet<string> | null {
  if (files.kind(posix.join(directory, 'manage.py')) !== 'file') return null
  const required = requiredBeside(files, directory)
  return required?.has('django') === true ? required : null
}
