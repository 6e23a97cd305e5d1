import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain, virtualHost, wsgiApplication, djangoProject } from '../_examples.ts'
import { firstInProject } from '../django/_project-sources.ts'
import { djangoProjects } from '../django/_projects.ts'
import { entryPlace, settingValue } from '../django/_setting-entries.ts'

const tree = (settings: string, view = 'len(request.body)'): Record<string, string> => ({
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
  'opt/shop/shop/urls.py': conf`
    from django.urls import path
    from . import views
    urlpatterns = [path("", views.add)]
  `,
  'opt/shop/shop/views.py': conf`
    from django.http import HttpResponse
    from django.views.decorators.csrf import csrf_exempt

    @csrf_exempt
    def add(request):
        # request.FILES has nothing
        return HttpResponse(str(${view}))
  `,
  ...djangoProject(settings),
})

/** Both limits of Django, in bytes, where nothing sets them. */
const DEFAULT = 2_621_440

export default defineRule({
  summary: '`FILE_UPLOAD_MAX_MEMORY_SIZE` is raised, which limits no request body',
  severity: 'warning',
  otherSeverities: { info: 'where no view is seen to take much: none decodes a file or makes many rows' },
  confidence: 'medium',
  since: '0.1.0',
  why: '`FILE_UPLOAD_MAX_MEMORY_SIZE` says from which size on Django keeps an uploaded file on disk and not in memory: no upload is refused for it. What Django refuses is a body without files, JSON or the fields of a form, above `DATA_UPLOAD_MAX_MEMORY_SIZE`, 2.5 MiB by itself: RequestDataTooBig, 400.',
  remedy: 'Set `DATA_UPLOAD_MAX_MEMORY_SIZE`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#data-upload-max-memory-size',
    'https://docs.djangoproject.com/en/stable/ref/settings/#file-upload-max-memory-size',
  ],
  bad: [
    {
      title: 'bodies that a view reads as they are',
      files: tree('FILE_UPLOAD_MAX_MEMORY_SIZE = «20 * 1024 * 1024»'),
    },
  ],
  good: [
    { title: 'the other limit', files: tree('DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024') },
    {
      title: 'both of them',
      files: tree(conf`
        FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
        DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
      `),
    },
    {
      title: 'an application that takes files alone',
      files: tree('FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024', 'request.FILES["photo"].size'),
    },
    { title: 'less than by itself', files: tree('FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024') },
    { title: 'bodies, and no setting', files: tree('DEBUG = False') },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      const size = settingValue(settings, 'FILE_UPLOAD_MAX_MEMORY_SIZE')
      if (typeof size !== 'number' || size <= DEFAULT) continue
      if (settings.names.has('DATA_UPLOAD_MAX_MEMORY_SIZE') || settings.limit !== null) continue
      const at = entryPlace(settings, 'FILE_UPLOAD_MAX_MEMORY_SIZE', [], 'value')
      const read = at === null ? null : firstInProject(files, settings, /\brequest\.body\b/)
      if (at === null || read === null) continue
      const isLarge = firstInProject(files, settings, LARGE) !== null
      yield {
        at,
        ...(!isLarge && { severity: 'info' as const }),
        message: `no body is refused for \`FILE_UPLOAD_MAX_MEMORY_SIZE\`, and those without files are above ${DEFAULT} bytes, as \`DATA_UPLOAD_MAX_MEMORY_SIZE\` is not set: RequestDataTooBig`,
        label: 'from here on files go to disk',
        related: [{ at: read, message: 'reads a body that is no file' }],
        help: `Write \`DATA_UPLOAD_MAX_MEMORY_SIZE = ${at.source.text.slice(at.start, at.end)}\``,
      }
    }
  },
})

/** What reads a file out of a body that is none: of an editor, an application for telephones, or an API. */
const LARGE = /\bb64decode\(|\bbulk_create\(/
