import type { PythonValue } from '../../parsers/python/python-value.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { assignedValue } from './_behind-nginx.ts'
import { djangoBehindNginx, TLS, TLS_HEADERS } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const settings = (header: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org"]
      MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
      SECURE_SSL_REDIRECT = True
      SECURE_PROXY_SSL_HEADER = ${header}
    `,
    listen: '443 ssl',
    site: TLS,
    headers: TLS_HEADERS,
  })

export default defineRule({
  summary: 'Django looks for the header of the scheme by a name that no header has',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django looks `SECURE_PROXY_SSL_HEADER` up in `request.META`, where a header `X-Forwarded-Proto` is `HTTP_X_FORWARDED_PROTO`: in capitals, with underscores, behind `HTTP_`. By any other name it is never found, and every request counts as plain HTTP: redirects to https come back for ever, and forms fail with `Origin checking failed`.',
  remedy: "Write `SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')`",
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#secure-proxy-ssl-header'],
  bad: [
    { title: 'the name of the header', files: settings('«("X-Forwarded-Proto", "https")»') },
    { title: 'no HTTP_ in front', files: settings('«("X_FORWARDED_PROTO", "https")»') },
    { title: 'hyphens behind HTTP_', files: settings('«("HTTP_X-FORWARDED-PROTO", "https")»') },
    { title: 'small letters', files: settings('«("http_x_forwarded_proto", "https")»') },
  ],
  good: [
    { title: 'the name in META', files: settings('("HTTP_X_FORWARDED_PROTO", "https")') },
    {
      title: 'a variable of the WSGI server',
      files: djangoBehindNginx({
        settings: 'ALLOWED_HOSTS = ["example.org"]\nSECURE_PROXY_SSL_HEADER = ("wsgi.url_scheme", "https")\n',
      }),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      const fact = settings.get('SECURE_PROXY_SSL_HEADER')
      if (fact?.known !== true || fact.at === null || !Array.isArray(fact.value)) continue
      const [name] = fact.value as readonly PythonValue[]
      const header = typeof name === 'string' ? /^(?:HTTP_)?(X[-_].*)/i.exec(name)?.[1] : undefined
      if (header === undefined) continue
      const wanted = `HTTP_${header.toUpperCase().replaceAll('-', '_')}`
      if (name === wanted) continue
      yield {
        at: assignedValue(fact.at),
        message: `\`request.META\` has no \`${name}\`, so Django takes every request for plain HTTP`,
        label: 'not the name in META',
        help: `Write \`${wanted}\``,
      }
    }
  },
})
