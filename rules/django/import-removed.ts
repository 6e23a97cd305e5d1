import { withoutComments } from '../../parsers/python/without-comments.ts'
import { isDjangoAtLeast } from '../../src/deployment/django/django-version.ts'
import { importedNames, moduleOfProject } from '../../src/deployment/django/imported-names.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { settingTexts, settingValue } from './_setting-entries.ts'

const project = (
  files: Record<string, string>,
  { settings = '', requirements = 'Django==5.2.1' } = {},
): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ${settings}
      ALLOWED_HOSTS = ["example.org", "web"]
      ROOT_URLCONF = "shop.urls"
      INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "orders"]
    `,
  }),
  'web/requirements.txt': `${requirements}\n`,
  'web/orders/__init__.py': '',
  'web/shop/urls.py': 'urlpatterns = []\n',
  ...files,
})
const URLS = conf`
  from django.conf.urls import include, «url»
  from django.contrib import admin

  urlpatterns = [url(r"^admin/", admin.site.urls)]
`

export default defineRule({
  summary: 'The project imports what its Django no longer has',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django removes names two or three releases after it has deprecated them. A project that is installed anew with a later release fails with `ImportError: cannot import name …`: settings, models and the configuration of an application when the server boots, so nginx answers 502; the URLs with the first request, so each is answered with 500.',
  remedy: 'Import what stands for it now, or pin the older release',
  references: [
    'https://docs.djangoproject.com/en/stable/releases/4.0/#features-removed-in-4-0',
    'https://docs.djangoproject.com/en/stable/internals/deprecation/',
  ],
  bad: [
    { title: 'URLs of Django 3', files: project({ 'web/shop/urls.py': URLS }) },
    {
      title: 'a translation of Django 3 in the settings',
      files: project(
        {},
        {
          settings: conf`
            from django.utils.translation import «ugettext_lazy» as _
            LANGUAGES = [("de", _("German"))]
          `,
        },
      ),
    },
    {
      title: 'models of Django 2',
      files: project(
        {
          'web/orders/models.py': conf`
            from django.db import models
            from django.utils.encoding import (
                force_bytes,
                «python_2_unicode_compatible»,
            )
          `,
        },
        { requirements: 'Django==3.2.25' },
      ),
    },
    {
      title: 'a module that is gone',
      files: project(
        {
          'web/orders/models.py': conf`
            from django.core.urlresolvers import «reverse»
            from django.db import models
          `,
        },
        { requirements: 'Django==3.2.25' },
      ),
    },
    {
      title: 'URLs that the URLs of the project include',
      files: project({
        'web/shop/urls.py': conf`
          from django.urls import include, path

          urlpatterns = [path("orders/", include("orders.urls"))]
        `,
        'web/orders/urls.py': conf`
          from django.conf.urls import «url»

          urlpatterns = []
        `,
      }),
    },
  ],
  good: [
    {
      title: 'what stands for it now',
      files: project({
        'web/shop/urls.py': conf`
          from django.conf.urls import include
          from django.contrib import admin
          from django.urls import path, re_path as url

          urlpatterns = [path("admin/", admin.site.urls)]
        `,
      }),
    },
    {
      title: 'models for the Django of today',
      files: project(
        {
          'web/orders/models.py': conf`
            from django.db import models
            from django.urls import reverse
            from django.utils.encoding import force_bytes
          `,
        },
        { requirements: 'Django==3.2.25' },
      ),
    },
    {
      title: 'the release that has it',
      files: project({ 'web/shop/urls.py': URLS }, { requirements: 'Django==3.2.25' }),
    },
    {
      title: 'a release that nobody knows',
      files: project({ 'web/shop/urls.py': URLS }, { requirements: 'Django' }),
    },
    {
      title: 'either of the two',
      files: project({
        'web/shop/urls.py': conf`
          try:
              from django.conf.urls import url
          except ImportError:
              from django.urls import re_path as url

          urlpatterns = []
        `,
      }),
    },
  ],
  *check(deployment) {
    const seen = new Set<DjangoSettings>()
    for (const { settings, files } of djangoProjects(deployment)) {
      if (seen.has(settings)) continue
      seen.add(settings)
      for (const { path, effect } of loadedFiles(settings, files)) {
        for (const { module, name, at } of importedNames(files, path)) {
          const gone = module.startsWith('django.') ? goneOf(module, name) : null
          if (gone === null || isDjangoAtLeast(gone.since, settings, files) !== true) continue
          yield {
            at,
            message: `Django ${gone.since} removed \`${gone.what}\`, so ${effect}: ${name === null || gone.isModule ? 'ModuleNotFoundError' : `ImportError: cannot import name '${name}'`}`,
            label: 'no longer there',
            ...(gone.now !== null && { help: `Use \`${gone.now}\`` }),
          }
        }
      }
    }
  },
})

interface LoadedFile {
  readonly path: string
  readonly effect: string
}

/** The files of a project that are surely loaded: settings, the models of its applications, and its URLs. */
function* loadedFiles(settings: DjangoSettings, files: FileSystem): Iterable<LoadedFile> {
  const boots = 'the application does not start'
  for (const path of settings.files) yield { path, effect: boots }
  for (const app of settingTexts(settings, 'INSTALLED_APPS') ?? []) {
    if (app === null || app.startsWith('django.')) continue
    const [, packaged = app] = /^(.+)\.apps(?:\.\w+)?$/.exec(app) ?? []
    for (const name of ['apps', 'models']) {
      const found = moduleOfProject(files, settings, `${packaged}.${name}`)
      if (found !== null) yield { path: found.path, effect: boots }
    }
  }
  const urls = settingValue(settings, 'ROOT_URLCONF')
  const root = typeof urls === 'string' ? moduleOfProject(files, settings, urls) : null
  if (root === null) return
  const effect = 'each request is answered with 500'
  yield { path: root.path, effect }
  const code = withoutComments(root.source.text)
  for (const [, , module = ''] of code.matchAll(/\binclude\(\s*(["'])(\w[\w.]*)\1/g)) {
    const found = moduleOfProject(files, settings, module)
    if (found !== null) yield { path: found.path, effect }
  }
}

interface Gone {
  readonly since: `${number}.${number}`
  readonly what: string
  readonly now: string | null
  readonly isModule: boolean
}

type Removal = readonly [since: `${number}.${number}`, now: string | null]

const MODULES: Readonly<Record<string, Removal>> = {
  'django.core.context_processors': ['1.10', 'django.template.context_processors'],
  'django.core.urlresolvers': ['2.0', 'django.urls'],
  'django.utils.six': ['3.0', null],
  'django.utils.lru_cache': ['3.0', 'functools.lru_cache'],
  'django.contrib.staticfiles.templatetags': ['3.0', 'django.templatetags.static'],
  'django.contrib.staticfiles.templatetags.staticfiles': ['3.0', 'django.templatetags.static'],
  'django.contrib.admin.templatetags.admin_static': ['3.0', 'django.templatetags.static'],
  'django.utils.datetime_safe': ['5.0', null],
  'django.utils.baseconv': ['5.0', null],
}

const NAMES: Readonly<Record<string, Removal>> = {
  'django.conf.urls.patterns': ['1.10', 'django.urls.path'],
  'django.conf.urls.url': ['4.0', 'django.urls.re_path'],
  'django.urls.RegexURLPattern': ['2.0', 'django.urls.URLPattern'],
  'django.utils.functional.allow_lazy': ['2.0', 'django.utils.functional.keep_lazy'],
  'django.db.models.permalink': ['2.1', null],
  'django.contrib.auth.views.login': ['2.1', 'django.contrib.auth.views.LoginView'],
  'django.contrib.auth.views.logout': ['2.1', 'django.contrib.auth.views.LogoutView'],
  'django.utils.translation.string_concat': ['2.1', 'django.utils.text.format_lazy'],
  'django.shortcuts.render_to_response': ['3.0', 'django.shortcuts.render'],
  'django.utils.encoding.python_2_unicode_compatible': ['3.0', null],
  'django.utils.decorators.available_attrs': ['3.0', null],
  'django.utils.decorators.ContextDecorator': ['3.0', 'contextlib.ContextDecorator'],
  'django.utils.timezone.FixedOffset': ['3.1', 'datetime.timezone'],
  'django.db.models.fields.FieldDoesNotExist': ['3.1', 'django.core.exceptions.FieldDoesNotExist'],
  'django.utils.encoding.force_text': ['4.0', 'django.utils.encoding.force_str'],
  'django.utils.encoding.smart_text': ['4.0', 'django.utils.encoding.smart_str'],
  'django.utils.translation.ugettext': ['4.0', 'django.utils.translation.gettext'],
  'django.utils.translation.ugettext_lazy': ['4.0', 'django.utils.translation.gettext_lazy'],
  'django.utils.translation.ugettext_noop': ['4.0', 'django.utils.translation.gettext_noop'],
  'django.utils.translation.ungettext': ['4.0', 'django.utils.translation.ngettext'],
  'django.utils.translation.ungettext_lazy': ['4.0', 'django.utils.translation.ngettext_lazy'],
  'django.utils.http.is_safe_url': ['4.0', 'django.utils.http.url_has_allowed_host_and_scheme'],
  'django.utils.http.urlquote': ['4.0', 'urllib.parse.quote'],
  'django.utils.http.urlquote_plus': ['4.0', 'urllib.parse.quote_plus'],
  'django.utils.http.urlunquote': ['4.0', 'urllib.parse.unquote'],
  'django.utils.http.urlunquote_plus': ['4.0', 'urllib.parse.unquote_plus'],
  'django.utils.timezone.utc': ['5.0', 'datetime.timezone.utc'],
  'django.contrib.sessions.serializers.PickleSerializer': ['5.0', null],
  'django.core.files.storage.get_storage_class': ['5.1', 'django.core.files.storage.storages'],
}

/** What is gone of an import, whatever the release that runs it. */
function goneOf(module: string, name: string | null): Gone | null {
  const full = name === null ? module : `${module}.${name}`
  for (const [what, isModule] of [
    [module, true],
    [full, true],
    [full, false],
  ] as const) {
    const [since, now] = (isModule ? MODULES : NAMES)[what] ?? []
    if (since !== undefined) return { since, what, now: now ?? null, isModule: isModule && what === module }
  }
  return null
}
