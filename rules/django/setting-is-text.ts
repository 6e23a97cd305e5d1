import type { Source } from '../../parsers/text/source.ts'
import type { PythonExpression } from '../../parsers/python/python-module.ts'
import type { AssignedExpression, DjangoSettings } from '../../src/deployment/django/settings.ts'
import { isTextExpression } from '../../src/deployment/django/is-text-expression.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const settings = (lines: string): Record<string, string> => djangoBehindNginx({ settings: lines })

export default defineRule({
  summary: 'A setting that is a list for Django is a text',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django does not start where `ALLOWED_HOSTS` or `INSTALLED_APPS` is a text: `ImproperlyConfigured: The ALLOWED_HOSTS setting must be a list or a tuple`. Of `CSRF_TRUSTED_ORIGINS` it takes each letter for an origin: `manage.py` stops with `(4_0.E001) … must start with a scheme … but found h`, and no origin is trusted. A variable of the environment is always a text, and so is `("example.org")` without a comma.',
  remedy: 'Write a list, and split what comes from the environment: `os.environ["NAME"].split(",")`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts',
    'https://docs.djangoproject.com/en/stable/ref/settings/#csrf-trusted-origins',
    'https://docs.djangoproject.com/en/stable/ref/checks/#backwards-compatibility',
  ],
  unproven: 'Django raises the error while it loads the settings; no request is needed to see it',
  bad: [
    {
      title: 'a variable of the environment',
      files: settings(conf`
        import os
        ALLOWED_HOSTS = ["example.org"]
        CSRF_TRUSTED_ORIGINS = «os.environ["ORIGINS"]»
      `),
    },
    {
      title: 'one name without a comma behind it',
      files: settings('ALLOWED_HOSTS = («"example.org"»)\n'),
    },
    {
      title: 'a default that is a text',
      files: settings(conf`
        from os import getenv
        ALLOWED_HOSTS = «getenv("HOSTS", "example.org")»
      `),
    },
    {
      title: 'a directory of static files without a comma behind it',
      files: settings(conf`
        import os
        STATICFILES_DIRS = («os.path.join("/srv/shop", "assets")»)
      `),
    },
    {
      title: 'one directory of static files',
      files: settings(conf`
        from pathlib import Path
        BASE_DIR = Path(__file__).resolve().parent.parent
        STATICFILES_DIRS = «BASE_DIR / "assets"»
      `),
    },
    {
      title: 'one directory of templates',
      files: settings(conf`
        TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": «"templates"»,
                "APP_DIRS": True,
            }
        ]
      `),
    },
    {
      title: 'a list of the letters of a text',
      files: settings(conf`
        import os
        ALLOWED_HOSTS = «list(os.environ.get("HOSTS", "example.org"))»
      `),
    },
    {
      title: 'a project that nothing is seen to start',
      files: {
        'etc/nginx/nginx.conf': nginxMain(nginxServer('location / { proxy_pass http://127.0.0.1:8000; }')),
        'srv/shop/shop/wsgi.py': conf`
          import os
          from django.core.wsgi import get_wsgi_application
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
          application = get_wsgi_application()
        `,
        'srv/shop/shop/settings.py': conf`
          import os
          ALLOWED_HOSTS = «os.environ.get("HOSTS", "example.org")»
        `,
      },
    },
  ],
  good: [
    {
      title: 'a list of what is split',
      files: settings(conf`
        import os
        ALLOWED_HOSTS = list(filter(None, os.environ.get("HOSTS", "example.org").split(",")))
        CSRF_TRUSTED_ORIGINS = tuple(os.environ.get("ORIGINS", "").split())
      `),
    },
    {
      title: 'a variable that is split',
      files: settings(conf`
        import os
        ALLOWED_HOSTS = os.environ.get("HOSTS", "example.org").split(",")
        CSRF_TRUSTED_ORIGINS = os.environ.get("ORIGINS", "").split()
      `),
    },
    {
      title: 'a reader that is told the type',
      files: settings(conf`
        from decouple import config, Csv
        ALLOWED_HOSTS = config("HOSTS", cast=Csv())
      `),
    },
    {
      title: 'lists of directories',
      files: settings(conf`
        import os
        STATICFILES_DIRS = (os.path.join("/srv/shop", "assets"),)
        TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"]}]
      `),
    },
    { title: 'a list', files: settings('ALLOWED_HOSTS = ["example.org"]\n') },
    {
      title: 'a function of the project',
      files: settings(conf`
        from shop.environment import hosts
        ALLOWED_HOSTS = hosts("HOSTS")
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      for (const { name, expression, source } of listsOf(settings)) {
        yield* letters(name, expression, source)
        if (!isTextExpression(expression) && !(DIRECTORIES.has(name) && isPath(expression))) continue
        yield {
          at: { source, start: expression.start, end: expression.end },
          message: isPath(expression) && name === 'DIRS' ? NOT_ITERABLE : (OUTCOMES[name] ?? refused)(name),
          label: isPath(expression) ? 'a path, not a list' : 'a text, not a list',
          help: READS.test(source.code.slice(expression.start, expression.end))
            ? 'Write `.split(",")` behind it, and give it a text as the default'
            : 'Write it as a list, between `[` and `]`',
        }
      }
    }
  },
})

/** `list("…")` of a text is the list of its letters. */
function* letters(name: string, expression: PythonExpression, source: Source): Iterable<RuleFinding> {
  if (expression.kind !== 'call' || !/^(?:list|tuple|set)$/.test(expression.callee)) return
  const [inner, ...more] = expression.args
  if (inner === undefined || more.length > 0 || !isTextExpression(inner)) return
  yield {
    at: { source, start: expression.start, end: expression.end },
    message: `\`${expression.callee}()\` parts a text into its letters, so no entry of \`${name}\` is what is meant`,
    label: 'one entry a letter',
    help: 'Write `.split(",")` behind the text in its place',
  }
}

const refused = (name: string): string =>
  `this is one text, so Django does not start: The ${name} setting must be a list or a tuple`
const importsLetters = (): string =>
  'this is one text, of which Django imports each letter: ImportError, doesn’t look like a module path'

/** What comes of a text, by the setting that should be a list. */
const OUTCOMES: Readonly<Record<string, (name: string) => string>> = {
  ALLOWED_HOSTS: refused,
  INSTALLED_APPS: refused,
  LOCALE_PATHS: refused,
  CSRF_TRUSTED_ORIGINS: () => 'this is one text, of which Django takes each letter for an origin',
  MIDDLEWARE: importsLetters,
  AUTHENTICATION_BACKENDS: importsLetters,
  STATICFILES_DIRS: () =>
    '`manage.py` stops: (staticfiles.E001) The STATICFILES_DIRS setting is not a tuple or list',
  CORS_ALLOWED_ORIGINS: () =>
    'this is one text, so `manage.py` stops: (corsheaders.E013) for each of its letters, or (corsheaders.E006)',
  DIRS: () =>
    'this is one text, of which Django takes each letter for a directory, so no template is found there',
}

const NOT_ITERABLE =
  "this is one path, so every page of a template is answered with 500: 'PosixPath' object is not iterable"

/** Lists of directories, which people write by what joins paths. */
const DIRECTORIES: ReadonlySet<string> = new Set(['STATICFILES_DIRS', 'LOCALE_PATHS', 'DIRS'])
const READS = /environ|getenv|config/

/** `BASE_DIR / "static"`. */
function isPath(expression: PythonExpression): boolean {
  return expression.kind === 'binary' && expression.operator === '/'
}

/** The settings that have to be lists, and `DIRS` of each engine of templates. */
function* listsOf(settings: DjangoSettings): Iterable<AssignedExpression & { readonly name: string }> {
  for (const name of Object.keys(OUTCOMES)) {
    const assigned = settings.expressionOf(name)
    if (assigned !== null) yield { ...assigned, name }
  }
  const engines = settings.expressionOf('TEMPLATES')
  for (const engine of engines?.expression.kind === 'list' ? engines.expression.items : []) {
    if (engines === null || engine.kind !== 'dict') continue
    for (const { key, value } of engine.entries)
      if (key.kind === 'string' && key.value === 'DIRS')
        yield { expression: value, source: engines.source, name: 'DIRS' }
  }
}
