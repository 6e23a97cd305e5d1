import type { Container } from '../../src/deployment/containers/container.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { djangoBehindNginx, djangoInApache } from '../django/_examples.ts'
import { addHeader } from '../forwarded-headers/_add-header.ts'
import { seesAuthorization } from '../_authorization-header.ts'
import { basicLogin } from './_rest-framework-login.ts'

const tree = (service: string, lines = '', pass = 'http://«tool»:3000'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - ./users:/etc/nginx/users:ro
      tool:
        ${service}
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name tool.example.org;
        auth_basic "Tool";
        auth_basic_user_file /etc/nginx/users;
        location / {
            proxy_pass ${pass.replace(/[«»]/g, '')};
            proxy_set_header Host $host;
            ${lines}
        }
    }
  `.replace('proxy_pass http', `${pass.includes('«') ? '«proxy_pass»' : 'proxy_pass'} http`),
})
const PLAIN = 'http://tool:3000'
const GATE = conf`
  auth_basic staging;
  auth_basic_user_file /etc/nginx/users;
`
const VIEW = conf`
  from rest_framework.decorators import api_view
  from rest_framework.response import Response
  @api_view(["GET"])
  def products(request):
      return Response([])
`
const settingsOf = (framework: string): string => conf`
  ALLOWED_HOSTS = ["example.org"]
  INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"]
  REST_FRAMEWORK = {${framework}}
`
const FIRST = '"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"]'
const django = (
  framework: string,
  { site = GATE, pass = '«proxy_pass»', headers = '', view = VIEW } = {},
): Record<string, string> => {
  const files = djangoBehindNginx({
    settings: settingsOf(framework),
    site,
    headers: `proxy_set_header Host $host;\n${headers}`,
  })
  return {
    ...files,
    'nginx/site.conf': (files['nginx/site.conf'] ?? '').replace('proxy_pass', pass),
    'web/shop/views.py': view,
  }
}
const inModWsgi = (apache: string, pass = '«proxy_pass»'): Record<string, string> => {
  const files = djangoInApache({ settings: settingsOf(FIRST), site: GATE, apache })
  return {
    ...files,
    'etc/nginx/nginx.conf': (files['etc/nginx/nginx.conf'] ?? '').replace('proxy_pass', pass),
    'opt/shop/shop/views.py': VIEW,
  }
}

export default defineRule({
  summary: 'The password that nginx asks for goes on to an application that refuses it',
  severity: 'error',
  otherSeverities: { warning: 'where Django lets in who is signed in by a session' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx checks `Authorization` and sends it on with the request. An application that knows `Authorization: Basic` itself looks for the same name among its own accounts, and answers 401: the browser asks for the password again and again. Django REST framework does so by `BasicAuthentication`, which is among its default classes, even where a view is open to everybody.',
  remedy: 'Write `proxy_set_header Authorization "";`, or let one of the two ask',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html',
    'https://grafana.com/docs/grafana/latest/setup-grafana/configure-security/configure-authentication/grafana/#basic-authentication',
    'https://www.django-rest-framework.org/api-guide/authentication/#basicauthentication',
  ],
  unproven: 'The live tests start no containers, and install none of these programs',
  bad: [
    { title: 'Grafana', files: tree('image: grafana/grafana:11.0.0') },
    { title: 'Gitea', files: tree('image: gitea/gitea:1.21') },
    { title: 'Django REST framework, by a setting', files: django(FIRST) },
    { title: 'Django REST framework, by its default', files: django('') },
    { title: 'Django REST framework in mod_wsgi', files: inModWsgi('WSGIPassAuthorization On') },
  ],
  good: [
    {
      title: 'mod_wsgi, which keeps the header to itself',
      files: inModWsgi('', 'proxy_pass'),
    },
    {
      title: 'the password stays with nginx, and Django is not told',
      files: django(FIRST, { pass: 'proxy_pass', headers: 'proxy_set_header Authorization "";' }),
    },
    {
      title: 'sessions alone',
      files: django(
        '"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"]',
        { pass: 'proxy_pass' },
      ),
    },
    {
      title: 'views that say themselves who they let in',
      files: django(FIRST, {
        pass: 'proxy_pass',
        view: conf`
          from rest_framework.views import APIView
          class Products(APIView):
              authentication_classes = []
        `,
      }),
    },
    {
      title: 'a project without a view of the framework',
      files: django(FIRST, { pass: 'proxy_pass', view: '' }),
    },
    {
      title: 'the interface is left out of the password',
      files: django(FIRST, { pass: 'proxy_pass', site: '' }),
    },
    {
      title: 'the password stays with nginx',
      files: tree('image: grafana/grafana:11.0.0', 'proxy_set_header Authorization "";', PLAIN),
    },
    {
      title: 'Grafana that does not look at it',
      files: tree(
        conf`
          image: grafana/grafana:11.0.0
          environment:
            GF_AUTH_BASIC_ENABLED: "false"
        `,
        '',
        PLAIN,
      ),
    },
    { title: 'another program', files: tree('image: example/tool:1', '', PLAIN) },
    {
      title: 'nginx asks for none',
      files: tree('image: gitea/gitea:1.21', 'auth_basic off;', PLAIN),
    },
  ],
  *check(deployment) {
    const { connections, machines, nginx } = deployment
    if (!nginx.some(({ occurrences }) => occurrences.has('auth_basic'))) return
    yield* refusedByDjango(deployment)
    if (!machines.some(({ container }) => container !== null && refusing(container) !== null)) return
    for (const connection of connections.http) {
      const program = connection.targets
        .map(({ machine }) => machine?.container ?? null)
        .map(container => (container === null ? null : refusing(container)))
        .find(name => name !== null)
      const line = gateBefore(connection)
      if (program === undefined || program === null || line === null) continue
      yield {
        at: namePlace(connection.pass),
        message: `${program} is sent the name and the password that nginx asked for, and answers 401`,
        label: '`Authorization` is sent on',
        related: [{ at: argumentPlace(line, 0), message: 'asked for here' }],
        ...addHeader(connection, 'Authorization', '""', 'unsafe'),
      }
    }
  },
})

/** The password that nginx asks for and sends on; null where it asks for none, or keeps it. */
function gateBefore({ server, block, headers }: NginxConnection): NginxDirective | null {
  if (headers.open || headers.written.some(({ name }) => name === 'authorization')) return null
  const asked = effectiveAtHand(server.configuration, block, 'auth_basic')
  const line = asked.known ? asked.value.directives[0] : undefined
  return line === undefined || line.args[0]?.value === 'off' ? null : line
}

/** The projects of Django that see the header of a connection. */
function* projectsBehind(
  deployment: Deployment,
  connection: NginxConnection,
): Generator<{ readonly settings: DjangoSettings; readonly files: FileSystem }> {
  for (const target of connection.targets) {
    const program = serverBehind(target)
    const settings = program === null ? null : deployment.moduleOf(program)?.settings
    if (program !== null && settings != null) yield { settings, files: program.machine.files }
  }
  for (const host of certainHosts(deployment, connection))
    for (const application of deployment.applicationsOf(host)) {
      const { path } = application.alias
      const seen = seesAuthorization(deployment, application)
      const settings = deployment.pythonOf(application)?.settings
      // An alias below a path may have its own connection.
      if (settings == null || !path.known || path.value !== '/' || !seen.known || !seen.value) continue
      yield { settings, files: deployment.filesOf(application.configuration) }
    }
}

/** Views of Django REST framework, which look for the name among the users of Django. */
function* refusedByDjango(deployment: Deployment) {
  for (const connection of deployment.connections.http) {
    const line = gateBefore(connection)
    if (line === null) continue
    const [login] = [...projectsBehind(deployment, connection)].flatMap(
      ({ files, settings }) => basicLogin(files, settings) ?? [],
    )
    if (login === undefined) continue
    yield {
      at: namePlace(connection.pass),
      ...(!login.isFirst && { severity: 'warning' as const }),
      message: `\`BasicAuthentication\` of Django REST framework takes the name and the password that nginx asked for, and answers ${login.isFirst ? '401' : '403'}: \`Invalid username/password.\``,
      label: '`Authorization` is sent on',
      related: [
        { at: argumentPlace(line, 0), message: 'asked for here' },
        ...(login.at === null ? [] : [{ at: login.at, message: 'read here' }]),
      ],
      ...addHeader(connection, 'Authorization', '""', 'unsafe'),
    }
  }
}

/** A program that takes `Authorization: Basic` for one of its own accounts; null for any other. */
function refusing({ base, service, mounts, hostFiles }: Container): string | null {
  const given = serviceVariables(service, hostFiles)
  if (base === null || service.build !== null || !given.complete) return null
  if (/^(?:codeberg\.org\/forgejo|gitea)\/(?:forgejo|gitea)$/.test(base)) return 'Gitea'
  if (!/^grafana\/grafana(?:-oss|-enterprise)?$/.test(base)) return null
  const isOff = given.variables.some(({ name, value }) =>
    name === 'GF_AUTH_BASIC_ENABLED'
      ? value?.known !== true || /^false$/i.test(value.value)
      : /^GF_AUTH_(?:PROXY|JWT)_/.test(name),
  )
  return isOff || mounts.some(({ target }) => /^\/etc\/grafana/.test(target)) ? null : 'Grafana'
}
