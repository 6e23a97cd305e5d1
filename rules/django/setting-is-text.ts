import { isTextExpression } from '../../src/deployment/django/is-text-expression.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
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
      for (const name of LISTS) {
        const assigned = settings.expressionOf(name)
        if (assigned === null || !isTextExpression(assigned.expression)) continue
        const { source, expression } = assigned
        yield {
          at: { source, start: expression.start, end: expression.end },
          message:
            name === 'CSRF_TRUSTED_ORIGINS'
              ? 'this is one text, of which Django takes each letter for an origin'
              : `this is one text, so Django does not start: The ${name} setting must be a list or a tuple`,
          label: 'a text, not a list',
          help:
            expression.kind === 'string'
              ? 'Write it as a list, between `[` and `]`'
              : 'Write `.split(",")` behind it, and give it a text as the default',
        }
      }
    }
  },
})

const LISTS = ['ALLOWED_HOSTS', 'INSTALLED_APPS', 'LOCALE_PATHS', 'CSRF_TRUSTED_ORIGINS']
