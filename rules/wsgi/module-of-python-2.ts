import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const HOST = conf`
  <VirtualHost *:80>
      ServerName example.org
      WSGIDaemonProcess shop python-home=/opt/shop/venv python-path=/opt/shop
      WSGIProcessGroup shop
      WSGIScriptAlias / /opt/shop/shop/wsgi.py
  </VirtualHost>
`
const script = (lines: string): Record<string, string> => ({
  'apache/shop.conf': HOST,
  'provision.sh': conf`
    #!/bin/sh
    apt-get update
    ${lines}
  `,
})

export default defineRule({
  summary: 'mod_wsgi for Python 2 is installed for an application of Python 3',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In every release of Debian and Ubuntu that has it, `libapache2-mod-wsgi` embeds Python 2.7; later ones have no such package. It cannot use a virtualenv of Python 3: with `python-home` the daemon process ends at once and is started again, `ImportError: No module named site`, while the page loads for ever; without it Django is not found.',
  remedy: 'Install `libapache2-mod-wsgi-py3`',
  references: [
    'https://packages.debian.org/buster/libapache2-mod-wsgi',
    'https://modwsgi.readthedocs.io/en/master/user-guides/virtual-environments.html',
  ],
  unproven: 'The live tests have no Python 2',
  bad: [
    {
      title: 'a script',
      files: script(conf`
        apt-get install -y apache2 «libapache2-mod-wsgi»
        python3 -m venv /opt/shop/venv
        /opt/shop/venv/bin/pip install -r requirements.txt
      `),
    },
    {
      title: 'a playbook',
      files: {
        'apache/shop.conf': HOST,
        'ansible/apache.yml': conf`
          - hosts: web
            tasks:
              - apt:
                  name:
                    - apache2
                    - «libapache2-mod-wsgi»
              - pip:
                  requirements: /opt/shop/requirements.txt
                  virtualenv: /opt/shop/venv
                  virtualenv_python: python3.6
        `,
      },
    },
    {
      title: 'packages of Python 3 for the whole machine',
      files: {
        ...script(conf`
          apt-get install -y apache2 python3-pip \
              «libapache2-mod-wsgi»
          pip3 install Django
        `),
        'apache/shop.conf': HOST.replace('python-home=/opt/shop/venv ', ''),
      },
    },
  ],
  good: [
    {
      title: 'the module for Python 3',
      files: script(conf`
        apt-get install -y apache2 libapache2-mod-wsgi-py3
        python3 -m venv /opt/shop/venv
      `),
    },
    {
      title: 'a virtualenv of Python 2',
      files: script(conf`
        apt-get install -y apache2 libapache2-mod-wsgi
        virtualenv -p python2 /opt/shop/venv
      `),
    },
    {
      title: 'removed, in favour of the one of pip',
      files: script(conf`
        apt-get remove -y libapache2-mod-wsgi
        python3 -m venv /opt/shop/venv
        /opt/shop/venv/bin/pip install mod_wsgi
      `),
    },
    {
      title: 'a module of the environment that is loaded',
      files: {
        ...script(conf`
          apt-get install -y apache2 libapache2-mod-wsgi
          python3 -m venv /opt/shop/venv
        `),
        'apache/shop.conf': `LoadModule wsgi_module /opt/shop/venv/lib/python3.11/site-packages/mod_wsgi/server/mod_wsgi.so\n${HOST}`,
      },
    },
    {
      title: 'a comment',
      files: script(conf`
        # apt-get install libapache2-mod-wsgi
        python3 -m venv /opt/shop/venv
      `),
    },
    {
      title: 'no virtual host that runs a script',
      files: {
        'apache/shop.conf': '<VirtualHost *:80>\n    DocumentRoot /srv/www\n</VirtualHost>\n',
        'provision.sh': 'apt-get install -y apache2 libapache2-mod-wsgi\npython3 -m venv /opt/venv\n',
      },
    },
  ],
  *check(deployment) {
    if (deployment.applications.length === 0 || loadsAnother(deployment)) return
    const texts = deployment.setups() ?? []
    const installed = texts.flatMap(source => firstLine(source, PACKAGE) ?? [])
    if (installed.length === 0 || texts.some(({ text }) => OTHERWISE.test(text))) return
    const made = texts.map(source => firstLine(source, OF_PYTHON_3)).find(at => at !== null)
    if (made == null) return
    for (const at of installed)
      yield {
        at,
        message:
          'this package is mod_wsgi for Python 2.7, and the application has a Python 3: `ImportError: No module named site`, or no module `django`',
        label: 'for Python 2',
        related: [{ at: made, message: 'Python 3' }],
      }
  },
})

const PACKAGE = /\blibapache2-mod-wsgi\b(?![\w-])/
/** What is made or installed for Python 3 alone. */
const OF_PYTHON_3 =
  /\bpython3(?:\.\d+)?["']? -m venv\b|\bpyvenv-3|\bvirtualenv\b[^\n]*?(?:-p|--python)[ =]*\S*python3|\bvirtualenv_python:[ \t]*["']?\S*python3|\bpip3 install\b|\bpython3(?:\.\d+)? -m pip install\b/
/** Another mod_wsgi, and what is for Python 2. */
const OTHERWISE =
  /mod[-_]wsgi-py3|(?<!libapache2-)\bmod-wsgi\b|mod_wsgi-express|\binstall\b[^\n]*\bmod_wsgi\b|\bpython2(?:\.\d)?\b|\bpip2\b|\bpython-(?:pip|virtualenv|django)\b/

/** Where a pattern first stands in a line that is no comment, and removes nothing. */
function firstLine(source: Source, pattern: RegExp): Place | null {
  if (!pattern.test(source.text)) return null
  for (const match of source.text.matchAll(/^[ \t]*(?!#)\S[^\n]*$/gm)) {
    const [line] = match
    const found = /\b(?:remove|purge|autoremove|absent|dpkg -[lsr])\b/.test(line) ? null : pattern.exec(line)
    if (found === null) continue
    const start = match.index + found.index
    return { source, start, end: start + found[0].length }
  }
  return null
}

/** A module that is loaded from elsewhere than the package has it, such as from the virtualenv. */
function loadsAnother({ apache }: Deployment): boolean {
  return apache.some(({ executed = [] }) =>
    executed.some(
      ({ name, args }) =>
        name === 'LoadModule' &&
        args[0]?.value === 'wsgi_module' &&
        !/^(?:\/usr\/lib\/apache2\/)?modules\//.test(args[1]?.value ?? ''),
    ),
  )
}
