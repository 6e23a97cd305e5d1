import { posix } from 'node:path'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { makesDirectories, missingIn } from '../containers/_missing-directory.ts'
import { behindNginx, serviceUnit, WSGI } from './_examples.ts'

const project = (settings: string): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn -c /etc/shop/gunicorn.conf.py shop.wsgi:application'), {
    'etc/shop/gunicorn.conf.py': conf`
      bind = "127.0.0.1:8000"
      ${settings}
    `,
  })
const command = (options: string): Record<string, string> =>
  behindNginx(serviceUnit(`/usr/bin/gunicorn ${options} shop.wsgi:application`))

const image = (log: string, step = ''): Record<string, string> => ({
  'docker-compose.yml': 'services:\n  web:\n    build: .\n',
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
    ${step}
    CMD ["gunicorn", "-b", "0.0.0.0:8000", "--error-logfile", "${log}", "shop.wsgi:application"]
  `,
  'shop/__init__.py': '',
  'shop/wsgi.py': WSGI,
})

export default defineRule({
  summary: 'gunicorn refuses a setting',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'gunicorn takes times and numbers without a unit: `30s` is no number to it, and neither is `auto`. With such a value, or a class of workers that it does not have, it does not start: `Invalid value for timeout`, `class uri … invalid or not found`. nginx answers 502.',
  remedy: 'Write the number alone: `timeout = 30`',
  references: ['https://docs.gunicorn.org/en/stable/settings.html'],
  bad: [
    { title: 'a time with its unit', files: project('timeout = «"30s"»') },
    { title: 'a word in the place of a number', files: project('workers = «"auto"»') },
    { title: 'on the command line', files: command('--timeout «30s»') },
    { title: 'a socket without its scheme', files: command('--bind «/run/shop.sock»') },
    { title: 'a URL', files: command('--bind «http://127.0.0.1:8000»') },
    {
      title: 'a file of settings under another name',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn -c «gunicorn.conf.py» -b 127.0.0.1:8000 shop.wsgi'), {
        'etc/shop/gunicorn_conf.py': 'workers = 3\n',
      }),
    },
    {
      title: 'a class of uvicorn that it does not have',
      files: command('-k «uvicorn.workers.UvicornWorkers»'),
    },
    {
      title: 'a log in a directory that the image does not have',
      files: image('«/var/log/gunicorn/error.log»'),
    },
    { title: 'a class of workers that is none', files: project('worker_class = «"threads"»') },
  ],
  good: [
    { title: 'a number', files: project('timeout = 30') },
    {
      title: 'a log in a directory that a step makes',
      files: image('/var/log/gunicorn/error.log', 'RUN mkdir -p /var/log/gunicorn'),
    },
    { title: 'a log in a directory of the system', files: image('/var/log/gunicorn.log') },
    { title: 'the output of the container', files: image('-') },
    { title: 'a number in quotes', files: project('timeout = "30"') },
    { title: 'on the command line, a number', files: command('--timeout 30') },
    { title: 'the class of uvicorn', files: command('-k uvicorn.workers.UvicornWorker') },
    {
      title: 'a file of a directory that is not in the audit',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn -c /srv/shop/gunicorn.conf.py shop.wsgi')),
    },
    {
      title: 'a variable that no shell fills in, which is the fault of the command',
      files: {
        Dockerfile: conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
          CMD ["gunicorn", "-b", "0.0.0.0:8000", "--workers", "\${WORKERS:-4}", "shop.wsgi:application"]
        `,
        'shop/__init__.py': '',
        'shop/wsgi.py': WSGI,
      },
    },
    { title: 'a class of its own', files: project('worker_class = "gthread"\nthreads = 4') },
    { title: 'a class of another package', files: project('worker_class = "shop.workers.OwnWorker"') },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server } = program
      if (server.program !== 'gunicorn') continue
      yield* missingFile(program)
      yield* missingLogs(program)
      for (const name of NUMBERS) {
        const fact = server.settings.get(name)
        if (fact?.known !== true || fact.at === null || typeof fact.value !== 'string') continue
        if (/^\s*[-+]?\d[\d_]*\s*$/.test(fact.value) || /^0[xob]/i.test(fact.value)) continue
        // A variable that no shell fills in is said of the command.
        if (/\$\{?\w/.test(fact.value)) continue
        yield {
          at: fact.at,
          message: `gunicorn takes a whole number for \`${name}\`, so it does not start: Invalid value for ${name}: ${fact.value}`,
          label: 'no number',
          ...(/^\d+\s*s(?:ec\w*)?$/.test(fact.value) && {
            help: `Write \`${fact.value.replace(/\D+$/, '')}\``,
          }),
        }
      }
      const bind = server.settings.get('bind')
      const [path, ...more] = bind?.known !== true ? [] : [bind.value].flat()
      if (
        bind?.at != null &&
        typeof path === 'string' &&
        more.length === 0 &&
        /^\.{0,2}\/|\.sock$/.test(path) &&
        !path.includes(':')
      )
        yield {
          at: bind.at,
          message: `gunicorn takes this for the name of a host, so it does not start: Can't connect to ('${path}', 8000)`,
          label: 'no `unix:` before it',
          help: `Write \`unix:${path}\``,
        }
      if (bind?.at != null && typeof path === 'string' && more.length === 0 && /^https?:\/\//i.test(path))
        yield {
          at: bind.at,
          message: `gunicorn takes no URL to listen on, so it does not start: '${/^\w+:(\/\/[^:]*)/.exec(path)?.[1]}' is not a valid port number`,
          label: 'a URL',
          help: `Write \`${path.replace(/^\w+:\/\/|\/$/gi, '')}\``,
        }
      const kind = server.settings.get('worker_class')
      if (kind?.known !== true || kind.at === null || typeof kind.value !== 'string') continue
      const isOfUvicorn = /^uvicorn\.workers\.\w+$/.test(kind.value) && !OF_UVICORN.has(kind.value)
      if (!isOfUvicorn && (/[.:]/.test(kind.value) || CLASSES.has(kind.value))) continue
      yield {
        at: kind.at,
        message: `gunicorn has no workers of this name, so it does not start: class uri '${kind.value}' invalid or not found`,
        label: 'no such class',
        help: isOfUvicorn
          ? 'Write `uvicorn.workers.UvicornWorker`'
          : 'Write `sync`, `gthread`, `gevent`, `eventlet` or the dotted name of a class',
      }
    }
  },
})

/** A file of settings that the command names, in a directory of the audit that does not have it. */
function* missingFile({ server, directory, machine }: AppServerProgram) {
  const config = server.settings.get('config')
  if (config?.known !== true || config.at === null || typeof config.value !== 'string') return
  const name = config.value.replace(/^file:/, '')
  if (name === '' || name.startsWith('python:') || !/^[\w./-]+$/.test(name)) return
  if (!name.startsWith('/') && directory?.known !== true) return
  const path = posix.resolve(directory?.known === true ? directory.value : '/', name)
  const files = machine.container?.files ?? machine.files
  const beside = files.list(posix.dirname(path)) ?? []
  if (!isAbsent(files, path) || !beside.some(({ kind }) => kind === 'file')) return
  yield {
    at: config.at,
    message: `gunicorn does not start: Error: '${name}' doesn't exist`,
    label: 'no such file',
    help: 'Name the file as it lies there',
  }
}

/** Logs in a directory that the image of a container does not have. */
function* missingLogs({ server, machine: { container } }: AppServerProgram) {
  if (container === null || makesDirectories(container, [])) return
  for (const name of ['errorlog', 'accesslog']) {
    const log = server.settings.get(name)
    if (log?.known !== true || log.at === null || typeof log.value !== 'string') continue
    if (!/^\/[\w./-]+$/.test(log.value)) continue
    const directory = posix.dirname(posix.normalize(log.value))
    if (missingIn(container, directory) !== 'never') continue
    yield {
      at: log.at,
      message: `the image has no \`${directory}\`, so gunicorn does not start: Error: '${log.value}' isn't writable [FileNotFoundError]`,
      label: 'no such directory',
      help: `Write \`-\` to log to the output of the container, or \`RUN mkdir -p ${directory}\` into the Dockerfile`,
    }
  }
}

const OF_UVICORN: ReadonlySet<string> = new Set([
  'uvicorn.workers.UvicornWorker',
  'uvicorn.workers.UvicornH11Worker',
])

const NUMBERS = [
  'timeout',
  'graceful_timeout',
  'keepalive',
  'workers',
  'threads',
  'worker_connections',
  'max_requests',
  'max_requests_jitter',
  'backlog',
]
const CLASSES: ReadonlySet<string> = new Set([
  'sync',
  'eventlet',
  'gevent',
  'gevent_wsgi',
  'gevent_pywsgi',
  'tornado',
  'gthread',
  'egg',
  'asgi',
])
