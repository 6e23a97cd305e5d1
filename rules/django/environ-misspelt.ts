import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const project = (lines: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      import os
      ALLOWED_HOSTS = ["example.org", "web"]
      ${lines}
    `,
  })

export default defineRule({
  summary: 'The settings read the environment by a name that Python does not have',
  severity: 'error',
  otherSeverities: { warning: 'inside of `if` or `try`, where the line may never run' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The environment is the mapping `os.environ`, which is read with brackets or with `get()`, and `os.getenv()` is a function. Other spellings raise `AttributeError` or `TypeError` when the settings are loaded, so no worker boots.',
  remedy: 'Write `os.environ["NAME"]`, or `os.environ.get("NAME", "…")`',
  references: [
    'https://docs.python.org/3/library/os.html#os.environ',
    'https://django-environ.readthedocs.io/en/latest/types.html',
  ],
  bad: [
    { title: 'another name', files: project('DEBUG = «os.environment».get("DEBUG") == "True"') },
    { title: 'a part of the name', files: project('SECRET_KEY = «os.env»["SECRET_KEY"]') },
    { title: 'brackets behind a function', files: project('SECRET_KEY = «os.getenv»["SECRET_KEY"]') },
    { title: 'brackets behind get', files: project('SECRET_KEY = «os.environ.get»["SECRET_KEY"]') },
    { title: 'a mapping that is called', files: project('SECRET_KEY = «os.environ»("SECRET_KEY")') },
    { title: 'what Python 2 had', files: project('DEBUG = «os.environ.has_key»("DEBUG")') },
    {
      title: 'inside of a database',
      files: project('DATABASES = {"default": {"NAME": «os.environ.getenv»("DB_NAME", "shop")}}'),
    },
    {
      title: 'a condition',
      files: project(conf`
        if "REDIS_URL" in os.environ:
            CELERY_BROKER_URL = «os.getenv»["REDIS_URL"]
      `),
    },
    {
      title: 'a type of django-environ',
      files: project(conf`
        import environ
        env = environ.Env()
        EMAIL_PORT = «env.integer»("EMAIL_PORT", default=25)
      `),
    },
  ],
  good: [
    {
      title: 'a variable that is compared',
      files: project('DEBUG = os.environ.get("DEBUG") == "True"'),
    },
    {
      title: 'the names that Python has',
      files: project(conf`
        SECRET_KEY = os.environ["SECRET_KEY"]
        DEBUG = os.environ.get("DEBUG") == "True"
        EMAIL_HOST = os.getenv("EMAIL_HOST", "localhost")
        HOME = os.environb.get(b"HOME")
        COPY = os.environ.copy()
      `),
    },
    {
      title: 'another object with such a method',
      files: project(conf`
        from shop.envs import env
        EMAIL_PORT = env.integer("EMAIL_PORT")
      `),
    },
    {
      title: 'a class of one’s own',
      files: project(conf`
        import environ
        class Env(environ.Env):
            def integer(self, name):
                return self.int(name)
        env = Env()
        EMAIL_PORT = env.integer("EMAIL_PORT")
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      for (const { at, said, help, conditional } of settings.misreads) {
        yield {
          at,
          ...(conditional && { severity: 'warning' as const }),
          message: conditional
            ? `where this line runs, the settings cannot be loaded: ${said}`
            : `the settings cannot be loaded: ${said}`,
          label: 'no such name',
          help,
        }
      }
    }
  },
})
