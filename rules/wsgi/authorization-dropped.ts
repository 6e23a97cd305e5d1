import { seesAuthorization } from '../_authorization-header.ts'
import { readsAuthorization } from '../../src/deployment/django/header-authentication.ts'
import { indentationAt, insertBefore, isOwnText, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const MAIN = modWsgiMain('', ['setenvif'])
const ALIAS = 'WSGIScriptAlias / /opt/api/api/wsgi.py'
const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': conf`
    ${MAIN}
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess api
        WSGIProcessGroup api
        ${lines}
        <Directory /opt/api/api>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
})
const BAD = main('«WSGIScriptAlias» / /opt/api/api/wsgi.py')
const project = (settings: string): Record<string, string> => ({
  'opt/api/api/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application

    os.environ["DJANGO_SETTINGS_MODULE"] = "api.settings"
    application = get_wsgi_application()
  `,
  'opt/api/api/settings.py': settings,
})
const TOKENS = project(
  conf`
    INSTALLED_APPS = ["rest_framework", "rest_framework.authtoken"]
    REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    }
  `,
)

export default defineRule({
  summary: 'The application never sees the Authorization header it reads',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_wsgi keeps `Authorization` to itself, as CGI does, unless told otherwise: every client with a token or a password in that header is anonymous to Django, and gets 401 or 403. Under `runserver` all works.',
  remedy: 'Write `WSGIPassAuthorization On` beside the alias',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIPassAuthorization.html',
    'https://www.django-rest-framework.org/api-guide/authentication/#apache-mod_wsgi-specific-configuration',
  ],
  bad: [
    { title: 'tokens of Django REST Framework', files: { ...BAD, ...TOKENS } },
    {
      title: 'in a template beside the project',
      files: {
        'ansible/roles/web/templates/site.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ site_name }}
              WSGIDaemonProcess api user={{ user }} python-path={{ home }}
              WSGIProcessGroup api
              «WSGIScriptAlias» / {{ home }}/api/wsgi.py
          </VirtualHost>
        `,
        ...Object.fromEntries(
          Object.entries(TOKENS).map(([path, text]) => [path.replace('opt/api/', ''), text]),
        ),
      },
    },
    {
      title: 'OAuth by its middleware',
      files: {
        ...BAD,
        ...project(conf`MIDDLEWARE = ("oauth2_provider.middleware.OAuth2TokenMiddleware",)`),
      },
    },
  ],
  good: [
    {
      title: 'proxied',
      files: {
        ...main(conf`
          WSGIPassAuthorization On
          ${ALIAS}
        `),
        ...TOKENS,
      },
    },
    {
      title: 'proxied by the alias',
      files: { ...main(`${ALIAS} pass-authorization=On`), ...TOKENS },
    },
    {
      title: 'a line of another module hands it on',
      files: {
        ...main(conf`
          SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1
          ${ALIAS}
        `),
        ...TOKENS,
      },
    },
    {
      title: 'sessions alone',
      files: {
        ...main(`${ALIAS}`),
        ...project(
          conf`
            INSTALLED_APPS = ["rest_framework"]
            REST_FRAMEWORK = {
                "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
            }
          `,
        ),
      },
    },
    {
      title: 'a header of another name',
      files: {
        ...main(`${ALIAS}`),
        ...project(
          conf`
            INSTALLED_APPS = ["rest_framework_simplejwt"]
            SIMPLE_JWT = {"AUTH_HEADER_NAME": "HTTP_X_ACCESS_TOKEN"}
          `,
        ),
      },
    },
    { title: 'settings outside of the audit', files: main(`${ALIAS}`) },
  ],
  *check(deployment) {
    const reading = deployment.applications.flatMap(application => {
      const settings = deployment.pythonOf(application)?.settings
      const reader = settings == null ? null : readsAuthorization(settings)
      return reader === null ? [] : [{ application, reader }]
    })
    for (const { application, reader } of reading) {
      const sees = seesAuthorization(deployment, application)
      if (!sees.known || sees.value) continue
      const at = sees.at ?? namePlace(application.directive)
      yield {
        at,
        message: `\`${reader.name}\` reads the \`Authorization\` header, which mod_wsgi does not pass to it`,
        label: sees.at === null ? 'drops the header' : 'turned off',
        related: reader.at === null ? [] : [{ at: reader.at, message: 'read here' }],
        ...(sees.at === null && isOwnText(application.directive)
          ? propose('Pass the header to the application', 'unsafe', [
              insertBefore(at, `WSGIPassAuthorization On\n${indentationAt(at)}`),
            ])
          : {}),
      }
    }
  },
})
