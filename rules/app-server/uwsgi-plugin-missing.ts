import { placeText } from '../../parsers/text/source.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isDebian } from '../_debian.ts'
import { behindNginx, serviceUnit, uwsgiApplication } from './_examples.ts'
import { emperorsFor, hasItsOwnOptions, isStartedByInit } from './_uwsgi-emperors.ts'
import { hasPackagedUwsgi } from './_uwsgi-package.ts'
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
const file = (lines: string): Record<string, string> => ({
  ...unit('/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini'),
  'etc/shop/uwsgi.ini': conf`
    [uwsgi]
    http-socket = 127.0.0.1:8000
    chdir = /etc/shop
    ${lines}
  `,
})
const vassal = (command: string, lines: string): Record<string, string> => ({
  ...unit(command),
  'etc/uwsgi/vassals/shop.ini': conf`
    [uwsgi]
    http-socket = 127.0.0.1:8000
    chdir = /etc/shop
    ${lines}
  `,
})

const imageWith = (base: string, install: string, lines: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        ports: ["8080:8080"]
  `,
  Dockerfile: conf`
    FROM ${base}
    RUN ${install}
    WORKDIR /srv/app
    COPY . .
    CMD ["uwsgi", "--ini", "uwsgi.ini"]
  `,
  'uwsgi.ini': conf`
    [uwsgi]
    http-socket = 0.0.0.0:8080
    chdir = /srv/app
    ${lines}
  `,
  'web.py': APPLICATION,
})

export default defineRule({
  summary: 'uWSGI of a distribution is told of a Python application and loads no Python',
  severity: 'error',
  otherSeverities: {
    warning: 'in a unit of a machine of Debian, by the path of its package and for its `www-data`',
    info: 'in a unit of another machine, whose `/usr/bin/uwsgi` may come from elsewhere',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The uWSGI of Debian, Ubuntu and Alpine has no language built in: Python is a plugin of its own. Without `plugins` the lines of Python are unknown options, which an ini file may have, and uWSGI starts: `no request plugin is loaded, you will not be able to manage requests`. nginx answers 502.',
  remedy: 'Write `plugins = python3`, and install `uwsgi-plugin-python3`',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/WSGIquickstart.html#installing-via-your-package-manager',
    'https://uwsgi-docs.readthedocs.io/en/latest/Options.html#plugins',
  ],
  bad: [
    ...[
      ['alpine:3.20', 'apk add --no-cache python3 uwsgi uwsgi-python3'],
      ['debian:12-slim', 'apt-get update && apt-get install -y uwsgi uwsgi-plugin-python3 python3-flask'],
    ].map(([base = '', install = '']) => ({
      title: `an image of \`${base}\``,
      files: imageWith(base, install, '«wsgi-file» = web.py\ncallable = application'),
    })),
    {
      title: 'a unit, where a script installs the package',
      files: {
        ...file('«module» = web:application'),
        'install.sh': '#!/bin/sh\napt-get install -y nginx uwsgi uwsgi-plugin-python3\n',
      },
    },
    { title: 'a module', files: tree('«module» = web:application') },
    { title: 'a file', files: tree('«wsgi-file» = web.py') },
    {
      title: 'a file that waits to be enabled, of which the package makes the socket',
      files: {
        'etc/nginx/sites-available/shop': conf`
          server {
              listen 80;
              location / {
                  include uwsgi_params;
                  uwsgi_pass unix:/run/uwsgi/app/shop/socket;
              }
          }
        `,
        'etc/uwsgi/apps-available/shop.ini': conf`
          [uwsgi]
          chdir = /etc/shop
          «module» = web:application
          virtualenv = /srv/venv
        `,
      },
    },
    {
      title: 'in a unit',
      files: unit('/usr/bin/uwsgi --http-socket 127.0.0.1:8000 «--module» web:application'),
    },
    {
      title: 'in a file that a unit names',
      files: file(conf`
        «module» = web:application
        virtualenv = /srv/venv
      `),
    },
    {
      title: 'a file of an emperor',
      files: vassal(
        '/usr/bin/uwsgi --emperor /etc/uwsgi/vassals --plugin python3',
        '«module» = web:application',
      ),
    },
  ],
  good: [
    {
      title: 'an image with the plugin',
      files: imageWith('alpine:3.20', 'apk add uwsgi uwsgi-python3', 'plugins = python3\nwsgi-file = web.py'),
    },
    {
      title: 'an image in which pip installs it',
      files: imageWith(
        'python:3.12',
        'apt-get update && apt-get install -y build-essential && pip install uwsgi',
        'wsgi-file = web.py',
      ),
    },
    {
      title: 'an image with both',
      files: {
        ...imageWith(
          'debian:12',
          'apt-get install -y uwsgi-core python3-pip && pip3 install -r requirements.txt',
          'wsgi-file = web.py',
        ),
        'requirements.txt': 'flask\nuWSGI==2.0.28\n',
      },
    },
    { title: 'the plugin', files: tree('plugins = python3\nmodule = web:application') },
    {
      title: 'a file that waits while another one is enabled',
      files: {
        ...tree('plugins = python3\nmodule = web:application'),
        'etc/uwsgi/apps-available/old.ini': '[uwsgi]\nmodule = old:application\n',
      },
    },
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
    {
      title: 'the plugin in a file that a unit names',
      files: file('plugins = http,python3\nmodule = web:application'),
    },
    {
      title: 'the plugin in a file that is included',
      files: {
        ...file('ini = /etc/shop/base.ini\nmodule = web:application'),
        'etc/shop/base.ini': '[uwsgi]\nplugin = python3\n',
      },
    },
    {
      title: 'a file that nobody has here',
      files: file('ini = /etc/shop/base.ini\nmodule = web:application'),
    },
    {
      title: 'the plugin in a variable',
      files: {
        ...file('module = web:application'),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini',
          'Environment=UWSGI_PLUGINS=python3',
        ),
      },
    },
    {
      title: 'an emperor that hands the plugin over',
      files: vassal(
        '/usr/bin/uwsgi --emperor /etc/uwsgi/vassals --vassal-set plugins=python3',
        'module = web:application',
      ),
    },
    {
      title: 'an emperor that pip installed',
      files: vassal('/opt/uwsgi/bin/uwsgi --emperor /etc/uwsgi/vassals', 'module = web:application'),
    },
    { title: 'an application of another language', files: tree('http-modifier1 = 9\ncgi = /srv/cgi') },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server, machine } = program
      if (server.program !== 'uwsgi') continue
      if (LOADING.some(name => server.settings.has(name))) continue
      const { container } = machine
      const isPackaged = container !== null && server.complete && hasPackagedUwsgi(container)
      const start = container === null ? startOf(deployment, program) : isPackaged ? 'package' : null
      if (start === null || (container === null && !hasItsOwnOptions(deployment, program))) continue
      const fact = PYTHON.map(each => server.settings.get(each)).find(each => each?.at != null)
      const at = fact?.at == null ? null : uwsgiNameBefore(fact.at)
      if (at === null) continue
      yield {
        at,
        ...(start === 'any' && { severity: 'info' as const, confidence: 'medium' as const }),
        ...(start === 'path' && { severity: 'warning' as const }),
        message: `nothing loads Python here, so uWSGI ignores \`${placeText(at)}\` and answers no request: no request plugin is loaded`,
        label: 'an option of a plugin',
      }
    }
  },
})

/**
 * How sure it is that the uWSGI is that of the package: its init script or its own name `uwsgi-core`, the path of the
 * package for Debian's own account on Debian, where pip writes to `/usr/local`, or this path on any machine.
 */
function startOf(deployment: Deployment, program: AppServerProgram): 'package' | 'path' | 'any' | null {
  if (isStartedByInit(program)) return 'package'
  const starters = program.by === null ? emperorsFor(deployment, program) : [program]
  if (starters.length === 0) return null
  const names = starters.map(({ by, service }) =>
    by === 'systemd'
      ? service?.start.find(({ words }) => /\/uwsgi/.test(words[0]?.text ?? ''))?.words[0]?.text
      : null,
  )
  if (names.every(name => name === '/usr/bin/uwsgi-core')) return 'package'
  if (!names.every(name => name === '/usr/bin/uwsgi' || name === '/usr/bin/uwsgi-core')) return null
  if (isInstalledBySetup(deployment)) return 'package'
  // An emperor is as often that of pip, linked to where units look for it.
  const isOwn = program.by !== null && isDebian(program.machine.files)
  return isOwn && isOfWwwData(program) ? 'path' : 'any'
}

/** True where a script or a playbook installs the package, and nothing there has pip bring another. */
function isInstalledBySetup({ setups }: Deployment): boolean {
  const texts = (setups() ?? []).map(({ code }) => code)
  return (
    texts.some(text => PACKAGE.test(text)) &&
    !texts.some(text => /\bpip[\d.]*\b[^\n]*\buwsgi\b|update-alternatives|UWSGI_PROFILE/i.test(text))
  )
}

/** The package and its plugin beside it, or the package in a line of apt. */
const PACKAGE =
  /\bapt(?:-get)?\b[^\n]*\binstall\b(?:[^\n]|\\\n)*\suwsgi(?=[\s\\]|-core|-plugin|$)|^\s*-\s*["']?uwsgi-plugin-python3?\b/m

/** The account that Debian alone has. */
function isOfWwwData({ server, service }: AppServerProgram): boolean {
  return [server.user, service?.user].some(user => user?.known === true && user.value === 'www-data')
}

const LOADING = [
  'plugin',
  'plugins',
  'need-plugin',
  'need-plugins',
  'autoload',
  'plugin-alias',
  'plugins-list',
]
const PYTHON = ['module', 'wsgi', 'wsgi-file', 'file', 'mount', 'virtualenv', 'home']
