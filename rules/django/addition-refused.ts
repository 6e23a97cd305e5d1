import type { MixedAddition } from '../../src/deployment/django/sequence-kinds.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindProxyPass } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const project = (settings: string, files: Record<string, string> = {}): Record<string, string> => ({
  ...djangoBehindProxyPass(
    conf`
      ALLOWED_HOSTS = ["example.org", "127.0.0.1"]
      ROOT_URLCONF = "shop.urls"
      ${settings}
    `,
    '',
    { tls: false },
  ),
  'opt/shop/shop/urls.py': 'urlpatterns = []\n',
  ...files,
})

const LOADED = 'INSTALLED_APPS = ["django.contrib.contenttypes"]'

export default defineRule({
  summary: 'The settings add a list, a tuple or a text to another kind',
  severity: 'error',
  otherSeverities: { warning: 'where a condition decides whether the line runs' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Python adds lists to lists and tuples to tuples alone: `[…] + (…)` ends in `TypeError: can only concatenate list (not "tuple") to list`, and no worker boots. Parentheses around one text make no tuple without a comma, so `INSTALLED_APPS += ("gunicorn")` adds the eight letters of it to a list, and is refused for a tuple.',
  remedy: 'Write both sides as lists: `INSTALLED_APPS += ["shop.orders"]`',
  references: [
    'https://docs.python.org/3/library/stdtypes.html#tuple',
    'https://docs.djangoproject.com/en/stable/ref/settings/#installed-apps',
  ],
  bad: [
    {
      title: 'a tuple behind a list',
      files: project(conf`
        ${LOADED}
        INSTALLED_APPS = INSTALLED_APPS + «("django.contrib.auth",)»
      `),
    },
    {
      title: 'a text that lengthens a list',
      files: project(conf`
        ${LOADED}
        INSTALLED_APPS += («"django.contrib.auth"»)
      `),
    },
    {
      title: 'a text that lengthens a tuple, where a condition holds',
      files: project(conf`
        from socket import gethostname
        AUTHENTICATION_BACKENDS = ("django.contrib.auth.backends.ModelBackend",)
        if gethostname() == "office":
            AUTHENTICATION_BACKENDS += («"django_auth_ldap.backend.LDAPBackend"»)
      `),
    },
    {
      title: 'a text behind a path',
      files: project(conf`
        from pathlib import Path
        BASE_DIR = Path(__file__).resolve().parent.parent
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR + «"/db.sqlite3"»}}
      `),
    },
    {
      title: 'a slash behind a text',
      files: project(conf`
        import os
        BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        STATIC_ROOT = BASE_DIR / «"static"»
      `),
    },
    {
      title: 'a list behind a tuple of other settings',
      files: project(
        conf`
          from shop.base import *
          MIDDLEWARE = MIDDLEWARE + «["shop.log.Log"]»
        `,
        { 'opt/shop/shop/base.py': 'MIDDLEWARE = ("django.middleware.common.CommonMiddleware",)\n' },
      ),
    },
  ],
  good: [
    {
      title: 'two lists',
      files: project(conf`
        ${LOADED}
        INSTALLED_APPS = INSTALLED_APPS + ["django.contrib.auth"]
      `),
    },
    {
      title: 'a list that is lengthened by a tuple, and two tuples',
      files: project(conf`
        ${LOADED}
        INSTALLED_APPS += ("django.contrib.auth",)
        AUTHENTICATION_BACKENDS = ("django.contrib.auth.backends.ModelBackend",)
        AUTHENTICATION_BACKENDS += ("django_auth_ldap.backend.LDAPBackend",)
      `),
    },
    {
      title: 'paths as pathlib takes them',
      files: project(conf`
        import os
        from pathlib import Path
        BASE_DIR = Path(__file__).resolve().parent.parent
        STATIC_ROOT = BASE_DIR / "static"
        MEDIA_ROOT = os.path.join(BASE_DIR, "media") + "/"
        TEMPLATE = str(BASE_DIR) + "/templates"
        ABOVE = "/srv" / BASE_DIR.parent
      `),
    },
    {
      title: 'a path of another package, which is a text',
      files: project(conf`
        from unipath import Path
        BASE_DIR = Path(__file__).ancestor(2)
        STATIC_ROOT = BASE_DIR + "/static"
      `),
    },
    {
      title: 'one that is made a list first',
      files: project(conf`
        MIDDLEWARE = ("django.middleware.common.CommonMiddleware",)
        MIDDLEWARE = list(MIDDLEWARE) + ["shop.log.Log"]
      `),
    },
    {
      title: 'one that a condition makes a list',
      files: project(conf`
        import os
        MIDDLEWARE = ("django.middleware.common.CommonMiddleware",)
        if os.environ.get("LISTS"):
            MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
        MIDDLEWARE = MIDDLEWARE + ("shop.log.Log",)
      `),
    },
    {
      title: 'texts, and values that nobody knows',
      files: project(conf`
        import os
        ROOT = "/srv/" + "shop"
        ROOT += "/static"
        HOSTS = os.environ["HOSTS"].split(",") + ["www.example.org"]
        ADMINS = tuple(HOSTS) + ("a",)
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      for (const mixed of settings.mixedAdditions)
        yield {
          at: mixed.at,
          label: `a ${WORDS[mixed.right]}`,
          ...(mixed.conditional && { severity: 'warning' as const }),
          ...wordsOf(mixed, mixed.conditional ? 'where this line runs, the settings' : 'the settings'),
        }
    }
  },
})

const WORDS = { list: 'list', tuple: 'tuple', str: 'text', path: 'path' } as const
const TYPES = { list: 'list', tuple: 'tuple', str: 'str', path: 'PosixPath' } as const

function wordsOf(
  { left, right, name, operator }: MixedAddition,
  settings: string,
): {
  readonly message: string
  readonly help: string
} {
  // What Python takes all the same: a text has items, which are its letters.
  if (name !== null && left === 'list')
    return {
      message: `this is one text, of which each letter is added to \`${name}\``,
      help: 'Write it as a list, between `[` and `]`',
    }
  if (operator === '/' || left === 'path')
    return {
      message: `${settings} cannot be loaded: TypeError: unsupported operand type(s) for ${operator}: '${TYPES[left]}' and '${TYPES[right]}'`,
      help:
        operator === '/'
          ? 'Write `os.path.join(…, …)`, or make the left side a `pathlib.Path`'
          : 'Write `/` in place of `+`, without a slash at the beginning of the text',
    }
  return {
    message: `${settings} cannot be loaded: TypeError: can only concatenate ${left} (not "${TYPES[right]}") to ${left}`,
    help:
      right === 'str' && left === 'tuple'
        ? 'Put a comma behind the text: `("…",)`'
        : right === 'path'
          ? 'Write `str(…)` around the path'
          : `Write it as a ${WORDS[left]}`,
  }
}
