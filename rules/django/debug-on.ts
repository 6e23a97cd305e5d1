import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { assignedValue, djangoConnections } from './_behind-nginx.ts'
import { djangoBehindNginx } from './_examples.ts'

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
  summary: 'DEBUG is on behind nginx',
  severity: 'warning',
  otherSeverities: { error: 'where the environment says False and Django takes the text for true' },
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
    { title: 'a constant', files: withDebug('«True»') },
    { title: 'the text False', files: withDebug('«os.environ.get("DEBUG", False)»', 'DEBUG=False') },
    { title: 'the name alone', files: withDebug('«"DEBUG" in os.environ»', 'DEBUG=0') },
  ],
  good: [
    { title: 'off', files: withDebug('False') },
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
    for (const { connection, settings, program } of djangoConnections(deployment)) {
      const debug = settings.get('DEBUG')
      if (debug?.known !== true || debug.at === null || program.server.development || !program.isSeen)
        continue
      const { value } = debug
      if (typeof value !== 'string' && value !== true && !(typeof value === 'number' && value !== 0)) continue
      if (value === '') continue
      const at = assignedValue(debug.at)
      const text = at.source.code.slice(at.start, at.end)
      const asText = typeof value === 'string' ? value : variableIn(text, program.environment)
      const isOff = asText !== null && /^(?:0|false|no|off|n|f)$/i.test(asText)
      yield {
        at,
        severity: isOff ? ('error' as const) : ('warning' as const),
        message: isOff
          ? `the environment says \`${asText}\`, and this makes \`DEBUG\` true`
          : 'DEBUG is on in an application that nginx proxies to',
        label: isOff ? 'any text is true' : 'DEBUG is on',
        related: [{ at: namePlace(connection.pass), message: 'nginx proxies to it' }],
      }
    }
  },
})

/** The value of the variable that an expression asks for, where it is known. */
function variableIn(
  text: string,
  environment: (name: string) => { readonly known: boolean; readonly value?: string } | null,
): string | null {
  const name = /^["'](\w+)["']\s+in\s+(?:os\.)?environ$/.exec(text)?.[1]
  const fact = name === undefined ? null : environment(name)
  return fact?.known === true ? (fact.value ?? null) : null
}
