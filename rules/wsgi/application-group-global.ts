import { indentationAt, insertBefore, isOwnText, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { namedLibraries, type PythonLibrary } from '../../src/deployment/django/python-libraries.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { modWsgiMain } from '../_examples.ts'
import { loadedModules } from './_loaded-modules.ts'
import { type ProcessMember, sharedProcesses } from './_process-sharing.ts'
import type { WsgiDaemon } from '../../src/servers/apache/queries/wsgi-daemons.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      WSGIDaemonProcess maps
      WSGIProcessGroup maps
      ${lines}
  </VirtualHost>
`
const MAIN = modWsgiMain()
const ALIAS = 'WSGIScriptAlias / /opt/maps/maps/wsgi.py'
const MARKED = ALIAS.replace('WSGIScriptAlias', '«WSGIScriptAlias»')
const project = (apps: string): Record<string, string> => ({
  'opt/maps/maps/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application

    os.environ["DJANGO_SETTINGS_MODULE"] = "maps.settings"
    application = get_wsgi_application()
  `,
  'opt/maps/maps/settings.py': conf`INSTALLED_APPS = [${apps}]`,
})

/** Django applications and engines that load GEOS and GDAL. */
const GEOGRAPHY = /^django\.contrib\.gis(?:$|\.)/
/** Distributions whose C code keeps one state for each process, by the warnings of their own documentation. */
const WITH_STATE = new Set([
  'numpy',
  'scipy',
  'pandas',
  'scikit-learn',
  'matplotlib',
  'lxml',
  'shapely',
  'gdal',
  'fiona',
  'geopandas',
  'opencv-python',
  'opencv-python-headless',
  'tensorflow',
  'torch',
])

export default defineRule({
  summary: 'The application runs in a sub-interpreter',
  severity: 'info',
  otherSeverities: {
    warning: 'where the application uses a library that is known not to work in a sub-interpreter',
  },
  confidence: 'high',
  since: '0.1.0',
  advises: 'mod_wsgi',
  why: 'mod_wsgi gives each application an interpreter of its own beside Python’s first. C extensions that were written for the first one alone, GEOS and numpy among them, deadlock there or crash: requests hang, or end with “Truncated or oversized response headers received from daemon process”.',
  remedy: 'Write `WSGIApplicationGroup %{GLOBAL}` where the daemon process has one application',
  references: [
    'https://modwsgi.readthedocs.io/en/master/user-guides/application-issues.html',
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIApplicationGroup.html',
  ],
  unproven: 'Whether an extension deadlocks hangs on its version and on timing',
  bad: [
    {
      title: 'an application of its own daemon process',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host(MARKED)}` },
    },
    {
      title: 'with GeoDjango in it',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host(MARKED)}`,
        ...project('"django.contrib.auth", "django.contrib.gis"'),
      },
    },
    {
      title: 'with numpy in its requirements',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host(MARKED)}`,
        ...project('"django.contrib.auth"'),
        'opt/maps/requirements.txt': conf`
          Django==3.2
          numpy>=1.24
        `,
      },
    },
    ...[
      ['pyproject.toml', '[project]\nname = "maps"\ndependencies = [\n  "Django[argon2]>=5",\n  "numpy",\n]'],
      ['pyproject.toml', '[tool.poetry.dependencies]\npython = "^3.11"\nnumpy = "^2.1"'],
      ['Pipfile', '[packages]\ndjango = "*"\nnumpy = "*"'],
      [
        'setup.py',
        'from setuptools import setup\nsetup(name="maps", install_requires=["django", "numpy>=2"])',
      ],
      ['setup.cfg', '[options]\ninstall_requires =\n    django\n    numpy'],
      [
        'environment.yml',
        'name: maps\ndependencies:\n  - python=3.11\n  - numpy=2.1\n  - pip:\n      - django',
      ],
    ].map(([name, text]) => ({
      title: `numpy in ${name}: ${text?.split('\n')[0]}`,
      files: {
        'site.conf': host(MARKED),
        ...project('"django.contrib.auth"'),
        [`opt/maps/${name}`]: `${text}\n`,
      },
    })),
    {
      title: 'with an import of pandas behind its script',
      files: {
        'site.conf': host(MARKED),
        'opt/maps/maps/wsgi.py': 'from tables import app as application\n',
        'opt/maps/maps/tables.py': 'import pandas\nfrom flask import Flask\napp = Flask(__name__)\n',
      },
    },
    {
      title: 'in Apache’s own processes',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${MARKED}\n`,
        ...project('"django.contrib.gis"'),
      },
    },
  ],
  good: [
    {
      title: 'numpy for its developers',
      files: {
        'site.conf': host(ALIAS),
        ...project('"django.contrib.auth"'),
        'opt/maps/pyproject.toml': conf`
          [project]
          dependencies = ["Django"]

          [project.optional-dependencies]
          dev = ["numpy"]
        `,
      },
    },
    {
      title: 'the main interpreter',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host(conf`
          WSGIApplicationGroup %{GLOBAL}
          ${ALIAS}
        `)}`,
        ...project('"django.contrib.gis"'),
      },
    },
    {
      title: 'said on the alias',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('WSGIScriptAlias / /opt/maps/maps/wsgi.py application-group=%{GLOBAL}')}`,
      },
    },
    {
      title: 'two applications in one daemon process',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host(conf`
          WSGIScriptAlias /tiles /opt/tiles/tiles/wsgi.py
          ${ALIAS}
        `)}`,
      },
    },
    {
      title: 'another interpreter, by somebody’s decision, and nothing that speaks against it',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host(conf`
          WSGIApplicationGroup maps
          ${ALIAS}
        `)}`,
      },
    },
    {
      title: 'a fragment, whose main file may say it',
      files: { 'site.conf': host(ALIAS) },
    },
  ],
  *check(deployment) {
    for (const { daemon, members } of sharedProcesses(deployment)) {
      const [member] = members
      if (member === undefined || members.length > 1) continue
      const { applicationGroup, directive } = member.application
      if (!applicationGroup.known || applicationGroup.value.kind === 'main-interpreter') continue
      const library = libraryOf(deployment, member)
      // A group that is written was somebody's decision, and so may be one that the main file has.
      const isDecided = applicationGroup.at !== null || member.application.configuration.main === null
      if (library === null && (isDecided || daemon === null)) continue
      const at = applicationGroup.at ?? namePlace(directive)
      yield {
        at,
        // Where one thread alone runs, none of another interpreter waits for it.
        severity: library === null || isOfOneThread(daemon) ? 'info' : 'warning',
        message:
          library === null
            ? `\`${member.script}\` runs in a sub-interpreter, though its daemon process runs nothing else`
            : `\`${member.script}\` uses \`${library.name}\` in a sub-interpreter, which its C code does not expect`,
        label: 'not the main interpreter',
        related: [
          ...(library?.at == null ? [] : [{ at: library.at, message: 'loaded here' }]),
          ...(daemon === null ? [] : [{ at: daemon.at, message: 'has no other application' }]),
        ],
        ...(applicationGroup.at === null && isOwnText(directive)
          ? propose('Use the main interpreter', 'unsafe', [
              insertBefore(at, `WSGIApplicationGroup %{GLOBAL}\n${indentationAt(at)}`),
            ])
          : {}),
      }
    }
  },
})

function isOfOneThread(daemon: WsgiDaemon | null): boolean {
  return daemon?.threads.known === true && daemon.threads.value === 1
}

/** The first library of an application that asks for the main interpreter; null where none is seen. */
function libraryOf(deployment: Deployment, { application, python }: ProcessMember): PythonLibrary | null {
  if (python === null) return null
  const named = namedLibraries(deployment.filesOf(application.configuration), python)
  const library = named.find(({ name }) => GEOGRAPHY.test(name) || WITH_STATE.has(name))
  if (library !== undefined) return library
  for (const { module, at } of loadedModules(deployment, application, python)) {
    const [first = ''] = module.split('.')
    const name = DISTRIBUTIONS.get(first) ?? first
    if (WITH_STATE.has(name)) return { name, at }
  }
  return null
}

/** By their modules, where these are called otherwise. */
const DISTRIBUTIONS: ReadonlyMap<string, string> = new Map([
  ['sklearn', 'scikit-learn'],
  ['cv2', 'opencv-python'],
  ['osgeo', 'gdal'],
])
