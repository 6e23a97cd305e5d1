import type { Application } from '../../src/deployment/build/applications.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { frontsOf } from '../../src/deployment/fronts-of.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Fact } from '../../src/servers/fact.ts'

const tree = (limit: string, settings: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': `events {\n}\nhttp {\n    server {\n        listen 80;\n        server_name example.org;\n        client_max_body_size ${limit};\n        location / {\n            proxy_pass http://127.0.0.1:9000;\n            proxy_set_header Host $host;\n        }\n    }\n}\n`,
  'etc/apache2/apache2.conf':
    'ServerRoot /etc/apache2\nErrorLog /var/log/apache2/error.log\nLoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so\nLoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\nLoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so\nListen 127.0.0.1:9000\n<VirtualHost 127.0.0.1:9000>\n    ServerName example.org\n    WSGIDaemonProcess shop python-path=/opt/shop\n    WSGIScriptAlias / /opt/shop/shop/wsgi.py process-group=shop application-group=%{GLOBAL}\n    <Directory /opt/shop>\n        Require all granted\n    </Directory>\n</VirtualHost>\n',
  'opt/shop/shop/wsgi.py':
    'import os\nfrom django.core.wsgi import get_wsgi_application\nos.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"\napplication = get_wsgi_application()\n',
  'opt/shop/shop/urls.py':
    'from django.http import HttpResponse\nfrom django.urls import path\nfrom django.views.decorators.csrf import csrf_exempt\nurlpatterns = [path("", csrf_exempt(lambda request: HttpResponse(str(len(request.body)))))]\n',
  'opt/shop/shop/settings.py': `SECRET_KEY = "example"\nALLOWED_HOSTS = ["example.org"]\nROOT_URLCONF = "shop.urls"\n${settings}`,
})

/** Django's own limit for what is no file. */
const DEFAULT = 2_621_440

export default defineRule({
  summary: 'Django refuses bodies that nginx takes',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Django answers 400 to a form or a JSON document above `DATA_UPLOAD_MAX_MEMORY_SIZE`, after nginx has stored all of it. Files of a form are not counted.',
  remedy: 'Raise `DATA_UPLOAD_MAX_MEMORY_SIZE`, or lower `client_max_body_size` where no files are uploaded',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#data-upload-max-memory-size',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
  ],
  bad: [
    {
      title: 'an application without uploads, and its own limit',
      files: tree('«20m»', 'DEBUG = False\n'),
    },
    {
      title: 'a limit that is written on both sides',
      files: tree('«20m»', 'MEDIA_ROOT = "/opt/shop/media"\nDATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024\n'),
    },
  ],
  good: [
    { title: 'as much in both', files: tree('20m', 'DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024\n') },
    {
      title: 'room for files, which Django does not count',
      files: tree('20m', 'MEDIA_ROOT = "/opt/shop/media"\n'),
    },
    { title: 'no limit in Django', files: tree('20m', 'DATA_UPLOAD_MAX_MEMORY_SIZE = None\n') },
  ],
  *check(deployment) {
    const said = new Set<unknown>()
    for (const application of deployment.applications) {
      const inner = memoryLimit(deployment, application)
      if (inner?.known !== true) continue
      for (const hop of [...frontsOf(application).values()].flat()) {
        const limit = hop.bodyLimit
        if (limit === null || limit.directive === null || said.has(limit.directive.node)) continue
        if (limit.value !== 0 && limit.value <= inner.value) continue
        said.add(limit.directive.node)
        yield {
          at: argumentPlace(limit.directive, 0),
          message: `nginx takes request bodies of ${limit.value === 0 ? 'any size' : `${limit.value} bytes`}, and Django answers 400 to those above ${inner.value} that are no files`,
          related: inner.at === null ? [] : [{ at: inner.at, message: 'Django’s limit' }],
        }
      }
    }
  },
})

/** Django's limit; null where it has none, or where its default meets a site that takes files. */
function memoryLimit(deployment: Deployment, application: Application): Fact<number> | null {
  const settings = deployment.pythonOf(application)?.settings ?? null
  const size = settings?.get('DATA_UPLOAD_MAX_MEMORY_SIZE')
  if (settings === null || size === undefined) return null
  if (size === null)
    return settings.get('MEDIA_ROOT') === null ? { known: true, value: DEFAULT, at: null } : null
  return size.known && typeof size.value === 'number' ? { ...size, value: size.value } : null
}
