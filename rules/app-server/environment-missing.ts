import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { behindNginx, serviceUnit, uwsgiApplication, WSGI } from './_examples.ts'

const project = (settings: string): Record<string, string> => ({
  'etc/shop/shop/__init__.py': '',
  'etc/shop/shop/wsgi.py': WSGI,
  'etc/shop/shop/settings.py': settings,
})
const SETTINGS = conf`
  import os
  SECRET_KEY = «os.environ["SHOP_KEY"]»
  DEBUG = False
`
const PLAIN = SETTINGS.replace(/[«»]/g, '')
/** The same started by an emperor of uWSGI, whose own environment no file shows. */
const vassal = (): Record<string, string> => {
  const { 'etc/uwsgi/apps-enabled/shop.ini': ini = '', ...files } = uwsgiApplication(
    'chdir = /etc/shop\nmodule = shop.wsgi',
  )
  return { ...files, 'etc/uwsgi/vassals/shop.ini': ini, ...project(PLAIN) }
}
const unit = (lines = ''): string => serviceUnit('/usr/bin/gunicorn shop.wsgi:application', lines)

export default defineRule({
  summary: 'The settings read a variable that nothing sets',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`os.environ["NAME"]` is a KeyError where the variable is not set. A shell reads `.env` or a profile, and a unit, a container or supervisord does not: the workers stop while they boot, and nginx answers 502.',
  remedy:
    'Set it where the server is started: `EnvironmentFile=` or `Environment=` in the unit, `environment` in the compose file',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=',
    'https://docs.python.org/3/library/os.html#os.environ',
  ],
  bad: [
    { title: 'a unit without it', files: behindNginx(unit(), project(SETTINGS)) },
    {
      title: 'uWSGI as Debian starts it',
      files: { ...uwsgiApplication('chdir = /etc/shop\nmodule = shop.wsgi'), ...project(SETTINGS) },
    },
  ],
  good: [
    { title: 'an emperor of uWSGI, which may have it', files: vassal() },
    { title: 'in the unit', files: behindNginx(unit('Environment=SHOP_KEY=abc'), project(PLAIN)) },
    {
      title: 'in a file of the unit',
      files: behindNginx(unit('EnvironmentFile=/etc/shop/.env'), {
        ...project(PLAIN),
        'etc/shop/.env': conf`SHOP_KEY=abc`,
      }),
    },
    {
      title: 'in a file that is not in the audit',
      files: behindNginx(unit('EnvironmentFile=/opt/shop.env'), project(PLAIN)),
    },
    {
      title: 'read from a file by the settings',
      files: behindNginx(unit(), project(`from dotenv import load_dotenv\nload_dotenv()\n${PLAIN}`)),
    },
    {
      title: 'a default',
      files: behindNginx(unit(), project(PLAIN.replace('["SHOP_KEY"]', '.get("SHOP_KEY", "x")'))),
    },
    {
      title: 'a condition around it',
      files: behindNginx(
        unit(),
        project('import os\nif "SHOP_KEY" in os.environ:\n    SECRET_KEY = os.environ["SHOP_KEY"]\n'),
      ),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const missing = deployment.moduleOf(program)?.missing ?? []
      for (const { name, at } of missing) {
        yield {
          at,
          message: `nothing sets \`${name}\` where ${programName(program)} is started, so it cannot boot: \`KeyError: '${name}'\``,
          label: 'not set',
          related: [{ at: program.server.at, message: 'started here without it' }],
        }
      }
    }
  },
})
