import type { AssignedExpression, DjangoSettings } from '../../src/deployment/django/settings.ts'
import { isDjangoAtLeast, isPackageAtLeast } from '../../src/deployment/django/django-version.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from './_examples.ts'
import { defaultOrigins } from './_origin-defaults.ts'
import { faultOf, LEFT_OUT, noText, refusalOf, shown } from './_origin-faults.ts'
import { djangoProjects } from './_projects.ts'
import { surelyLists } from './_setting-entries.ts'

const settings = (origins: string, requirements = 'Django==5.2.1', lines = ''): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ${lines}
      ALLOWED_HOSTS = ["example.org"]
      CSRF_TRUSTED_ORIGINS = ${origins}
    `,
  }),
  ...(requirements !== '' && { 'web/requirements.txt': requirements }),
})

export default defineRule({
  summary: 'An entry of CSRF_TRUSTED_ORIGINS or CORS_ALLOWED_ORIGINS is no origin',
  severity: 'error',
  otherSeverities: {
    warning:
      'for what Django accepts and no browser sends, for the default of a variable, and where its version is not known',
    info: 'for an entry that is `None` where nobody sets its variable',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Since Django 4.0 an entry is a scheme and a name, `https://example.org`, with a port where it is not the usual one and nothing behind it. Without a scheme `manage.py` stops with `(4_0.E001) … must start with a scheme`, and the name is not trusted; with a path, a slash or a lone `*` the entry matches no `Origin` that a browser sends. The check of django-cors-headers refuses the same in its own list: `(corsheaders.E013)`, `(corsheaders.E014)`.',
  remedy: 'Write `https://example.org`, or `https://*.example.org` for every name below it',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#csrf-trusted-origins',
    'https://docs.djangoproject.com/en/stable/releases/4.0/#csrf-trusted-origins-changes',
    'https://github.com/adamchainz/django-cors-headers#cors_allowed_origins-sequencestr',
  ],
  unproven: 'What a browser writes as `Origin` decides, and the check runs before any server',
  bad: [
    { title: 'no scheme', files: settings('[«"example.org"»]') },
    {
      title: 'a slash at the end',
      files: settings('[«"https://example.org/"»]'),
    },
    { title: 'every name', files: settings('["https://example.org", «"https://*"»]') },
    { title: 'an asterisk without its dot', files: settings('[«"https://*example.org"»]') },
    {
      title: 'no version is known',
      files: settings('[«"example.org"»]', ''),
    },
    {
      title: 'a slash behind what django-cors-headers allows',
      files: settings(
        '[]',
        '',
        conf`
          INSTALLED_APPS = ["corsheaders"]
          CORS_ALLOWED_ORIGINS = ["https://app.example.org", «"https://example.org/"», «"example.org"»]
        `,
      ),
    },
    {
      title: 'the default of a variable',
      files: settings(
        'os.getenv("ORIGINS", «"example.org"»).split(",")',
        'Django==5.2.1',
        conf`
          import os
          import environ
          env = environ.Env()
          INSTALLED_APPS = ["corsheaders"]
          CORS_ALLOWED_ORIGINS = env.list("CORS_ORIGINS", default=["https://example.org", «"localhost:8080"»])
        `,
      ),
    },
    {
      title: 'nothing that is split',
      files: settings('os.getenv("ORIGINS", «""»).split(",")', 'Django==5.2.1', 'import os'),
    },
    {
      title: 'an entry that the environment gives, beside one that is written',
      files: settings(
        '["http://localhost:3000", os.environ.get("ORIGIN", «""»), «os.environ.get("OTHER_ORIGIN")»]',
        'Django==5.2.1',
        'import os',
      ),
    },
    {
      title: 'an entry that is written, beside one that the environment gives',
      files: settings('[«"example.org"», os.environ["ORIGIN"]]', 'Django==5.2.1', 'import os'),
    },
    {
      title: 'lists that are added, and a loop over nothing',
      files: settings(
        '["https://example.org"] + [each.strip() for each in os.environ.get("ORIGINS", «""»).split(",")]',
        'Django==5.2.1',
        'import os',
      ),
    },
    {
      title: 'what a second line adds',
      files: settings(
        '[]',
        'Django==5.2.1',
        conf`
          import environ
          env = environ.Env()
          INSTALLED_APPS = ["corsheaders"]
          CORS_ALLOWED_ORIGINS = ["https://example.org"]
          CORS_ALLOWED_ORIGINS += env("ORIGINS", default=«""»).split(",")
        `,
      ),
    },
    {
      title: 'a function that splits nothing',
      files: settings(
        'config("ORIGINS", default=«""», cast=lambda v: [s.strip() for s in v.split(",")])',
        'Django==5.2.1',
        'from decouple import config',
      ),
    },
    {
      title: 'the older name of the list, by the default of a variable',
      files: settings(
        '[]',
        'django-cors-headers==3.1.0',
        conf`
          import os
          INSTALLED_APPS = ["corsheaders"]
          if os.getenv("SHOP_APPS"):
              INSTALLED_APPS += os.getenv("SHOP_APPS").split(",")
          CORS_ORIGIN_WHITELIST = tuple(os.getenv("CORS_HOSTS", «"localhost:8080"»).split(","))
        `,
      ),
    },
    {
      title: 'a text that is split',
      files: settings('«"https://example.org,www.example.org".split(",")»'),
    },
  ],
  good: [
    {
      title: 'origins',
      files: settings('["https://example.org", "https://*.example.org", "http://localhost:8080"]'),
    },
    {
      title: 'what django-cors-headers takes',
      files: settings(
        '[]',
        '',
        conf`
          INSTALLED_APPS = ["corsheaders"]
          CORS_ALLOWED_ORIGINS = ["https://example.org", "http://localhost:8080", "capacitor://localhost", "null"]
        `,
      ),
    },
    {
      title: 'readers that make no entry of nothing',
      files: settings(
        'config("ORIGINS", default="", cast=Csv())',
        'Django==5.2.1',
        conf`
          import os
          import environ
          from decouple import Csv, config
          env = environ.Env()
          INSTALLED_APPS = ["corsheaders"]
          CORS_ALLOWED_ORIGINS = env.list("CORS_ORIGINS", default="")
          CORS_ORIGIN_WHITELIST = os.getenv("CORS_HOSTS", "").split()
        `,
      ),
    },
    {
      title: 'nothing that is left out',
      files: settings(
        '["https://example.org"] + [each for each in os.getenv("ORIGINS", "").split(",") if each]',
        'Django==5.2.1',
        'import os',
      ),
    },
    { title: 'Django 3, which takes names', files: settings('["example.org"]', 'django>=3.2,<4') },
    {
      title: 'defaults that are origins, and names for an older django-cors-headers',
      files: settings(
        'os.getenv("ORIGINS", "https://example.org,https://www.example.org").split(",")',
        'Django==5.2.1\ndjango-cors-headers==2.5.3',
        conf`
          import os
          INSTALLED_APPS = ["corsheaders"]
          CORS_ALLOWED_ORIGINS = os.environ.get("CORS_ORIGINS", "https://example.org;https://example.net").split(";")
          CORS_ORIGIN_WHITELIST = os.getenv("CORS_HOSTS", "localhost:8080").split(",")
        `,
      ),
    },
    {
      title: 'an entry that nobody knows',
      files: settings('[os.environ["ORIGIN"]]', 'Django==5.2.1', 'import os'),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      for (const name of ['CORS_ALLOWED_ORIGINS', 'CORS_ORIGIN_WHITELIST'])
        if (isCheckedOrigin(name, settings, files)) yield* allowedOrigins(settings, name)
      const version = isDjangoAtLeast(4, settings, files)
      if (version === false) continue
      yield* defaultsOf(settings, 'CSRF_TRUSTED_ORIGINS', origin => faultOf(origin)?.text ?? null)
      const fact = settings.get('CSRF_TRUSTED_ORIGINS')
      const assigned = settings.expressionOf('CSRF_TRUSTED_ORIGINS')
      if (fact?.known !== true || assigned === null || !Array.isArray(fact.value)) continue
      for (const [index, value] of (fact.value as readonly unknown[]).entries()) {
        if (value === null) yield* noTextAt(settings, index)
        const fault = typeof value === 'string' ? faultOf(value) : null
        if (typeof value !== 'string' || fault === null) continue
        yield {
          at: placeOf(settings, { ...assigned, name: 'CSRF_TRUSTED_ORIGINS' }, value, index),
          ...((version === undefined || !fault.isFatal) && { severity: 'warning' as const }),
          message: `${shown(value)} ${fault.text}`,
          label: fault.isFatal ? 'no scheme' : 'no origin',
          ...(fault.instead !== null
            ? { help: `Write \`${fault.instead}\`` }
            : value === '' && { help: LEFT_OUT }),
        }
      }
    }
  },
})

/** Its older name took names without a scheme before release 3 of django-cors-headers. */
function isCheckedOrigin(name: string, settings: DjangoSettings, files: FileSystem): boolean {
  if (!surelyLists(settings, 'INSTALLED_APPS', 'corsheaders')) return false
  return (
    name === 'CORS_ALLOWED_ORIGINS' || isPackageAtLeast('django-cors-headers', 3, settings, files) !== false
  )
}

/** The list of django-cors-headers, whose check stops `manage.py`. */
function* allowedOrigins(settings: DjangoSettings, name: string) {
  yield* defaultsOf(settings, name, origin => refusalOf(origin)?.text ?? null)
  const fact = settings.get(name)
  const assigned = settings.expressionOf(name)
  if (fact?.known !== true || assigned === null || !Array.isArray(fact.value)) return
  for (const [index, value] of (fact.value as readonly unknown[]).entries()) {
    const refusal = typeof value === 'string' ? refusalOf(value) : null
    if (refusal === null) continue
    yield {
      at: placeOf(settings, { ...assigned, name }, String(value), index),
      message: `${shown(String(value))} ${refusal.text}`,
      label: refusal.label,
      ...(refusal.instead !== null && { help: `Write \`${refusal.instead}\`` }),
    }
  }
}

/** Entries that hold where nobody sets a variable, as far as nothing is known of them. */
function* defaultsOf(settings: DjangoSettings, name: string, faultIn: (origin: string) => string | null) {
  const fact = settings.get(name)
  const value = fact?.known === true ? fact.value : null
  const isOneLine = settings.expressionOf(name) !== null
  if (fact?.known === true && !Array.isArray(value)) return
  for (const { text, at, variable, isDefault } of defaultOrigins(settings, name)) {
    // What one line gives is told where its entries are known; of several lines nothing is.
    if (Array.isArray(value) && value.includes(text) === isOneLine) continue
    const fault = text === null ? noText(name) : faultIn(text)
    if (fault === null) continue
    const unset = `where ${variable === null ? 'the variable' : `\`${variable}\``} is not set, `
    yield {
      at,
      severity: text === null ? ('info' as const) : ('warning' as const),
      message: `${isDefault ? unset : ''}${text === null ? 'the entry is `None`' : shown(text)}${text === null ? ', ' : ' '}${fault}`,
      label: text === null ? 'no default' : isDefault ? 'the default' : 'no origin',
      ...((text ?? '') === '' && { help: LEFT_OUT }),
    }
  }
}

/** An entry of Django's own list whose variable nobody sets. */
function* noTextAt(settings: DjangoSettings, index: number): Iterable<RuleFinding> {
  const assigned = settings.expressionOf('CSRF_TRUSTED_ORIGINS')
  const item = assigned?.expression.kind === 'list' ? assigned.expression.items[index] : undefined
  if (assigned == null || item === undefined || item.kind === 'spread') return
  yield {
    at: { source: assigned.source, start: item.start, end: item.end },
    message: `the entry is \`None\`, ${noText('CSRF_TRUSTED_ORIGINS')}`,
    label: 'no default',
    help: LEFT_OUT,
  }
}

/** The entry where it is written as one, or as the default of a variable, else the whole. */
function placeOf(
  settings: DjangoSettings,
  { name, expression, source }: AssignedExpression & { readonly name: string },
  text: string,
  index: number,
): Place {
  const fallback = defaultOrigins(settings, name).find(each => each.text === text)?.at
  const { start, end } = (expression.kind === 'list' ? expression.items[index] : undefined) ?? expression
  return fallback ?? { source, start, end }
}
