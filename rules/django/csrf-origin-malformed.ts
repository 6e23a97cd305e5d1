import type { AssignedExpression, DjangoSettings } from '../../src/deployment/django/settings.ts'
import { isDjangoAtLeast, isPackageAtLeast } from '../../src/deployment/django/django-version.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from './_examples.ts'
import { defaultOrigins } from './_origin-defaults.ts'
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
        if (typeof value !== 'string') continue
        const fault = faultOf(value)
        if (fault === null) continue
        yield {
          at: placeOf(settings, { ...assigned, name: 'CSRF_TRUSTED_ORIGINS' }, value, index),
          ...((version === undefined || !fault.isFatal) && { severity: 'warning' as const }),
          message: `${shown(value)} ${fault.text}`,
          label: fault.isFatal ? 'no scheme' : 'no origin',
          ...(fault.instead !== null && { help: `Write \`${fault.instead}\`` }),
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

/** What the check of django-cors-headers says of an origin; null where it says nothing. */
function refusalOf(origin: string) {
  if (origin === 'null' || origin === 'file://') return null
  const [, scheme, host = '', rest] = /^(\w[\w+.-]*:\/\/)?([^/?#]*)(.*)$/s.exec(origin) ?? []
  if (scheme !== undefined && host !== '' && rest === '') return null
  const lacks = scheme === undefined || host === ''
  return {
    text: lacks
      ? 'has no scheme, so it allows nothing, and `manage.py` stops: (corsheaders.E013)'
      : 'has something behind the name, so `manage.py` stops: (corsheaders.E014)',
    label: lacks ? 'no scheme' : 'no origin',
    instead: host !== '' && host !== '*' ? `${scheme ?? 'https://'}${host}` : null,
  }
}

/** Entries that hold where nobody sets a variable; none where the setting is known, for then so are its entries. */
function* defaultsOf(settings: DjangoSettings, name: string, faultIn: (origin: string) => string | null) {
  if (settings.get(name)?.known === true) return
  for (const { text, at, variable } of defaultOrigins(settings, name)) {
    const fault = faultIn(text)
    if (fault !== null)
      yield {
        at,
        severity: 'warning' as const,
        message: `where ${variable === null ? 'the variable' : `\`${variable}\``} is not set, ${shown(text)} ${fault}`,
        label: 'the default',
      }
  }
}

interface Fault {
  /** True for what the check of Django refuses. */
  readonly isFatal: boolean
  readonly text: string
  readonly instead: string | null
}

function faultOf(origin: string): Fault | null {
  if (!origin.includes('://')) {
    const instead =
      /^[\w.*:-]+$/.test(origin) && origin !== '*' ? `https://${origin.replace(/^\./, '*.')}` : null
    return { isFatal: true, text: 'has no scheme, so Django refuses it and trusts nothing by it', instead }
  }
  const [scheme = '', rest = ''] = origin.split('://')
  const host = rest.replace(/\/.*$/, '')
  if (host !== rest)
    return {
      isFatal: false,
      text: 'has something behind the name, which no `Origin` of a browser has',
      instead: `${scheme}://${host}`,
    }
  // Django takes the asterisks in front away, and asks for what is left: a name with a dot in front, or itself.
  const [, only] = /^\*+([^.*][^*]*)$/.exec(host) ?? []
  if (only !== undefined)
    return {
      isFatal: false,
      text: `stands for \`${only}\` alone, and for no name below it`,
      instead: `${scheme}://*.${only}`,
    }
  if (host.includes('*') && !/^\*+\.[^*]+$/.test(host))
    return {
      isFatal: false,
      text: 'matches no name: `*` stands for names below one, as in `https://*.example.org`',
      instead: null,
    }
  return null
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

/** What `"".split(",")` gives is a list of one text, and that is empty. */
function shown(origin: string): string {
  return origin === '' ? 'an empty text, which `split` makes of nothing,' : `\`${origin}\``
}
