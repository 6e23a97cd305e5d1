import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment, StartedCommand } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { posix } from 'node:path'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { proxiedServer } from '../_examples.ts'
import { ENDS, isLeftAlone } from './_background.ts'
import { celeryInBackground } from './_celery-background.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { tomcatUnit } from './_tomcat-units.ts'

const supervised = (command: string): Record<string, string> => ({
  ...behindNginx(''),
  'etc/systemd/system/shop.service': '',
  'etc/supervisor/conf.d/shop.conf': conf`
    [program:shop]
    command=${command}
    directory=/etc/shop
  `,
})

const java = (type: string): Record<string, string> =>
  behindNginx(conf`
    [Service]
    ${type}
    ExecStart=/usr/bin/java -jar /opt/shop/shop.jar --server.port=8000
  `)

const tomcat = (lines: string, command: string): Record<string, string> => ({
  'roles/tomcat/templates/site.conf.j2': proxiedServer('', '127.0.0.1:8080'),
  'roles/tomcat/templates/tomcat.service.j2': conf`
    [Service]
    ${lines}
    Environment="JAVA_HOME={{ java_home }}"
    ExecStart=${command}
  `,
})

const HELLO = conf`
  require('http').createServer((request, response) => response.end('hello')).listen(3000)
`
const node = (type: string, script: string, command = '/usr/bin/node server.js'): Record<string, string> =>
  behindNginx(
    conf`
      [Service]
      ${type}
      WorkingDirectory=/etc/shop
      ExecStart=${command}
    `,
    {
      'etc/shop/server.js': script,
      'etc/shop/package.json': '{ "scripts": { "start": "node server.js" } }\n',
    },
  )

/** A container whose script ends with some lines. */
const inContainer = (lines: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
    CMD ["/app/start.sh"]
  `,
  'start.sh': `#!/bin/sh\ntail -F /var/log/shop.log &\n${lines}\n`,
  'shop/__init__.py': '',
  'shop/wsgi.py': 'from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n',
})

export default defineRule({
  summary: 'What starts the application server does not find it again',
  severity: 'error',
  otherSeverities: {
    warning: 'where the application, which is not in the audit, might send the message itself',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A server that puts itself into the background ends as its starter sees it: systemd kills what is left of the service, supervisord starts it again until it gives up (`Exited too quickly`), and a container stops. The other way round, `Type=forking` waits for a program that never goes into the background, and kills it after 90 seconds: `start operation timed out`. So does `Type=notify` with a program that sends systemd nothing, as uvicorn, Daphne and Node.js.',
  remedy: 'Run the server in the foreground, and leave `Type=` out',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Type=',
    'https://supervisord.org/subprocess.html#nondaemonizing-of-subprocesses',
    'https://docs.gunicorn.org/en/stable/settings.html#daemon',
  ],
  unproven: 'The live tests start no systemd and no supervisord, which end the server',
  bad: [
    { title: 'a unit that waits for a message of Node.js', files: node('Type=«notify»', HELLO) },
    {
      title: 'a unit that waits for a message of npm',
      files: node('Type=«notify»', HELLO, '/usr/bin/npm start'),
    },
    { title: 'a unit that waits for Java', files: java('Type=«forking»') },
    {
      title: 'a unit that waits for Node.js, whose directory a template fills in',
      files: {
        'templates/shop.service.j2': conf`
          [Service]
          Type=«forking»
          ExecStart=/usr/bin/node {{ home }}/server.js
        `,
      },
    },
    {
      title: 'a unit that waits for Tomcat in the foreground',
      files: tomcat('Type=«forking»', '/opt/tomcat/bin/catalina.sh run'),
    },
    {
      title: 'the script by which Tomcat goes into the background',
      files: tomcat('User=tomcat', '«/opt/tomcat/bin/startup.sh»'),
    },
    {
      title: 'the same by its other script',
      files: tomcat('Type=simple', '«/opt/tomcat/bin/catalina.sh» start'),
    },
    {
      title: 'in the background below systemd',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn «--daemon» shop.wsgi:application')),
    },
    {
      title: 'a unit that waits for a parent to end',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application', 'Type=«forking»')),
    },
    {
      title: 'a unit that waits for a message of uvicorn',
      files: behindNginx(serviceUnit('/usr/bin/uvicorn shop.asgi:application', 'Type=«notify»')),
    },
    {
      title: 'a unit that waits for a message of uvicorn, whose application lies elsewhere',
      files: behindNginx(serviceUnit('/usr/bin/uvicorn main:app', 'Type=«notify»')),
    },
    {
      title: 'Celery’s own background',
      files: behindNginx(
        serviceUnit('/usr/bin/celery -A shop «multi» start w1 --pidfile=/run/celery/%%n.pid'),
      ),
    },
    {
      title: 'a worker of Celery for which systemd waits',
      files: behindNginx(serviceUnit('/usr/bin/celery -A shop worker -l info', 'Type=«forking»')),
    },
    {
      title: 'a worker of Celery from which systemd waits for a message',
      files: behindNginx(serviceUnit('/usr/bin/celery -A shop worker -l info', 'Type=«notify»')),
    },
    {
      title: 'below supervisord',
      files: supervised('/usr/bin/gunicorn «-D» shop.wsgi:application'),
    },
    {
      title: 'in the file of gunicorn',
      files: {
        ...supervised('/usr/bin/gunicorn -c /etc/shop/gunicorn.conf.py shop.wsgi:application'),
        'etc/shop/gunicorn.conf.py': conf`
          bind = "127.0.0.1:8000"
          daemon = «True»
        `,
      },
    },
    {
      title: 'as the last of a container’s script',
      files: inContainer('gunicorn «--daemon» --bind 0.0.0.0:8000 shop.wsgi\necho started'),
    },
    {
      title: 'uWSGI below supervisord',
      files: supervised(
        '/usr/bin/uwsgi --http-socket 127.0.0.1:8000 --module shop.wsgi --daemonize «/var/log/shop.log»',
      ),
    },
  ],
  good: [
    {
      title: 'Tomcat in the background, for which systemd waits',
      files: tomcat('Type=forking', '/opt/tomcat/bin/startup.sh'),
    },
    {
      title: 'Tomcat in the foreground',
      files: tomcat('Type=simple', '/opt/tomcat/bin/catalina.sh run'),
    },
    {
      title: 'Tomcat in the background, of a unit that stays',
      files: tomcat('Type=oneshot\nRemainAfterExit=yes', '/opt/tomcat/bin/catalina.sh start'),
    },
    {
      title: 'a script of a container that waits for another process',
      files: inContainer('gunicorn --daemon --bind 0.0.0.0:8000 shop.wsgi\nwait'),
    },
    {
      title: 'a script of a container that starts nginx behind it',
      files: inContainer("gunicorn --bind :8000 \\\n  --daemon \\\n  shop.wsgi && nginx -g 'daemon off;'"),
    },
    {
      title: 'a script that tells systemd that it is ready',
      files: node(
        'Type=notify',
        conf`
          const notify = require('sd-notify')
          require('http').createServer().listen(3000, () => notify.ready())
        `,
      ),
    },
    {
      title: 'a script that may tell it by a child',
      files: node('Type=notify\nNotifyAccess=all', HELLO, '/usr/bin/npm start'),
    },
    {
      title: 'Java, for which systemd does not wait',
      files: java('Type=simple'),
    },
    {
      title: 'in the foreground',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application')),
    },
    {
      title: 'a service that forks',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn --daemon shop.wsgi:application', 'Type=forking')),
    },
    {
      title: 'a worker of Celery, in the foreground and in the background',
      files: behindNginx(serviceUnit('/usr/bin/celery -A shop worker -l info'), {
        'etc/systemd/system/celery.service': serviceUnit(
          '/usr/bin/celery -A shop multi start w1 --pidfile=/run/celery/%%n.pid',
          'Type=forking',
        ),
      }),
    },
    {
      title: 'an application that says itself that it is ready',
      files: behindNginx(serviceUnit('/usr/bin/uvicorn shop:app', 'Type=notify'), {
        'etc/shop/shop.py': conf`
          from fastapi import FastAPI
          from cysystemd.daemon import notify, Notification
          app = FastAPI(on_startup=[lambda: notify(Notification.READY)])
        `,
      }),
    },
    {
      title: 'a service that is done once it has started',
      files: behindNginx(
        serviceUnit(
          '/usr/bin/gunicorn --daemon shop.wsgi:application',
          conf`
            Type=oneshot
            RemainAfterExit=yes
          `,
        ),
      ),
    },
    {
      title: 'a service that counts as running when its process has ended',
      files: behindNginx(
        serviceUnit('/usr/bin/gunicorn --daemon shop.wsgi:application', 'RemainAfterExit=yes'),
      ),
    },
    {
      title: 'a service of which systemd kills the first process alone',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn --daemon shop.wsgi:application', 'KillMode=process')),
    },
    {
      title: 'a service that says that it is ready',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application', 'Type=notify')),
    },
    {
      title: 'a program that starts the server as another process',
      files: behindNginx(conf`
        [Service]
        Type=forking
        ExecStart=/usr/bin/java -jar /opt/payara/glassfish/lib/client/appserver-cli.jar start-domain shop
        ExecStop=/usr/bin/java -jar /opt/payara/glassfish/lib/client/appserver-cli.jar stop-domain shop
      `),
    },
    {
      title: 'a program that stops the server as well',
      files: behindNginx(conf`
        [Service]
        Type=forking
        ExecStart=/usr/bin/java -jar /opt/shop/control.jar --up
        ExecStop=/usr/bin/java -jar /opt/shop/control.jar --down
      `),
    },
    {
      title: 'a script that may go into the background by itself',
      files: behindNginx(serviceUnit('/etc/shop/start.sh', 'Type=forking'), {
        'etc/shop/start.sh': conf`
          #!/bin/sh
          /usr/bin/gunicorn shop.wsgi:application &
        `,
      }),
    },
  ],
  *check(deployment) {
    for (const command of deployment.commands) {
      yield* celeryInBackground(command)
      yield* tomcatUnit(command)
      yield* stays(command)
    }
    for (const program of programsOfKind(deployment, 'app-server')) {
      if (program.by === null) continue
      const name = programName(program)
      const background = backgroundOf(program)
      const type = program.service?.type ?? null
      if (type !== null && !type.known) continue
      if (background === null) {
        const silent = type === null ? null : neverNotifies(deployment, program, type.value)
        if (silent !== null && type?.at != null)
          yield {
            at: type.at,
            ...(silent === 'by itself' && { severity: 'warning' as const, confidence: 'medium' as const }),
            message: `systemd waits for ${name} to say that it is ready, which it does not do${silent === 'by itself' ? ' by itself' : ''}: start operation timed out`,
            label: 'waits for a message that nobody sends',
            related: [{ at: program.server.at, message: 'the server' }],
            help: 'Write `Type=exec`, or leave it out',
          }
        if (type?.value !== 'forking' || type.at === null || !isStraight(program)) continue
        yield {
          at: type.at,
          message: `systemd waits for ${name} to go into the background, which it does not do: start operation timed out`,
          label: 'the server stays in the foreground',
          related: [{ at: program.server.at, message: 'nothing sends it there' }],
          help: 'Leave `Type=` out',
        }
      } else if (
        program.by === 'systemd'
          ? /^(?:simple|exec|notify|notify-reload)$/.test(type?.value ?? 'simple') &&
            !isLeftAlone(program.service)
          : program.by !== 'container' || !isFollowed(program)
      )
        yield {
          at: background,
          message: `${name} goes into the background, and ${ENDS[program.by]}`,
          label: 'ends its first process',
        }
    }
  },
})

/** Servers that send nothing to systemd; gunicorn and uWSGI do. */
const WITHOUT_NOTIFY = /^(?:uvicorn|daphne|hypercorn|waitress|granian)$/

/**
 * How a unit waits for a message in vain: the server never sends it, and the application neither (`ever`), or nobody
 * knows of the application, which would have to do it on purpose (`by itself`). Null where it may come.
 */
function neverNotifies(
  deployment: Deployment,
  program: AppServerProgram,
  type: string,
): 'ever' | 'by itself' | null {
  const { server, service } = program
  if (!/^notify(?:-reload)?$/.test(type) || !WITHOUT_NOTIFY.test(server.program) || !isStraight(program))
    return null
  if (service?.unit.settings.some(({ name }) => name === 'NotifyAccess') === true) return null
  const { application } = server
  const source = deployment.moduleOf(program)?.source
  if (source != null && source !== 'missing') return /notif/i.test(source.code) ? null : 'ever'
  // Django makes it, whose handler knows no start and no end of the server.
  return application?.known === true && /\.asgi(?::application)?$/.test(application.value)
    ? 'ever'
    : 'by itself'
}

/** Interpreters that run what they are given, and never go into the background by themselves. */
const STAYING: Readonly<Record<string, string>> = {
  java: 'Java',
  node: 'Node.js',
  nodejs: 'Node.js',
  dotnet: '.NET',
  deno: 'Deno',
  bun: 'Bun',
}

/** A unit that waits for one of them to go there, or for its message. */
function* stays(command: StartedCommand) {
  const { by, words, rest, service } = command
  const type = service?.type ?? null
  const [first, ...options] = words
  const name = STAYING[posix.basename(first?.text ?? '')]
  if (by !== 'systemd' || rest !== null || type?.known !== true) return
  if (first === undefined || type.at === null) return
  if (/^notify(?:-reload)?$/.test(type.value)) {
    if (service?.unit.settings.some(each => each.name === 'NotifyAccess') === true || !isSilent(command))
      return
    yield {
      at: type.at,
      message: `systemd waits for ${name ?? posix.basename(first.text)} to say that it is ready, which it does not do: start operation timed out`,
      label: 'waits for a message that nobody sends',
      related: [{ at: placeOf(first), message: 'the program' }],
      help: 'Write `Type=exec`, or leave it out',
    }
    return
  }
  if (name === undefined || type.value !== 'forking') return
  // A script may start another process and end; of an archive or a library that is unheard of.
  if (options.some(({ text }) => isOpenWord(text) || /^&$|daemon|forever|pm2/.test(text))) return
  if (isControl(command)) return
  yield {
    at: type.at,
    message: `systemd waits for ${name} to go into the background, which it does not do: start operation timed out`,
    label: 'the program stays in the foreground',
    related: [{ at: placeOf(first), message: 'nothing sends it there' }],
    help: 'Leave `Type=` out',
  }
}

/**
 * True of a program that starts the server as another process and ends, as `asadmin start-domain`: it is asked to start
 * it, or the same program is what stops it.
 */
function isControl({ words: [first, ...options], service }: StartedCommand): boolean {
  const archive = options.find(({ text }) => /\.(?:jar|m?js|cjs|dll)$/.test(text))?.text
  return (
    options.some(({ text }) => /^start(?:-[a-z-]+)?$/.test(text)) ||
    service?.unit.settings.some(
      ({ name, value }) =>
        name === 'ExecStop' &&
        archive !== undefined &&
        value.includes(first?.text ?? '') &&
        value.includes(archive),
    ) === true
  )
}

/** True of a word that a template may make an option of, or several words; it may fill in a part of a path. */
function isOpenWord(text: string): boolean {
  return isUnknownWord(text) && !/[/.][\w-]+\.(?:m?[jt]s|c[jt]s|jar|dll)$/.test(text)
}

/**
 * True of a script for Node.js that does not know how to tell systemd anything, and of what starts one as a child of
 * its own, whose messages systemd does not take.
 */
function isSilent({
  machine: { files },
  directory,
  words: [program, script, ...more],
}: StartedCommand): boolean {
  const name = posix.basename(program?.text ?? '')
  if (NPM.test(name)) return /^(?:start|run|exec)$/.test(script?.text ?? '')
  if (!/^(?:node|nodejs)$/.test(name) || script === undefined || /^-|[%$\uFFFD]/.test(script.text))
    return false
  if (directory?.known !== true && !script.text.startsWith('/')) return false
  const path = posix.resolve(directory?.known === true ? directory.value : '/', script.text)
  const own = sourceAt(files, path)
  if (own === null || more.some(({ text }) => isUnknownWord(text))) return false
  const packages = [posix.dirname(path), posix.dirname(posix.dirname(path))].flatMap(
    each => sourceAt(files, posix.join(each, 'package.json')) ?? [],
  )
  return packages.length > 0 && [own, ...packages].every(({ text }) => !/notif|systemd/i.test(text))
}

const NPM = /^(?:npm|yarn|pnpm|npx)$/

/** True where the script that starts the server goes on behind it: the container runs as long as that. */
function isFollowed({ server: { at } }: AppServerProgram): boolean {
  const [, ...lines] = at.source.code.slice(at.start).split(/(?<!\\)\n|&&|;/)
  return lines.some(
    line => /^[ \t]*[^\s#]/.test(line) && !/^[ \t]*(?:fi|done|esac|\}|exit|echo)\b/.test(line),
  )
}

/** Where it is said that the server runs in the background; null where it does not, or nobody knows. */
function backgroundOf({ server: { program, settings } }: AppServerProgram): Place | null {
  if (program === 'gunicorn') {
    const daemon = settings.get('daemon')
    return daemon?.known === true && daemon.value === true ? (daemon.at ?? null) : null
  }
  if (program !== 'uwsgi') return null
  const log = settings.get('daemonize') ?? settings.get('daemonize2')
  return log?.known === true ? (log.at ?? null) : null
}

/** True where the unit itself starts the server, and all that it says is known. */
function isStraight({ server, service }: AppServerProgram): boolean {
  if (!server.complete || service === null) return false
  return service.start.some(({ words }) =>
    words.some(
      word =>
        word.source === server.at.source &&
        /(?:gunicorn|uvicorn|daphne|hypercorn|uwsgi)[\w.]*$/.test(word.text),
    ),
  )
}
