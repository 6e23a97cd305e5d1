import type { Place } from '../../parsers/text/source.ts'
import { matchesHost } from '../../src/deployment/django/allowed-hosts.ts'
import { isDjangoAtLeast } from '../../src/deployment/django/django-version.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type {
  AppServerProgram,
  Deployment,
  NginxConnection,
  NginxServer,
} from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { parseHost } from '../../src/servers/address.ts'
import { mayHoldSectionsUnread } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { directivesByHost, type VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { hostNotSent } from '../forwarded-headers/_host-not-sent.ts'
import { type DjangoBehindApache, djangoBehindApache, headersSent } from './_behind-apache.ts'
import { textList, usesMiddleware, written } from './_behind-nginx.ts'
import { djangoInServers } from './_connections.ts'
import { BESIDE_ALLOWED_HOSTS, placeBeside } from './_setting-entries.ts'
import { djangoBehindNginx, djangoBehindProxyPass, TLS } from './_examples.ts'

const settings = (lines = '', hosts = '["*"]'): string => conf`
  ALLOWED_HOSTS = ${hosts}
  INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.sessions"]
  MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
  SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
  ${lines}
`
const PROTO = 'RequestHeader set X-Forwarded-Proto https'
const atNginx = (
  text: string,
  headers = 'proxy_set_header X-Forwarded-Proto $scheme;',
  location = 'location /',
): Record<string, string> => {
  const files = djangoBehindNginx({ settings: text, listen: '443 ssl', site: TLS, headers })
  return { ...files, 'nginx/site.conf': files['nginx/site.conf']!.replace('location /', location) }
}
const MARKED = '«location» /'

export default defineRule({
  summary: 'Django refuses forms, because it is asked for the name of the backend',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Since Django 4.0 the header `Origin` of a POST is compared with the `Host` that Django gets. Without `ProxyPreserveHost On` Apache sends the name in `ProxyPass`, and nginx without `proxy_set_header Host` that in `proxy_pass`, such as `web:8000`: where `ALLOWED_HOSTS` lets it through, pages are shown, and every form, the login of the admin too, is answered with 403, `Origin checking failed - https://example.org does not match any trusted origins`.',
  remedy: 'Write `ProxyPreserveHost On` in Apache, `proxy_set_header Host $http_host;` in nginx',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/csrf/#how-it-works',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypreservehost',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  ],
  unproven: 'the Django of Debian 12 is 3.2, which does not compare the header Origin yet',
  bad: [
    {
      title: 'Apache, which sends the address of the backend',
      files: djangoBehindProxyPass(settings(), PROTO, { pass: '«http://127.0.0.1:8000/»' }),
    },
    {
      title: 'Apache, where the address is allowed by its name',
      files: djangoBehindProxyPass(
        settings('', '["example.org", "localhost"]'),
        [PROTO, 'ProxyPreserveHost «Off»'],
        { pass: 'http://localhost:8000/' },
      ),
    },
    {
      title: 'Apache, and the origins of a page that is developed',
      files: djangoBehindProxyPass(settings('CSRF_TRUSTED_ORIGINS = ["http://localhost:3000"]'), PROTO, {
        pass: '«http://127.0.0.1:8000/»',
      }),
    },
    { title: 'nginx, which sets no Host', files: atNginx(settings(), undefined, MARKED) },
    {
      title: 'nginx, and a list with the name of the service',
      files: atNginx(settings('', '["example.org", "web"]'), undefined, MARKED),
    },
    {
      title: 'nginx, which sends the name in `proxy_pass`',
      files: atNginx(settings(), 'proxy_set_header Host «$proxy_host»;'),
    },
  ],
  good: [
    {
      title: 'Apache keeps the name',
      files: djangoBehindProxyPass(settings(), [PROTO, 'ProxyPreserveHost On']),
    },
    {
      title: 'Apache keeps the name in a section',
      files: djangoBehindProxyPass(settings(), [
        PROTO,
        conf`
          <Location />
              ProxyPreserveHost On
          </Location>
        `,
      ]),
    },
    {
      title: 'Django takes the name from the header that Apache sends by itself',
      files: djangoBehindProxyPass(settings('USE_X_FORWARDED_HOST = True'), PROTO),
    },
    {
      title: 'Apache, and an origin that is trusted',
      files: djangoBehindProxyPass(settings('CSRF_TRUSTED_ORIGINS = ["https://example.org"]'), PROTO),
    },
    {
      title: 'Apache, and origins that a variable has',
      files: djangoBehindProxyPass(
        settings('import os\nCSRF_TRUSTED_ORIGINS = os.environ["ORIGINS"].split()'),
        PROTO,
      ),
    },
    {
      title: 'a name that is refused anyway',
      files: djangoBehindProxyPass(settings('', '["example.org"]'), PROTO),
    },
    {
      title: 'uWSGI, which gets the name of the client',
      files: djangoBehindProxyPass(settings(), PROTO, { pass: 'uwsgi://127.0.0.1:8000/' }),
    },
    { title: 'nginx sends the name', files: atNginx(settings(), 'proxy_set_header Host $host;') },
    {
      title: 'nginx, and a Django that compares no origin',
      files: { ...atNginx(settings()), 'web/requirements.txt': conf`Django==3.2.25` },
    },
    {
      title: 'nginx, and an application without the middleware',
      files: atNginx(settings('MIDDLEWARE = []')),
    },
    {
      title: 'nginx, and an upstream that has the name of the site',
      files: djangoBehindNginx({ settings: settings(), pass: 'example.org', headers: '' }),
    },
    {
      title: 'an interface for programs, which sends tokens and no forms',
      files: atNginx(settings(), undefined, 'location /api/'),
    },
    {
      title: 'an interface for programs alone',
      files: atNginx(settings('INSTALLED_APPS = ["rest_framework", "corsheaders", "shop"]')),
    },
    {
      title: 'nginx takes the Origin away',
      files: atNginx(settings(), 'proxy_set_header Origin "";'),
    },
  ],
  *check(deployment) {
    yield* behindApache(deployment)
    yield* behindNginx(deployment)
  },
})

function* behindApache(deployment: Deployment): Iterable<RuleFinding> {
  for (const each of djangoBehindApache(deployment)) {
    const { configuration, host, connection, program, loaded } = each
    if (!refusesForms(each.settings, program)) continue
    const sent = hostSent(each)
    if (sent === null || !isAllowed(sent, each.settings)) continue
    const names = host === null ? [] : namesOf(host)
    if (!isForeign(sent, names, names.length > 0) || mayTrust(each.settings, names)) continue
    if (!takesForms(connection.path ?? patternOf(each))) continue
    if (headersSent(each, name => name === 'host' || name === 'origin').length > 0) continue
    const lines = directivesByHost(configuration, 'proxypreservehost')
    const written = [...(lines.get(null) ?? []), ...(host === null ? [] : (lines.get(host.directive) ?? []))]
    if (
      written.some(({ args }) => !/^off$/i.test(args[0]?.value ?? '')) ||
      mayHoldSectionsUnread(configuration)
    )
      continue
    const line = written.at(-1)
    const { pass } = connection
    const target = argumentPlace(pass, pass.args.length > 1 ? 1 : 0)
    yield {
      at: line === undefined ? target : argumentPlace(line, 0),
      message: `Apache sends Django the Host \`${sent}\`, not the name that clients use, so Django refuses every form: Origin checking failed`,
      label: line === undefined ? 'no `ProxyPreserveHost On`' : 'sends the name of the backend',
      related: [
        ...(line === undefined ? [] : [{ at: target, message: 'this name is sent' }]),
        ...(host === null
          ? []
          : [{ at: namePlace(host.directive), message: 'clients use the name of this host' }]),
        ...allowedPlace(loaded, each.settings),
      ],
      help: 'Write `ProxyPreserveHost On`',
    }
  }
}

function* behindNginx(deployment: Deployment): Iterable<RuleFinding> {
  const all = djangoInServers(deployment)
  const told = new Set(
    all.filter(({ connection }) => sendsOther(connection)).map(({ connection }) => connection.server),
  )
  for (const { connection, settings: own, runner, settingsSource } of all) {
    const { server, headers } = connection
    if (connection.pass.name !== 'proxy_pass' || headers.open || connection.reachable === false) continue
    // Where another location sends the name, that may be the one for forms.
    if (told.has(server) || written(connection, 'origin') !== null) continue
    if (!refusesForms(own, runner.program) || !takesForms(pathsOf(connection))) continue
    const sent = valueOrNull(connection.hostsSent) ?? []
    const [first] = sent
    if (first === undefined || sent.length > 1 || !isAllowed(first, own)) continue
    const names = server.names.map(({ name }) => name)
    if (!isForeign(first, names, hasExactNames(server)) || mayTrust(own, names)) continue
    const [place] = allowedPlace({ settings: own, settingsSource }, own)
    if (place === undefined) continue
    const finding = hostNotSent(connection, { name: 'Django', said: 'Origin checking failed', at: place.at })
    if (finding !== null) yield finding
  }
}

/** True where forms are to be expected, and the middleware of Django 4 alone checks them. */
function refusesForms(
  settings: DjangoSettings,
  { machine: { container, files } }: AppServerProgram,
): boolean {
  if (usesMiddleware(settings, 'django.middleware.csrf.CsrfViewMiddleware') !== true) return false
  // One of the project may change the name, or leave the check out.
  const others = (textList(settings, 'MIDDLEWARE') ?? []).filter(name => !name.startsWith('django.'))
  if (others.some(name => /csrf|host|origin|prox|forward/i.test(name))) return false
  const header = settings.get('USE_X_FORWARDED_HOST')
  if (header !== null && (!header.known || Boolean(header.value))) return false
  const apps = textList(settings, 'INSTALLED_APPS') ?? []
  const hasForms =
    apps.some(name => name.startsWith('django.contrib.admin')) ||
    (apps.includes('django.contrib.sessions') && !apps.some(name => INTERFACES.test(name)))
  return hasForms && isDjangoAtLeast(4, settings, container?.files ?? files) !== false
}

/** Packages for interfaces that programs use, by tokens. */
const INTERFACES = /^(?:rest_framework|ninja|tastypie|graphene_django|strawberry|corsheaders)\b/

/** True where `ALLOWED_HOSTS` lets a name through; else every page is refused, which is another fault. */
function isAllowed(host: string, settings: DjangoSettings): boolean {
  const allowed = textList(settings, 'ALLOWED_HOSTS')
  if (allowed === null || host.includes('_')) return false
  const isDebug = settings.get('DEBUG')
  const isLocal = allowed.length === 0 && isDebug?.known === true && isDebug.value === true
  return (isLocal ? DEBUG_HOSTS : allowed).some(pattern => matchesHost(host, pattern.toLowerCase()))
}

const DEBUG_HOSTS = ['.localhost', '127.0.0.1', '[::1]']

/** True of a name that no client uses: a public one may be that of the site where not all of these are written. */
function isForeign(host: string, names: readonly string[], areKnown: boolean): boolean {
  if (names.includes(host)) return false
  return areKnown || !host.includes('.') || parseHost(host).kind === 'ip'
}

/** True where the origin of the site may be trusted: those of a page on the developer’s machine are not it. */
function mayTrust(settings: DjangoSettings, names: readonly string[]): boolean {
  const origins = textList(settings, 'CSRF_TRUSTED_ORIGINS')
  if (origins === null) return true
  const isPublic = names.length > 0 && names.every(isPublicName)
  return origins.some(origin => !(isPublic && /^https?:\/\/(?:localhost|127\.0\.0\.1)(?::|$)/.test(origin)))
}

function isPublicName(name: string): boolean {
  return /^[\w.-]+\.[a-z]{2,}$/i.test(name) && !name.endsWith('.localhost')
}

/** True of a path below which forms are sent: that of the whole application, or of the admin. */
function takesForms(path: string): boolean {
  return path === '/' || /^\/(?:admin|accounts)(?:\/|$)/.test(path)
}

/** The path below which requests get to the application, or that of a place where it has its forms. */
function pathsOf({ block, pass }: NginxConnection): string {
  const { modifier, name } = readLocation(block)
  const isWhole = modifier === '@' || /^https?:\/\/[^/]+\/$/.test(pass.args[0]?.value ?? '')
  if (modifier === '' || modifier === '^~') return isWhole ? '/' : name
  if (modifier === '@') return '/'
  return modifier !== '=' && /\badmin\b/.test(name) ? '/admin' : ''
}

/** `/` for an expression that takes every path. */
function patternOf({ connection: { pass } }: DjangoBehindApache): string {
  const isEvery = /^\^?\/?\??\(?\/?\.[*+]\)?\$?$/.test(pass.args[0]?.value ?? '')
  return /^(?:proxypassmatch|rewriterule)$/i.test(pass.name) && isEvery ? '/' : ''
}

/** The name that Apache sends, in lower case and without its port; null where it is not known. */
function hostSent({ connection: { protocol, written, targets }, target }: DjangoBehindApache): string | null {
  if (!protocol.known || !/^https?$/.test(protocol.value)) return null
  const url = /^balancer:/i.test(written) && targets.length > 0 ? `http://${target.written}` : written
  const host = /^(?:unix:[^|]*\|)?https?:\/\/(\[[^\]]*\]|[^/:]+)/i.exec(url)?.[1]
  return host === undefined || /[$%{]/.test(host) ? null : host.toLowerCase()
}

function namesOf({ serverName, aliases }: VirtualHost): readonly string[] {
  const own = serverName?.known === true ? [serverName.value.host] : []
  return [...own, ...aliases.flatMap(({ name }) => (name.known ? [name.value] : []))].map(name =>
    name.toLowerCase(),
  )
}

function hasExactNames({ names }: NginxServer): boolean {
  return names.length > 0 && names.every(({ exact, name }) => exact && isPublicName(name))
}

/** True of a connection that sends a name of its own choice, or one that is not known. */
function sendsOther({ headers }: NginxConnection): boolean {
  return headers.open || headers.written.some(({ name, value }) => name === 'host' && value !== '$proxy_host')
}

/** Where the settings let the name through, or would. */
function allowedPlace(
  loaded: Pick<LoadedModule, 'settings' | 'settingsSource'>,
  settings: DjangoSettings,
): readonly { readonly at: Place; readonly message: string }[] {
  const at = settings.get('ALLOWED_HOSTS')?.at ?? placeBeside(loaded, BESIDE_ALLOWED_HOSTS)
  return at === null ? [] : [{ at, message: 'these settings let that name through' }]
}
