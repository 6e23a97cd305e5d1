import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'
import { assignedValue } from './_behind-nginx.ts'
import { entryPlace, settingTexts, settingValue } from './_setting-entries.ts'
import { type DjangoSite, djangoSites } from './_sites.ts'

const SESSIONS = 'django.contrib.sessions.middleware.SessionMiddleware'

const script = (name: string): string => conf`
  import os
  from django.core.wsgi import get_wsgi_application
  os.environ["DJANGO_SETTINGS_MODULE"] = "${name}.settings"
  application = get_wsgi_application()
`
const project = (name: string, lines: string, middleware = `"${SESSIONS}"`): Record<string, string> => ({
  [`opt/${name}/${name}/__init__.py`]: '',
  [`opt/${name}/${name}/wsgi.py`]: script(name),
  [`opt/${name}/${name}/settings.py`]: conf`
    ALLOWED_HOSTS = ["example.org"]
    ROOT_URLCONF = "${name}.urls"
    MIDDLEWARE = [${middleware}]
    ${lines}
  `,
  [`opt/${name}/${name}/urls.py`]: conf`urlpatterns = []`,
})
const key = (name: string, more = ''): string => conf`
  SECRET_KEY = "${name}-0123456789"
  SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
  ${more}
`
const database = (name: string): string => conf`
  DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "${name}"}}
`
const MARKED = `«"${SESSIONS}"»`

const mounted = (name: string): string => conf`
  WSGIDaemonProcess ${name} python-path=/opt/${name}
  WSGIScriptAlias /${name} /opt/${name}/${name}/wsgi.py process-group=${name} application-group=%{GLOBAL}
  <Directory /opt/${name}>
      Require all granted
  </Directory>
`
const APACHE = modWsgiMain(conf`
  Listen 80
  <VirtualHost *:80>
      ServerName example.org
      ${mounted('shop')}
      ${mounted('wiki')}
  </VirtualHost>
`)
const inApache = (
  shop: Record<string, string>,
  wiki: Record<string, string>,
  main = APACHE,
): Record<string, string> => ({ 'etc/apache2/apache2.conf': main, ...shop, ...wiki })

const unit = (name: string, port: number): string => conf`
  [Service]
  User=www-data
  WorkingDirectory=/opt/${name}
  ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:${port} ${name}.wsgi
`
const server = (name: string, listen: string, port: number): string => conf`
  server {
      listen ${listen};
      server_name ${name};
      location / {
          proxy_pass http://127.0.0.1:${port};
          proxy_set_header Host $host;
      }
  }
`
const behindNginx = (
  servers: string,
  shop = project('shop', database('shop')),
  wiki = project('wiki', database('wiki')),
): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        ${servers}
    }
  `,
  'etc/systemd/system/shop.service': unit('shop', 8001),
  'etc/systemd/system/wiki.service': unit('wiki', 8002),
  ...shop,
  ...wiki,
})
const ports = (one: string, other: string): string => conf`
  ${server(one, '8081', 8001)}
  ${server(other, '8082', 8002)}
`
const locations = (lines = ''): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
      location /shop/ {
          proxy_pass http://127.0.0.1:8001;
      }
      location /wiki/ {
          proxy_pass http://127.0.0.1:8002;
      }
  }
`
const keys = (shop = '', wiki = ''): Record<string, string> =>
  inApache(project('shop', key('shop', shop)), project('wiki', key('wiki', wiki)))

export default defineRule({
  summary: 'Two Django projects of one host name overwrite the session cookie of each other',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A browser keeps one cookie of a name for a host name and a path, whatever the port and the project. Two projects that both call it `sessionid`, for the path `/`, and know no sessions of each other: whoever logs in to the one is logged out of the other, and a form that was open there fails with 403, as `csrftoken` is one cookie, too.',
  remedy:
    'Give each project a cookie of its own: `SESSION_COOKIE_NAME = "wiki_sessionid"`, and `CSRF_COOKIE_NAME` alike; or, where each has a prefix, `SESSION_COOKIE_PATH = "/wiki"` in all of them',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#session-cookie-name',
    'https://www.rfc-editor.org/rfc/rfc6265#section-8.5',
  ],
  bad: [
    {
      title: 'two prefixes in mod_wsgi',
      files: inApache(project('shop', key('shop')), project('wiki', key('wiki'), MARKED)),
    },
    {
      title: 'two ports of nginx',
      files: behindNginx(
        ports('example.org', 'example.org'),
        undefined,
        project('wiki', database('wiki'), MARKED),
      ),
    },
    {
      title: 'two locations of nginx',
      files: behindNginx(locations(), undefined, project('wiki', database('wiki'), MARKED)),
    },
    {
      title: 'one name that is written in both',
      files: keys('SESSION_COOKIE_NAME = "sid"', 'SESSION_COOKIE_NAME = «"sid"»'),
    },
    {
      title: 'two names, and a cookie for the domain above',
      files: behindNginx(
        ports('shop.example.org', 'wiki.example.org'),
        project('shop', `${database('shop')}\nSESSION_COOKIE_DOMAIN = ".example.org"`),
        project('wiki', `${database('wiki')}\nSESSION_COOKIE_DOMAIN = «".example.org"»`),
      ),
    },
  ],
  good: [
    { title: 'a name of its own', files: keys('', 'SESSION_COOKIE_NAME = "wiki_sessionid"') },
    {
      title: 'a path of its own',
      files: keys('SESSION_COOKIE_PATH = "/shop"', 'SESSION_COOKIE_PATH = "/wiki"'),
    },
    { title: 'a path of its own in one', files: keys('', 'SESSION_COOKIE_PATH = "/wiki"') },
    { title: 'a name from the environment', files: keys('', 'SESSION_COOKIE_NAME = os.environ["COOKIE"]') },
    {
      title: 'one database of sessions and one key, for one login to both',
      files: behindNginx(
        locations(),
        project('shop', `SECRET_KEY = "ours"\n${database('portal')}`),
        project('wiki', `SECRET_KEY = "ours"\n${database('portal')}`),
      ),
    },
    {
      title: 'sessions in a database of their own, where a router looks for them',
      files: behindNginx(
        locations(),
        project('shop', `${database('shop')}\nDATABASE_ROUTERS = ["shop.routers.Sessions"]`),
      ),
    },
    { title: 'two names', files: behindNginx(ports('shop.example.org', 'wiki.example.org')) },
    {
      title: 'the path of the cookie changed by nginx',
      files: behindNginx(locations('proxy_cookie_path / /shop/;')),
    },
    {
      title: 'sessions of one project alone',
      files: inApache(project('shop', key('shop')), project('wiki', key('wiki'), '')),
    },
    {
      title: 'a login by Apache, which needs no session',
      files: inApache(
        project('shop', key('shop')),
        project('wiki', key('wiki'), `"${SESSIONS}", "django.contrib.auth.middleware.RemoteUserMiddleware"`),
      ),
    },
    {
      title: 'one project on two ports',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              ${server('example.org', '8081', 8001)}
              ${server('example.org', '8082', 8001)}
          }
        `,
        'etc/systemd/system/shop.service': unit('shop', 8001),
        ...project('shop', database('shop')),
      },
    },
  ],
  *check(deployment) {
    for (const [first, ...others] of sharedCookies(deployment)) {
      const own = first === undefined ? null : cookieOf(first.settings)
      for (const site of others) {
        const cookie = cookieOf(site.settings)
        if (first === undefined || own === null || cookie === null || !isApart(first, site)) continue
        const [name] = site.names
        yield {
          at: cookie.at,
          message: `\`${first.settings.module}\` and \`${site.settings.module}\` both keep their session in the cookie \`${cookie.name}\`${name === undefined ? '' : ` of \`${domainOf(site.settings) ?? name}\``}, so each login ends the session of the other`,
          label: `overwrites \`${cookie.name}\` of the other project`,
          related: [
            { at: site.at, message: 'this project' },
            { at: first.at, message: 'the other one' },
            { at: own.at, message: 'its session' },
          ],
        }
      }
    }
  },
})

/** Sites whose session cookie a browser takes for one: those of one server, of one name, and of one domain that all write. */
function sharedCookies(deployment: Deployment): readonly (readonly DjangoSite[])[] {
  const sites = djangoSites(deployment).filter(keepsSession)
  if (sites.length < 2) return []
  const byConfiguration = groupBy(sites, ({ configuration }) => configuration)
  return [...byConfiguration.values()].flatMap(all => {
    const hosts = groupBy(all, ({ host, settings }) => domainOf(settings) ?? host)
    const names = groupBy(
      all.flatMap(site => cookieNames(site).map(name => ({ name, site }))),
      ({ name }) => name,
    )
    const groups = [...hosts.values(), ...[...names.values()].map(group => group.map(({ site }) => site))]
    return groups.flatMap(group => [
      ...groupBy(
        group,
        ({ settings }) => `${cookieOf(settings)?.name ?? ''} ${domainOf(settings) ?? ''}`,
      ).values(),
    ])
  })
}

/** The names for which the browser keeps the cookie. */
function cookieNames({ names, settings }: DjangoSite): readonly string[] {
  return domainOf(settings) === null ? names.filter(name => name !== 'localhost') : []
}

/** True for a project with a session in a cookie that is known, for every path, and that no proxy changes. */
function keepsSession({ settings, names, keepsCookies }: DjangoSite): boolean {
  const middleware = settingTexts(settings, 'MIDDLEWARE')
  if (middleware?.includes(SESSIONS) !== true || !keepsCookies) return false
  // Whom the server names is logged in with every request, whatever session there is.
  if (middleware.some(each => each !== null && /RemoteUser/.test(each))) return false
  const path = settings.get('SESSION_COOKIE_PATH')
  const isForAll = path === null || (path.known && path.value === '/')
  if (!isForAll || cookieOf(settings) === null || settings.get('SESSION_COOKIE_DOMAIN')?.known === false)
    return false
  const domain = domainOf(settings)
  return domain === null || names.some(name => name === domain || name.endsWith(`.${domain}`))
}

/** The name of the cookie, and the line that decides on it; null where nobody knows. */
function cookieOf(settings: DjangoSettings): { readonly name: string; readonly at: Place } | null {
  const fact = settings.get('SESSION_COOKIE_NAME')
  if (fact !== null && (!fact.known || typeof fact.value !== 'string' || fact.at === null)) return null
  const index = settingTexts(settings, 'MIDDLEWARE')?.indexOf(SESSIONS) ?? -1
  const domain = settings.get('SESSION_COOKIE_DOMAIN')
  const written = [fact, domain].find(each => each?.known === true && each.at !== null && each.value !== null)
  const at = written?.at ?? null
  const place = at === null ? entryPlace(settings, 'MIDDLEWARE', [index], 'value') : assignedValue(at)
  return place === null ? null : { name: fact?.known === true ? String(fact.value) : 'sessionid', at: place }
}

function domainOf(settings: DjangoSettings): string | null {
  const domain = settingValue(settings, 'SESSION_COOKIE_DOMAIN')
  return typeof domain === 'string' && domain !== '' ? domain.replace(/^\./, '').toLowerCase() : null
}

/** True where a browser may ask both, and neither knows the sessions of the other. */
function isApart(one: DjangoSite, other: DjangoSite): boolean {
  if (one.settings === other.settings || !haveOwnSessions(one.settings, other.settings)) return false
  if (one.host === other.host || domainOf(one.settings) !== null) return true
  // Of two servers for one name and port the first answers alone.
  const { ports } = other
  return one.ports !== null && ports !== null && one.ports.every(port => !ports.includes(port))
}

/** True for projects with keys of their own, which sign the sessions, or with databases of their own, which hold them. */
function haveOwnSessions(one: DjangoSettings, other: DjangoSettings): boolean {
  const keys = [one, other].map(settings => settingValue(settings, 'SECRET_KEY'))
  const fallbacks = [one, other].every(settings => settings.get('SECRET_KEY_FALLBACKS') === null)
  if (fallbacks && keys.every(key => typeof key === 'string' && key !== '') && keys[0] !== keys[1])
    return true
  const names = [one, other].map(nameOfSessionDatabase)
  return names.every(name => name !== null) && names[0] !== names[1]
}

/** The database in which sessions lie; null where they lie elsewhere, or nobody knows. */
function nameOfSessionDatabase(settings: DjangoSettings): string | null {
  const engine = settings.get('SESSION_ENGINE')
  const isInDatabase =
    engine === null || (engine.known && engine.value === 'django.contrib.sessions.backends.db')
  if (!isInDatabase || settings.get('DATABASE_ROUTERS') !== null) return null
  const databases = settingValue(settings, 'DATABASES')
  const own: unknown = databases instanceof Map ? databases.get('default') : null
  const name: unknown = own instanceof Map ? own.get('NAME') : null
  return typeof name === 'string' && name !== '' && name !== ':memory:' ? name : null
}
