import type { Place } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { wsgiDaemons } from '../../src/servers/apache/queries/wsgi-daemons.ts'
import { apacheMain } from '../_examples.ts'

const tree = (module: string, home: string, more: Record<string, string>): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    [
      `LoadModule wsgi_module ${module}`,
      'Listen 80',
      `WSGIDaemonProcess shop python-home=${home}`,
      conf`
        <VirtualHost *:80>
            ServerName example.org
            WSGIProcessGroup shop
            WSGIScriptAlias / /srv/shop/shop/wsgi.py
        </VirtualHost>
      `,
    ],
    ['authz_host'],
  ),
  ...more,
})
const OF_3_8 =
  '/usr/local/lib/python3.8/dist-packages/mod_wsgi/server/mod_wsgi-py38.cpython-38-x86_64-linux-gnu.so'
const VENV_3_11 = {
  'srv/shop/venv/pyvenv.cfg': conf`
    home = /usr/bin
    version = 3.11.2
  `,
}
const PACKAGES_3_11 = { 'srv/shop/venv/lib/python3.11/site-packages/django/__init__.py': '' }
const python = (release: string): Record<string, string> => ({ [`usr/lib/python${release}/os.py`]: '' })
const DEBIANS = '/usr/lib/apache2/modules/mod_wsgi.so'

export default defineRule({
  summary: 'mod_wsgi has another Python than the virtual environment',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_wsgi runs the Python that it was built for, whatever Python an environment was made with. That looks in `lib/python3.N/site-packages` of its own number alone: with `python-home` it finds none of the packages, `ModuleNotFoundError: No module named ’django’`, after an upgrade of the distribution as after a change of the environment.',
  remedy:
    'Install mod_wsgi into the environment (`pip install mod_wsgi`) and load what `mod_wsgi-express module-config` says, or make the environment with the Python that mod_wsgi has',
  references: ['https://modwsgi.readthedocs.io/en/master/user-guides/virtual-environments.html'],
  unproven: 'The tests have mod_wsgi for one Python alone',
  bad: [
    {
      title: 'a module of pip that was built for an older one',
      files: tree(`«${OF_3_8}»`, '/srv/shop/venv', VENV_3_11),
    },
    {
      title: 'packages that lie in the directory of another one',
      files: tree(`«${OF_3_8}»`, '/srv/shop/venv/', PACKAGES_3_11),
    },
    {
      title: 'the directory of packages in place of the environment',
      files: {
        'etc/apache2/apache2.conf': tree(`«${OF_3_8}»`, '', {})['etc/apache2/apache2.conf']!.replace(
          'python-home=',
          'python-path=/srv/shop:/srv/shop/venv/lib/python3.11/site-packages',
        ),
      },
    },
    {
      title: 'the module of the distribution, after its upgrade',
      files: tree(`«${DEBIANS}»`, '/srv/shop/venv', { ...PACKAGES_3_11, ...python('3.13') }),
    },
  ],
  good: [
    {
      title: 'a module of the environment',
      files: tree(
        '/srv/shop/venv/lib/python3.11/site-packages/mod_wsgi/server/mod_wsgi-py311.cpython-311-x86_64-linux-gnu.so',
        '/srv/shop/venv',
        { ...VENV_3_11, ...PACKAGES_3_11 },
      ),
    },
    {
      title: 'packages for both',
      files: tree(OF_3_8, '/srv/shop/venv', {
        ...PACKAGES_3_11,
        'srv/shop/venv/lib/python3.8/site-packages/django/__init__.py': '',
      }),
    },
    { title: 'an environment that is not in the audit', files: tree(OF_3_8, '/srv/shop/venv', {}) },
    {
      title: 'the module of the distribution, of which the tree shows no Python',
      files: tree(DEBIANS, '/srv/shop/venv', { ...VENV_3_11, ...PACKAGES_3_11 }),
    },
    {
      title: 'the module of the distribution for its Python',
      files: tree(DEBIANS, '/srv/shop/venv', { ...PACKAGES_3_11, ...python('3.11') }),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const module = moduleOf(configuration, files)
      const found = module === null ? null : otherEnvironment(configuration, files, module.python)
      if (module === null || found === null) continue
      yield {
        at: module.at,
        message: `mod_wsgi was built for Python ${module.python}, and \`${found.path}\` is of Python ${found.pythons.join(' and ')}: none of its packages are found`,
        label: `Python ${module.python}`,
        related: [{ at: found.at, message: `Python ${found.pythons.join(' and ')}` }],
      }
    }
  },
})

interface WsgiModule {
  /** `3.11` */
  readonly python: string
  readonly at: Place
}

/** The module that is loaded, as its path tells, or the Python of the distribution whose module it is. */
function moduleOf({ executed = [] }: ApacheConfiguration, files: FileSystem): WsgiModule | null {
  const line = executed.find(({ name, args }) => name === 'LoadModule' && args[0]?.value === 'wsgi_module')
  const path = line?.args[1]?.value ?? ''
  if (line === undefined) return null
  const [, major, minor] = OF_PATH.exec(path) ?? OF_DIRECTORY.exec(path) ?? []
  const isOfDistribution = /^(?:\/usr\/lib\/apache2\/)?modules\/mod_wsgi\.so$/.test(path)
  const installed = isOfDistribution ? numbersIn(files, '/usr/lib') : []
  const own = installed.length === 1 ? installed[0] : undefined
  const python = major !== undefined && minor !== undefined ? `${major}.${minor}` : own
  return python === undefined ? null : { python, at: argumentPlace(line, 1) }
}

/** `mod_wsgi-py38.cpython-38-x86_64-linux-gnu.so` */
const OF_PATH = /\.cpython-(\d)(\d+)-[^/]*\.so$/
const OF_DIRECTORY = /\/python(\d)\.(\d+)\/(?:site|dist)-packages\/mod_wsgi\//

interface Environment {
  readonly path: string
  readonly pythons: readonly string[]
  readonly at: Place
}

/** The first environment of a daemon process that has packages for other Pythons alone. */
function otherEnvironment(
  configuration: ApacheConfiguration,
  files: FileSystem,
  python: string,
): Environment | null {
  for (const { options } of wsgiDaemons(configuration)) {
    const home = options.get('python-home')
    if (home?.value.known === true) {
      const path = home.value.value.replace(/\/+$/, '')
      const pythons = pythonsOf(files, path)
      if (pythons.length > 0 && !pythons.includes(python)) return { path, pythons, at: home.valueAt }
    }
    const paths = options.get('python-path')
    if (paths?.value.known !== true) continue
    for (const path of paths.value.value.split(':')) {
      const named = /\/lib\/python(3\.\d+)\/site-packages\/?$/.exec(path)?.[1]
      if (named !== undefined && named !== python) return { path, pythons: [named], at: paths.valueAt }
    }
  }
  return null
}

/** The Pythons that an environment has packages for, by its directories and by what made it. */
function pythonsOf(files: FileSystem, home: string): readonly string[] {
  const directories = numbersIn(files, `${home}/lib`)
  if (directories.length > 0) return directories
  const settings = sourceAt(files, `${home}/pyvenv.cfg`)
  const written = /^version(?:_info)?[ \t]*=[ \t]*(3\.\d+)/m.exec(settings?.text ?? '')?.[1]
  return written === undefined ? [] : [written]
}

function numbersIn(files: FileSystem, directory: string): readonly string[] {
  return (files.list(directory) ?? []).flatMap(({ name }) => /^python(3\.\d+)$/.exec(name)?.[1] ?? [])
}
