import { posix } from 'node:path'
import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { directoryOfUrl, servesOwnStaticFiles } from '../../src/deployment/django/static-settings.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isEveryAddress } from '../containers/_every-address.ts'
import { isForDevelopmentFile } from '../containers/_mount-over.ts'
import { isProxyService } from '../containers/_proxy-services.ts'
import { entryAt, isHeroku } from '../_heroku.ts'
import { assignedValue } from './_behind-nginx.ts'
import { firstInProject } from './_project-sources.ts'
import { isOffInProduction, servesByItself, wantsFiles } from './_static-ways.ts'

const project = ({ settings = '', urls = '' } = {}): Record<string, string> => ({
  'manage.py': conf`
    import os
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  `,
  'shop/__init__.py': '',
  'shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    application = get_wsgi_application()
  `,
  'shop/urls.py': conf`
    from django.contrib import admin
    from django.urls import path
    urlpatterns = [path("admin/", admin.site.urls)]
    ${urls}
  `,
  'shop/settings.py': conf`
    DEBUG = False
    ALLOWED_HOSTS = ["shop.example.org"]
    ROOT_URLCONF = "shop.urls"
    INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.staticfiles"]
    MIDDLEWARE = «["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]»
    STATIC_URL = "/static/"
    STATIC_ROOT = "/app/static"
    ${settings}
  `,
})

const image = (
  service: string,
  { settings = '', urls = '', more = '', command = 'gunicorn --bind 0.0.0.0:8000 shop.wsgi' } = {},
): Record<string, string> => ({
  ...project({ settings, urls }),
  'compose.yaml': conf`
    services:
      web:
        build: .
        ${service}
      ${more}
  `,
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt && python manage.py collectstatic --noinput
    CMD ${command}
  `,
  'requirements.txt': conf`
    Django==5.1
    gunicorn==23.0
  `,
})
const platform = (parts: Parameters<typeof project>[0] = {}): Record<string, string> => ({
  ...project(parts),
  Procfile: conf`
    release: python manage.py migrate
    web: gunicorn shop.wsgi
  `,
  'requirements.txt': conf`
    Django==5.1
    gunicorn==23.0
  `,
})
const PORT = 'ports: ["80:8000"]'
const good = (files: Record<string, string>): Record<string, string> => ({
  ...files,
  'shop/settings.py': files['shop/settings.py']!.replace(/[«»]/g, ''),
})

export default defineRule({
  summary: 'Clients reach the application server of Django itself, and nobody serves the static files',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`runserver` with `DEBUG` is the only server of Django that serves static files by itself. Under gunicorn and its like `collectstatic` collects them and nobody serves them: `/static/admin/css/base.css` is 404, and pages and the admin come without styles. A web server in front has to take them from `STATIC_ROOT`, or WhiteNoise has to be in `MIDDLEWARE`.',
  remedy:
    'Install WhiteNoise, and add `"whitenoise.middleware.WhiteNoiseMiddleware"` to `MIDDLEWARE`, behind `SecurityMiddleware`',
  references: [
    'https://docs.djangoproject.com/en/stable/howto/static-files/deployment/',
    'https://whitenoise.readthedocs.io/en/stable/django.html',
  ],
  unproven: 'The live tests publish no ports of containers',
  bad: [
    { title: 'gunicorn, published as the web server', files: image(PORT) },
    { title: 'any port, where the files are in the image alone', files: image('ports: ["8000:8000"]') },
    {
      title: 'Traefik, which has no files',
      files: image('labels: ["traefik.http.routers.web.rule=Host(`shop.example.org`)"]'),
    },
    { title: 'a Procfile', files: platform() },
    {
      title: 'uvicorn',
      files: image(PORT, {
        command: 'uvicorn --host 0.0.0.0 --port 8000 --interface wsgi shop.wsgi:application',
      }),
    },
  ],
  good: [
    {
      title: 'WhiteNoise',
      files: good(image(PORT, { settings: 'MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]' })),
    },
    {
      title: 'WhiteNoise around the application',
      files: {
        ...good(image(PORT)),
        'shop/wsgi.py': conf`
          import os
          from django.core.wsgi import get_wsgi_application
          from whitenoise import WhiteNoise
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
          application = WhiteNoise(get_wsgi_application(), root="static")
        `,
      },
    },
    {
      title: 'a URL for them',
      files: good(
        image(PORT, {
          urls: conf`
            from django.views.static import serve
            urlpatterns += [path("static/<path:path>", serve, {"document_root": "/app/static"})]
          `,
        }),
      ),
    },
    {
      title: 'another host has them',
      files: good(image(PORT, { settings: 'STATIC_URL = "https://cdn.example.net/shop/"' })),
    },
    {
      title: 'another storage',
      files: good(
        image(PORT, { settings: 'STATICFILES_STORAGE = "storages.backends.s3boto3.S3StaticStorage"' }),
      ),
    },
    {
      title: 'a volume that a web server of the host may serve',
      files: good(image('ports: ["8000:8000"]\n    volumes: ["/srv/shop/static:/app/static"]')),
    },
    {
      title: 'a proxy beside it',
      files: good(
        image('ports: ["8000:8000"]', {
          more: conf`
            front:
              image: caddy:2
              ports: ["80:80"]
          `,
        }),
      ),
    },
    { title: 'for the host alone', files: good(image('ports: ["127.0.0.1:8000:8000"]')) },
    { title: 'not published', files: good(image('expose: ["8000"]')) },
    { title: 'while it is developed', files: good(image(PORT, { settings: 'DEBUG = True' })) },
    { title: 'no pages of Django', files: good(image(PORT, { settings: 'INSTALLED_APPS = []' })) },
    {
      title: 'a Procfile with the settings of Heroku',
      files: good(
        platform({
          settings: conf`
            import django_heroku
            django_heroku.settings(locals())
          `,
        }),
      ),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      if (!SERVERS.test(program.server.program) || servesByItself(program.server)) continue
      const settings = deployment.moduleOf(program)?.settings ?? null
      if (settings === null || !wantsFiles(settings) || servesOwnStaticFiles(settings) !== false) continue
      if (!isOffInProduction(settings.get('DEBUG')) || isOfOtherHost(settings)) continue
      const opening = openingOf(deployment, program, settings)
      const middleware = settings.get('MIDDLEWARE')?.at ?? null
      if (opening === null || middleware === null || mayServe(program, settings)) continue
      yield {
        at: assignedValue(middleware),
        message: `clients reach ${programName(program)} without a web server that has files, and Django serves no static files without \`DEBUG\`: 404 for \`/static/admin/css/base.css\``,
        label: 'no WhiteNoise',
        related: [{ at: opening, message: 'clients come in here' }],
      }
    }
  },
})

const SERVERS = /^(?:gunicorn|uvicorn|hypercorn|daphne|waitress|uwsgi)$/

/** True unless the URL of static files is a path of the site. */
function isOfOtherHost(settings: DjangoSettings): boolean {
  const url = settings.get('STATIC_URL')
  return url?.known !== true || typeof url.value !== 'string' || /^(?:[a-z]+:)?\/\//i.test(url.value)
}

/** Where clients reach the server itself, and no other one may have its files; null where they do not, or may not. */
function openingOf(
  deployment: Deployment,
  program: AppServerProgram,
  settings: DjangoSettings,
): Place | null {
  if (deployment.programs.some(({ kind }) => kind === 'nginx' || kind === 'apache')) return null
  const isFronted = deployment.connections.all.some(({ targets }) =>
    targets.some(target => serverBehind(target) === program),
  )
  if (isFronted) return null
  return program.machine.container === null ? ofPlatform(program) : ofContainer(program, settings)
}

function ofPlatform({ server, machine }: AppServerProgram): Place | null {
  const { source } = server.at
  if (posix.basename(source.path) !== 'Procfile' || !isHeroku(machine.files, source)) return null
  const entry = entryAt(source, server.at.start)
  return entry?.name === 'web' ? entry.at : null
}

function ofContainer({ machine }: AppServerProgram, settings: DjangoSettings): Place | null {
  const { container } = machine
  if (container === null || container.isAlone || !container.service.complete) return null
  const { service, project, mounts } = container
  if (isForDevelopmentFile(service.at.source.path)) return null
  const isBehindOther = [...project.services.values()].some(
    each => each.name !== service.name && isProxyService(each) && !isTraefik(each.image),
  )
  if (isBehindOther || givenVariables(service).some(({ name }) => name === 'VIRTUAL_HOST')) return null
  const route = service.labels.find(({ name }) => /^traefik\.http\.routers\.[^.]+\.rule$/.test(name))
  const port = service.ports.find(each => isEveryAddress(each) && each.published?.known === true)
  if (port === undefined) return route?.at ?? null
  const number = port.published?.known === true ? port.published.value.first : null
  if (number === 80 || number === 443) return port.at
  // What a mount has, a web server of the host may serve.
  const files = directoryOfUrl(settings, 'STATIC')
  const isKept =
    files === null ||
    mounts.some(
      ({ target, from }) =>
        from !== 'COPY' && (isBelow(files.directory, target) || isBelow(target, files.directory)),
    )
  return isKept ? null : port.at
}

const isTraefik = (image: { readonly known: boolean; readonly value?: string } | null): boolean =>
  image?.known === true && /(?:^|\/)traefik(?::|$)/.test(image.value ?? '')

/** True where the project may serve the files by other ways than its middleware, or its modules are not seen. */
function mayServe({ machine }: AppServerProgram, settings: DjangoSettings): boolean {
  const { files } = machine
  return firstInProject(files, settings, /./) === null || firstInProject(files, settings, SERVES) !== null
}

const SERVES =
  /whitenoise|servestatic|dj[_-]static|\bCling\b|StaticFilesHandler|\bStaticFiles\(|views\.static|views import static|import serve\b|django_(?:on_)?heroku|staticfiles\.views/i
