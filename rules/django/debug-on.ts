import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { AppServerProgram, Connection, Deployment } from '../../src/deployment/model.ts'
import { djangoBehindApache } from './_behind-apache.ts'
import { assignedValue } from './_behind-nginx.ts'
import { djangoInServers } from './_connections.ts'
import { namePlace as apacheName } from '../../src/servers/apache/queries/places.ts'
import { djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'
import { djangoBehindNginx, djangoBehindProxyPass } from './_examples.ts'

const withDebug = (debug: string, environment = ''): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      import os
      DEBUG = ${debug}
      ALLOWED_HOSTS = ["example.org"]
    `,
    environment: environment && `environment: [${environment}]`,
  })

export default defineRule({
  summary: 'DEBUG is on in production',
  severity: 'warning',
  otherSeverities: {
    error: 'where the environment says False and Django takes the text for true',
    info: 'where the settings are called `local` or `dev`',
  },
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [489],
  since: '0.1.0',
  why: 'With `DEBUG` every error shows settings, paths, queries and the values of variables to whoever caused it, and Django keeps every query in memory. A variable of the environment is a text: `"False"` is true, and so is a test whether it is there.',
  remedy: 'Compare the text: `DEBUG = os.environ.get("DEBUG") == "True"`, and leave it off',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#debug',
    'https://docs.djangoproject.com/en/stable/howto/deployment/checklist/#debug',
  ],
  bad: [
    {
      title: 'on behind Apache',
      files: djangoBehindProxyPass('DEBUG = «True»\nALLOWED_HOSTS = ["127.0.0.1"]\n'),
    },
    { title: 'a constant', files: withDebug('«True»') },
    { title: 'the text False', files: withDebug('«os.environ.get("DEBUG", False)»', 'DEBUG=False') },
    {
      title: 'the text False, in a container that no nginx of the audit stands before',
      files: {
        ...Object.fromEntries(
          Object.entries(withDebug('«os.environ.get("DEBUG", False)»', 'DEBUG=False')).filter(
            ([path]) => !path.startsWith('nginx/'),
          ),
        ),
        'docker-compose.yml': conf`
          services:
            web:
              build: ./web
              command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
              environment: [DEBUG=False]
              ports: ["80:8000"]
        `,
      },
    },
    {
      title: 'a constant behind Apache',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
        ...djangoProject(conf`
          DEBUG = «True»
          ALLOWED_HOSTS = ["*"]
        `),
      },
    },
    {
      title: 'a variable that django-environ reads',
      files: djangoBehindNginx({
        settings: conf`
          import environ
          env = environ.Env(DEBUG=(bool, False))
          DEBUG = «env("DEBUG")»
          ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
        `,
        environment: 'environment: {DEBUG: "on", ALLOWED_HOSTS: "example.org,www.example.org"}',
      }),
    },
    { title: 'the name alone', files: withDebug('«"DEBUG" in os.environ»', 'DEBUG=0') },
  ],
  good: [
    {
      title: 'off behind Apache',
      files: djangoBehindProxyPass('DEBUG = False\nALLOWED_HOSTS = ["127.0.0.1"]\n'),
    },
    { title: 'off', files: withDebug('False') },
    {
      title: 'off behind Apache',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
        ...djangoProject('DEBUG = False\nALLOWED_HOSTS = ["example.org"]\n'),
      },
    },
    {
      title: 'off for python-decouple',
      files: djangoBehindNginx({
        settings: conf`
          from decouple import config
          DEBUG = config("DEBUG", default=True, cast=bool)
          ALLOWED_HOSTS = ["example.org"]
        `,
        environment: 'environment: {DEBUG: "False"}',
      }),
    },
    { title: 'a comparison', files: withDebug('os.environ.get("DEBUG") == "True"', 'DEBUG=False') },
    { title: 'a variable that nobody sets', files: withDebug('os.environ.get("DEBUG", False)') },
    { title: 'a variable of another place', files: withDebug('os.environ.get("DEBUG", False)', 'DEBUG') },
    {
      title: 'the development server',
      files: {
        ...djangoBehindNginx({
          settings: 'DEBUG = True\n',
          command: 'python manage.py runserver 0.0.0.0:8000',
        }),
      },
    },
  ],
  *check(deployment) {
    yield* withoutProxy(deployment)
    yield* inApache(deployment)
    for (const { connection, settings, runner } of djangoInServers(deployment))
      yield* inServer(connection, settings, runner.program)
    for (const { connection, settings, program } of djangoBehindApache(deployment))
      yield* inServer(connection, settings, program)
  },
})

function* inServer(
  connection: Connection,
  settings: DjangoSettings,
  program: AppServerProgram,
): Iterable<RuleFinding> {
  const debug = settings.get('DEBUG')
  if (debug?.known !== true || debug.at === null || program.server.development || !program.isSeen) return
  const { value } = debug
  if (typeof value !== 'string' && value !== true && !(typeof value === 'number' && value !== 0)) return
  if (value === '') return
  const at = assignedValue(debug.at)
  const text = at.source.code.slice(at.start, at.end)
  const asText = typeof value === 'string' ? value : variableIn(text, program.environment)
  const isOff = asText !== null && OFF.test(asText)
  const isForOne = FOR_ONE.test(at.source.path)
  const { server, at: line } = frontLine(connection)
  yield {
    at,
    severity: isOff ? ('error' as const) : isForOne ? ('info' as const) : ('warning' as const),
    message: isOff
      ? `the environment says \`${asText}\`, and this makes \`DEBUG\` true`
      : `DEBUG is on in an application that ${server} proxies to`,
    label: isOff ? 'any text is true' : 'DEBUG is on',
    related: [{ at: line, message: `${server} proxies to it` }],
  }
}

/** What no nginx of the audit proxies to may be for one person alone, but nobody means the text `False` as on. */
function* withoutProxy({ nginx, programs, moduleOf }: Deployment) {
  if (nginx.length > 0) return
  for (const program of programs) {
    if (program.kind !== 'app-server' || program.server.development || !program.isSeen) continue
    const debug = moduleOf(program)?.settings?.get('DEBUG')
    if (debug?.known !== true || debug.at === null) continue
    const at = assignedValue(debug.at)
    const text =
      typeof debug.value === 'string'
        ? debug.value
        : debug.value === true
          ? variableIn(at.source.code.slice(at.start, at.end), program.environment)
          : null
    if (text === null || !OFF.test(text)) continue
    yield {
      at,
      severity: 'error' as const,
      message: `the environment says \`${text}\`, and this makes \`DEBUG\` true`,
      label: 'any text is true',
      related: [{ at: program.server.at, message: 'started here' }],
    }
  }
}

/** What mod_wsgi runs is no development server, whoever proxies to it. */
function* inApache({ applications, pythonOf }: Deployment) {
  for (const application of applications) {
    const debug = pythonOf(application)?.settings?.get('DEBUG')
    if (debug?.known !== true || debug.at === null || debug.value !== true) continue
    yield {
      at: assignedValue(debug.at),
      message: 'DEBUG is on in an application that mod_wsgi runs',
      label: 'DEBUG is on',
      related: [{ at: apacheName(application.directive), message: 'runs it' }],
    }
  }
}

/** Settings that say by their name that they are for whoever writes the application. */
const FOR_ONE =
  /(?:^|[/._-])(?:local|dev|devel|development|debug|docker[-_]?dev|dev[-_]?docker)(?:[._-]?settings)?\.py$|(?:^|\/)settings?[._-]?(?:local|dev|devel|development)\w*\.py$/i

const OFF = /^(?:0|false|no|off|n|f)$/i

/** The value of the variable that an expression asks for, where it is known. */
function variableIn(
  text: string,
  environment: (name: string) => { readonly known: boolean; readonly value?: string } | null,
): string | null {
  const [, member, cast] =
    /^["'](\w+)["']\s+in\s+(?:os\.)?environ$|^bool\(\s*(?:os\.)?(?:environ\.get|getenv)\(\s*["'](\w+)["']/.exec(
      text,
    ) ?? []
  const name = member ?? cast
  const fact = name === undefined ? null : environment(name)
  return fact?.known === true ? (fact.value ?? null) : null
}
