import { conf } from '../../src/engine/conf.ts'
import { apacheMain, djangoProject, modWsgiMain, nginxMain, virtualHost } from '../_examples.ts'

const SCRIPT = /* @__PURE__ */ conf`
  import os
  from django.core.wsgi import get_wsgi_application
  os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  application = get_wsgi_application()
`

/** A project of Django that gunicorn runs in a container, and nginx in one beside it. */
export const djangoBehindNginx = ({
  settings,
  site = '',
  environment = '',
  listen = '80',
  headers = 'proxy_set_header Host $host;',
  pass = 'web:8000',
  command = 'gunicorn --bind 0.0.0.0:8000 shop.wsgi',
}: {
  readonly settings: string
  readonly site?: string
  readonly environment?: string
  readonly listen?: string
  readonly headers?: string
  readonly pass?: string
  readonly command?: string
}): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: ./web
        command: ${command}
        ${environment}
      nginx:
        image: nginx:1.27
        volumes:
          - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
  `,
  'nginx/site.conf': conf`
    server {
        listen ${listen};
        server_name example.org;
        ${site}
        location / {
            proxy_pass http://${pass};
            ${headers}
        }
    }
  `,
  'web/Dockerfile': conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
  `,
  'web/shop/__init__.py': '',
  'web/shop/wsgi.py': SCRIPT,
  'web/shop/settings.py': settings,
})

/** The lines of a server that terminates TLS. */
export const TLS = /* @__PURE__ */ conf`
  ssl_certificate /etc/nginx/tls/a.pem;
  ssl_certificate_key /etc/nginx/tls/a.key;
`

export const TLS_HEADERS = /* @__PURE__ */ conf`
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-Proto $scheme;
`

/** A project of Django that gunicorn runs as a service, and Apache in front of it. */
export const djangoBehindProxyPass = (
  settings: string,
  lines: string | readonly string[] = '',
  { tls = true, pass = 'http://127.0.0.1:8000/' } = {},
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen ${tls ? '443' : '80'}
      <VirtualHost *:${tls ? '443' : '80'}>
          ServerName example.org
          ServerAlias www.example.org
          ${tls ? APACHE_TLS : ''}
          ${lines}
          ProxyPass / ${pass}
      </VirtualHost>
    `,
    ['ssl', 'socache_shmcb', 'alias', 'rewrite', 'proxy', 'proxy_http', 'headers'],
  ),
  'etc/systemd/system/shop.service': conf`
    [Unit]
    Description=shop
    [Service]
    User=www-data
    WorkingDirectory=/opt/shop
    ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
    [Install]
    WantedBy=multi-user.target
  `,
  'opt/shop/shop/__init__.py': '',
  'opt/shop/shop/wsgi.py': SCRIPT,
  'opt/shop/shop/settings.py': settings,
})

const APACHE_TLS = /* @__PURE__ */ conf`
  SSLEngine on
  SSLCertificateFile /etc/ssl/example.org.pem
  SSLCertificateKeyFile /etc/ssl/example.org.key
`

/** A project of Django that mod_wsgi runs, and nginx in front of it on the same machine. */
export const djangoInApache = ({
  settings = '',
  listen = '80',
  server = 'server',
  site = '',
  location = 'location',
  headers = 'proxy_set_header Host $host;',
  apache = '',
}: {
  readonly settings?: string
  readonly listen?: string
  readonly server?: string
  readonly site?: string
  readonly location?: string
  readonly headers?: string
  readonly apache?: string
}): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    ${server} {
        listen ${listen};
        server_name example.org;
        ${site}
        ${location} / {
            proxy_pass http://127.0.0.1:9000;
            ${headers}
        }
    }
  `),
  'etc/apache2/apache2.conf': modWsgiMain(
    virtualHost(conf`
      ${apache}
      WSGIDaemonProcess shop python-path=/opt/shop
      WSGIScriptAlias / /opt/shop/shop/wsgi.py process-group=shop application-group=%{GLOBAL}
      <Directory /opt/shop>
          Require all granted
      </Directory>
    `),
    ['alias', 'setenvif', 'headers', 'rewrite'],
  ),
  ...djangoProject(settings),
  'opt/shop/shop/__init__.py': '',
  'opt/shop/shop/urls.py': conf`urlpatterns = []`,
})

/** A project of Django that mod_wsgi runs, to which clients come by themselves. */
export const djangoWithoutNginx = ({
  settings = '',
  apache = '',
  port = '80',
}: {
  readonly settings?: string
  readonly apache?: string
  readonly port?: string
}): Record<string, string> => {
  const files = djangoInApache({ settings, apache })
  return {
    ...Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith('etc/nginx/'))),
    'etc/apache2/apache2.conf': files['etc/apache2/apache2.conf']!.replace(
      'Listen 127.0.0.1:9000',
      `Listen ${port}`,
    ).replace('127.0.0.1:9000', `*:${port}`),
  }
}

/** The container of the application behind Traefik. */
export const behindTraefik = /* @__PURE__ */ (
  files: Readonly<Record<string, string>>,
  command = 'gunicorn --bind 0.0.0.0:8000 shop.wsgi',
): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(files).filter(([path]) => path !== 'nginx/site.conf')),
  'docker-compose.yml': `services:
  web:
    build: ./web
    command: ${command}
    labels:
      - traefik.enable=true
      - traefik.http.routers.shop.rule=Host(\`example.org\`)
      - traefik.http.routers.shop.tls.certresolver=le
      - traefik.http.services.shop.loadbalancer.server.port=8000
`,
})

/** The container of the application behind the one of Caddy. */
export const behindCaddy = /* @__PURE__ */ (
  files: Readonly<Record<string, string>>,
  site = 'example.org {\n\treverse_proxy web:8000\n}\n',
  command = 'gunicorn --bind 0.0.0.0:8000 shop.wsgi',
): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(files).filter(([path]) => path !== 'nginx/site.conf')),
  'docker-compose.yml': `services:
  caddy:
    image: caddy:2
    ports: ["80:80", "443:443"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
  web:
    build: ./web
    command: ${command}
`,
  Caddyfile: site,
})
