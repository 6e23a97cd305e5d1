import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const project = (settings: string, others: Record<string, string> = {}): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ${settings}
      ALLOWED_HOSTS = ["example.org", "web"]
    `,
  }),
  ...others,
})

export default defineRule({
  summary: 'The settings read a name that nothing defines',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: "Python reads a module from top to bottom, and stops at the first name that it has not met: `NameError: name 'os' is not defined`. The settings are such a module, so no worker boots, and nginx answers 502. Since Django 3.1 `startproject` writes `pathlib`, and no longer `import os`, so lines that are copied from older projects lack it.",
  remedy: 'Import or assign the name above the line',
  references: [
    'https://docs.python.org/3/library/exceptions.html#NameError',
    'https://docs.djangoproject.com/en/stable/releases/3.1/#miscellaneous',
  ],
  bad: [
    {
      title: 'a module that is not imported',
      files: project(
        conf`
          from pathlib import Path
          BASE_DIR = Path(__file__).resolve().parent.parent
          STATIC_ROOT = «os».path.join(BASE_DIR, "static")
        `,
      ),
    },
    {
      title: 'a list that other settings hold',
      files: project('«INSTALLED_APPS» += ["shop.orders"]'),
    },
    {
      title: 'a condition',
      files: project(conf`
        INSTALLED_APPS = []
        if «LDAP_ENABLED» and "ldap" not in INSTALLED_APPS:
            INSTALLED_APPS += ["ldap"]
      `),
    },
    {
      title: 'settings that no server here is started with',
      files: project('INSTALLED_APPS = ["django.contrib.auth"]', {
        'web/shop/settings_production.py': conf`
          import sentry_sdk
          from .settings import *
          sentry_sdk.init(dsn="https://key@sentry.example.org/1", integrations=[«DjangoIntegration»()])
        `,
      }),
    },
    {
      title: 'a name before the import that might bring it',
      files: project(conf`
        MEDIA_ROOT = «os».path.join("/srv/shop", "media")
        try:
            from .local import *
        except ImportError:
            pass
      `),
    },
    {
      title: 'a name that comes too late',
      files: project(conf`
        MEDIA_ROOT = f"{«DATA»}/media"
        DATA = "/srv/shop"
      `),
    },
    {
      title: 'a name that the settings it begins with do not have',
      files: project(
        conf`
          from shop.base import *
          MEDIA_ROOT = «ROOT_DIR» + "/media"
        `,
        { 'web/shop/base.py': 'BASE_DIR = "/srv/shop"\n' },
      ),
    },
    {
      title: 'a project beside services of which none is seen to run it',
      files: {
        'docker-compose.yml': conf`
          services:
            db:
              image: postgres:16
        `,
        'shop/__init__.py': '',
        'shop/wsgi.py': conf`
          import os
          from django.core.wsgi import get_wsgi_application
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
          application = get_wsgi_application()
        `,
        'shop/settings.py': 'STATIC_ROOT = «os».path.join("/srv/shop", "static")\n',
      },
    },
  ],
  good: [
    {
      title: 'a module that is imported',
      files: project(conf`
        import os
        STATIC_ROOT = os.path.join("/srv/shop", "static")
      `),
    },
    {
      title: 'a name of the settings it begins with',
      files: project(
        conf`
          from shop.base import *
          MEDIA_ROOT = os.path.join(BASE_DIR, "media")
        `,
        {
          'web/shop/base.py': conf`
            import os
            BASE_DIR = "/srv/shop"
          `,
        },
      ),
    },
    {
      title: 'settings that nobody has here',
      files: project(conf`
        from shared.settings import *
        INSTALLED_APPS += ["shop.orders"]
      `),
    },
    {
      title: 'a name that a condition may define',
      files: project(conf`
        try:
            from shop.secrets import KEY
        except ImportError:
            pass
        SECRET_KEY = KEY
      `),
    },
    {
      title: 'what is read only when it is called',
      files: project(conf`
        def sample(context):
            return RATE
        RATE = 0.1
        SHOW = lambda request: HIDDEN not in request.path
        HIDDEN = "/x"
        NAMES = [name for name in ("a", "b")]
        FIRST = None and UNKNOWN
      `),
    },
    {
      title: 'a part that other settings run among their own names',
      files: project(
        conf`
          from split_settings.tools import include
          INSTALLED_APPS = ["django.contrib.auth"]
          include("settings_production.py")
        `,
        { 'web/shop/settings_production.py': 'INSTALLED_APPS += ["shop.orders"]' },
      ),
    },
    {
      title: 'a part whose name other settings make before they run it',
      files: project(
        conf`
          import os
          INSTALLED_APPS = ["django.contrib.auth"]
          with open(os.path.join(os.path.dirname(__file__), f"settings_{os.environ['ENV']}.py")) as part:
              exec(part.read())
        `,
        { 'web/shop/settings_production.py': 'INSTALLED_APPS += ["shop.orders"]' },
      ),
    },
    {
      title: 'a part without applications',
      files: project('INSTALLED_APPS = ["django.contrib.auth"]', {
        'web/shop/settings_production.py': 'DATABASES["default"]["CONN_MAX_AGE"] = 60',
      }),
    },
    {
      title: 'a sample',
      files: project('INSTALLED_APPS = ["django.contrib.auth"]', {
        'web/shop/settings_example.py': conf`
          INSTALLED_APPS = []
          SECRET_KEY = FILL_IN
        `,
      }),
    },
    {
      title: 'settings that a function loads',
      files: project(conf`
        from shop.envs import import_settings_modules
        import_settings_modules("shop.common")
        SOCIAL_AUTH_ALLOWED_REDIRECT_HOSTS = [SITE_BASE_URL]
      `),
    },
    {
      title: 'names that are made',
      files: project(conf`
        globals().update({"DATA": "/srv/shop"})
        MEDIA_ROOT = DATA + "/media"
      `),
    },
    {
      title: 'settings of other modules that a function puts among them',
      files: project(conf`
        from shared.config import import_settings_modules
        import_settings_modules("shared.settings.base")
        MEDIA_URL = SITE_BASE_URL + "/media/"
      `),
    },
    {
      title: 'names of other modules, and of arguments',
      files: project(conf`
        import logging.config
        from datetime import timedelta as span
        RATE: int = dict(period=span(days=1)).get("period").days
        FORMATTER = logging.Formatter
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      for (const { name, at } of settings.undefinedNames) {
        yield {
          at,
          message: `nothing above defines \`${name}\`, so the settings cannot be loaded: NameError: name '${name}' is not defined`,
          label: 'not defined here',
          help: MODULES.has(name)
            ? `Write \`import ${name}\` above it`
            : 'Import or assign it above this line',
        }
      }
    }
  },
})

/** Modules of Python that settings use. */
const MODULES: ReadonlySet<string> = new Set([
  'os',
  'sys',
  're',
  'json',
  'logging',
  'socket',
  'datetime',
  'environ',
  'dj_database_url',
  'sentry_sdk',
])
