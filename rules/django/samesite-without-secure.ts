import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx, TLS } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, settingValue } from './_setting-entries.ts'

const project = (settings: string): Record<string, string> =>
  djangoBehindNginx({
    listen: '443 ssl',
    site: TLS,
    settings: conf`
      ALLOWED_HOSTS = ["example.org"]
      ${settings}
    `,
  })

export default defineRule({
  summary: 'A cookie with `SameSite=None` and without `Secure`, which browsers refuse',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A page of another site sends a cookie along only with `SameSite=None`, and browsers take such a cookie only with `Secure`. Without it they keep none: every login is lost at once, and every form is refused with `CSRF cookie not set`, on pages of the site itself too.',
  remedy:
    'Set `SESSION_COOKIE_SECURE` and `CSRF_COOKIE_SECURE` as well, or leave `Lax`, which Django has by itself',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#session-cookie-samesite',
    'https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#samesitesamesite-value',
  ],
  unproven: 'A browser decides, and the live tests have none',
  bad: [
    { title: 'the session', files: project('SESSION_COOKIE_SAMESITE = «"None"»') },
    {
      title: 'the token of forms, where `Secure` is turned off',
      files: project(conf`
        SESSION_COOKIE_SAMESITE = "None"
        SESSION_COOKIE_SECURE = True
        CSRF_COOKIE_SAMESITE = «"None"»
        CSRF_COOKIE_SECURE = False
      `),
    },
  ],
  good: [
    {
      title: 'with `Secure`',
      files: project(conf`
        SESSION_COOKIE_SAMESITE = "None"
        SESSION_COOKIE_SECURE = True
      `),
    },
    {
      title: 'where the environment says it',
      files: project(conf`
        import os
        SESSION_COOKIE_SAMESITE = "None"
        SESSION_COOKIE_SECURE = os.environ["SECURE"] == "1"
      `),
    },
    { title: 'no such attribute at all', files: project('SESSION_COOKIE_SAMESITE = None') },
    { title: 'the site alone', files: project('SESSION_COOKIE_SAMESITE = "Strict"') },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      for (const cookie of ['SESSION', 'CSRF'] as const) {
        const name = `${cookie}_COOKIE_SAMESITE`
        const value = settingValue(settings, name)
        if (typeof value !== 'string' || value.toLowerCase() !== 'none') continue
        const secure = settings.get(`${cookie}_COOKIE_SECURE`)
        const at = entryPlace(settings, name, [], 'value')
        if (at === null || (secure !== null && !(secure.known && secure.value === false))) continue
        yield {
          at,
          message: `browsers refuse the cookie, for \`SameSite=None\` needs \`Secure\`, and \`${cookie}_COOKIE_SECURE\` is off`,
          label: 'without `Secure`',
          related:
            secure === null || secure.at === null ? [] : [{ at: secure.at, message: 'turned off here' }],
          help: `Set \`${cookie}_COOKIE_SECURE = True\``,
        }
      }
    }
  },
})
