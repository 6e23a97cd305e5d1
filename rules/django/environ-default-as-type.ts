import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const project = (lines: string, environment = '', made = 'environ.Env()'): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      import environ
      env = ${made}
      ALLOWED_HOSTS = ["example.org", "web"]
      ${lines}
    `,
    environment,
  })

export default defineRule({
  summary: 'django-environ takes the default of a variable for its type',
  severity: 'error',
  otherSeverities: { warning: 'for `None` and what is empty, which change nothing once the variable is set' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The second argument of `env("NAME", …)`, `env.list()`, `env.tuple()` and `env.dict()` is what the text is to be made into, and the third the default; of `env.str()`, `env.bool()` and `env.int()` it is the default, as of `os.environ.get()`. So there is no default: without the variable Django does not start (`ImproperlyConfigured: Set the NAME environment variable`), and with it `TypeError: \'str\' object is not callable` ends the start.',
  remedy: 'Name it: `env("NAME", default="…")`',
  references: [
    'https://django-environ.readthedocs.io/en/latest/api.html#environ.Env.__call__',
    'https://django-environ.readthedocs.io/en/latest/tips.html',
  ],
  unproven: 'The machines of the live tests do not have django-environ',
  bad: [
    { title: 'a text', files: project('AWS_REGION = env("AWS_REGION", «"eu-central-1"»)') },
    { title: 'a switch', files: project('DEBUG = env("DEBUG", «False»)') },
    { title: 'nothing', files: project('SENTRY_DSN = env("SENTRY_DSN", «None»)') },
    { title: 'an empty list', files: project('CORS_ALLOWED_ORIGINS = env.list("ORIGINS", «[]»)') },
    {
      title: 'in a call',
      files: project(conf`
        import sentry_sdk
        sentry_sdk.init(dsn=env("SENTRY_DSN", «""»), environment=env("STAGE", default="production"))
      `),
    },
  ],
  good: [
    {
      title: 'the default by its name',
      files: project(conf`
        AWS_REGION = env("AWS_REGION", default="eu-central-1")
        CORS_ALLOWED_ORIGINS = env.list("ORIGINS", default=[])
      `),
    },
    { title: 'a type, and then the default', files: project('DEBUG = env("DEBUG", bool, False)') },
    {
      title: 'methods that know the type',
      files: project(conf`
        DEBUG = env.bool("DEBUG", False)
        AWS_REGION = env.str("AWS_REGION", "eu-central-1")
        SIZES = env.list("SIZES", int)
      `),
    },
    {
      title: 'a variable that is told before',
      files: project('DEBUG = env("DEBUG", None)', '', 'environ.Env(DEBUG=(bool, False))'),
    },
    {
      title: 'environs, whose second argument is the default',
      files: djangoBehindNginx({
        settings: conf`
          from environs import Env
          env = Env()
          ALLOWED_HOSTS = ["example.org", "web"]
          AWS_REGION = env("AWS_REGION", "eu-central-1")
        `,
      }),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      for (const { at, variable, isRefused } of settings.defaultsAsTypes) {
        const written = at.source.code.slice(at.start, at.end)
        const unset = `ImproperlyConfigured: Set the ${variable ?? '…'} environment variable`
        yield {
          at,
          ...(!isRefused && { severity: 'warning' as const }),
          message: isRefused
            ? `django-environ takes this for the type, so Django does not start, neither without the variable (${unset}) nor with it`
            : `django-environ takes this for the type, so there is no default: ${unset}`,
          label: 'the type, not the default',
          help: `Write \`default=${written}\``,
        }
      }
    }
  },
})
