import type { Severity } from '../../src/engine/severity.ts'
import { misspeltUwsgiOption } from '../../parsers/app-server/uwsgi-option-names.ts'
import type { Place } from '../../parsers/text/source.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { AppServer } from '../../parsers/app-server/app-server.ts'
import { isUwsgi, type UwsgiServer } from '../../parsers/app-server/uwsgi.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { behindNginx, serviceUnit, uwsgiApplication } from './_examples.ts'
import { looseUwsgi } from './_loose-uwsgi.ts'
import { uwsgiNameBefore } from './_uwsgi-name.ts'
import { misspeltVariables } from './_uwsgi-variables.ts'
import {
  harakiriAlone,
  sectionMissing,
  valuesMisread,
  variablesBesideMarks,
  variablesOfShell,
} from './_uwsgi-values.ts'

const ini = (lines: string): Record<string, string> => ({
  ...behindNginx(
    conf`
      [Service]
      User=www-data
      WorkingDirectory=/etc/shop
      ExecStart=/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini
    `,
  ),
  'etc/shop/uwsgi.ini': conf`
    [uwsgi]
    plugins = python3
    module = web:application
    ${lines}
  `,
})
const SOCKET = 'http-socket = 127.0.0.1:8000'
const OTHER_SECTION = /* @__PURE__ */ conf`
  «[uwgsi]»
  plugins = python3
  module = web:application
  ${SOCKET}
`

const byVariable = (variable: string, options = ''): Record<string, string> => ({
  ...behindNginx(
    serviceUnit(
      `/usr/bin/uwsgi --plugins python3 --http-socket 127.0.0.1:8000 ${options}`,
      `Environment=${variable}`,
    ),
  ),
  'etc/shop/web.py': conf`
    def application(environ, start_response):
        start_response("200 OK", [])
        return [b"the shop"]
  `,
})
const inContainers = (ofImage: string, ofCompose: string): Record<string, string> => ({
  'app/Dockerfile': conf`
    FROM python:3.12
    RUN pip install uwsgi
    COPY . /app
    ENV ${ofImage}
    CMD ["uwsgi", "--http-socket", ":8000", "--wsgi-file", "web.py"]
  `,
  'compose.yaml': conf`
    services:
      web:
        build: ./app
        environment:
          ${ofCompose}
  `,
})

export default defineRule({
  summary: 'uWSGI does not take an option as it is meant',
  severity: 'warning',
  otherSeverities: {
    error:
      'where `strict` stops it, where a comment or quotes belong to a value, where no request fits into its buffer, and where uWSGI does not start with it',
    info: 'for a comment behind a port, which uWSGI reads all the same',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'uWSGI takes an option that it does not have for a placeholder and says nothing, so that `harikiri = 60` ends no request; with `strict` it does not start. Names have dashes, `max-requests` and not `max_requests`. Of a number it reads the digits alone: `buffer-size = 64k` is 64 bytes, into which no request fits. In an ini file `#` and `;` begin a comment at the start of a line alone; behind a value they belong to it, as quotes around it do. `harakiri` is for a master, which starts workers again: without one a worker that takes longer ends for good. Of a file without a section `[uwsgi]` nothing is taken. A variable of the environment whose name begins with `UWSGI_` is an option, too: `UWSGI_WSGI_FILE` is `wsgi-file`.',
  remedy: 'Write options as `uwsgi --help` lists them, numbers in full, and comments on lines of their own',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/Options.html',
    'https://uwsgi-docs.readthedocs.io/en/latest/ConfigLogic.html',
  ],
  bad: [
    { title: 'a misspelt name', files: ini(`${SOCKET}\n«harikiri» = 60`) },
    { title: 'underscores', files: ini(`${SOCKET}\n«enable_threads» = true`) },
    { title: 'a misspelt name that stops it', files: ini(`${SOCKET}\nstrict = true\n«harikiri» = 60`) },
    { title: 'a size with its unit', files: ini(`${SOCKET}\nbuffer-size = «64k»`) },
    { title: 'a number of requests in thousands', files: ini(`${SOCKET}\nmax-requests = «5k»`) },
    { title: 'a comment behind an address', files: ini('http-socket = «127.0.0.1:8000 # for nginx»') },
    { title: 'a value between quotes', files: ini('http-socket = «"127.0.0.1:8000"»') },
    { title: 'a variable between quotes', files: ini(`${SOCKET}\nenv = COLOUR=«"white"»`) },
    { title: 'blanks around the sign of a variable', files: ini(`${SOCKET}\nenv = «COLOUR = white»`) },
    { title: 'a colon', files: ini(`${SOCKET}\n«harakiri: 60»`) },
    { title: 'a word for a number', files: ini(`${SOCKET}\nprocesses = «auto»`) },
    {
      title: 'the name of a variable for a limit of time',
      files: ini(`${SOCKET}\nmaster = true\nharakiri = «SHOP_HARAKIRI»`),
    },
    { title: 'a variable of the shell', files: ini(`${SOCKET}\nlogto = «$SHOP_LOGS/uwsgi.log»`) },
    {
      title: 'a variable of a shell beside a mark of an installer',
      files: {
        'conf/nginx.conf': proxiedServer('', '127.0.0.1:8000'),
        'conf/uwsgi.ini': conf`
          [uwsgi]
          socket = 127.0.0.1:8000
          wsgi-file = «__INSTALL_DIR__/venv/lib/$python/site-packages/shop/wsgi.py»
        `,
      },
    },
    {
      title: 'a file of which nobody knows who starts it',
      files: {
        'deploy/site.conf': proxiedServer('', '127.0.0.1:8000'),
        'deploy/uwsgi.ini': conf`
          [uwsgi]
          «wsgi-file.» = __INSTALL_DIR__/shop/wsgi.py
          worker-reload-mercy = «SHOP_MERCY»
        `,
      },
    },
    {
      title: 'a directory of static files behind a blank',
      files: ini(`${SOCKET}\nstatic-map = «/static /srv»`),
    },
    {
      title: 'more workers at the start than there are',
      files: ini(`${SOCKET}\nprocesses = 2\ncheaper = «4»`),
    },
    {
      title: 'Python itself for its environment',
      files: ini(`${SOCKET}\nhome = «/etc/shop/venv/bin/python»`),
    },
    { title: 'another section', files: { ...ini(''), 'etc/shop/uwsgi.ini': OTHER_SECTION } },
    { title: 'a limit of time without the master', files: ini(`${SOCKET}\nprocesses = 4\nharakiri = «30»`) },
    { title: 'a variable that stands for an option', files: byVariable('«UWSGI_WSGIFILE»=web.py') },
    {
      title: 'a variable that stands for an option with strict',
      files: byVariable('«UWSGI_WSGIFILE»=web.py UWSGI_PROCESSES=2', '--strict'),
    },
    { title: 'variables of containers', files: inContainers('«UWSGI_CHIDIR»=/app', '«UWSGI_PROCESES»: 4') },
    { title: 'a comment behind an account', files: ini(`${SOCKET}\nuid = «www-data ; of nginx»`) },
  ],
  good: [
    {
      title: 'names as they are',
      files: ini(`${SOCKET}\nmaster = true\nharakiri = 60\nenable-threads = true`),
    },
    {
      title: 'a profile by which uWSGI is built, whose names have underscores',
      files: {
        'conf/site.conf': proxiedServer('', '127.0.0.1:8000'),
        'build/uwsgi.shop.ini': conf`
          [uwsgi]
          xml = expat
          pcre = true
          malloc_implementation = libc
          append_version =
          plugin_dir = /usr/lib/uwsgi/plugins
        `,
      },
    },
    { title: 'variables that stand for options', files: byVariable('UWSGI_WSGI_FILE=web.py') },
    {
      title: 'a variable that the command fills in',
      files: byVariable('UWSGI_PROCESS=4', '--wsgi-file web.py --processes ${UWSGI_PROCESS}'),
    },
    {
      title: 'variables of containers that are options, of a script and of others',
      files: {
        ...inContainers('UWSGI_CHDIR=/app', 'UWSGI_PROCESS: 4'),
        'app/start.sh': 'uwsgi --processes "$UWSGI_PROCESS"\n',
      },
    },
    { title: 'no limit of time, without the master', files: ini(`${SOCKET}\nharakiri = 0`) },
    {
      title: 'a limit of time in a file that the init script of Debian starts with a master',
      files: uwsgiApplication('plugin = python3\nmodule = web:application\nharakiri = 30'),
    },
    {
      title: 'variables as uWSGI fills them in',
      files: ini(`${SOCKET}\nmaster = true\nharakiri = $(SHOP_HARAKIRI)\nlogto = $(SHOP_LOGS)/uwsgi.log`),
    },
    {
      title: 'a file that a script fills in',
      files: {
        'deploy/site.conf': proxiedServer('', '127.0.0.1:8000'),
        'deploy/uwsgi.ini': conf`
          [uwsgi]
          harakiri = __HARAKIRI__
          logto = \${SHOP_LOGS}/uwsgi.log
        `,
      },
    },
    { title: 'a number in full', files: ini(`${SOCKET}\nbuffer-size = 65535`) },
    { title: 'a comment on its own line', files: ini(`# for nginx\n${SOCKET}`) },
    { title: 'a comment behind a number', files: ini(`${SOCKET}\nprocesses = 4 # of two cores`) },
    {
      title: 'a placeholder of its own',
      files: ini(`${SOCKET}\nprocesss = 4\nprocesses = %(processs)`),
    },
    { title: 'a variable with a number sign', files: ini(`${SOCKET}\nenv = COLOUR=white #fff`) },
    {
      title: 'quotes inside of a value, and a variable without them',
      files: ini(`${SOCKET}\nlog-format = "%(method) %(uri)"\nenv = COLOUR=white\nprocesses = %k`),
    },
    {
      title: 'a section that the command names',
      files: {
        ...behindNginx(conf`
          [Service]
          User=www-data
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini:shop
        `),
        'etc/shop/uwsgi.ini': conf`
          [shop]
          plugins = python3
          module = web:application
          ${SOCKET}
        `,
      },
    },
    { title: 'memory in megabytes', files: ini(`${SOCKET}\nreload-on-rss = 250M`) },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server, by } = program
      if (!isUwsgi(server)) continue
      for (const { at, name, option, meant } of misspeltVariables(program)) {
        const stops = server.settings.has('strict')
        yield {
          at,
          ...(stops && { severity: 'error' as const }),
          message: stops
            ? `uWSGI does not start: [strict-mode] unknown config directive: ${option}`
            : `uWSGI takes \`${name}\` for an option \`${option}\`, which it does not have, and ignores it`,
          label: 'no such option',
          help: `Write \`${meant}\``,
        }
      }
      // An init script of Debian adds a master, and of an emperor nobody knows what it adds.
      if (by !== null) yield* harakiriAlone(server)
      yield* sectionMissing(server)
      yield* linesMisread(server)
      if (by !== null) yield* variablesOfShell(server)
    }
    for (const server of looseUwsgi(deployment)) {
      yield* linesMisread(server)
      yield* variablesBesideMarks(server)
    }
  },
})

/** What uWSGI makes of single lines, whoever starts it. */
function* linesMisread(server: UwsgiServer): Iterable<Found> {
  yield* valuesMisread(server)
  for (const [name, { at }] of server.settings) {
    const meant = at === null ? null : misspeltUwsgiOption(name)
    const place = at === null || meant === null || isUsed(server, name) ? null : uwsgiNameBefore(at)
    if (place === null) continue
    const stops = server.settings.has('strict')
    yield {
      at: place,
      ...(stops && { severity: 'error' as const }),
      message: stops
        ? `uWSGI does not start: [strict-mode] unknown config directive: ${name}`
        : `uWSGI has no option \`${name}\`, and ignores it`,
      label: 'no such option',
      help: `Write \`${meant}\``,
    }
  }
  for (const name of SIZES) yield* cutNumber(server, name)
  for (const name of TEXTS) yield* withComment(server, name)
}

/** True where `%(name)` stands for the value, or the file declares options of its own. */
function isUsed({ sources, settings }: AppServer, name: string): boolean {
  return settings.has('declare-option') || sources.some(({ code }) => code.includes(`%(${name})`))
}

interface Found {
  readonly at: Place
  readonly severity?: Severity
  readonly message: string
  readonly label: string
  readonly help?: string
}

const SIZES = ['buffer-size', 'listen', 'max-requests', 'post-buffering', 'limit-post', 'http-buffer-size']

function* cutNumber({ settings }: AppServer, name: string): Iterable<Found> {
  const fact = settings.get(name)
  if (fact?.known !== true || fact.at === null) return
  const [, digits, unit = ''] = /^(\d+) ?([kmg])i?b?$/i.exec(String(fact.value)) ?? []
  if (digits === undefined) return
  const whole = Number(digits) * 1024 ** ('kmg'.indexOf(unit.toLowerCase()) + 1)
  const isBuffer = name === 'buffer-size'
  yield {
    at: fact.at,
    ...(isBuffer && { severity: 'error' as const }),
    message: isBuffer
      ? `uWSGI reads the digits alone, so no request fits into ${digits} bytes: invalid request block size`
      : `uWSGI reads the digits alone: \`${name}\` is ${digits}`,
    label: `is ${digits}`,
    help: `Write \`${isBuffer ? Math.min(whole, 65_535) : name === 'max-requests' ? Number(digits) * 1000 : whole}\``,
  }
}

const TEXTS = [
  ...['socket', 'uwsgi-socket', 'http-socket', 'module', 'wsgi-file', 'callable', 'chdir', 'virtualenv'],
  ...['uid', 'gid', 'pidfile', 'chown-socket', 'touch-reload'],
]

function* withComment({ settings }: AppServer, name: string): Iterable<Found> {
  const fact = settings.get(name)
  if (fact?.known !== true || fact.at === null) return
  const text = String(fact.value)
  if (!/^\S+\s+[#;]/.test(text) || isUnknownWord(text) || !/\.ini$|uwsgi/.test(fact.at.source.path)) return
  const message = `\`${/\s([#;])/.exec(text)?.[1]}\` begins no comment behind a value, so all of this is \`${name}\``
  // Of an address it takes the digits behind the colon, and of a file for its number the whole line is the name.
  const isRead = name.endsWith('socket') && /^\S*:\d+\s/.test(text)
  yield {
    at: fact.at,
    severity: isRead ? 'info' : name === 'pidfile' ? 'warning' : 'error',
    message: isRead ? `${message}; uWSGI reads the digits of the port alone` : message,
    label: 'one value with its comment',
  }
}
