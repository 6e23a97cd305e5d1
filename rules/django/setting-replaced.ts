import type { PythonExpression } from '../../parsers/python/python-module.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const project = (settings: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      ${settings}
    `,
  })

export default defineRule({
  summary: 'A setting of Django is assigned a second time, and loses what the first line gave it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Settings are a module of Python: a second `REST_FRAMEWORK = {…}`, pasted from the instructions of another package, does not add to the first but takes its place, without a word. The authentication of the first is gone.',
  remedy: 'Write the entries of both into one dictionary',
  references: ['https://docs.djangoproject.com/en/stable/topics/settings/'],
  unproven:
    'What is lost shows in packages such as Django REST framework, which the live tests do not install',
  bad: [
    {
      title: 'two dictionaries',
      files: project(conf`
        REST_FRAMEWORK = {
            "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        }
        REST_FRAMEWORK = «{
            "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        }»
      `),
    },
  ],
  good: [
    {
      title: 'one that takes the other in, and one entry more',
      files: project(conf`
        REST_FRAMEWORK = {"PAGE_SIZE": 20}
        REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_PAGINATION_CLASS": "shop.pages.Pages"}
        CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        CACHES["other"] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
      `),
    },
    {
      title: 'one of two',
      files: project(conf`
        import os
        if os.environ.get("SHOP_LOCAL"):
            CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}, "local": {}}
        else:
            CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
      `),
    },
    {
      title: 'the same entries with other values',
      files: project(conf`
        CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
        CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
      `),
    },
    {
      title: 'a value that another setting has taken',
      files: project(conf`
        LOGGING = {"version": 1, "handlers": {}}
        SHOP_LOGGING = LOGGING
        LOGGING = {"version": 1}
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      const names = new Set(settings.assigned.map(({ name }) => name))
      if (names.size === settings.assigned.length) continue
      yield* replaced(settings)
    }
  },
})

function* replaced({ assigned, expressionOf }: DjangoSettings) {
  const first = new Map<string, (typeof assigned)[number]>()
  for (const each of assigned) {
    const { name, expression, source } = each
    const earlier = first.get(name)
    if (earlier === undefined) {
      first.set(name, each)
      continue
    }
    // The line that surely holds in the end, and whole: what a condition decides is not known.
    if (expressionOf(name)?.expression !== expression || earlier.source !== source) continue
    const between = source.code.slice(earlier.expression.end, expression.start).replace(/\n[A-Z_]+ *= *$/, '')
    if (!/^[A-Z][A-Z\d_]*$/.test(name) || new RegExp(`\\b${name}\\b`).test(between)) continue
    const lost = lostKeys(earlier.expression, expression)
    if (lost.length === 0) continue
    yield {
      at: { source, start: expression.start, end: expression.end },
      message: `\`${name}\` is assigned a second time here, so ${lost.map(key => `\`${key}\``).join(', ')} of the first ${lost.length === 1 ? 'is' : 'are'} lost`,
      label: 'takes the place of the first',
      related: [
        {
          at: { source, start: earlier.expression.start, end: earlier.expression.end },
          message: 'the first one',
        },
      ],
    }
  }
}

/** The keys of one whole dictionary that another has not. */
function lostKeys(one: PythonExpression, other: PythonExpression): readonly string[] {
  if (one.kind !== 'dict' || other.kind !== 'dict' || !one.complete || !other.complete) return []
  const texts = (dict: typeof one) =>
    dict.entries.flatMap(({ key }) => (key.kind === 'string' ? [key.value] : []))
  const kept = new Set(texts(other))
  return kept.size < other.entries.length ? [] : texts(one).filter(key => !kept.has(key))
}
