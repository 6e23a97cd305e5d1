import { memo } from '../../parsers/collections/memo.ts'
import { jsTokens } from '../../parsers/javascript/tokens.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { projectDirectory, type DjangoSettings } from '../../src/deployment/django/settings.ts'
import { pythonFiles } from '../../src/deployment/django/scheduled-tasks.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer, isOpen } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const site = (location: string, lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:8000;
          proxy_set_header Host $host;
      }
      location ${location} {
          ${lines}
          alias /srv/invoices/;
      }
    `),
  ),
  'etc/systemd/system/shop.service': conf`
    [Service]
    WorkingDirectory=/srv/shop
    ExecStart=/usr/bin/gunicorn shop.wsgi
  `,
  'srv/invoices/1.pdf': 'an invoice\n',
})
const django = (view: string, settings = ''): Record<string, string> => ({
  'srv/shop/shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    application = get_wsgi_application()
  `,
  'srv/shop/shop/settings.py': conf`
    ALLOWED_HOSTS = ["example.org"]
    ${settings}
  `,
  'srv/shop/shop/views.py': conf`
    from django.contrib.auth.decorators import login_required
    from django.http import HttpResponse

    @login_required
    def invoice(request, number):
        response = HttpResponse(content_type="application/pdf")
        ${view}
        return response
  `,
})
const F_TEXT = 'response["X-Accel-Redirect"] = f"/protected/{number}.pdf"'

export default defineRule({
  summary: 'Files that the application gives out after a check can be asked for directly',
  severity: 'warning',
  otherSeverities: { info: 'where the name of the location does not say that it is closed' },
  confidence: 'high',
  securitySeverity: 6.5,
  cwe: [425],
  since: '0.1.0',
  why: 'By `X-Accel-Redirect` the application has nginx send a file of a location. Without `internal` the location answers requests of clients, too: whoever knows or guesses the URL has the file, and the application is not asked.',
  remedy: 'Write `internal;` in the location',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#internal',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers',
  ],
  bad: [
    { title: 'a view of Django', files: { ...site('«/protected/»'), ...django(F_TEXT) } },
    {
      title: 'a name put together',
      files: {
        ...site('«/protected/»'),
        ...django('response["X-Accel-Redirect"] = "/protected/%s.pdf" % number'),
      },
    },
    {
      title: 'django-sendfile',
      files: {
        ...site('«/protected/»'),
        ...django(
          'return sendfile(request, path)',
          conf`
            SENDFILE_BACKEND = "django_sendfile.backends.nginx"
            SENDFILE_URL = "/protected"
          `,
        ),
      },
    },
    {
      title: 'a script for Node.js',
      files: {
        ...site('«/private/»'),
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/srv/shop
          ExecStart=/usr/bin/node server.js
        `,
        'srv/shop/server.js': conf`
          const app = require('express')()
          app.get('/invoices/:number', (req, res) => {
            res.set('X-Accel-Redirect', '/private/' + req.params.number + '.pdf').end()
          })
          app.listen(8000, '127.0.0.1')
        `,
      },
    },
  ],
  good: [
    { title: 'internal', files: { ...site('/protected/', 'internal;'), ...django(F_TEXT) } },
    { title: 'closed by address', files: { ...site('/protected/', 'deny all;'), ...django(F_TEXT) } },
    {
      title: 'another path',
      files: {
        ...site('/media/'),
        ...django(F_TEXT),
      },
    },
    {
      title: 'a comment',
      files: { ...site('/protected/'), ...django(`# ${F_TEXT}`) },
    },
    {
      title: 'another backend of django-sendfile',
      files: {
        ...site('/protected/'),
        ...django(
          'return sendfile(request, path)',
          conf`
            SENDFILE_BACKEND = "django_sendfile.backends.simple"
            SENDFILE_URL = "/protected"
          `,
        ),
      },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      // Without a location of files beside it, none is open.
      if (!hasLocationOfFiles(connection.server.directive)) continue
      for (const { path, at } of redirectsBehind(deployment, connection)) {
        const answer = askServer(deployment, connection.server, `${path}${EXISTING}.pdf`)
        if (answer === null || answer.end.kind !== 'file' || isOpen(answer) !== true) continue
        const location = answer.steps.findLast(({ kind }) => kind === 'location')?.directive
        if (location == null || !isOfFiles(location) || readLocation(location).name === '/') continue
        yield {
          at: argumentPlace(location, location.args.length - 1),
          severity: CLOSED.test(readLocation(location).name) ? ('warning' as const) : ('info' as const),
          message: `anybody may request \`${path}…\`, which the application gives out by \`X-Accel-Redirect\``,
          label: 'no `internal`',
          related: [{ at, message: 'given out here' }],
        }
      }
    }
  },
})

/** Names by which people say that not everybody gets what lies there. */
const CLOSED = /protect|private|internal|secur|secret|restrict|accel|send[-_]?file|confidential|hidden|^\/_/i

const isOfFiles = ({ children }: NginxDirective): boolean =>
  children.some(({ name }) => name === 'alias' || name === 'root')

const hasLocationOfFiles = memo((server: NginxDirective): boolean =>
  server.children.some(line => line.name === 'location' && isOfFiles(line)),
)

interface Redirected {
  /** What the path begins with, to its last slash. */
  readonly path: string
  readonly at: Place
}

function* redirectsBehind(deployment: Deployment, connection: NginxConnection): Iterable<Redirected> {
  for (const target of connection.targets) {
    const program = serverBehind(target)
    if (program === null) continue
    const { files } = program.machine
    if (program.server.program === 'node')
      for (const source of program.server.sources) yield* redirectsOfScript(source)
    const loaded = deployment.moduleOf(program)
    if (loaded === null) continue
    if (loaded.settings !== null) yield* redirectsOfProject(files, loaded.settings)
    else if (loaded.source !== null && loaded.source !== 'missing') yield* redirectsOfModule(loaded.source)
  }
  for (const host of certainHosts(deployment, connection))
    for (const application of deployment.applicationsOf(host)) {
      const settings = deployment.pythonOf(application)?.settings ?? null
      if (settings !== null)
        yield* redirectsOfProject(deployment.filesOf(application.configuration), settings)
    }
}

function* redirectsOfProject(files: FileSystem, settings: DjangoSettings): Iterable<Redirected> {
  const backend = settings.get('SENDFILE_BACKEND')
  const url = settings.get('SENDFILE_URL')
  if (backend?.known === true && /^(?:django_)?sendfile\.backends\.nginx$/.test(String(backend.value)))
    if (
      url?.known === true &&
      typeof url.value === 'string' &&
      url.at !== null &&
      /^\/[\w-]+/.test(url.value)
    )
      yield { path: `${url.value.replace(/\/+$/, '')}/`, at: url.at }
  const directory = projectDirectory(settings)
  for (const path of directory === null ? [] : (pythonFiles(files, directory) ?? [])) {
    if (/(?:^|\/)(?:tests?\/|test_|migrations\/)/.test(path)) continue
    const source = sourceAt(files, path)
    if (source !== null) yield* redirectsOfModule(source)
  }
}

/** `response["X-Accel-Redirect"] = f"/protected/{name}"`, and an entry of a dictionary of headers. */
const ASSIGNED = /["']X-Accel-Redirect["'](?:\s*\]\s*=|\s*:|\s*,)\s*[bfru]{0,2}["'](\/[\w./-]*\/)/gi

const redirectsOfModule = memo((source: Source): readonly Redirected[] => {
  if (!/X-Accel-Redirect/i.test(source.text)) return []
  return [...withoutComments(source.text).matchAll(ASSIGNED)].map(({ 0: whole, 1: path = '', index }) => ({
    path,
    at: { source, start: index + whole.length - path.length, end: index + whole.length },
  }))
})

const redirectsOfScript = memo((source: Source): readonly Redirected[] => {
  if (!/X-Accel-Redirect/i.test(source.text)) return []
  const tokens = jsTokens(source.code)
  return tokens.flatMap(({ kind, text }, index) => {
    const value = tokens[index + 2]
    if (kind !== 'string' || !/^X-Accel-Redirect$/i.test(text) || value === undefined) return []
    const path =
      value.kind === 'string' || value.kind === 'template' ? /^\/[\w./-]*\//.exec(value.text)?.[0] : null
    if (path == null || !/^[,:]$/.test(tokens[index + 1]?.text ?? '')) return []
    return [{ path, at: { source, start: value.start, end: value.end } }]
  })
})
