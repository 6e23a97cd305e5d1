import type { PythonExpression } from '../../parsers/python/python-module.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const project = (settings: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      DEBUG = False
      ${settings}
    `,
  })
const HOSTS = 'ALLOWED_HOSTS = ["example.org", "web"]'

export default defineRule({
  summary: 'Two entries of a list are one text, because a comma is missing',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Python joins texts that stand beside each other: `"django.contrib.auth" "shop"` is `"django.contrib.authshop"`. No error tells of the comma. Django looks for the module of that name and does not start, `ModuleNotFoundError: No module named`, or knows neither of the two hosts and answers 400.',
  remedy: 'Write a comma between the two',
  references: ['https://docs.python.org/3/reference/lexical_analysis.html#string-literal-concatenation'],
  bad: [
    {
      title: 'two hosts',
      files: project(conf`
        ALLOWED_HOSTS = [
            "example.com",
            «"example.org"»
            "web",
        ]
      `),
    },
    {
      title: 'two applications',
      files: project(conf`
        ${HOSTS}
        INSTALLED_APPS = [
            «"django.contrib.auth"»
            "django.contrib.contenttypes",
        ]
      `),
    },
    {
      title: 'a list that becomes longer',
      files: project(conf`
        ${HOSTS}
        MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
        MIDDLEWARE += [
            «"django.contrib.sessions.middleware.SessionMiddleware"»
            "django.middleware.common.CommonMiddleware",
        ]
      `),
    },
    {
      title: 'context processors',
      files: project(conf`
        ${HOSTS}
        TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "context_processors": [
                        «"django.template.context_processors.request"»
                        "django.contrib.auth.context_processors.auth",
                    ],
                },
            },
        ]
      `),
    },
    {
      title: 'two origins on one line',
      files: project(conf`
        ${HOSTS}
        CSRF_TRUSTED_ORIGINS = [«"https://example.org"» "https://www.example.org"]
      `),
    },
  ],
  good: [
    {
      title: 'a comma behind each',
      files: project(conf`
        ALLOWED_HOSTS = [
            "example.org",
            "web",
        ]
      `),
    },
    {
      title: 'a long name in parts',
      files: project(conf`
        ${HOSTS}
        MIDDLEWARE = [
            "django.contrib.sessions.middleware."
            "SessionMiddleware",
        ]
        AUTHENTICATION_BACKENDS = [
            "django.contrib.auth"
            ".backends.ModelBackend",
        ]
      `),
    },
    {
      title: 'parentheses around the parts',
      files: project(conf`
        ALLOWED_HOSTS = [
            ("example"
             "org.example.org"),
            "web",
        ]
      `),
    },
    {
      title: 'a text that is no list of names',
      files: project(conf`
        ${HOSTS}
        SHOP_SENTENCES = [
            "one"
            "two",
        ]
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      for (const { name, expression, source } of settings.assigned) {
        const isEntry = LISTS.get(name)
        if (isEntry === undefined) continue
        for (const [first, second] of joined(expression, isEntry)) {
          yield {
            at: { source, start: first.start, end: first.end },
            message: `no comma parts \`${first.value}\` from \`${second.value}\`, so \`${name}\` has \`${first.value}${second.value}\` instead of the two`,
            label: 'no comma behind it',
            related: [{ at: { source, start: second.start, end: second.end }, message: 'joined to it' }],
          }
        }
      }
    }
  },
})

type IsEntry = (text: string) => boolean

/** What could be the whole name of a module or of what is in it, and is no part of a longer one. */
const isDotted: IsEntry = text => /^[A-Za-z][\w]*(?:\.[A-Za-z_]\w*)*$/.test(text) && !text.endsWith('_')
const isHost: IsEntry = text => text === '*' || text === 'localhost' || /^\.?[\w-]+(?:\.[\w-]+)*$/.test(text)
const isOrigin: IsEntry = text => /^https?:\/\/[^/]+/.test(text)

const LISTS: ReadonlyMap<string, IsEntry> = new Map([
  ['ALLOWED_HOSTS', isHost],
  ['CSRF_TRUSTED_ORIGINS', isOrigin],
  ['CORS_ALLOWED_ORIGINS', isOrigin],
  ['CORS_ORIGIN_WHITELIST', isOrigin],
  ['INSTALLED_APPS', isDotted],
  ['DJANGO_APPS', isDotted],
  ['THIRD_PARTY_APPS', isDotted],
  ['LOCAL_APPS', isDotted],
  ['MIDDLEWARE', isDotted],
  ['MIDDLEWARE_CLASSES', isDotted],
  ['AUTHENTICATION_BACKENDS', isDotted],
  ['STATICFILES_FINDERS', isDotted],
  ['TEMPLATES', isDotted],
  ['CELERY_IMPORTS', isDotted],
])

type Part = NonNullable<Extract<PythonExpression, { kind: 'string' }>['parts']>[number]

/** Neighbours that are one text, in the lists of an expression. */
function* joined(outer: PythonExpression, isEntry: IsEntry): Iterable<readonly [Part, Part]> {
  if (outer.kind === 'dict') {
    for (const { value } of outer.entries) yield* joined(value, isEntry)
    return
  }
  if (outer.kind === 'binary' && outer.operator === '+') {
    yield* joined(outer.left, isEntry)
    yield* joined(outer.right, isEntry)
    return
  }
  if (outer.kind !== 'list') return
  for (const item of outer.items) {
    if (item.kind !== 'string') {
      yield* joined(item, isEntry)
      continue
    }
    const parts = item.parts ?? []
    for (const [index, first] of parts.entries()) {
      const second = parts[index + 1]
      if (second !== undefined && parts.every(({ value }) => isEntry(value))) yield [first, second]
    }
  }
}
