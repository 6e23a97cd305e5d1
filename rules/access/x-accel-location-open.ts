import { memo } from '../../parsers/collections/memo.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer, isOpen } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { redirectsBehind } from './_x-accel.ts'

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
  summary: 'Files that the application gives out after a check can be requested directly',
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
        if (path === null) continue
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
