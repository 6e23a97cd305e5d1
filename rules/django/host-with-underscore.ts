import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { proxyTarget } from '../../src/servers/nginx/queries/proxy-target.ts'
import { djangoConnections } from './_connections.ts'
import { djangoProject } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { djangoBehindNginx } from './_examples.ts'

const SETTINGS = 'ALLOWED_HOSTS = ["*"]\n'
const tree = (headers: string, marked = false): Record<string, string> => {
  const files = djangoBehindNginx({ settings: SETTINGS, headers })
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      text
        .replace('  web:\n', '  shop_web:\n')
        .replace('http://web:8000', marked ? '«http://shop_web:8000»' : 'http://shop_web:8000'),
    ]),
  )
}

/** gunicorn of a unit that gets its secrets from a file. */
const unitWithSecrets = (more: Record<string, string>): Record<string, string> => ({
  ...djangoProject(SETTINGS),
  'opt/shop/shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    application = get_wsgi_application()
  `,
  'etc/systemd/system/shop.service': serviceUnit(
    '/opt/shop/venv/bin/gunicorn --bind unix:/run/shop/shop.sock shop.wsgi',
    conf`
      WorkingDirectory=/opt/shop
      RuntimeDirectory=shop
      EnvironmentFile=/opt/secrets/shop.env
    `,
  ),
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        upstream shop_server {
            server unix:/run/shop/shop.sock;
        }
        server {
            listen 80;
            location / {
                proxy_pass «http://shop_server»;
            }
        }
    }
  `,
  ...more,
})

export default defineRule({
  summary: 'nginx sends Django a Host that no host may have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `proxy_set_header Host` nginx sends the name of the upstream. No host name has an underscore, and Django answers 400 to one that has: `The domain name provided is not valid according to RFC 1034/1035`. `ALLOWED_HOSTS` does not help.',
  remedy: 'Write `proxy_set_header Host $host`, or call the service and the upstream with a hyphen',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/request-response/#django.http.HttpRequest.get_host',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  ],
  bad: [
    { title: 'a service', files: tree('', true) },
    {
      title: 'a unit whose file of variables is not in the audit',
      files: unitWithSecrets({}),
    },
    {
      title: 'an upstream',
      files: {
        ...djangoBehindNginx({ settings: SETTINGS, headers: '', pass: '' }),
        'nginx/site.conf': conf`
          upstream shop_server {
              server web:8000;
          }
          server {
              listen 80;
              location / {
                  proxy_pass «http://shop_server»;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'a unit whose file of variables may name other settings',
      files: unitWithSecrets({ 'opt/shop/shop/settings_production.py': 'from shop.settings import *\n' }),
    },
    { title: 'the Host of the client', files: tree('proxy_set_header Host $host;') },
    { title: 'a name without an underscore', files: djangoBehindNginx({ settings: SETTINGS, headers: '' }) },
    {
      title: 'the host of another header',
      files: tree('proxy_set_header X-Forwarded-Host $host;'),
    },
  ],
  *check(deployment) {
    for (const { connection, settings } of djangoConnections(deployment)) {
      const { pass, headers, server } = connection
      if (pass.name !== 'proxy_pass' || headers.open) continue
      const host = headers.written.findLast(({ name }) => name === 'host')
      if (host !== undefined && host.value !== '$proxy_host') continue
      const forwarded = settings.get('USE_X_FORWARDED_HOST')
      if (
        headers.written.some(({ name }) => name === 'x-forwarded-host') ||
        (forwarded !== null && !(forwarded.known && forwarded.value === false))
      )
        continue
      const target = proxyTarget(server.configuration, pass)
      if (!target.known || !/^[^:/]*_/.test(target.value.proxyHost)) continue
      yield {
        at: argumentPlace(pass, 0),
        message: `nginx sends \`Host: ${target.value.proxyHost}\`, and Django answers 400 to a name with an underscore, whatever \`ALLOWED_HOSTS\` says`,
        label: 'this name is sent as Host',
        help: 'Write `proxy_set_header Host $host`',
      }
    }
  },
})
