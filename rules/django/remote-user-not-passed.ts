import type { Place } from '../../parsers/text/source.ts'
import { moduleOfProject } from '../../src/deployment/django/imported-names.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import type { AppServerProgram, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { type DjangoBehindApache, djangoBehindApache } from './_behind-apache.ts'
import { djangoInServers } from './_connections.ts'
import { djangoBehindNginx, djangoBehindProxyPass } from './_examples.ts'
import { entryPlace, settingTexts } from './_setting-entries.ts'

const MIDDLEWARE = /^django\.contrib\.auth\.middleware\.(?:Persistent)?RemoteUserMiddleware$/
const OWN = 'django.contrib.auth.middleware.RemoteUserMiddleware'

const settings = (remote = `«"${OWN}"»`, more = ''): string => conf`
  ALLOWED_HOSTS = ["example.org"]
  ROOT_URLCONF = "shop.urls"
  MIDDLEWARE = [
      "django.contrib.sessions.middleware.SessionMiddleware",
      ${more}
      "django.contrib.auth.middleware.AuthenticationMiddleware",
      ${remote},
  ]
  AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
`
const PLAIN = `"${OWN}"`
const GATE = conf`
  <Location />
      AuthType Basic
      AuthName shop
      AuthUserFile /etc/apache2/users
      Require valid-user
  </Location>
`
const MODULES = ['authn_core', 'authn_file', 'authz_user', 'auth_basic']
const inApache = (
  text: string,
  lines = GATE,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> => {
  const files = djangoBehindProxyPass(text, lines, { tls: false })
  const main = files['etc/apache2/apache2.conf'] ?? ''
  const loaded = MODULES.map(
    name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`,
  ).join('')
  return {
    ...files,
    'etc/apache2/apache2.conf': main.replace('LoadModule authz_core', `${loaded}LoadModule authz_core`),
    // The word `secret`.
    'etc/apache2/users': 'anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n',
    'opt/shop/shop/urls.py': conf`
      from django.http import HttpResponse
      from django.urls import path
      def name(request):
          meta = request.META
          return HttpResponse(meta.get("REMOTE_USER") or meta.get("HTTP_X_REMOTE_USER", "nobody"))
      urlpatterns = [path("", name)]
    `,
    ...more,
  }
}
const inNginx = (text: string, headers = 'proxy_set_header Host $host;'): Record<string, string> =>
  djangoBehindNginx({
    settings: text,
    headers,
    site: conf`
      auth_basic shop;
      auth_basic_user_file /etc/nginx/users;
    `,
  })

export default defineRule({
  summary: '`REMOTE_USER` of the proxy does not reach Django',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`RemoteUserMiddleware` reads `REMOTE_USER`, a variable that Apache gives to programs that it runs itself, by mod_wsgi or CGI. `ProxyPass` and `proxy_pass` speak HTTP, in which headers alone travel, and those have names that begin with `HTTP_` in Django. The proxy takes the password, and for Django everybody is anonymous.',
  remedy:
    'Send the name in a header, `RequestHeader set X-Remote-User expr=%{REMOTE_USER}` or `proxy_set_header X-Remote-User $remote_user;`, and read it by a middleware of your own: `class ProxyUserMiddleware(RemoteUserMiddleware): header = "HTTP_X_REMOTE_USER"`',
  references: [
    'https://docs.djangoproject.com/en/stable/howto/auth-remote-user/',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html',
  ],
  bad: [
    { title: 'a password of Apache', files: inApache(settings()) },
    { title: 'a password of nginx', files: inNginx(settings()) },
    {
      title: 'a header of nginx that nobody reads',
      files: inNginx(
        settings('«"django.contrib.auth.middleware.PersistentRemoteUserMiddleware"»'),
        conf`
          proxy_set_header Host $host;
          proxy_set_header X-Remote-User $remote_user;
        `,
      ),
    },
  ],
  good: [
    {
      title: 'a middleware of its own for the header',
      files: inApache(
        settings('"shop.middleware.ProxyUserMiddleware"'),
        conf`
          ${GATE}
          RequestHeader set X-Remote-User expr=%{REMOTE_USER}
        `,
        {
          'opt/shop/shop/middleware.py': conf`
            from django.contrib.auth.middleware import RemoteUserMiddleware
            class ProxyUserMiddleware(RemoteUserMiddleware):
                header = "HTTP_X_REMOTE_USER"
          `,
        },
      ),
    },
    {
      title: 'a middleware before it that may set the variable',
      files: inApache(settings(PLAIN, '"shop.middleware.NameOfHeader",')),
    },
    {
      title: 'a script that sets the variable',
      files: inApache(settings(PLAIN), GATE, {
        'opt/shop/shop/wsgi.py': conf`
          import os
          from django.core.wsgi import get_wsgi_application
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
          inner = get_wsgi_application()
          def application(environ, start_response):
              environ["REMOTE_USER"] = environ.get("HTTP_X_REMOTE_USER", "")
              return inner(environ, start_response)
        `,
      }),
    },
    { title: 'nobody asks for a password', files: inApache(settings(PLAIN), '') },
    {
      title: 'a password of another page alone',
      files: inApache(
        settings(PLAIN),
        GATE.replace('<Location />', '<Location /server-status>\n    SetHandler server-status'),
      ),
    },
  ],
  *check(deployment) {
    for (const { connection, settings: own, runner, machine } of djangoInServers(deployment)) {
      const evidence = connection.pass.name === 'proxy_pass' ? nameKnownToNginx(connection) : null
      if (evidence === null || mayBeSet(deployment, runner.program)) continue
      const at = middlewareOf(own, machine.container?.files ?? machine.files)
      if (at !== null) yield finding(at, 'nginx', argumentPlace(connection.pass, 0), evidence)
    }
    for (const each of djangoBehindApache(deployment)) {
      const { connection, program, settings: own } = each
      const { protocol, pass } = connection
      const isHttp = protocol.known && protocol.value.startsWith('http')
      const evidence = isHttp ? nameKnownToApache(each) : null
      if (evidence === null || mayBeSet(deployment, program)) continue
      const at = middlewareOf(own, program.machine.container?.files ?? program.machine.files)
      if (at !== null) yield finding(at, 'Apache', namePlace(pass), evidence)
    }
  },
})

function finding(at: Place, proxy: string, pass: Place, evidence: Place) {
  return {
    at,
    message: `\`REMOTE_USER\` is a variable of ${proxy}, and no header of what it proxies, so Django takes everybody for anonymous`,
    label: 'reads `REMOTE_USER`',
    related: [
      { at: evidence, message: `${proxy} knows the name from here` },
      { at: pass, message: 'sends headers alone' },
    ],
  }
}

/** Where the settings name Django's own middleware; null where something before it may set the variable. */
function middlewareOf(
  settings: NonNullable<LoadedModule['settings']>,
  files: Parameters<typeof moduleOfProject>[0],
): Place | null {
  const entries = settingTexts(settings, 'MIDDLEWARE') ?? []
  const index = entries.findIndex(each => each !== null && MIDDLEWARE.test(each))
  if (index === -1) return null
  const isPlain = entries.slice(0, index).every(each => {
    if (each === null) return false
    if (/^(?:django\.|whitenoise\.|corsheaders\.|debug_toolbar\.)/.test(each)) return true
    const own = moduleOfProject(files, settings, each.replace(/\.\w+$/, ''))
    return own !== null && !own.source.code.includes('REMOTE_USER')
  })
  return isPlain ? entryPlace(settings, 'MIDDLEWARE', [index], 'value') : null
}

/** True where the script that is loaded may set the variable, or is not read. */
function mayBeSet(deployment: Deployment, program: AppServerProgram): boolean {
  const source = deployment.moduleOf(program)?.source
  return source == null || source === 'missing' || /REMOTE_USER|\benviron\[["'](?!DJANGO)/.test(source.code)
}

const OF_USER = /^(?:x-)?(?:(?:auth(?:enticated)?|remote|forwarded|webauth)-)?user(?:name)?$|^remote_user$/

/** The line by which nginx knows who asks: a password, or a header with the name. */
function nameKnownToNginx({ server, block, headers }: NginxConnection): Place | null {
  const sent = headers.written.find(({ name, value }) => OF_USER.test(name) && value.startsWith('$'))
  if (sent !== undefined) return namePlace(sent.directive)
  const asked = effectiveAtHand(server.configuration, block, 'auth_basic')
  const line = asked.known ? asked.value.directives[0] : undefined
  return line === undefined || line.args[0]?.value === 'off' ? null : namePlace(line)
}

/** The `AuthType` of the virtual host, for what it proxies. */
function nameKnownToApache({ configuration, connection }: DjangoBehindApache): Place | null {
  const path = connection.path ?? '/'
  const line = directivesByHost(configuration, 'authtype')
    .get(connection.host)
    ?.find(({ args, parent }) => {
      if (/^none$/i.test(args[0]?.value ?? '')) return false
      if (parent === null || /^(?:VirtualHost|Proxy)$/i.test(parent.name)) return true
      const [own = ''] = parent.args.map(({ value }) => value)
      return (
        /^Location$/i.test(parent.name) &&
        own.startsWith('/') &&
        path.startsWith(own.replace(/(?<=.)\/$/, ''))
      )
    })
  return line === undefined ? null : namePlace(line)
}
