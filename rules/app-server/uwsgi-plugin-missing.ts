import { placeText } from '../../parsers/text/source.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit, uwsgiApplication } from './_examples.ts'
import { uwsgiNameBefore } from './_uwsgi-name.ts'

const APPLICATION = conf`
  def application(environ, start_response):
      start_response("200 OK", [])
      return [b"here"]
`
const unit = (command: string): Record<string, string> => ({
  ...behindNginx(serviceUnit(command)),
  'etc/shop/web.py': APPLICATION,
})
const tree = (lines: string): Record<string, string> => ({
  ...uwsgiApplication(conf`
    chdir = /etc/shop
    ${lines}
  `),
  'etc/shop/web.py': APPLICATION,
})

export default defineRule({
  summary: 'uWSGI of Debian is told of a Python application and loads no Python',
  severity: 'error',
  otherSeverities: { info: 'in a unit, whose `/usr/bin/uwsgi` need not be that of Debian' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The uWSGI of Debian and Ubuntu has no language built in: Python is a plugin of its own. Without `plugins` the lines of Python are unknown options, which an ini file may have, and uWSGI starts: `no request plugin is loaded, you will not be able to manage requests`. nginx answers 502.',
  remedy: 'Write `plugins = python3`, and install `uwsgi-plugin-python3`',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/WSGIquickstart.html#installing-via-your-package-manager',
    'https://uwsgi-docs.readthedocs.io/en/latest/Options.html#plugins',
  ],
  bad: [
    { title: 'a module', files: tree('«module» = web:application') },
    { title: 'a file', files: tree('«wsgi-file» = web.py') },
    {
      title: 'in a unit',
      files: unit('/usr/bin/uwsgi --http-socket 127.0.0.1:8000 «--module» web:application'),
    },
  ],
  good: [
    { title: 'the plugin', files: tree('plugins = python3\nmodule = web:application') },
    { title: 'by its older name', files: tree('plugin = python3\nwsgi-file = web.py') },
    { title: 'found by itself', files: tree('autoload = true\nmodule = web:application') },
    {
      title: 'the plugin in a unit',
      files: unit('/usr/bin/uwsgi --plugin python3 --http-socket 127.0.0.1:8000 --module web:application'),
    },
    {
      title: 'a uWSGI that pip installed, which has Python built in',
      files: unit('/srv/venv/bin/uwsgi --http-socket 127.0.0.1:8000 --module web:application'),
    },
    { title: 'an application of another language', files: tree('http-modifier1 = 9\ncgi = /srv/cgi') },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server, machine } = program
      if (server.program !== 'uwsgi' || machine.container !== null || !server.complete) continue
      if (!isOfDebian(program) || LOADING.some(name => server.settings.has(name))) continue
      const fact = PYTHON.map(each => server.settings.get(each)).find(each => each?.at != null)
      const at = fact?.at == null ? null : uwsgiNameBefore(fact.at)
      if (at === null) continue
      yield {
        at,
        ...(program.by !== null && { severity: 'info' as const, confidence: 'medium' as const }),
        message: `nothing loads Python here, so uWSGI ignores \`${placeText(at)}\` and answers no request: no request plugin is loaded`,
        label: 'an option of a plugin',
      }
    }
  },
})

/** What the init script of the package starts, and what a unit starts by the path of the package. */
function isOfDebian({ by, server, service }: AppServerProgram): boolean {
  if (by === null) return /^\/etc\/uwsgi\/apps-(?:enabled|available)\//.test(server.at.source.path)
  return by === 'systemd' && service?.start.some(({ words }) => words[0]?.text === '/usr/bin/uwsgi') === true
}

const LOADING = [
  'plugin',
  'plugins',
  'need-plugin',
  'need-plugins',
  'autoload',
  'plugin-alias',
  'plugins-list',
  'inherit',
  'include',
  'ini',
]
const PYTHON = ['module', 'wsgi', 'wsgi-file', 'file', 'mount', 'virtualenv', 'home']
