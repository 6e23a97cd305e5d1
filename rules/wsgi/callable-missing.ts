import type { Place } from '../../parsers/text/source.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import type { Application } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'

const MAIN = conf`
  ${modWsgiMain(virtualHost(wsgiApplication()))}
`
const SCRIPT = 'opt/shop/shop/wsgi.py'

export default defineRule({
  summary: 'The WSGI script defines no application',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_wsgi calls the object `application` of the script. Flask’s and others’ examples call it `app`: every request is answered with 500, “does not contain WSGI application ‘application’”.',
  remedy: 'Write `application = app` at the end of the script, or `WSGICallableObject app`',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGICallableObject.html'],
  bad: [
    {
      title: 'another name than the one that mod_wsgi is told',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(
          virtualHost(conf`
            ${wsgiApplication()}
            WSGICallableObject «app»
          `),
        ),
        [SCRIPT]: conf`
          def application(environ, start_response):
              start_response("200 OK", [])
              return [b"shop"]
        `,
      },
    },
    {
      title: 'imported by another name',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        [SCRIPT]: conf`
          import sys
          «from shop.main import app»
        `,
        'opt/shop/shop/main.py': conf`
          def app(environ, start_response):
              start_response("200 OK", [])
              return [b"shop"]
        `,
        'opt/shop/shop/__init__.py': '',
      },
    },
  ],
  good: [
    {
      title: 'a name that the script imports',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(
          virtualHost(conf`
            ${wsgiApplication()}
            WSGICallableObject site
          `),
        ),
        [SCRIPT]: conf`from shop.main import app as site`,
      },
    },
    {
      title: 'as application',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        [SCRIPT]: conf`
          import sys
          from shop.main import app as application
        `,
        'opt/shop/shop/main.py': conf`
          def app(environ, start_response):
              start_response("200 OK", [])
              return [b"shop"]
        `,
        'opt/shop/shop/__init__.py': '',
      },
    },
    {
      title: 'its name is told to mod_wsgi',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(
          virtualHost(conf`
            ${wsgiApplication()}
            WSGICallableObject app
          `),
        ),
        [SCRIPT]: conf`from shop.main import app`,
      },
    },
    {
      title: 'what only the interpreter knows',
      files: { 'etc/apache2/apache2.conf': MAIN, [SCRIPT]: conf`from shop.main import *` },
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const python = deployment.pythonOf(application)
      if (python === null || python.script.open) continue
      const { names, bound } = python.script
      const told = toldName(application)
      if (told === 'unknown') continue
      if (told !== null) {
        if (names.has(told.value)) continue
        yield {
          at: told.at,
          message: `\`${python.path}\` defines no \`${told.value}\`, so every request is answered with 500`,
          ...(names.has('application') && { help: 'Write `application`, or leave the line out' }),
        }
        continue
      }
      if (names.has('application')) continue
      const other = USUAL.find(name => names.has(name))
      const at = other === undefined ? undefined : bound.get(other)
      yield {
        at: at ?? argumentPlace(application.directive, 1),
        message:
          other === undefined
            ? `\`${python.path}\` defines no \`application\`, so every request is answered with 500`
            : `the script calls its application \`${other}\`, and mod_wsgi looks for \`application\`: every request is answered with 500`,
        ...(at === undefined
          ? {}
          : propose('Give it the name as well', 'unsafe', [insertAfter(at, `\napplication = ${other}`)])),
      }
    }
  },
})

const USUAL = ['app', 'api', 'flask_app', 'server', 'main', 'handler', '_application']

/** The other name that mod_wsgi is told, `unknown` where several lines tell one; null where none does. */
function toldName({
  configuration,
  directive,
}: Application): { readonly value: string; readonly at: Place } | 'unknown' | null {
  const [line, ...others] = configuration.occurrences.get('wsgicallableobject') ?? []
  if (directive.args.some(({ value }) => value.startsWith('callable-object='))) return 'unknown'
  if (line === undefined) return null
  const value = line.args[0]?.value ?? ''
  return others.length > 0 || !/^[A-Za-z_]\w*$/.test(value)
    ? 'unknown'
    : { value, at: argumentPlace(line, 0) }
}
