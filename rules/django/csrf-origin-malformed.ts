import type { AssignedExpression, DjangoSettings } from '../../src/deployment/django/settings.ts'
import { isDjangoAtLeast } from '../../src/deployment/django/django-version.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

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
    warning: 'for what Django accepts and no browser sends, and where its version is not known',
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
      title: 'an entry that nobody knows',
      files: settings('[os.environ["ORIGIN"]]', 'Django==5.2.1', 'import os'),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      yield* allowedOrigins(settings)
      const fact = settings.get('CSRF_TRUSTED_ORIGINS')
      const assigned = settings.expressionOf('CSRF_TRUSTED_ORIGINS')
      if (fact?.known !== true || assigned === null || !Array.isArray(fact.value)) continue
      const version = isDjangoAtLeast(4, settings, files)
      if (version === false) continue
      for (const [index, value] of (fact.value as readonly unknown[]).entries()) {
        if (typeof value !== 'string') continue
        const fault = faultOf(value)
        if (fault === null) continue
        yield {
          at: placeOf(assigned, index),
          ...((version === undefined || !fault.isFatal) && { severity: 'warning' as const }),
          message: `\`${value}\` ${fault.text}`,
          label: fault.isFatal ? 'no scheme' : 'no origin',
          ...(fault.instead !== null && { help: `Write \`${fault.instead}\`` }),
        }
      }
    }
  },
})

/** The list of django-cors-headers, whose check stops `manage.py`; its older name took names without a scheme. */
function* allowedOrigins(settings: DjangoSettings) {
  const fact = settings.get('CORS_ALLOWED_ORIGINS')
  const assigned = settings.expressionOf('CORS_ALLOWED_ORIGINS')
  const apps = settings.get('INSTALLED_APPS')
  if (fact?.known !== true || assigned === null || !Array.isArray(fact.value)) return
  if (apps?.known !== true || !Array.isArray(apps.value) || !apps.value.includes('corsheaders')) return
  for (const [index, value] of (fact.value as readonly unknown[]).entries()) {
    if (typeof value !== 'string' || value === 'null' || value === 'file://') continue
    const [, scheme, host = '', rest] = /^(\w[\w+.-]*:\/\/)?([^/?#]*)(.*)$/s.exec(value) ?? []
    if (scheme !== undefined && host !== '' && rest === '') continue
    const lacks = scheme === undefined || host === ''
    yield {
      at: placeOf(assigned, index),
      message: lacks
        ? `\`${value}\` has no scheme, so it allows nothing, and \`manage.py\` stops: (corsheaders.E013)`
        : `\`${value}\` has something behind the name, so \`manage.py\` stops: (corsheaders.E014)`,
      label: lacks ? 'no scheme' : 'no origin',
      ...(host !== '' && host !== '*' && { help: `Write \`${scheme ?? 'https://'}${host}\`` }),
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

/** The entry where it is written as one, else the whole. */
function placeOf({ expression, source }: AssignedExpression, index: number): Place {
  const item = expression.kind === 'list' ? expression.items[index] : undefined
  const { start, end } = item ?? expression
  return { source, start, end }
}
