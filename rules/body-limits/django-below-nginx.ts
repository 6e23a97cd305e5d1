import { valueOrNull } from '../../src/servers/fact.ts'
import type { Application, Deployment } from '../../src/deployment/model.ts'
import { frontsOf } from '../../src/deployment/fronts-of.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  djangoProject,
  modWsgiMain,
  nginxMain,
  proxiedServer,
  virtualHost,
  wsgiApplication,
} from '../_examples.ts'
import type { Fact } from '../../src/servers/fact.ts'

const tree = (limit: string, settings: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer(`client_max_body_size ${limit};`)),
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
  'opt/shop/shop/urls.py': conf`
    from django.http import HttpResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt
    urlpatterns = [path("", csrf_exempt(lambda request: HttpResponse(str(len(request.body)))))]
  `,
  ...djangoProject(settings),
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
      files: tree('«20m»', 'DEBUG = False'),
    },
    {
      title: 'a limit that is written on both sides',
      files: tree(
        '«20m»',
        conf`
          MEDIA_ROOT = "/opt/shop/media"
          DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
        `,
      ),
    },
  ],
  good: [
    { title: 'as much in both', files: tree('20m', 'DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024') },
    {
      title: 'room for files, which Django does not count',
      files: tree('20m', 'MEDIA_ROOT = "/opt/shop/media"'),
    },
    { title: 'no limit in Django', files: tree('20m', 'DATA_UPLOAD_MAX_MEMORY_SIZE = None') },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const inner = memoryLimit(deployment, application)
      if (inner?.known !== true) continue
      for (const connection of [...frontsOf(deployment, application).values()].flat()) {
        const limit = valueOrNull(connection.bodyLimit)
        if (limit === null || limit.directive === null) continue
        if (limit.value !== 0 && limit.value <= inner.value) continue
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
