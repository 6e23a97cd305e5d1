import { conf } from '../../src/engine/conf.ts'

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
