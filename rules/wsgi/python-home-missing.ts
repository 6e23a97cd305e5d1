import { wsgiDaemons } from '../../src/servers/apache/queries/wsgi-daemons.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const MAIN = modWsgiMain()
const host = (home: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      WSGIDaemonProcess app python-home=${home}
      WSGIScriptAlias / /opt/app/wsgi.py process-group=app
      <Directory /opt/app>
          Require all granted
      </Directory>
  </VirtualHost>
`
const VENV = { 'etc/venv/pyvenv.cfg': conf`home = /usr/bin` }

export default defineRule({
  summary: 'The Python environment of the daemon process is not one',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Python cannot start without its library: the daemon process dies and is started again each second, requests hang, and a stop of Apache takes many seconds. `configtest` says “Syntax OK”.',
  remedy: 'Name the directory of the virtual environment, the one with `pyvenv.cfg` in it',
  references: ['https://modwsgi.readthedocs.io/en/master/user-guides/virtual-environments.html'],
  bad: [
    {
      title: 'a directory that is not there',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host('«/etc/env»')}`, ...VENV },
    },
    {
      title: 'the programs of the environment instead of its root',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host('«/opt/venv/bin»')}` },
    },
    {
      title: 'its packages instead of its root',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host('«/opt/venv/lib/python3.11/site-packages»')}` },
    },
  ],
  good: [
    {
      title: 'an environment',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host('/etc/venv')}`, ...VENV },
    },
    {
      title: 'a repository, which keeps the application and not its environment',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host('/etc/app/env')}`, 'etc/app/app.wsgi': '' },
    },
    { title: 'outside of the audit', files: { 'etc/apache2/apache2.conf': `${MAIN}${host('/opt/venv')}` } },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const { options } of wsgiDaemons(configuration)) {
        const home = options.get('python-home')
        if (home?.value.known) yield* judge(files, home.value.value, home.valueAt)
      }
      for (const directive of configuration.occurrences.get('wsgipythonhome') ?? []) {
        yield* judge(files, directive.args[0]?.value ?? '', argumentPlace(directive, 0))
      }
    }
  },
})

function* judge(files: FileSystem, written: string, at: Place) {
  const home = written.replace(/\/+$/, '')
  if (!home.startsWith('/')) return
  const isInside = /\/(?:bin(?:\/python[\d.]*)?|site-packages|dist-packages)$/.test(home)
  if (!isInside && !isMissing(files, home)) return
  const root = home.replace(/\/(?:bin(?:\/python[\d.]*)?|lib\/python[\d.]+\/(?:site|dist)-packages)$/, '')
  yield {
    at,
    message: isInside
      ? `\`${home}\` is a part of a Python environment, and mod_wsgi wants its root`
      : `\`${home}\` is not there, so Python does not start and the daemon process dies again and again`,
    label: isInside ? 'not the root' : 'no such directory',
    ...(isInside && root !== home ? { help: `Write \`${root}\`` } : {}),
  }
}

/** A path that no machine has: who vouches for it vouches for every path, as a whole machine does. */
const NOWHERE = '/-/-/-'

/** True also beside an environment of another name, which shows that the audit keeps environments. */
function isMissing(files: FileSystem, home: string): boolean {
  if (isAbsent(files, home)) return keepsEnvironments(files, home)
  const isHeld = files.kind(home) === null && files.kind(posix.dirname(home)) === 'directory'
  return isHeld && hasEnvironmentBeside(files, home)
}

/** Repositories and copies leave environments out, unless one is kept beside. */
function keepsEnvironments(files: FileSystem, home: string): boolean {
  if (files.covers(NOWHERE)) return true
  return hasEnvironmentBeside(files, home)
}

function hasEnvironmentBeside(files: FileSystem, home: string): boolean {
  const directory = posix.dirname(home)
  return (
    files.list(directory)?.some(({ name }) => files.kind(`${directory}/${name}/pyvenv.cfg`) === 'file') ===
    true
  )
}
