import type { Application, Deployment } from '../../src/deployment/model.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, djangoProject, virtualHost, wsgiApplication } from '../_examples.ts'

const tree = (options = '', settings = 'MEDIA_ROOT = "/opt/shop/media"'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:9000
      ${virtualHost(wsgiApplication('shop', options))}
    `,
    ['wsgi'],
  ),
  ...djangoProject(settings),
  'opt/shop/shop/__init__.py': '',
  'opt/shop/shop/urls.py': conf`
    from django.http import HttpResponse
    from django.urls import re_path


    def save(request):
        open("/tmp/\u00e4.pdf", "w").close()
        return HttpResponse("saved")


    urlpatterns = [re_path("", save)]
  `,
})

export default defineRule({
  summary: 'Python cannot write a file whose name has other letters than those of ASCII',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: "Python takes the encoding of file names from the locale in which its process starts, and `LANG=C`, as Debian’s `envvars` has it for Apache, is ASCII. An upload named `Übersicht.pdf` ends in `UnicodeEncodeError: 'ascii' codec can’t encode character`, and the client gets 500. `manage.py runserver` starts in the locale of a login, where all is well.",
  remedy:
    'Write `lang=C.UTF-8 locale=C.UTF-8` into the `WSGIDaemonProcess`, or `export LANG=C.UTF-8` into `envvars`',
  references: [
    'https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/modwsgi/#fixing-unicodeencodeerror-for-file-uploads',
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html',
  ],
  bad: [{ title: 'the locale of the daemon process', files: tree('lang=«C»') }],
  good: [
    { title: 'UTF-8 for the daemon process', files: tree('lang=C.UTF-8') },
    { title: 'nothing is known of the locale', files: tree() },
    { title: 'no uploads', files: tree('lang=C', '') },
    {
      title: 'uploads go elsewhere',
      files: tree(
        'lang=C',
        conf`
          MEDIA_ROOT = "/opt/shop/media"
          DEFAULT_FILE_STORAGE = "storages.backends.s3.S3Storage"
        `,
      ),
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const locale = localeOf(application)
      if (locale === null || !/^(?:C|POSIX)$/.test(locale.value) || !savesUploads(deployment, application))
        continue
      yield {
        at: locale.at,
        message: `\`${locale.value}\` is ASCII, so an upload whose name has an umlaut ends in \`UnicodeEncodeError\``,
        related: [{ at: application.alias.scriptAt, message: 'this application saves uploads' }],
      }
    }
  },
})

interface Locale {
  readonly value: string
  readonly at: Place
}

/** The locale in which the Python of an application starts; null where nobody knows it. */
function localeOf({ configuration, daemon, processGroup }: Application): Locale | null {
  if (!processGroup.known || (daemon === null && processGroup.value !== '')) return null
  for (const name of ['locale', 'lang']) {
    const option = daemon?.options.get(name)
    if (option !== undefined)
      return option.value.known ? { value: option.value.value, at: option.valueAt } : null
  }
  const { variables, complete } = configuration.environment ?? { variables: new Map(), complete: false }
  if (!complete || variables.has('PYTHONUTF8')) return null
  for (const name of ['LC_ALL', 'LC_CTYPE', 'LANG']) {
    const variable = variables.get(name)
    if (variable === undefined) continue
    return variable.known && variable.at !== null ? { value: variable.value, at: variable.at } : null
  }
  return null
}

/** True where Django writes what clients send into a directory, under the name that they gave it. */
function savesUploads(deployment: Deployment, application: Application): boolean {
  const names = deployment.pythonOf(application)?.settings?.names
  return names?.has('MEDIA_ROOT') === true && !names.has('DEFAULT_FILE_STORAGE') && !names.has('STORAGES')
}
