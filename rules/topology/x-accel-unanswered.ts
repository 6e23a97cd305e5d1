import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { locationsOf, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { redirectsBehind } from '../access/_x-accel.ts'

const tree = (
  location: string,
  view = 'f"«/protected/»{number}.txt"',
  { settings = '', alias = '/srv/invoices/', before = '' } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:8000;
          proxy_set_header Host $host;
      }
      location ${location} {
          internal;
          alias ${alias};
      }
    `),
  ),
  'etc/systemd/system/shop.service': conf`
    [Service]
    WorkingDirectory=/srv/shop
    ExecStart=/usr/bin/gunicorn shop.wsgi
  `,
  'srv/invoices/1.txt': 'an invoice\n',
  'srv/shop/shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    application = get_wsgi_application()
  `,
  'srv/shop/shop/settings.py': conf`
    ALLOWED_HOSTS = ["example.org"]
    ROOT_URLCONF = "shop.urls"
    ${settings}
  `,
  'srv/shop/shop/models.py': conf`
    from django.db import models


    class Invoice(models.Model):
        scan = models.FileField(upload_to="%Y")
  `,
  'srv/shop/shop/urls.py': conf`
    from django.urls import path
    from shop.views import invoice

    urlpatterns = [path("invoices/<int:number>/", invoice)]
  `,
  'srv/shop/shop/views.py': conf`
    import os
    from django.conf import settings
    from django.http import HttpResponse


    def invoice(request, number):
        response = HttpResponse()
        ${before}
        response["X-Accel-Redirect"] = ${view}
        return response
  `,
})

const INVOICE = 'invoice = Invoice.objects.get(pk=number)'

const php = (script: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      location / {
          try_files $uri /index.php;
      }
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php8.2-fpm.sock;
      }
      location /files/ {
          internal;
          alias /srv/files/;
      }
    `),
  ),
  'etc/nginx/fastcgi_params': 'fastcgi_param QUERY_STRING $query_string;\n',
  'srv/www/index.php': '<?php echo "page";\n',
  'srv/www/download.php': script,
})

export default defineRule({
  summary: 'The application has nginx send a file of a location that is not there',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx takes the path of `X-Accel-Redirect` as a request of its own, and looks for its location. Where there is none for it, `location /` takes it back to the application, which has no such page: the client gets 404 in place of the file.',
  remedy: 'Write a location for the path, with `internal;` and the directory of the files',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#internal',
  ],
  bad: [
    { title: 'a location by another name', files: tree('/private/') },
    {
      title: 'the path of the file on the disk',
      files: tree('/private/', '«quote(invoice.scan.path)»', { before: INVOICE }),
    },
    {
      title: 'a path of the disk in a variable',
      files: tree('/private/', '«target»', { before: `${INVOICE}\ntarget = invoice.scan.path` }),
    },
    {
      title: 'the directory of the settings',
      files: tree('/private/', '«os.path.join(settings.INVOICES, f"{number}.txt")»', {
        settings: 'INVOICES = "/srv/invoices"',
      }),
    },
    {
      title: 'a script of PHP that gives its own directory',
      files: php(
        `<?php\nheader('X-Accel-Redirect: ' . «__DIR__» . '/../files/' . basename($_GET['file']));\n`,
      ),
    },
    {
      title: 'a script of PHP',
      files: php(`<?php\nheader('X-Accel-Redirect: «/protected/»' . basename($_GET['file']));\n`),
    },
  ],
  good: [
    {
      title: 'a script of PHP that names the location, and a comment',
      files: php(
        `<?php\n// header('X-Accel-Redirect: /protected/x');\nheader('X-Accel-Redirect: /files/' . $name);\n`,
      ),
    },
    { title: 'the location', files: tree('/protected/') },
    { title: 'the name of the file', files: tree('/private/', '"/private/" + quote(invoice.scan.name)') },
    {
      title: 'a location by the name of the directory',
      files: tree('/srv/invoices/', 'invoice.scan.path'),
    },
    {
      title: 'all of the disk below a location',
      files: tree('/srv/', 'invoice.scan.path', { alias: '/srv/' }),
    },
    {
      title: 'a location of an expression, for paths of the disk',
      files: tree('~ ^(/srv/invoices/.*)', 'invoice.scan.path', { alias: '$1' }),
    },
    {
      title: 'a path that another takes its beginning from',
      files: tree('/private/', 'invoice.scan.path.replace("/srv/invoices", "/private")'),
    },
    { title: 'the path of a request', files: tree('/private/', 'request.path') },
    {
      title: 'a URL of the settings',
      files: tree('/private/', 'settings.INVOICES + f"{number}.txt"', { settings: 'INVOICES = "/private/"' }),
    },
    { title: 'a location of an expression', files: tree('~ ^/protected/') },
    { title: 'a path that a variable begins', files: tree('/private/', 'f"{base}/{number}.txt"') },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      const { block, server, pass } = connection
      if (block.name !== 'location') continue
      const comesBack = (path: string): boolean => {
        const answer = askServer(deployment, server, `${path}${MISSING}.pdf`)
        return (
          answer?.end.kind === 'pass' &&
          answer.steps.findLast(({ kind }) => kind === 'location')?.directive === block
        )
      }
      for (const { path, at } of redirectsBehind(deployment, connection)) {
        if (path === null) {
          const directories = internalDirectories(server)
          const [first] = directories ?? []
          if (first === undefined || directories?.every(({ directory }) => comesBack(directory)) !== true)
            continue
          yield {
            at,
            message: `nginx takes this path of the disk for a URL: no location is there for \`${first.directory}…\`, so nginx takes the request back to the application`,
            label: 'a path of the disk',
            related: [
              { at: first.at, message: 'the URL of the files begins with the name of this location' },
              { at: argumentPlace(pass, 0), message: 'takes it back' },
            ],
            help: `Give nginx \`${first.name.replace(/\/*$/, '/')}\` and the name of the file below its directory`,
          }
          continue
        }
        if (path === '/' || !comesBack(path)) continue
        yield {
          at,
          message: `no location is there for \`${path}…\`, so nginx takes the request back to the application`,
          label: 'given to nginx',
          related: [{ at: argumentPlace(pass, 0), message: 'takes it back' }],
        }
      }
    }
  },
})

interface InternalDirectory {
  /** Of the location. */
  readonly name: string
  /** With a slash at its end. */
  readonly directory: string
  readonly at: Place
}

/** What the locations for `X-Accel-Redirect` deliver; null where one of them is an expression or leads elsewhere. */
const internalDirectories = memo(
  ({ configuration, directive }: NginxServer): readonly InternalDirectory[] | null => {
    const found: InternalDirectory[] = []
    for (const location of locationsOf(directive)) {
      const internal = location.children.find(({ name }) => name === 'internal')
      const { modifier, name } = readLocation(location)
      if (internal === undefined || modifier === '@' || modifier === '=') continue
      const base = modifier === '~' || modifier === '~*' ? null : fileBase(configuration, location)
      if (base?.known !== true || isComputed(base.value.path) || !base.value.path.startsWith('/')) return null
      const { kind, path } = base.value
      const directory = (kind === 'alias' ? path : path + name).replace(/\/+/g, '/').replace(/\/*$/, '/')
      found.push({ name, directory, at: argumentPlace(location, location.args.length - 1) })
    }
    return found
  },
)
