import { conf } from '../../src/engine/conf.ts'
import { modWsgiMain } from '../_examples.ts'

/** The main file of examples in which several Django projects run. */
export const MAIN = modWsgiMain()
/** The virtual host of one of them; a mark stands around its script. */
export const host = (name: string, lines: string, mark = false): string => conf`
  <VirtualHost *:9000>
      ServerName ${name}.example.org
      ${lines}
      WSGIScriptAlias / ${mark ? '«' : ''}/opt/${name}/${name}/wsgi.py${mark ? '»' : ''}
      <Directory /opt/${name}>
          Require all granted
      </Directory>
  </VirtualHost>
`
/**
 * A Django project whose only page says its name.
 *
 * @param sets the line of its script that says which settings it has
 */
export const project = (
  name: string,
  sets = `os.environ["DJANGO_SETTINGS_MODULE"] = "${name}.settings"`,
): Record<string, string> => ({
  [`opt/${name}/${name}/wsgi.py`]: conf`
    import os
    import sys

    sys.path.insert(0, "/opt/${name}")
    ${sets}

    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
  `,
  [`opt/${name}/${name}/__init__.py`]: '',
  [`opt/${name}/${name}/settings.py`]: conf`
    SECRET_KEY = "${name}"
    ALLOWED_HOSTS = [".example.org"]
    ROOT_URLCONF = "${name}.urls"
  `,
  [`opt/${name}/${name}/urls.py`]: conf`
    from django.http import HttpResponse
    from django.urls import re_path


    def page(request):
        return HttpResponse("${name}")


    urlpatterns = [re_path("", page)]
  `,
})
