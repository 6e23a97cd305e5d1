import { namePlace } from '../../src/deployment/places.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { installedVersion } from '../../src/servers/package-version.ts'
import { compareVersions } from '../../src/servers/version.ts'

const MAIN = apacheMain('')
const DEBIAN = conf`LoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so`
const PIP = conf`LoadModule wsgi_module /opt/venv/lib/python3.12/site-packages/mod_wsgi/server/mod_wsgi-py312.so`
const host = (options: string): string => conf`
  Listen 127.0.0.1:9000
  <VirtualHost *:9000>
      ServerName example.org
      WSGIDaemonProcess app ${options}
      WSGIProcessGroup app
      WSGIScriptAlias / /opt/app/wsgi.py
      <Directory /opt/app>
          Require all granted
      </Directory>
  </VirtualHost>
`
/** Which servers take these hangs on their age alone. */
const VERSIONS = {
  '.auditrc': conf`
    versions:
      apache: 2.4.62
  `,
}
const packaged = (version: string): Record<string, string> => ({
  'var/lib/dpkg/status': conf`
    Package: libapache2-mod-wsgi-py3
    Status: install ok installed
    Version: ${version}

  `,
})

const OPTIONS = ['switch-interval', 'interrupt-timeout', 'response-flush-delay']
const DIRECTIVES = ['wsgiinterpreteroptions', 'wsgitelemetryservice', 'wsgitelemetryoptions']
const PACKAGES = ['libapache2-mod-wsgi-py3', 'libapache2-mod-wsgi']
/** Where distributions keep their own module, which was never newer than 5. */
const DISTRIBUTION =
  /^(?:\/usr\/lib\/apache2\/modules|\/usr\/lib64\/httpd\/modules|modules)\/mod_wsgi\w*\.so$/

export default defineRule({
  summary: 'The configuration is written for a newer mod_wsgi',
  severity: 'error',
  otherSeverities: {
    warning: 'where the distribution’s mod_wsgi is loaded, of whatever version',
    info: 'where nothing shows which mod_wsgi is installed',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_wsgi refuses an option of `WSGIDaemonProcess` that it does not know, and Apache a directive: it does not start. These came with mod_wsgi 6.',
  remedy: 'Remove it, or install mod_wsgi 6 or newer',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html'],
  bad: [
    {
      title: 'the module of the distribution',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${DEBIAN}${host('«interrupt-timeout=5»')}`,
        ...VERSIONS,
      },
    },
    {
      title: 'the version that the package database names',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${DEBIAN}${host('«switch-interval=0.01»')}`,
        ...packaged('4.9.4-1+b2'),
        ...VERSIONS,
      },
    },
    {
      title: 'a module of unknown age',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${PIP}${host('«response-flush-delay=10»')}` },
    },
    {
      title: 'a site without its main file, whose module anybody may have built',
      files: {
        'site.conf': conf`
          LoadModule wsgi_module modules/mod_wsgi.so
          «WSGITelemetryService» unix:/tmp/telemetry.sock interval=1.0
          <VirtualHost *:80>
              ServerName example.org
              WSGIScriptAlias / /opt/app/wsgi.py
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'what every version knows',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${DEBIAN}${host('request-timeout=60')}` },
    },
    {
      title: 'the version that has it',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${DEBIAN}${host('interrupt-timeout=5')}`,
        ...packaged('6.0.1-1'),
        ...VERSIONS,
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const found = [...newOptions(deployment, configuration), ...newDirectives(configuration)]
      if (found.length === 0) continue
      const age = ageOf(deployment, configuration)
      if (age === 'new') continue
      for (const { at, what } of found) {
        yield {
          at,
          severity: age === 'old' ? 'error' : age === 'distribution' ? 'warning' : 'info',
          confidence: age === 'old' ? 'high' : 'medium',
          fatal: age === 'old',
          message:
            age === 'unknown'
              ? `only mod_wsgi 6 and newer know ${what}, and an older one refuses to start with it`
              : age === 'old'
                ? `the mod_wsgi of this machine is older than 6 and does not know ${what}, so Apache does not start`
                : `the mod_wsgi that distributions have here is older than 6 and does not know ${what}, so Apache does not start with it`,
          label: 'since mod_wsgi 6',
        }
      }
    }
  },
})

function newOptions({ daemons }: Deployment, configuration: ApacheConfiguration) {
  const having = daemons.filter(
    daemon => daemon.configuration === configuration && OPTIONS.some(name => daemon.options.has(name)),
  )
  return having.flatMap(({ options }) =>
    OPTIONS.flatMap(name => {
      const option = options.get(name)
      return option === undefined ? [] : [{ at: option.at, what: `the option \`${name}\`` }]
    }),
  )
}

function newDirectives({ occurrences }: ApacheConfiguration) {
  return DIRECTIVES.flatMap(name =>
    (occurrences.get(name) ?? []).map(directive => ({
      at: namePlace(directive),
      what: `\`${directive.name}\``,
    })),
  )
}

function ageOf(
  { filesOf }: Deployment,
  configuration: ApacheConfiguration,
): 'old' | 'distribution' | 'new' | 'unknown' {
  const loading = configuration.executed?.find(
    ({ name, args }) => name.toLowerCase() === 'loadmodule' && args[0]?.value === 'wsgi_module',
  )
  const path = loading?.args[1]?.value ?? ''
  // A module of one's own is installed there as well: without the machine's own main file nothing tells which it is.
  const main = configuration.main?.path ?? ''
  const isPackaged = path.startsWith('modules/') ? main.startsWith('/etc/httpd/') : main !== ''
  if (!DISTRIBUTION.test(path) || !isPackaged) return 'unknown'
  const version = installedVersion(filesOf(configuration), PACKAGES)
  if (version === null) return 'distribution'
  return compareVersions(version.value, '6') < 0 ? 'old' : 'new'
}
