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
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit, WSGI } from '../app-server/_examples.ts'
import { nginxMain, nginxServer, proxiedServer } from '../_examples.ts'
import { assignedValue } from './_behind-nginx.ts'
import { type DjangoConnection, djangoConnections, isPlaced } from './_connections.ts'
import { unservedByApache } from './_files-in-apache.ts'
import {
  directorySeen,
  isOffInProduction,
  isOfOneProject,
  isOnlyBeside,
  leadsTo,
  servesByItself,
  wantsFiles,
} from './_static-ways.ts'
import { sourceOfStatic, takenFromSource } from './_static-sources.ts'
import { djangoBehindNginx, djangoBehindProxyPass, djangoInApache, djangoWithoutNginx } from './_examples.ts'

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

/** mod_wsgi to which clients come by themselves, or by this port. */
const modWsgi = (apache: string, settings = '', port = '80'): Record<string, string> => {
  const files = djangoWithoutNginx({
    settings: conf`
      DEBUG = False
      STATIC_URL = "/static/"
      STATIC_ROOT = "/opt/shop/static"
      ${settings}
    `,
    apache,
    port,
  })
  const main = files['etc/apache2/apache2.conf']!
  return {
    ...files,
    'etc/apache2/apache2.conf':
      apache === '' ? main.replace('WSGIScriptAlias /', 'WSGIScriptAlias «/»') : main,
    'opt/shop/static/site.css': conf`body {}`,
  }
}
const ADMIN = conf`
  INSTALLED_APPS = ["django.contrib.admin", "django.contrib.staticfiles", "shop"]
  STATICFILES_DIRS = ["/opt/shop/assets"]
`
/** mod_wsgi, and the sources of the static files. */
const withSources = (apache: string): Record<string, string> => ({
  ...modWsgi([apache, '<Directory /opt/shop>', '    Require all granted', '</Directory>'].join('\n'), ADMIN),
  'opt/shop/assets/site.css': conf`body {}`,
  'opt/shop/shop/static/shop.css': conf`body {}`,
})
/** An image of Apache and mod_wsgi, with all of a project. */
const image = (alias: string, run = ''): Record<string, string> => ({
  Dockerfile: conf`
    FROM debian:12
    RUN apt-get update && apt-get install -y apache2 libapache2-mod-wsgi-py3 python3-django
    WORKDIR /app
    COPY . .
    RUN python3 manage.py collectstatic --noinput
    ${run}
    COPY site.conf /etc/apache2/sites-available/000-default.conf
    CMD ["apache2ctl", "-D", "FOREGROUND"]
  `,
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        ports:
          - "80:80"
  `,
  'site.conf': conf`
    <VirtualHost *:80>
        ServerName example.org
        Alias /static/ ${alias}
        <Directory /app>
            Require all granted
        </Directory>
        WSGIDaemonProcess shop python-path=/app
        WSGIScriptAlias / /app/shop/wsgi.py process-group=shop application-group=%{GLOBAL}
    </VirtualHost>
  `,
  'manage.py': unstarted('')['manage.py']!,
  'shop/__init__.py': '',
  'shop/wsgi.py': WSGI,
  'shop/urls.py': conf`urlpatterns = []`,
  'shop/settings.py': conf`
    import os
    from pathlib import Path

    BASE_DIR = Path(__file__).resolve().parent.parent
    DEBUG = False
    ALLOWED_HOSTS = ["example.org"]
    ROOT_URLCONF = "shop.urls"
    INSTALLED_APPS = ["django.contrib.admin", "django.contrib.staticfiles"]
    STATIC_URL = "/static/"
    STATIC_ROOT = BASE_DIR / "staticfiles"
    STATICFILES_DIRS = [BASE_DIR / "static"]
  `,
  'static/site.css': conf`body {}`,
})
/** nginx in a container that is given the directory of the sources. */
const mountedSources = (volume: string, alias: string): Record<string, string> => {
  const files = composed(
    'STATICFILES_DIRS = ["/app/assets"]',
    conf`
      location /static/ {
          alias ${alias};
      }
    `,
  )
  return {
    ...files,
    'nginx/site.conf': files['nginx/site.conf']!.replace('«server»', 'server'),
    'docker-compose.yml': `${files['docker-compose.yml']!}      - ${volume}\n`,
    'web/assets/site.css': conf`body {}`,
  }
}
/** Apache that proxies to gunicorn. */
const proxied = (lines: string | readonly string[], settings = ''): Record<string, string> => ({
  ...djangoBehindProxyPass(settingsOf(settings), lines, { tls: false }),
  'opt/shop/shop/urls.py': conf`urlpatterns = []`,
  'srv/shop/static/site.css': conf`body {}`,
})
const marked = (files: Record<string, string>): Record<string, string> => ({
  ...files,
  'etc/apache2/apache2.conf': files['etc/apache2/apache2.conf']!.replace('ProxyPass / ', 'ProxyPass «/» '),
})
const GRANTED = conf`
  <Directory /srv/shop>
      Require all granted
  </Directory>
`

export default defineRule({
  summary: 'nginx or Apache does not serve the files where Django keeps them',
  severity: 'warning',
  otherSeverities: { info: 'where the URLs of the project, a link or a copy may bring the files there' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'With `DEBUG = False` Django serves neither static files nor uploads. Pages come without styles and pictures where the web server does not take them from `STATIC_ROOT`, and what users have uploaded is 404 where it does not take it from `MEDIA_ROOT`: WhiteNoise serves static files alone, and `static(settings.MEDIA_URL, …)` of the URLs holds for `DEBUG`.',
  remedy:
    'Add `location /static/ { alias …; }` with the directory of `STATIC_ROOT`, in Apache `Alias /static/ …/`, and the same for `MEDIA_ROOT`',
  references: [
    'https://docs.djangoproject.com/en/stable/howto/static-files/deployment/',
    'https://docs.djangoproject.com/en/stable/ref/settings/#media-root',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#alias',
    'https://httpd.apache.org/docs/2.4/mod/mod_alias.html#alias',
  ],
  bad: [
    {
      title: 'the sources of STATICFILES_DIRS in Apache',
      files: withSources('Alias /static/ «/opt/shop/assets/»'),
    },
    {
      title: 'the sources of an application in Apache',
      files: withSources('Alias /static/ «/opt/shop/shop/static/»'),
    },
    { title: 'the sources of STATICFILES_DIRS in an image', files: image('«/app/static/»') },
    {
      title: 'the sources of STATICFILES_DIRS in a container of nginx',
      files: mountedSources('./web/assets:/srv/static:ro', '«/srv/static/»'),
    },
    { title: 'all goes to mod_wsgi, without nginx', files: modWsgi('') },
    { title: 'Apache proxies all to Django', files: marked(proxied('')) },
    {
      title: 'another directory in Apache',
      files: {
        ...proxied(
          conf`
            ProxyPass /static/ !
            Alias /static/ «/srv/shop/assets/»
          `,
        ),
      },
    },
    {
      title: 'uploads that Apache hands to Django',
      files: marked(proxied(['ProxyPass /static/ !', 'Alias /static/ /srv/shop/static/', GRANTED], UPLOADS)),
    },
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
    { title: 'the collected files in Apache', files: withSources('Alias /static/ /opt/shop/static/') },
    {
      title: 'sources that the files of the admin are kept beside',
      files: image(
        '/app/static/',
        'RUN ln -s /usr/lib/python3/dist-packages/django/contrib/admin/static/admin static/admin',
      ),
    },
    {
      title: 'an image that copies what was collected',
      files: image('/app/static/', 'RUN cp -r staticfiles/. static/'),
    },
    {
      title: 'sources into which the admin’s files were collected',
      files: { ...image('/app/static/'), 'static/admin/css/base.css': conf`body {}` },
    },
    {
      title: 'the collected files in a container of nginx',
      files: mountedSources('./collected:/srv/static:ro', '/srv/static/'),
    },
    {
      title: 'mod_wsgi without nginx, and an alias',
      files: modWsgi('Alias /static/ /opt/shop/static/'),
    },
    {
      title: 'a virtual host for the API, beside one that has the files',
      files: (() => {
        const files = modWsgi('Alias /static/ /opt/shop/static/')
        const main = files['etc/apache2/apache2.conf']!
        return {
          ...files,
          'etc/apache2/apache2.conf': conf`
            ${main}
            <VirtualHost *:80>
                ServerName api.example.org
                WSGIScriptAlias / /opt/shop/shop/wsgi.py process-group=shop application-group=%{GLOBAL}
            </VirtualHost>
          `,
        }
      })(),
    },
    {
      title: 'mod_wsgi without nginx, and WhiteNoise',
      files: modWsgi(
        'Alias /robots.txt /opt/shop/robots.txt',
        'MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]',
      ),
    },
    {
      title: 'mod_wsgi behind something that connects to a port of its own',
      files: modWsgi('Alias /robots.txt /opt/shop/robots.txt', '', '8080'),
    },
    {
      title: 'a path that Apache does not proxy, and an alias',
      files: proxied(['ProxyPass /static/ !', 'Alias /static/ /srv/shop/static/', GRANTED]),
    },
    {
      title: 'a path that Apache does not proxy, below the document root',
      files: proxied(['ProxyPass /static/ !', 'DocumentRoot /srv/shop', GRANTED]),
    },
    {
      title: 'a section that does not proxy, and uploads',
      files: proxied(
        [
          conf`
            <Location /static/>
                ProxyPass !
            </Location>
            ProxyPass /media/ !
            Alias /static/ /srv/shop/static/
            Alias /media/ /srv/shop/media/
          `,
          GRANTED,
        ],
        UPLOADS,
      ),
    },
    {
      title: 'Apache, and files on another host',
      files: proxied('', 'STATIC_URL = "https://cdn.example.net/"'),
    },
    { title: 'Apache, and `DEBUG` that is on', files: proxied('', 'DEBUG = True') },
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
    yield* unservedByApache(deployment)
    const seen = { STATIC: new Set<NginxServer>(), MEDIA: new Set<NginxServer>() }
    for (const each of djangoConnections(deployment)) {
      if (!isOffInProduction(each.settings.get('DEBUG'))) continue
      for (const kind of ['STATIC', 'MEDIA'] as const)
        if (!seen[kind].has(each.connection.server)) yield* unserved(deployment, each, kind, seen[kind])
    }
  },
})

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
    if (runner.kind === 'app-server' && servesByItself(runner.program.server)) return
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
  if (
    end.kind === 'response' &&
    end.status === 404 &&
    end.at !== null &&
    kind === 'STATIC' &&
    isPlaced(each)
  ) {
    const looked = placeText(end.at)
    const source = sourceOfStatic(deployment, { settings, home: machine, there: from.machine, looked })
    if (source !== null && posix.resolve('/', looked) !== directory) {
      yield { at: end.at, ...takenFromSource('nginx', { ...files, looked, source }), related }
      return
    }
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

function isAtRoot({ alias }: Application): boolean {
  return alias.path.known && alias.path.value === '/'
}
