import type { PythonValue } from '../../parsers/python/python-value.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { assignedValue, written } from './_behind-nginx.ts'
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
  summary: 'Django looks for a header of the scheme that no proxy sends',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django looks `SECURE_PROXY_SSL_HEADER` up in `request.META`, where a header `X-Forwarded-Proto` is `HTTP_X_FORWARDED_PROTO`: in capitals, with underscores, behind `HTTP_`. By any other name it is never found. The value is compared letter by letter, and proxies say `https`. Where either differs every request counts as plain HTTP: redirects to https come back for ever, and forms fail with `Origin checking failed`.',
  remedy: "Write `SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')`",
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#secure-proxy-ssl-header'],
  bad: [
    { title: 'the name of the header', files: settings('«("X-Forwarded-Proto", "https")»') },
    { title: 'no HTTP_ in front', files: settings('«("X_FORWARDED_PROTO", "https")»') },
    { title: 'capitals for the value', files: settings('«("HTTP_X_FORWARDED_PROTO", "HTTPS")»') },
    { title: 'the value of another header', files: settings('«("HTTP_X_FORWARDED_PROTO", "on")»') },
    { title: 'hyphens behind HTTP_', files: settings('«("HTTP_X-FORWARDED-PROTO", "https")»') },
    { title: 'small letters', files: settings('«("http_x_forwarded_proto", "https")»') },
  ],
  good: [
    { title: 'the name in META', files: settings('("HTTP_X_FORWARDED_PROTO", "https")') },
    { title: 'a header that says on', files: settings('("HTTP_X_FORWARDED_SSL", "on")') },
    {
      title: 'what nginx says in capitals',
      files: djangoBehindNginx({
        settings:
          'ALLOWED_HOSTS = ["example.org"]\nSECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "HTTPS")\n',
        listen: '443 ssl',
        site: TLS,
        headers: 'proxy_set_header X-Forwarded-Proto HTTPS;',
      }),
    },
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
      const [name, value] = fact.value as readonly PythonValue[]
      const header = typeof name === 'string' ? /^(?:HTTP_)?(X[-_].*)/i.exec(name)?.[1] : undefined
      if (header === undefined) continue
      const wanted = `HTTP_${header.toUpperCase().replaceAll('-', '_')}`
      const at = assignedValue(fact.at)
      if (name !== wanted)
        yield {
          at,
          message: `\`request.META\` has no \`${name}\`, so Django takes every request for plain HTTP`,
          label: 'not the name in META',
          help: `Write \`${wanted}\``,
        }
      else if (name === PROTO && typeof value === 'string' && value !== 'https' && !isSent(deployment, value))
        yield {
          at,
          message: `no proxy says \`${value}\` for a client that came by TLS, so Django takes every request for plain HTTP`,
          label: 'not `https`',
          help: `Write \`("${PROTO}", "https")\``,
        }
    }
  },
})

const PROTO = 'HTTP_X_FORWARDED_PROTO'

/** True where nginx or Apache writes the header as this somewhere. */
function isSent({ connections, apache }: Deployment, value: string): boolean {
  return (
    connections.nginx.some(connection => written(connection, 'x-forwarded-proto')?.value === value) ||
    apache.some(({ occurrences }) =>
      (occurrences.get('requestheader') ?? []).some(({ args }) => args[2]?.value === value),
    )
  )
}
