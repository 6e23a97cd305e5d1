import { posix } from 'node:path'
import type { AppServer } from '../../parsers/app-server/app-server.ts'
import { type Place, placeText, type Source } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../../parsers/text/written-text.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { entryAt, isHeroku, OF_RAILWAY } from '../_heroku.ts'

const project = (
  web: string,
  files: Record<string, string> = { 'runtime.txt': 'python-3.12.4\n' },
): Record<string, string> => ({
  Procfile: conf`
    web: ${web}
    worker: celery -A shop worker
  `,
  'requirements.txt': 'django\ngunicorn\nuvicorn\n',
  'manage.py': conf`
    import os, sys
    from django.core.management import execute_from_command_line
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    execute_from_command_line(sys.argv)
  `,
  'shop/__init__.py': '',
  'shop/asgi.py': 'application = None\n',
  'shop/wsgi.py': 'application = None\n',
  'shop/settings.py': 'DEBUG = False\n',
  ...files,
})

export default defineRule({
  summary: 'The web process of a Procfile does not listen where the platform connects',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Heroku, and what is made like it, gives a web process its port in `$PORT` and connects to it from another machine. gunicorn reads that variable by itself; uvicorn, daphne, hypercorn, Flask and `runserver` do not, and listen on 127.0.0.1 with a port of their own: `Error R10 (Boot timeout)`, and H10 for every request.',
  remedy: 'Bind all addresses with that port: `--host 0.0.0.0 --port $PORT`, `--bind 0.0.0.0:$PORT`',
  references: [
    'https://devcenter.heroku.com/articles/procfile',
    'https://devcenter.heroku.com/articles/runtime-principles#web-servers',
  ],
  unproven: 'No loopback is a platform that sets ports',
  bad: [
    { title: 'the development server', files: project('python manage.py «runserver»') },
    { title: 'uvicorn by itself', files: project('«uvicorn» shop.asgi:application') },
    {
      title: 'uvicorn with a port of its own',
      files: project('uvicorn shop.asgi:application --host 0.0.0.0 --port «8000»'),
    },
    {
      title: 'gunicorn on loopback',
      files: project('gunicorn --bind «127.0.0.1:$PORT» shop.wsgi', {
        'app.json': '{ "name": "shop" }\n',
      }),
    },
    {
      title: 'loopback, where a platform looks for the port',
      files: project('gunicorn --bind «127.0.0.1:8000» shop.wsgi', { 'railway.toml': '[deploy]\n' }),
    },
    {
      title: 'a platform that only the README names',
      files: project('uvicorn shop.asgi:application --host 0.0.0.0 --port «8000»', {
        'README.md': '# Shop\n\nDeployment: `git push heroku main`\n',
      }),
    },
    {
      title: 'a library of the platform',
      files: project('gunicorn --bind «0.0.0.0:8000» shop.wsgi', {
        'requirements.txt': 'django\ngunicorn\ndjango-heroku\n',
      }),
    },
    {
      title: 'daphne, and a release phase',
      files: {
        ...project('', {}),
        Procfile: conf`
          release: python manage.py migrate
          web: «daphne» shop.asgi:application
        `,
      },
    },
  ],
  good: [
    { title: 'gunicorn, which reads the variable', files: project('gunicorn shop.wsgi --log-file -') },
    { title: 'the port', files: project('uvicorn shop.asgi:application --host 0.0.0.0 --port $PORT') },
    { title: 'the port with a default', files: project('gunicorn --bind 0.0.0.0:${PORT:-8000} shop.wsgi') },
    { title: 'a Procfile of nobody knows which platform', files: project('python manage.py runserver', {}) },
    {
      title: 'a README that speaks of a machine',
      files: project('gunicorn --bind 127.0.0.1:8000 shop.wsgi', {
        'README.md': '# Shop\n\nStart all with `honcho start`\n',
      }),
    },
    {
      title: 'a platform that is told the port',
      files: project('gunicorn --bind 0.0.0.0:8000 shop.wsgi', {
        'README.md': 'Was: `git push heroku main`\n',
        'fly.toml': '[http_service]\ninternal_port = 8000\n',
      }),
    },
    {
      title: 'a platform that looks for the port',
      files: project('uvicorn shop.asgi:application --host 0.0.0.0 --port 8000', { 'railway.json': '{}\n' }),
    },
    {
      title: 'a platform whose nginx connects to port 8000',
      files: project('gunicorn --bind 127.0.0.1:8000 shop.wsgi', {
        'runtime.txt': 'python-3.12.4\n',
        '.ebextensions/django.config': 'option_settings: {}\n',
      }),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server, machine } = program
      const { source } = server.at
      const isOne = posix.basename(source.path) === 'Procfile' && OF_PYTHON.test(server.program)
      const entry = isOne ? entryAt(source, server.at.start) : null
      if (entry?.name !== 'web' || !isHeroku(machine.files, source)) continue
      const where = listensAt(server, entry.script)
      if (where !== null && !(isFound(where.address) && findsPorts(machine.files, source)))
        yield {
          at: where.at ?? server.at,
          message: `the platform connects to the port in \`$PORT\`, and ${programName(program)} listens on ${where.address}: Error R10 (Boot timeout)`,
          label: 'not where the platform connects',
        }
    }
  },
})

/** Servers whose addresses their command line says. */
const OF_PYTHON = /^(?:gunicorn|uvicorn|hypercorn|daphne|waitress|granian|runserver|flask|fastapi)$/

/** Where a server listens, if that is surely not the port of the platform. */
function listensAt(
  { program, binds }: AppServer,
  script: WrittenText,
): { at: Place | null; address: string } | null {
  const [bind] = binds
  if (bind === undefined || binds.length > 1) return null
  if (bind.address.known) {
    const { value } = bind.address
    if (value.kind !== 'ip' || (bind.at === null && program === 'gunicorn')) return null
    return { at: bind.at, address: `${/^\*?$/.test(value.host) ? '0.0.0.0' : value.host}:${value.port}` }
  }
  const written = bind.at === null ? '' : placeText(bind.at)
  if (/^(?:127\.0\.0\.1|localhost):/.test(written)) return { at: bind.at, address: written }
  // What variables of the platform may say besides, nobody sets for these.
  if (program !== 'uvicorn' || /PORT|--uds|--fd/.test(script.text)) return null
  const port = /(?<=--port[ =])\d+(?=\s|$)/.exec(script.text)
  if (port === null) return /--port|--host/.test(script.text) ? null : { at: null, address: '127.0.0.1:8000' }
  const word = sliceWritten(script, port.index, port.index + port[0].length)
  return { at: placeOf(word), address: `port ${port[0]}` }
}

/** True for a port that is open to the network. */
function isFound(address: string): boolean {
  return !/^(?:127\.|localhost)/.test(address)
}

/** True for Railway, which looks at what port a process listens, and sends requests there. */
function findsPorts(files: FileSystem, { path }: Source): boolean {
  const has = (name: string): boolean => files.kind(posix.join(posix.dirname(path), name)) !== null
  return (
    OF_RAILWAY.some(has) ||
    /\brailway up\b/.test(sourceAt(files, posix.join(posix.dirname(path), 'README.md'))?.text ?? '')
  )
}
