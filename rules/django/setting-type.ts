import type { PythonExpression } from '../../parsers/python/python-module.ts'
import type {
  AssignedExpression,
  AssignedName,
  DjangoSettings,
} from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { nestedList, type TypeFault } from './_nested-lists.ts'
import { djangoProjects } from './_projects.ts'

const project = (settings: string, environment = ''): Record<string, string> =>
  djangoBehindNginx({
    environment,
    settings: conf`
      import os
      ALLOWED_HOSTS = ["example.org", "web"]
      ${settings}
    `,
  })

export default defineRule({
  summary: 'A setting is of another type than Django takes',
  severity: 'error',
  otherSeverities: {
    warning:
      'for a switch that no variable turns off, a number that is a text once the variable is set, and a line that a condition decides',
    info: 'for a switch of Django that a variable with `False` in it turns on',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Python says nothing of it where it stands. A comma at the end of a line makes a tuple of one, and `DEBUG = False,` is true; `append()` and its siblings change a list and return `None`, so `MIDDLEWARE = MIDDLEWARE.append(…)` leaves no list at all; each text but the empty one is true, so `bool("False")` is; and a variable of the environment is a text, with which Django cannot compute: `TypeError`, as soon as somebody sets it.',
  remedy:
    'Write the value itself: without the comma, with `+=`, compared to the text that is meant, in `int(…)`',
  references: [
    'https://docs.python.org/3/library/stdtypes.html#truth-value-testing',
    'https://docs.djangoproject.com/en/stable/ref/settings/',
  ],
  bad: [
    { title: 'a comma at the end', files: project('DEBUG = «False,»') },
    { title: 'a comma behind a text', files: project('TIME_ZONE = «"UTC",»') },
    {
      title: 'what append returns',
      files: project(conf`
        MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
        MIDDLEWARE = «MIDDLEWARE.append("django.middleware.common.CommonMiddleware")»
      `),
    },
    {
      title: 'a text that says False',
      files: project('SHOP_OPEN_LOGIN = «bool(os.environ.get("OPEN_LOGIN", "False"))»'),
    },
    {
      title: 'a switch of Django',
      files: project('SESSION_COOKIE_SECURE = «os.getenv("COOKIE_SECURE", "false")»'),
    },
    {
      title: 'a switch that is on whatever somebody says',
      files: project('SHOP_OPEN_LOGIN = «bool(os.environ.get("OPEN_LOGIN", True))»'),
    },
    {
      title: 'a switch that the container turns off, and which stays on',
      files: project(
        'EMAIL_USE_TLS = «os.environ.get("EMAIL_TLS", False)»',
        'environment: {EMAIL_TLS: "False"}',
      ),
    },
    {
      title: 'a switch that nobody has set to False yet',
      files: project(conf`
        from decouple import config
        SESSION_COOKIE_SECURE = «config("COOKIE_SECURE", default=False)»
        EMAIL_USE_TLS = «os.environ.get("EMAIL_TLS", True)»
        if config("SHOP_OVER_TLS", default=True, cast=bool):
            CSRF_COOKIE_SECURE = «config("CSRF_SECURE", default=False)»
      `),
    },
    { title: 'permissions in decimal', files: project('FILE_UPLOAD_PERMISSIONS = «644»') },
    {
      title: 'a list of hosts in a list',
      files: project('ALLOWED_HOSTS = «[os.environ.get("HOSTS", "example.org").split(",")]»'),
    },
    {
      title: 'a list of hosts behind another one',
      files: project('ALLOWED_HOSTS.append(«["localhost"]»)'),
    },
    {
      title: 'a list of hosts where a condition holds, and one of a variable',
      files: project(conf`
        import environ
        from socket import gethostname
        env = environ.Env()
        if gethostname() == "office":
            ALLOWED_HOSTS.insert(0, «("localhost", "127.0.0.1")»)
        INSTALLED_APPS = «["django.contrib.contenttypes", env.list("MORE_APPS")]»
      `),
    },
    { title: 'a switch as a text', files: project('SECURE_SSL_REDIRECT = «"False"»') },
    { title: 'a number as a text', files: project('DATA_UPLOAD_MAX_MEMORY_SIZE = «"10485760"»') },
    {
      title: 'a number of the environment',
      files: project(
        'SESSION_COOKIE_AGE = «os.environ.get("SESSION_COOKIE_AGE", 604800)»',
        'environment: {SESSION_COOKIE_AGE: "3600"}',
      ),
    },
  ],
  good: [
    {
      title: 'the values themselves',
      files: project(conf`
        DEBUG = False
        TIME_ZONE = "UTC"
        MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
        MIDDLEWARE += ["django.middleware.common.CommonMiddleware"]
        SHOP_OPEN_LOGIN = os.environ.get("OPEN_LOGIN", "False") == "True"
        SESSION_COOKIE_SECURE = os.getenv("COOKIE_SECURE", "false").lower() in ("1", "true")
        SESSION_COOKIE_AGE = int(os.environ.get("SESSION_COOKIE_AGE", 604800))
      `),
    },
    {
      title: 'a default that is no text, or empty',
      files: project(conf`
        SHOP_OPEN_LOGIN = bool(os.environ.get("OPEN_LOGIN", False))
        SHOP_LEDGER = bool(os.environ.get("LEDGER", ""))
      `),
    },
    {
      title: 'a reader that makes a switch of the text, and a variable that is on',
      files: project(
        conf`
          import environ
          from decouple import config
          env = environ.Env()
          SESSION_COOKIE_SECURE = config("COOKIE_SECURE", default=False, cast=bool)
          CSRF_COOKIE_SECURE = config("COOKIE_SECURE", False, bool)
          USE_X_FORWARDED_HOST = env("FORWARDED_HOST", default=False)
          EMAIL_USE_TLS = os.environ.get("EMAIL_TLS", False)
        `,
        'environment: {EMAIL_TLS: "1"}',
      ),
    },
    {
      title: 'permissions in octal, and hosts that are split',
      files: project(conf`
        FILE_UPLOAD_PERMISSIONS = 0o644
        FILE_UPLOAD_DIRECTORY_PERMISSIONS = 493
        ALLOWED_HOSTS = ["example.org", *os.environ.get("HOSTS", "www.example.org").split(",")]
        ALLOWED_HOSTS.append("localhost")
        ALLOWED_HOSTS.extend(["127.0.0.1"])
      `),
    },
    {
      title: 'a list of hosts behind one that is every host',
      files: project(conf`
        ALLOWED_HOSTS = ["*"]
        ALLOWED_HOSTS.append(["localhost"])
      `),
    },
    {
      title: 'a number that no variable changes',
      files: project('SESSION_COOKIE_AGE = os.environ.get("SESSION_COOKIE_AGE", 604800)'),
    },
    {
      title: 'settings that are tuples',
      files: project(conf`
        SECURE_PROXY_SSL_HEADER = "HTTP_X_FORWARDED_PROTO", "https"
        INTERNAL_IPS = "127.0.0.1",
      `),
    },
    {
      title: 'readers that know the type',
      files: project(conf`
        import environ
        env = environ.Env()
        SESSION_COOKIE_AGE = env("SESSION_COOKIE_AGE", default=604800)
        SESSION_COOKIE_SECURE = env.bool("COOKIE_SECURE", default="False")
      `),
    },
    {
      title: 'a text that is turned into a switch later',
      files: project(conf`
        DEBUG = os.environ.get("DEBUG", "False")
        DEBUG = DEBUG == "True"
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      for (const assigned of settings.assigned) {
        const fault = faultOf(assigned, settings)
        if (fault === null) continue
        const { source, expression } = assigned
        yield { at: { source, start: expression.start, end: expression.end }, ...fault }
      }
    }
  },
})

function faultOf(assigned: AssignedName, settings: DjangoSettings): TypeFault | null {
  const { name, expression } = assigned
  return (
    tuple(assigned) ??
    nothing(name, expression) ??
    alwaysTrue(name, expression, settings) ??
    text(name, expression, settings) ??
    permissions(assigned) ??
    nestedList(assigned, settings)
  )
}

const SWITCHES: ReadonlySet<string> = new Set([
  'DEBUG',
  'APPEND_SLASH',
  'CSRF_COOKIE_SECURE',
  'CSRF_COOKIE_HTTPONLY',
  'CSRF_USE_SESSIONS',
  'EMAIL_USE_TLS',
  'EMAIL_USE_SSL',
  'SECURE_SSL_REDIRECT',
  'SECURE_HSTS_INCLUDE_SUBDOMAINS',
  'SECURE_HSTS_PRELOAD',
  'SESSION_COOKIE_SECURE',
  'SESSION_COOKIE_HTTPONLY',
  'USE_TZ',
  'USE_I18N',
  'USE_X_FORWARDED_HOST',
  'USE_X_FORWARDED_PORT',
  'CORS_ALLOW_ALL_ORIGINS',
  'CORS_ORIGIN_ALLOW_ALL',
  'CORS_ALLOW_CREDENTIALS',
])

const TEXTS: ReadonlySet<string> = new Set([
  'SECRET_KEY',
  'ROOT_URLCONF',
  'WSGI_APPLICATION',
  'STATIC_URL',
  'STATIC_ROOT',
  'MEDIA_URL',
  'MEDIA_ROOT',
  'TIME_ZONE',
  'LANGUAGE_CODE',
  'AUTH_USER_MODEL',
  'LOGIN_URL',
  'LOGIN_REDIRECT_URL',
  'EMAIL_BACKEND',
  'EMAIL_HOST',
  'EMAIL_HOST_USER',
  'EMAIL_HOST_PASSWORD',
  'EMAIL_PORT',
  'DEFAULT_FROM_EMAIL',
  'SESSION_ENGINE',
  'SESSION_COOKIE_DOMAIN',
  'CSRF_COOKIE_DOMAIN',
  'X_FRAME_OPTIONS',
])

/** A comma, and no bracket around it. */
function tuple({
  name,
  expression,
  source,
}: AssignedExpression & { readonly name: string }): TypeFault | null {
  if (expression.kind !== 'list' || expression.items.length !== 1) return null
  if (!SWITCHES.has(name) && !TEXTS.has(name)) return null
  if (/[[({]/.test(source.code[expression.start] ?? '[')) return null
  const [item] = expression.items
  const isOff = item?.kind === 'boolean' && !item.value
  return {
    message: `the comma at the end makes \`${name}\` a tuple of one${isOff ? ', which is true' : ''}`,
    label: 'a tuple',
    help: 'Take the comma away',
  }
}

const LISTS: ReadonlySet<string> = new Set([
  'INSTALLED_APPS',
  'MIDDLEWARE',
  'MIDDLEWARE_CLASSES',
  'TEMPLATES',
  'ALLOWED_HOSTS',
  'AUTHENTICATION_BACKENDS',
  'CSRF_TRUSTED_ORIGINS',
  'INTERNAL_IPS',
  'STATICFILES_DIRS',
  'DATABASES',
  'CACHES',
  'LOGGING',
])

function nothing(name: string, expression: PythonExpression): TypeFault | null {
  if (!LISTS.has(name) || expression.kind !== 'call') return null
  const method = /\.(append|extend|insert|remove|update|sort|reverse|clear)$/.exec(expression.callee)?.[1]
  if (method === undefined || expression.callee !== `${name}.${method}`) return null
  return {
    message: `\`${method}()\` changes the list and returns \`None\`, which \`${name}\` is from here on`,
    label: 'None',
    help: `Leave \`${name} =\` out`,
  }
}

const OFF = /^(?:0|false|no|off|n|f)$/i
const READS = /^(?:(?:os\.)?environ\.get|(?:os\.)?getenv)$/
/** `config` of python-decouple, which makes something else of the text where it is told \`cast\` alone. */
const READS_OF_DECOUPLE = /^(?:decouple\.)?config$/

/** The default of a reader of the environment; null for everything else. */
function fallback(expression: PythonExpression | undefined): PythonExpression | null {
  if (expression?.kind !== 'call' || !READS.test(expression.callee)) return null
  return expression.args[1] ?? expression.keywords.default ?? null
}

function alwaysTrue(name: string, expression: PythonExpression, settings: DjangoSettings): TypeFault | null {
  const isCast = expression.kind === 'call' && expression.callee === 'bool'
  const last = lastOf(name, settings)
  if (!isCast && (!SWITCHES.has(name) || last !== expression)) return null
  // Where the variable is known, another rule tells what comes of it.
  if (name === 'DEBUG' && settings.get(name)?.known === true) return null
  if (expression.kind === 'string' && OFF.test(expression.value))
    return {
      message: `\`"${expression.value}"\` is true like every text but the empty one, so \`${name}\` is true`,
      label: 'always true',
      help: 'Write `False`',
    }
  const inner = fallback(isCast ? expression.args[0] : expression)
  if (inner?.kind === 'boolean' && inner.value && isCast)
    return {
      severity: 'warning',
      message: `every text but the empty one is true, so \`${name}\` is true with nothing set, and with \`False\` and \`0\` too`,
      label: 'always true',
      help: 'Compare it: `os.environ.get("NAME", "True") == "True"`',
    }
  if (inner?.kind !== 'string' || !OFF.test(inner.value))
    return SWITCHES.has(name) && last === expression
      ? turnedOnByFalse(name, isCast ? expression.args[0] : expression, settings)
      : null
  return {
    severity: 'warning',
    message: `\`"${inner.value}"\` is true like every text but the empty one, so \`${name}\` is true with nothing set, and with \`False\``,
    label: 'always true',
    help: 'Compare it: `os.environ.get("NAME", "False") == "True"`',
  }
}

/** The one expression that a name has in the end, or that it has wherever a condition gives it any. */
function lastOf(name: string, settings: DjangoSettings): PythonExpression | undefined {
  const [only, ...others] = settings.assigned.filter(each => each.name === name)
  return settings.expressionOf(name)?.expression ?? (others.length === 0 ? only?.expression : undefined)
}

/** A variable is a text, whatever its default is, so that the word that is to turn the switch off turns it on. */
function turnedOnByFalse(
  name: string,
  expression: PythonExpression | undefined,
  settings: DjangoSettings,
): TypeFault | null {
  const variable = untypedVariable(expression)
  if (variable === null) return null
  const value = settings.get(name)
  const help = `Compare it: \`os.environ.get("${variable}", "False") == "True"\``
  if (value?.known === true && typeof value.value === 'string') {
    if (!OFF.test(value.value)) return null
    return {
      message: `\`${variable}\` is the text \`${value.value}\`, and every text but the empty one is true, so \`${name}\` is true`,
      label: 'always true',
      help,
    }
  }
  return {
    severity: 'info',
    message: `a variable is a text, and every text but the empty one is true: with \`${variable}=False\` \`${name}\` is true`,
    label: 'on with False, too',
    help,
  }
}

/** The variable that is read as a text although its default is none. */
function untypedVariable(expression: PythonExpression | undefined): string | null {
  if (
    expression?.kind !== 'call' ||
    !(READS.test(expression.callee) || READS_OF_DECOUPLE.test(expression.callee))
  )
    return null
  const { args, keywords } = expression
  const [variable, positional, cast] = args
  const inner = positional ?? keywords.default
  if (cast !== undefined || 'cast' in keywords || inner?.kind !== 'boolean') return null
  return variable?.kind === 'string' ? variable.value : null
}

/** Octal digits as they stand in a decimal number: `644` is `0o1204`. */
const PERMISSIONS: ReadonlySet<number> = new Set([600, 640, 644, 660, 664, 666, 700, 750, 755, 770, 775, 777])

function permissions({ name, expression }: DjangoSettings['assigned'][number]): TypeFault | null {
  if (name !== 'FILE_UPLOAD_PERMISSIONS' && name !== 'FILE_UPLOAD_DIRECTORY_PERMISSIONS') return null
  if (expression.kind !== 'number' || !PERMISSIONS.has(expression.value)) return null
  const { value } = expression
  return {
    message: `this is decimal, so uploads get the permissions ${value.toString(8)} in place of ${value}`,
    label: 'not octal',
    help: `Write \`0o${value}\``,
  }
}

/** A list inside of the list of hosts, which Django takes for one of them. */
/** What Django adds, or compares with a number. */
const NUMBERS: ReadonlySet<string> = new Set([
  'SESSION_COOKIE_AGE',
  'CSRF_COOKIE_AGE',
  'EMAIL_TIMEOUT',
  'DATA_UPLOAD_MAX_MEMORY_SIZE',
  'DATA_UPLOAD_MAX_NUMBER_FIELDS',
  'FILE_UPLOAD_MAX_MEMORY_SIZE',
  'PASSWORD_RESET_TIMEOUT',
])

function text(name: string, expression: PythonExpression, settings: DjangoSettings): TypeFault | null {
  if (!NUMBERS.has(name) || settings.expressionOf(name)?.expression !== expression) return null
  if (expression.kind === 'string')
    return {
      message: `this is a text, with which Django cannot compute, so \`${name}\` ends in TypeError`,
      label: 'a text',
      help: 'Leave the quotes out',
    }
  if (expression.kind !== 'call' || !READS.test(expression.callee)) return null
  const value = settings.get(name)
  if (value?.known === true && typeof value.value !== 'string') return null
  return {
    ...(value?.known !== true && { severity: 'warning' as const }),
    message: `a variable of the environment is a text, with which Django cannot compute: with one set, \`${name}\` ends in TypeError`,
    label: 'a text once it is set',
    help: 'Write `int(…)` around it',
  }
}
