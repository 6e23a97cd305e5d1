import { posix } from 'node:path'
import { placeText } from '../../parsers/text/source.ts'
import {
  directoryOfUrl,
  mayRouteToFiles,
  servesOwnStaticFiles,
  keepsUploadsInFiles,
} from '../../src/deployment/django/static-settings.ts'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import type { Application, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { anonymousRequestOnly } from '../../src/deployment/requests/anonymous-request.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit, WSGI } from '../app-server/_examples.ts'
import { nginxMain, nginxServer, proxiedServer } from '../_examples.ts'
import { assignedValue, textList } from './_behind-nginx.ts'
import { type DjangoConnection, djangoConnections, isPlaced } from './_connections.ts'
import { directorySeen, isOfOneProject, leadsTo } from './_static-ways.ts'
import { djangoBehindNginx, djangoInApache } from './_examples.ts'
import type { DjangoSettings, SettingValue } from '../../src/deployment/django/settings.ts'
import type { Fact } from '../../src/servers/fact.ts'

const nginx = (location: string): string =>
  nginxMain(
    nginxServer(conf`
      ${location}
      location / {
          proxy_pass http://127.0.0.1:8000;
          proxy_set_header Host $host;
      }
    `),
  )
const settingsOf = (lines: string): string => conf`
  DEBUG = False
  ALLOWED_HOSTS = ["example.org"]
  ROOT_URLCONF = "shop.urls"
  STATIC_URL = "/static/"
  STATIC_ROOT = "/srv/shop/static"
  ${lines}
`
const tree = (location: string, settings = ''): Record<string, string> => ({
  ...behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi')),
  'etc/nginx/nginx.conf': nginx(location),
  'etc/shop/shop/__init__.py': '',
  'etc/shop/shop/wsgi.py': WSGI,
  'etc/shop/shop/urls.py': conf`urlpatterns = []`,
  'etc/shop/shop/settings.py': settingsOf(settings),
})

/** A project of which nobody is seen to start it: its paths may be samples. */
const unstarted = (location: string, settings = ''): Record<string, string> => ({
  'deploy/site.conf': proxiedServer(location, '127.0.0.1:8000'),
  'manage.py': conf`
    import os
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  `,
  'shop/__init__.py': '',
  'shop/wsgi.py': WSGI,
  'shop/urls.py': conf`urlpatterns = []`,
  'shop/settings.py': settingsOf(settings),
})

const STATIC = conf`
  location /static/ {
      alias /srv/shop/static/;
  }
`
const inApache = (
  site: string,
  parts: Parameters<typeof djangoInApache>[0] = {},
): Record<string, string> => ({
  ...djangoInApache({
    site,
    ...parts,
    settings: conf`
      DEBUG = False
      STATIC_URL = "/static/"
      STATIC_ROOT = "/opt/shop/static"
      ${parts.settings ?? ''}
    `,
  }),
  'opt/shop/static/site.css': conf`body {}`,
})
const UPLOADS = conf`
  MEDIA_URL = "/media/"
  MEDIA_ROOT = "/srv/shop/media"
`

/** Containers that share no volume. */
const composed = (settings: string, site = ''): Record<string, string> => {
  const files = djangoBehindNginx({
    settings: conf`
      ${settingsOf(settings)}
      INSTALLED_APPS = ["django.contrib.admin", "django.contrib.staticfiles"]
    `,
    site,
  })
  return {
    ...files,
    'nginx/site.conf': files['nginx/site.conf']!.replace('server {', '«server» {'),
    'web/shop/urls.py': conf`urlpatterns = []`,
  }
}

/** A unit whose variables nobody sees, and nginx without a location for uploads. */
const unreadEnvironment = (debug: string, server = 'server'): Record<string, string> => ({
  'deploy/nginx.conf': conf`
    ${server} {
        listen 80;
        server_name example.org;
        location / {
            proxy_pass http://127.0.0.1:8000;
            proxy_set_header Host $host;
        }
        location /static/ {
            alias /srv/shop/static/;
        }
    }
  `,
  'deploy/shop.service': conf`
    [Service]
    WorkingDirectory=/srv/shop
    EnvironmentFile=/etc/shop.env
    ExecStart=/srv/shop/venv/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
  `,
  'shop/__init__.py': '',
  'shop/wsgi.py': WSGI,
  'shop/urls.py': conf`urlpatterns = []`,
  'shop/settings.py': conf`
    import os

    ${settingsOf(UPLOADS).replace('DEBUG = False', `DEBUG = ${debug}`)}
  `,
})

export default defineRule({
  summary: 'nginx does not serve the files where Django keeps them',
  severity: 'warning',
  otherSeverities: { info: 'where the URLs of the project, a link or a copy may bring the files there' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'With `DEBUG = False` Django serves neither static files nor uploads. Pages come without styles and pictures where nginx does not take them from `STATIC_ROOT`, and what users have uploaded is 404 where it does not take it from `MEDIA_ROOT`: WhiteNoise serves static files alone, and `static(settings.MEDIA_URL, …)` of the URLs holds for `DEBUG`.',
  remedy:
    'Add `location /static/ { alias …; }` with the directory of `STATIC_ROOT`, and one for `MEDIA_ROOT`',
  references: [
    'https://docs.djangoproject.com/en/stable/howto/static-files/deployment/',
    'https://docs.djangoproject.com/en/stable/ref/settings/#media-root',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#alias',
  ],
  bad: [
    {
      title: 'a container of nginx that has none of the files, and proxies all to Django',
      files: composed(''),
    },
    {
      title: 'uploads in a directory of the file system',
      files: tree(
        conf`
          ${STATIC}
          location /media/ {
              alias /srv/shop/media/;
          }
        `,
        conf`
          MEDIA_URL = "/media/"
          MEDIA_ROOT = «"/media/"»
        `,
      ),
    },
    {
      title: 'the URL behind the directory, where WhiteNoise serves what nginx does not',
      files: tree(
        conf`
          location /static/ {
              root «/srv/shop/static»;
          }
        `,
        'MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]',
      ),
    },
    {
      title: 'the URL behind the directory, which is there with what was collected',
      files: {
        ...tree('location /static/ { root «/srv/shop/static/»; }'),
        'srv/shop/static/admin/css/base.css': '',
      },
    },
    {
      title: 'all is proxied to Django',
      files: { ...tree(''), 'etc/nginx/nginx.conf': nginx('').replace('server {', '«server» {') },
    },
    {
      title: 'another directory',
      files: tree(conf`
        location /static/ {
            alias «/etc/shop/static/»;
        }
      `),
    },
    {
      title: 'uploads that nobody serves',
      files: {
        ...tree(STATIC, UPLOADS),
        'etc/nginx/nginx.conf': nginx(STATIC).replace('server {', '«server» {'),
      },
    },
    {
      title: 'uploads in another directory',
      files: tree(
        [
          STATIC,
          conf`
            location /media/ {
                alias «/etc/shop/media/»;
            }
          `,
        ].join(''),
        UPLOADS,
      ),
    },
    { title: 'all is proxied to mod_wsgi', files: inApache('', { server: '«server»' }) },
    {
      title: 'another directory than that of a project in mod_wsgi',
      files: inApache(conf`
        location /static/ {
            alias «/etc/nginx/static/»;
        }
      `),
    },
    {
      title: 'all is proxied to a project that nobody is seen to start',
      files: {
        ...unstarted(''),
        'deploy/site.conf': unstarted('')['deploy/site.conf']!.replace('server', '«server»'),
      },
    },
    {
      title: '`DEBUG` that a file outside of the audit may turn on',
      files: unreadEnvironment('os.environ.get("DEBUG") == "1"', '«server»'),
    },
  ],
  good: [
    {
      title: 'containers whose Django serves its static files',
      files: composed('MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]'),
    },
    {
      title: 'static files that lie at another service',
      files: composed('STORAGES = {"staticfiles": {"BACKEND": "storages.backends.s3.S3Storage"}}'),
    },
    {
      title: 'an image of nginx that has the files, as far as anybody knows',
      files: composed('', 'location /static/ { root /srv; }'),
    },
    {
      title: 'another directory than that of a project that nobody is seen to start',
      files: unstarted(conf`
        location /static/ {
            alias /var/www/shop/static/;
        }
      `),
    },
    {
      title: 'WhiteNoise in a project that nobody is seen to start',
      files: unstarted('', 'MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]'),
    },
    {
      title: 'an alias of the directory',
      files: tree(conf`
        location /static/ {
            alias /srv/shop/static/;
        }
      `),
    },
    {
      title: 'a root above it',
      files: tree(conf`
        location /static/ {
            root /srv/shop;
        }
      `),
    },
    {
      title: 'WhiteNoise',
      files: tree('', 'MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]'),
    },
    {
      title: 'an alias of the directory of a project in mod_wsgi',
      files: inApache(conf`
        location /static/ {
            alias /opt/shop/static/;
        }
      `),
    },
    { title: 'Apache serves them', files: inApache('', { apache: 'Alias /static/ /opt/shop/static/' }) },
    {
      title: 'mod_wsgi, and WhiteNoise',
      files: inApache('', {
        settings:
          'MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "whitenoise.middleware.WhiteNoiseMiddleware"]',
      }),
    },
    { title: 'another host', files: tree('', 'STATIC_URL = "https://cdn.example.net/shop/"') },
    {
      title: 'uploads from their directory',
      files: tree(
        [
          STATIC,
          conf`
            location /media/ {
                alias /srv/shop/media/;
            }
          `,
        ].join(''),
        UPLOADS,
      ),
    },
    {
      title: '`DEBUG` that is on unless the environment turns it off',
      files: unreadEnvironment('os.environ.get("DEBUG", "1") == "1"'),
    },
    {
      title: 'uploads in a storage of their own',
      files: tree(
        STATIC,
        [UPLOADS, 'DEFAULT_FILE_STORAGE = "storages.backends.s3boto3.S3Boto3Storage"'].join(''),
      ),
    },
    { title: 'an API without files', files: tree('', 'STATIC_ROOT = None') },
  ],
  *check(deployment) {
    const seen = { STATIC: new Set<NginxServer>(), MEDIA: new Set<NginxServer>() }
    for (const each of djangoConnections(deployment)) {
      if (!isOffInProduction(each.settings.get('DEBUG'))) continue
      for (const kind of ['STATIC', 'MEDIA'] as const)
        if (!seen[kind].has(each.connection.server)) yield* unserved(deployment, each, kind, seen[kind])
    }
  },
})

/** False where `DEBUG` is on, or may be: one that the environment turns on alone, nobody turns on for clients. */
function isOffInProduction(debug: Fact<SettingValue> | null): boolean {
  if (debug === null) return true
  if (debug.known) return debug.value === false
  const written = debug.at === null ? '' : placeText(debug.at)
  return READS_ENVIRONMENT.test(written) && !ON_BY_DEFAULT.test(written)
}

const READS_ENVIRONMENT = /\b(?:environ|getenv|env|config)\b/
const ON_BY_DEFAULT = /,\s*(?:default\s*=\s*)?(?:True|["']?(?:1|true|yes|on)["']?)\s*[,)]/i

type Found = Iterable<RuleFinding>

function* unserved(
  deployment: Deployment,
  each: DjangoConnection,
  kind: 'STATIC' | 'MEDIA',
  seen: Set<NginxServer>,
): Found {
  const { connection, settings, machine, runner } = each
  const { server, from } = connection
  if (runner.kind === 'mod_wsgi' && !isAtRoot(runner.application)) return
  const files = directoryOfUrl(settings, kind)
  if (files === null) return
  // WhiteNoise is asked for what nginx does not take for itself.
  const isServed = kind === 'STATIC' ? servesOwnStaticFiles(settings) : !keepsUploadsInFiles(settings)
  if (isServed === undefined || (isServed && kind === 'MEDIA')) return
  seen.add(server)
  const shared = directorySeen(files.directory, machine, from.machine)
  // Where nginx has none of it, a request that it proxies to Django is answered with 404 all the same.
  if (
    shared === null &&
    !(kind === 'STATIC' && isOfOneProject(machine, from.machine) && wantsFiles(settings))
  )
    return
  const directory = shared ?? files.directory
  const end = anonymousRequestOnly(server, `${files.url}site.css`, `${directory}/site.css`)
  const related = [
    ...(files.directoryAt === null
      ? []
      : [{ at: files.directoryAt, message: kind === 'STATIC' ? 'collected here' : 'kept here' }]),
    ...(files.urlAt === null ? [] : [{ at: files.urlAt, message: 'pages ask for them here' }]),
  ]
  if (end.kind === 'pass') {
    const own = deployment.connections.of(server).find(({ pass }) => pass.node === end.target.directive.node)
    if (isServed || own === undefined || !leadsTo(deployment, own, runner, files.url)) return
    const inside = machine.container?.files ?? machine.files
    yield {
      at: namePlace(server.directive),
      severity: mayRouteToFiles(inside, settings) ? ('info' as const) : ('warning' as const),
      message: `nginx proxies \`${files.url}\` to Django, which serves no ${kind === 'STATIC' ? 'static files' : 'uploads'} without \`DEBUG\``,
      related,
      help:
        shared === null
          ? `Use WhiteNoise, or mount a volume over \`${directory}\` in both containers and add \`location ${files.url}\``
          : `Add \`location ${files.url} { alias ${directory}/; }\``,
    }
    return
  }
  if (shared === null) return
  // A repository whose start nobody sees has samples of paths.
  if (end.kind !== 'response' || end.status !== 404 || end.at === null || !isPlaced(each)) return
  const looked = placeText(end.at)
  if (!looked.startsWith('/')) return
  const isDoubled = posix.normalize(looked).replace(/(?<=.)\/$/, '') === directory
  if (isDoubled && from.machine.files.kind(directory + files.url.slice(0, -1)) === 'directory') return
  // What a container has in another directory its image may bring.
  if (from.machine.container !== null && !isDoubled) return
  const real = isDoubled ? null : from.machine.files.realPath(looked)
  if (real !== null && real === from.machine.files.realPath(directory)) return
  // The path of the URL in the place of a directory: there is no such one at the top of a file system.
  const isUrl =
    !isDoubled &&
    directory === files.url.slice(0, -1) &&
    from.machine.files.kind(directory) === null &&
    settings.expressionOf(`${kind}_ROOT`)?.expression.kind === 'string'
  if (isUrl && files.directoryAt !== null) {
    yield {
      at: assignedValue(files.directoryAt),
      severity: 'warning' as const,
      message: `Django ${kind === 'STATIC' ? 'collects' : 'keeps'} the files in \`${directory}\` of the file system, and nginx looks for \`${files.url}\` in \`${looked}\``,
      label: 'a directory at the top of the file system',
      related: [{ at: end.at, message: 'nginx looks here' }],
      help: `Write the directory of the project: \`BASE_DIR / '${directory.slice(1)}'\``,
    }
    return
  }
  yield {
    at: end.at,
    // A link, or a copy made by the deployment, would be as good as the directory itself.
    severity:
      isDoubled ||
      isAbsent(from.machine.files, posix.normalize(looked)) ||
      isOnlyBeside(from.machine.files, posix.resolve(looked), directory)
        ? ('warning' as const)
        : ('info' as const),
    message: isDoubled
      ? `nginx puts \`${files.url}\` behind this directory, in which Django ${kind === 'STATIC' ? 'collects' : 'keeps'} the files: write \`alias\` in place of \`root\``
      : `nginx looks for \`${files.url}\` in \`${looked}\`, and Django ${kind === 'STATIC' ? 'collects' : 'keeps'} the files in \`${directory}\``,
    related,
  }
}

/** True where a directory is not there, and the one above it and the right one are. */
function isOnlyBeside(files: FileSystem, wrong: string, right: string): boolean {
  return (
    files.kind(right) === 'directory' &&
    files.kind(wrong) === null &&
    files.kind(posix.dirname(wrong)) === 'directory'
  )
}

/** True for pages of Django's own, whose styles are kept in files and in no other place. */
function wantsFiles(settings: DjangoSettings): boolean {
  const apps = textList(settings, 'INSTALLED_APPS') ?? []
  return (
    ['django.contrib.staticfiles', 'django.contrib.admin'].every(name => apps.includes(name)) &&
    ['STATICFILES_STORAGE', 'STORAGES'].every(name => settings.get(name) === null)
  )
}

function isAtRoot({ alias }: Application): boolean {
  return alias.path.known && alias.path.value === '/'
}
