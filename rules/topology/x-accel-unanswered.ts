import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { redirectsBehind } from '../access/_x-accel.ts'

const tree = (location: string, view = 'f"«/protected/»{number}.txt"'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:8000;
          proxy_set_header Host $host;
      }
      location ${location} {
          internal;
          alias /srv/invoices/;
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
  `,
  'srv/shop/shop/urls.py': conf`
    from django.urls import path
    from shop.views import invoice

    urlpatterns = [path("invoices/<int:number>/", invoice)]
  `,
  'srv/shop/shop/views.py': conf`
    from django.http import HttpResponse


    def invoice(request, number):
        response = HttpResponse()
        response["X-Accel-Redirect"] = ${view}
        return response
  `,
})

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
    { title: 'a location of an expression', files: tree('~ ^/protected/') },
    { title: 'a path that a variable begins', files: tree('/private/', 'f"{base}/{number}.txt"') },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      const { block, server, pass } = connection
      if (block.name !== 'location') continue
      for (const { path, at } of redirectsBehind(deployment, connection)) {
        if (path === '/') continue
        const answer = askServer(deployment, server, `${path}${MISSING}.pdf`)
        if (answer?.end.kind !== 'pass') continue
        const location = answer.steps.findLast(({ kind }) => kind === 'location')?.directive
        if (location !== block) continue
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
