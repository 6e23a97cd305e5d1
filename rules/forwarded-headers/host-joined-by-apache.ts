import { propose, removeDirective } from '../../src/deployment/edits.ts'
import { hostIn } from '../../src/deployment/fronts-of.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { type DjangoBehindApache, djangoBehindApache, headersSent } from '../django/_behind-apache.ts'
import { usesMiddleware, written } from '../django/_behind-nginx.ts'
import { djangoBehindProxyPass } from '../django/_examples.ts'
import { proxiedServer, nginxMain } from '../_examples.ts'

const SETTINGS = conf`
  ALLOWED_HOSTS = ["example.org", "127.0.0.1"]
  MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
  USE_X_FORWARDED_HOST = True
`
const tree = (header: string, lines = '', settings = SETTINGS): Record<string, string> => {
  const files = djangoBehindProxyPass(settings, lines, { tls: false })
  return {
    ...files,
    'etc/apache2/apache2.conf': (files['etc/apache2/apache2.conf'] ?? '')
      .replace('Listen 80', 'Listen 127.0.0.1:9000')
      .replace('*:80', '127.0.0.1:9000'),
    'etc/nginx/nginx.conf': nginxMain(
      proxiedServer().replace('proxy_set_header Host $host;', `proxy_set_header Host $host;\n${header}`),
    ),
  }
}
const SENT = 'proxy_set_header «X-Forwarded-Host» $host;'
const UNMARKED = 'proxy_set_header X-Forwarded-Host $host;'

export default defineRule({
  summary: 'Apache appends to an `X-Forwarded-Host` that is there, and Django refuses the list',
  severity: 'error',
  otherSeverities: { warning: 'where nobody sees that Django asks for the host of every request' },
  confidence: 'high',
  since: '0.1.0',
  why: "mod_proxy adds the name that it was asked for to `X-Forwarded-Host`, behind a comma where the header is there already. With `USE_X_FORWARDED_HOST` Django takes the whole of it for one name, and answers 400: `Invalid HTTP_HOST header: 'example.org, example.org'. The domain name provided is not valid according to RFC 1034/1035`. `ALLOWED_HOSTS` does not help.",
  remedy:
    'Let Apache alone send it: leave `X-Forwarded-Host` out in nginx, or write `ProxyAddHeaders Off` in Apache',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#x-headers',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxyaddheaders',
    'https://docs.djangoproject.com/en/stable/ref/settings/#use-x-forwarded-host',
  ],
  bad: [
    { title: 'nginx sends it, and Apache too', files: tree(SENT, 'ProxyPreserveHost On') },
    {
      title: 'a line of Apache, to which it appends',
      files: djangoBehindProxyPass(SETTINGS, 'RequestHeader set «X-Forwarded-Host» example.org', {
        tls: false,
      }),
    },
  ],
  good: [
    { title: 'Apache alone', files: tree('', 'ProxyPreserveHost On') },
    { title: 'nginx alone, for Apache adds none', files: tree(UNMARKED, 'ProxyAddHeaders Off') },
    {
      title: 'the one of nginx is taken away',
      files: tree(UNMARKED, 'ProxyPreserveHost On\nRequestHeader unset X-Forwarded-Host'),
    },
    {
      title: 'Django goes by `Host`',
      files: tree(
        UNMARKED,
        'ProxyPreserveHost On',
        SETTINGS.replace('USE_X_FORWARDED_HOST = True', 'USE_X_FORWARDED_HOST = False'),
      ),
    },
    {
      title: 'an application that is never asked for by its name',
      files: tree(UNMARKED, 'ProxyPreserveHost On', SETTINGS.replace(/MIDDLEWARE = .*/, 'MIDDLEWARE = []')),
    },
    {
      title: 'another path than Apache proxies',
      files: Object.fromEntries(
        Object.entries(tree(UNMARKED, 'ProxyPreserveHost On')).map(([path, text]) => [
          path,
          text.replace('location / {', 'location /static/ {').replace('ProxyPass / ', 'ProxyPass /app/ '),
        ]),
      ),
    },
  ],
  *check(deployment) {
    for (const each of djangoBehindApache(deployment)) {
      const { settings, connection, configuration, host } = each
      const use = settings.get('USE_X_FORWARDED_HOST')
      const asks = usesMiddleware(settings, 'django.middleware.common.CommonMiddleware')
      if (use?.known !== true || use.value !== true || asks === false || !appends(each)) continue
      const related = [
        { at: namePlace(connection.pass), message: 'Apache appends its own here' },
        ...(use.at === null ? [] : [{ at: use.at, message: 'Django takes it for one name' }]),
      ]
      const found = {
        ...(asks === undefined && { severity: 'warning' as const }),
        message:
          'Apache appends the name to this `X-Forwarded-Host`, and Django answers `example.org, example.org` with 400',
        label: 'the first of two',
        related,
      }
      const lines = headersSent({ configuration, host }, name => name === 'x-forwarded-host')
      const [own] = lines
      if (own !== undefined) {
        const isPlain =
          lines.length === 1 && own.args[0]?.value.toLowerCase() === 'set' && own.args.length === 3
        if (isPlain)
          yield {
            ...found,
            at: argumentPlace(own, 1),
            ...propose('Leave it to mod_proxy', 'unsafe', [removeDirective(own)]),
          }
        continue
      }
      for (const front of frontsOf(deployment, each)) {
        const header = written(front, 'x-forwarded-host')
        if (header?.state !== 'set') continue
        yield {
          ...found,
          at: argumentPlace(header.directive, 0),
          ...propose('Leave it to Apache', 'unsafe', [removeDirective(header.directive)]),
        }
      }
    }
  },
})

/** True where mod_proxy certainly adds its headers to what it sends. */
function appends({ configuration, host, connection }: DjangoBehindApache): boolean {
  const { pass, protocol } = connection
  if (!protocol.known || !/^https?$/.test(protocol.value)) return false
  // A section of its own may say otherwise.
  const isElsewhere = (configuration.occurrences.get('proxyaddheaders') ?? []).some(
    ({ parent }) => parent !== null && parent !== host?.directive,
  )
  const { directives, open } = effective(configuration, serverLevels(host), 'ProxyAddHeaders')
  const isOff = directives.some(({ args }) => !/^on$/i.test(args[0]?.value ?? ''))
  return (
    !isElsewhere && open === null && !isOff && /^(?:proxypass|proxypassmatch|rewriterule)$/i.test(pass.name)
  )
}

/** The connections of nginx whose requests Apache sends on by this line. */
function frontsOf(
  deployment: Deployment,
  { configuration, host, connection }: DjangoBehindApache,
): readonly NginxConnection[] {
  const found = hostIn(deployment, configuration, host?.directive ?? null)
  if (found === null) return []
  return deployment.connections
    .reaching(found)
    .filter(({ certain }) => certain)
    .map(({ connection: front }) => front)
    .filter(front => certainHosts(deployment, front).length === 1 && leadsTo(front, connection.path))
}

/** True where paths of a location are among those that Apache proxies. */
function leadsTo({ block, pass }: NginxConnection, path: string | null): boolean {
  const [name] = pathsInto(block)
  // A path that nginx replaces is another one for Apache.
  if (/^https?:\/\/[^/]+\/./.test(pass.args[0]?.value ?? '')) return false
  if (path === null || path === '/') return true
  return name !== undefined && (name.startsWith(path) || path.startsWith(name))
}
