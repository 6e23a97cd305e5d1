import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { releaseIn } from '../../src/deployment/django/django-version.ts'
import { requiredLibraries } from '../../src/deployment/django/python-libraries.ts'
import type { Application, Deployment } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { hostName } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { host, MAIN } from './_examples.ts'
import { loadedModules } from './_loaded-modules.ts'
import { type ProcessMember, sharedProcesses } from './_process-sharing.ts'

const DAEMON = 'WSGIDaemonProcess forecast python-path=/srv/forecast threads=4'
const site = (lines: string): string => conf`
  <VirtualHost *:9000>
      ServerName forecast.example.org
      ${lines}
      <Directory /srv/forecast>
          Require all granted
      </Directory>
  </VirtualHost>
`
const TABLES = 'WSGIScriptAlias /tables /srv/forecast/tables.wsgi process-group=forecast'
const FORECAST = 'WSGIScriptAlias / /srv/forecast/forecast.wsgi process-group=forecast'
const marked = (line: string): string => line.replace('WSGIScriptAlias', '«WSGIScriptAlias»')
const apps = (
  forecast: string,
  tables: string,
  requirements = conf`
    Flask==3.1.3
    numpy==2.4.6
    pandas==3.0.6
  `,
): Record<string, string> => ({
  'srv/forecast/forecast.wsgi': 'from forecast import app as application\n',
  'srv/forecast/tables.wsgi': 'from tables import app as application\n',
  'srv/forecast/forecast.py': conf`
    ${forecast}
    from flask import Flask

    app = Flask(__name__)
  `,
  'srv/forecast/tables.py': conf`
    ${tables}
    from flask import Flask

    app = Flask(__name__)
  `,
  'srv/forecast/requirements.txt': requirements,
})
const both = (first: string, second: string): string =>
  MAIN +
  site(conf`
    ${DAEMON}
    ${first}
    ${second}
  `)
const TWICE = both(TABLES, marked(FORECAST))
const TWICE_PLAIN = both(TABLES, FORECAST)
const djangoProject = (name: string): Record<string, string> => ({
  [`opt/${name}/${name}/wsgi.py`]: conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ["DJANGO_SETTINGS_MODULE"] = "${name}.settings"
    application = get_wsgi_application()
  `,
  [`opt/${name}/${name}/settings.py`]: conf`
    ROOT_URLCONF = "${name}.urls"
    INSTALLED_APPS = ["django.contrib.auth", "pages"]
  `,
  [`opt/${name}/${name}/urls.py`]: conf`
    from django.urls import include, path
    urlpatterns = [path("", include("pages.urls"))]
  `,
  [`opt/${name}/pages/urls.py`]: conf`
    from django.urls import path
    from . import views
    urlpatterns = [path("", views.page)]
  `,
  [`opt/${name}/pages/views.py`]: conf`
    from lxml import etree
    def page(request):
        return etree.tostring(etree.Element("page"))
  `,
})

export default defineRule({
  summary: 'Two interpreters of one process load a C extension that only one may load',
  severity: 'error',
  otherSeverities: {
    warning: 'where an old release may be installed, or the main file may set the interpreter',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `WSGIApplicationGroup %{GLOBAL}`, mod_wsgi gives each mount point a sub-interpreter of its own in the same process. numpy, lxml and whatever is written in Rust with PyO3 can be loaded into one of them alone: of two applications, the one that is asked second answers `500 Internal Server Error`, until the process starts anew and the other one is the second.',
  remedy:
    'Set `application-group=%{GLOBAL}` for both; two Django projects need a `WSGIDaemonProcess` each besides',
  references: [
    'https://modwsgi.readthedocs.io/en/master/user-guides/application-issues.html',
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIApplicationGroup.html',
    'https://numpy.org/doc/stable/user/troubleshooting-importerror.html',
  ],
  unproven: 'The machine of the live tests has none of these extensions',
  bad: [
    {
      title: 'numpy, and pandas, which loads it',
      files: {
        'etc/apache2/apache2.conf': TWICE,
        ...apps('import numpy as np', 'import pandas as pd'),
      },
    },
    {
      title: 'one of them in the main interpreter',
      files: {
        'etc/apache2/apache2.conf': both(`${TABLES} application-group=%{GLOBAL}`, marked(FORECAST)),
        ...apps('import numpy as np', 'import numpy as np'),
      },
    },
    {
      title: 'cryptography, behind a module of the project',
      files: {
        'etc/apache2/apache2.conf': TWICE,
        ...apps('import keys', 'from keys import sealed', 'Flask\ncryptography\n'),
        'srv/forecast/keys.py': 'from cryptography.fernet import Fernet\n',
      },
    },
    {
      title: 'Apache’s own processes',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}WSGIPythonPath /srv/forecast\n${site(conf`
          WSGIScriptAlias /tables /srv/forecast/tables.wsgi
          «WSGIScriptAlias» / /srv/forecast/forecast.wsgi
        `)}`,
        ...apps('from lxml import etree', 'import lxml.html', 'lxml\n'),
      },
    },
    {
      title: 'the views of two Django projects',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          WSGIProcessGroup sites
          ${host('shop', '')}
          ${host('wiki', '').replace('WSGIScriptAlias', '«WSGIScriptAlias»')}
        `,
        ...djangoProject('shop'),
        ...djangoProject('wiki'),
      },
    },
    {
      title: 'a role that fills in where the project is',
      files: {
        'roles/forecast/templates/vhost.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ forecast_domain }}
              WSGIDaemonProcess forecast python-path={{ forecast_home }}
              WSGIScriptAlias /tables {{ forecast_home }}/tables.wsgi process-group=forecast
              «WSGIScriptAlias» / {{ forecast_home }}/forecast.wsgi process-group=forecast
          </VirtualHost>
        `,
        ...Object.fromEntries(
          Object.entries(apps('import numpy', 'import numpy')).map(([path, text]) => [
            path.replace('srv/forecast', 'roles/forecast/files/app'),
            text,
          ]),
        ),
      },
    },
  ],
  good: [
    {
      title: 'the main interpreter for both',
      files: {
        'etc/apache2/apache2.conf': both(
          `${TABLES} application-group=%{GLOBAL}`,
          `${FORECAST} application-group=%{GLOBAL}`,
        ),
        ...apps('import numpy as np', 'import pandas as pd'),
      },
    },
    {
      title: 'one interpreter of their own for both',
      files: {
        'etc/apache2/apache2.conf':
          MAIN +
          site(conf`
          ${DAEMON}
          WSGIApplicationGroup forecast
          ${TABLES}
          ${FORECAST}
        `),
        ...apps('import numpy as np', 'import pandas as pd'),
      },
    },
    {
      title: 'a process for each',
      files: {
        'etc/apache2/apache2.conf':
          MAIN +
          site(conf`
          ${DAEMON}
          WSGIDaemonProcess tables python-path=/srv/forecast
          WSGIScriptAlias /tables /srv/forecast/tables.wsgi process-group=tables application-group=%{GLOBAL}
          ${FORECAST} application-group=%{GLOBAL}
        `),
        ...apps('import numpy as np', 'import pandas as pd'),
      },
    },
    {
      title: 'two extensions',
      files: {
        'etc/apache2/apache2.conf': TWICE_PLAIN,
        ...apps('import numpy', 'from lxml import etree', 'numpy\nlxml\n'),
      },
    },
    {
      title: 'one of them can do without',
      files: {
        'etc/apache2/apache2.conf': TWICE_PLAIN,
        ...apps('import numpy', 'try:\n    import numpy\nexcept ImportError:\n    numpy = None'),
      },
    },
    {
      title: 'loaded by the one page that needs it',
      files: {
        'etc/apache2/apache2.conf': TWICE_PLAIN,
        ...apps('import numpy', 'def table():\n    import pandas'),
      },
    },
    {
      title: 'a release before Rust',
      files: {
        'etc/apache2/apache2.conf': TWICE_PLAIN,
        ...apps('import bcrypt', 'import bcrypt', 'Flask\nbcrypt==3.2.2\n'),
      },
    },
    {
      title: 'a package of the distribution, whose release nobody knows',
      files: {
        'etc/apache2/apache2.conf': TWICE_PLAIN,
        ...apps('import bcrypt', 'import bcrypt', 'Flask\n'),
      },
    },
    {
      title: 'one name on both ports, which is one interpreter',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          ${DAEMON}
          <VirtualHost *:80>
              ServerName forecast.example.org
              ${FORECAST}
          </VirtualHost>
          <VirtualHost *:443>
              ServerName forecast.example.org
              ${FORECAST}
          </VirtualHost>
        `,
        ...apps('import numpy', 'import numpy'),
      },
    },
  ],
  *check(deployment) {
    for (const { configuration, members } of sharedProcesses(deployment)) {
      if (members.length < 2) continue
      const first = new Map<string, Loaded>()
      const told = new Set<string>()
      for (const member of members) {
        for (const loaded of extensionsOf(deployment, member)) {
          const { extension } = loaded
          const other = first.get(extension.name)
          if (other === undefined) first.set(extension.name, loaded)
          else if (!told.has(extension.name) && areApart(other.member, member)) {
            told.add(extension.name)
            const isSure = configuration.main !== null && other.isSure && loaded.isSure
            const { directive, applicationGroup } = member.application
            yield {
              at: applicationGroup.at ?? namePlace(directive),
              severity: isSure ? 'error' : 'warning',
              message: `\`${other.member.script}\` and \`${member.script}\` load ${extension.name} into two interpreters of one process, so whichever is asked second fails: ${extension.says}`,
              label: 'an interpreter of its own',
              related: [
                { at: namePlace(other.member.application.directive), message: 'in the same process' },
                { at: other.at, message: 'loaded here' },
                { at: loaded.at, message: 'and here' },
              ],
            }
          }
        }
      }
    }
  },
})

interface Extension {
  /** As pip calls it. */
  readonly name: string
  /** Modules that load it whatever happens. */
  readonly modules: RegExp
  /** The first release that refuses; null where those before were no better. */
  readonly since: number | null
  readonly says: string
}

const PYO3 = '`ImportError: PyO3 modules do not yet support subinterpreters`'
const EXTENSIONS: readonly Extension[] = [
  {
    name: 'numpy',
    modules:
      /^(?:numpy|pandas|scipy|sklearn|matplotlib|cv2|geopandas|statsmodels|seaborn|skimage|xarray|xgboost|lightgbm|tensorflow)(?:\.|$)/,
    since: 2,
    says: '`ImportError: cannot load module more than once per process`',
  },
  {
    name: 'lxml',
    modules: /^(?:lxml\.(?:etree|html|objectify)|docx|pptx|zeep)(?:\.|$)/,
    since: null,
    says: '`ImportError: Interpreter change detected - this module can only be loaded into one interpreter per process`',
  },
  {
    name: 'cryptography',
    modules: /^(?:cryptography\.(?:fernet|hazmat|x509)|OpenSSL|paramiko)(?:\.|$)/,
    since: 41,
    says: PYO3,
  },
  { name: 'bcrypt', modules: /^(?:bcrypt|flask_bcrypt|paramiko)(?:\.|$)/, since: 4, says: PYO3 },
  { name: 'pydantic', modules: /^pydantic(?:\.|$)/, since: 2, says: PYO3 },
  { name: 'polars', modules: /^polars(?:\.|$)/, since: null, says: PYO3 },
  { name: 'tokenizers', modules: /^tokenizers(?:\.|$)/, since: null, says: PYO3 },
]

interface Loaded {
  readonly member: ProcessMember
  readonly extension: Extension
  readonly at: Place
  /** False where an older release may be installed. */
  readonly isSure: boolean
}

/** Each extension once. */
function* extensionsOf(deployment: Deployment, member: ProcessMember): Iterable<Loaded> {
  const { python, application } = member
  if (python === null) return
  const seen = new Set<Extension>()
  for (const { module, name, at } of loadedModules(deployment, application, python)) {
    if (module.startsWith('.')) continue
    const dotted = name === null ? module : `${module}.${name}`
    for (const extension of EXTENSIONS) {
      if (seen.has(extension) || !extension.modules.test(dotted)) continue
      seen.add(extension)
      const isSure = isRefusing(deployment, application, python.path, extension)
      if (isSure || extension.name === 'numpy') yield { member, extension, at, isSure }
    }
  }
}

/** True where the release that refuses a second interpreter is installed. */
function isRefusing(
  deployment: Deployment,
  application: Application,
  script: string,
  { name, since }: Extension,
): boolean {
  if (since === null) return true
  const files = deployment.filesOf(application.configuration)
  const release = releaseIn(name, since, posix.dirname(script), files)
  // Of a name without a release pip takes the newest.
  return release ?? requiredLibraries(files, script).some(library => library.name === name)
}

/** True for two scripts that surely do not run in one interpreter. */
function areApart(one: ProcessMember, other: ProcessMember): boolean {
  const [first, second] = [one, other].map(({ application }) => application.applicationGroup)
  if (first?.known !== true || second?.known !== true) return false
  if (one.interpreter !== null || other.interpreter !== null) return one.interpreter !== other.interpreter
  if (first.value.kind !== second.value.kind) return true
  const hosts = [one, other].map(({ application }) => nameOfHost(application))
  if (one.application.host !== other.application.host && hosts[0] !== hosts[1]) return !hosts.includes(null)
  const [path, otherPath] = [one, other].map(({ application }) => application.alias.path)
  return (
    first.value.kind === 'resource' &&
    path?.known === true &&
    otherPath?.known === true &&
    path.value !== otherPath.value
  )
}

function nameOfHost({ configuration, host }: Application): string | null {
  const name = host?.virtualHost == null ? null : hostName(configuration, host.virtualHost)
  return name?.known === true ? name.value.host : null
}
