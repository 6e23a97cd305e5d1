import type { FileSystem } from '../../src/files/file-system.ts'
import { posix } from 'node:path'
import { placeText } from '../../parsers/text/source.ts'
import type { Application, Deployment, NginxConnection, NginxServer } from '../../src/deployment/model.ts'
import {
  directoryOfUrl,
  mayRouteToFiles,
  servesOwnStaticFiles,
} from '../../src/deployment/django/static-settings.ts'
import { frontsOf } from '../../src/deployment/fronts-of.ts'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { anonymousRequestOnly } from '../../src/deployment/requests/anonymous-request.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { djangoProject, modWsgiMain } from '../_examples.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { isPrefixOf } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'

const tree = (nginx: string, apache = '', settings = '', server = 'server'): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        ${server} {
            listen 80;
            server_name example.org;
            ${nginx}
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
        }
    }
  `,
  'etc/apache2/apache2.conf': modWsgiMain(
    conf`
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          ${apache}
          WSGIDaemonProcess shop python-path=/opt/shop
          WSGIScriptAlias / /opt/shop/shop/wsgi.py process-group=shop application-group=%{GLOBAL}
          <Directory /opt/shop>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['alias'],
  ),
  ...djangoProject(conf`
    STATIC_URL = "/static/"
    STATIC_ROOT = "/opt/shop/static"
    ${settings}
  `),
  'opt/shop/shop/urls.py': conf`urlpatterns = []`,
  'opt/shop/static/site.css': conf`body {}`,
})

export default defineRule({
  summary: 'Nobody serves the static files where Django collects them',
  severity: 'warning',
  otherSeverities: { info: 'where the URLs of the project, a link or a copy may bring the files there' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'With `DEBUG = False` Django serves no static files, and pages come without styles and pictures where nginx does not take them from `STATIC_ROOT`.',
  remedy: 'Add `location /static/ { alias …; }` with the directory of `STATIC_ROOT`',
  references: [
    'https://docs.djangoproject.com/en/stable/howto/static-files/deployment/',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#alias',
  ],
  bad: [
    { title: 'everything is handed to Django', files: tree('', '', '', '«server»') },
    {
      title: 'a directory that is not there',
      files: tree(conf`
        location /static/ {
            alias «/etc/nginx/static/»;
        }
      `),
    },
  ],
  good: [
    {
      title: 'an alias of the same directory',
      files: tree(conf`
        location /static/ {
            alias /opt/shop/static/;
        }
      `),
    },
    {
      title: 'a root above it',
      files: tree(conf`
        location /static/ {
            root /opt/shop;
        }
      `),
    },
    {
      title: 'Apache serves them',
      files: tree('', 'Alias /static/ /opt/shop/static/'),
    },
    {
      title: 'the application does, by WhiteNoise',
      files: tree(
        '',
        '',
        'MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "whitenoise.middleware.WhiteNoiseMiddleware"]',
      ),
    },
    {
      title: 'another host does',
      files: tree('', '', 'STATIC_URL = "https://cdn.example.net/shop/"'),
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const finding = mismatch(deployment, application)
      if (finding !== null) yield finding
    }
  },
})

function mismatch(deployment: Deployment, application: Application): RuleFinding | null {
  const settings = deployment.pythonOf(application)?.settings ?? null
  const { alias } = application
  if (settings === null || !alias.path.known || alias.path.value !== '/') return null
  const files = directoryOfUrl(settings, 'STATIC')
  if (files === null || servesOwnStaticFiles(settings) !== false) return null
  const debug = settings.get('DEBUG')
  if (debug !== null && !(debug.known && debug.value === false)) return null
  const related = files.directoryAt === null ? [] : [{ at: files.directoryAt, message: 'collected here' }]
  for (const [server, connections] of frontsOf(deployment, application)) {
    if (!server.names.some(({ exact }) => exact)) continue
    const end = anonymousRequestOnly(server, `${files.url}site.css`, `${files.directory}/site.css`)
    if (end.kind === 'pass') {
      if (!isProxied(connections, end.target.directive) || apacheServes(application, files.url)) continue
      return {
        at: namePlace(server.directive),
        severity: mayRouteToFiles(deployment.filesOf(application.configuration), settings)
          ? 'info'
          : 'warning',
        message: `nginx proxies \`${files.url}\` to Django, which serves no static files without \`DEBUG\``,
        related,
        help: `Add \`location ${files.url} { alias ${files.directory}/; }\``,
      }
    }
    if (end.kind !== 'response' || end.status !== 404 || end.at === null) continue
    const nginxFiles = deployment.filesOf(server.configuration)
    const written = placeText(end.at)
    if (!written.startsWith('/') || isSameDirectory(nginxFiles, written, files.directory)) continue
    return {
      at: end.at,
      // A link, or a copy made by the deployment, would be as good as the directory itself.
      severity: isAbsent(nginxFiles, posix.normalize(written)) ? 'warning' : 'info',
      message: `nginx looks for \`${files.url}\` in \`${written}\`, and Django collects the files in \`${files.directory}\``,
      related,
    }
  }
  return null
}

function isProxied(connections: readonly NginxConnection[], pass: NginxServer['directive']): boolean {
  return connections.some(connection => connection.pass.node === pass.node)
}

function apacheServes({ configuration, host }: Application, url: string): boolean {
  const { occurrences } = configuration
  if (['aliasmatch', 'rewriterule', 'scriptalias'].some(name => occurrences.has(name))) return true
  return [host?.directive ?? null, null].some(section =>
    directivesIn(configuration, section, 'alias').some(({ args }) => isPrefixOf(args[0]?.value ?? '', url)),
  )
}

function isSameDirectory(files: FileSystem, a: string, b: string): boolean {
  const real = files.realPath(a)
  return real !== null && real === files.realPath(b)
}
