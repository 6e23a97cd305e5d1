import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { parseHost } from '../../src/servers/address.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { assignedValue } from './_behind-nginx.ts'
import { djangoConnections } from './_connections.ts'
import { djangoBehindNginx, djangoBehindProxyPass } from './_examples.ts'
import { djangoSites } from './_sites.ts'

const settings = (lines: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["*"]
      ${lines}
    `,
  })

export default defineRule({
  summary: 'Browsers refuse the cookies of Django, which are for another domain',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A browser takes a cookie only for the name that it asked, or for a domain above it. With a `SESSION_COOKIE_DOMAIN` of another site nobody stays logged in, and with such a `CSRF_COOKIE_DOMAIN` every form fails: `CSRF cookie not set`.',
  remedy: 'Leave the setting out, or write the domain that all names of the site are below',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#session-cookie-domain',
    'https://www.rfc-editor.org/rfc/rfc6265#section-5.3',
  ],
  unproven: 'What a browser does with a cookie decides, and the live tests are none',
  bad: [
    {
      title: 'another site than that of Apache',
      files: djangoBehindProxyPass('ALLOWED_HOSTS = ["*"]\nSESSION_COOKIE_DOMAIN = «".example.com"»\n'),
    },
    { title: 'another site', files: settings('SESSION_COOKIE_DOMAIN = «".example.com"»') },
    { title: 'a name beside it', files: settings('CSRF_COOKIE_DOMAIN = «"app.example.org"»') },
  ],
  good: [
    {
      title: 'one of the names of a virtual host',
      files: djangoBehindProxyPass('ALLOWED_HOSTS = ["*"]\nSESSION_COOKIE_DOMAIN = "www.example.org"\n'),
    },
    {
      title: 'another domain, which Apache changes',
      files: djangoBehindProxyPass('ALLOWED_HOSTS = ["*"]\nSESSION_COOKIE_DOMAIN = "shop.internal"\n', [
        'ProxyPassReverseCookieDomain shop.internal example.org',
      ]),
    },
    { title: 'the name itself', files: settings('SESSION_COOKIE_DOMAIN = "example.org"') },
    { title: 'with a dot', files: settings('CSRF_COOKIE_DOMAIN = ".example.org"') },
    { title: 'left out', files: settings('SESSION_COOKIE_DOMAIN = None') },
    {
      title: 'a server that has the name of the machine alone',
      files: djangoBehindNginx({
        settings: 'ALLOWED_HOSTS = ["*"]\nSESSION_COOKIE_DOMAIN = "example.com"\n',
        site: 'server_name localhost 192.0.2.7;',
      }),
    },
    {
      title: 'one of several names',
      files: djangoBehindNginx({
        settings: 'ALLOWED_HOSTS = ["*"]\nSESSION_COOKIE_DOMAIN = "example.com"\n',
        site: 'server_name www.example.com;',
      }),
    },
  ],
  *check(deployment) {
    for (const { connection, settings } of djangoConnections(deployment)) {
      const { names } = connection.server
      const [first] = names
      if (first === undefined || names.some(({ exact }) => !exact)) continue
      yield* refused(
        settings,
        names.map(({ name }) => name),
        first.at,
      )
    }
    for (const { asked, settings, names, at, keepsCookies } of djangoSites(deployment))
      if (asked !== null && keepsCookies && names.length > 0 && !names.some(name => /[*?]/.test(name)))
        yield* refused(settings, names, at)
  },
})

function* refused(settings: DjangoSettings, names: readonly string[], site: Place): Iterable<RuleFinding> {
  for (const name of ['SESSION_COOKIE_DOMAIN', 'CSRF_COOKIE_DOMAIN']) {
    const fact = settings.get(name)
    if (fact?.known !== true || fact.at === null || typeof fact.value !== 'string' || fact.value === '')
      continue
    // The names of a machine alone stand for those of the site: such a server answers whatever it is asked.
    if (!names.every(isOfSite)) continue
    const domain = fact.value.replace(/^\./, '').toLowerCase()
    if (names.some(each => each === domain || each.endsWith(`.${domain}`))) continue
    yield {
      at: assignedValue(fact.at),
      message: `a browser that asks \`${names[0]}\` refuses a cookie for \`${fact.value}\``,
      label: 'no domain of this site',
      related: [{ at: site, message: 'the site' }],
    }
  }
}

function isOfSite(name: string): boolean {
  return name.includes('.') && parseHost(name).kind !== 'ip'
}
