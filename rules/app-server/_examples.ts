import { conf } from '../../src/engine/conf.ts'
import { nginxMain, nginxServer, proxiedServer } from '../_examples.ts'

/** A unit that starts a server in `/etc/shop`, the one directory of applications that examples know whole. */
export const serviceUnit = (command: string, lines = ''): string => conf`
  [Service]
  User=www-data
  WorkingDirectory=/etc/shop
  ${lines}
  ExecStart=${command}
`

/** nginx in front of what a unit starts. */
export const behindNginx = (
  unit: string,
  files: Readonly<Record<string, string>> = {},
  backend = '127.0.0.1:8000',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer('', backend)),
  'etc/systemd/system/shop.service': unit,
  ...files,
})

/** A script that Django itself writes. */
export const WSGI = /* @__PURE__ */ conf`
  import os
  from django.core.wsgi import get_wsgi_application
  os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  application = get_wsgi_application()
`

/** nginx in front of an application that uWSGI of Debian starts; `lines` are those of its `[uwsgi]`. */
export const uwsgiApplication = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          include /etc/nginx/uwsgi_params;
          uwsgi_pass unix:/run/uwsgi-shop/shop.sock;
      }
    `),
  ),
  'etc/nginx/uwsgi_params': conf`
    uwsgi_param REQUEST_METHOD $request_method;
    uwsgi_param PATH_INFO $document_uri;
    uwsgi_param SERVER_NAME $server_name;
    uwsgi_param SERVER_PORT $server_port;
  `,
  'etc/uwsgi/apps-enabled/shop.ini': conf`
    [uwsgi]
    socket = /run/uwsgi-shop/shop.sock
    chmod-socket = 666
    ${lines}
  `,
})
