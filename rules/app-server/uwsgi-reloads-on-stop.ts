import { posix } from 'node:path'
import { isUwsgi } from '../../parsers/app-server/uwsgi.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from '../containers/_examples.ts'
import { behindNginx } from './_examples.ts'
import { isTerm, supervisedProgram } from './_supervised-program.ts'

const tree = (lines: string, unit = '', command = '/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini') => ({
  ...behindNginx(conf`
    [Service]
    User=www-data
    WorkingDirectory=/etc/shop
    ${unit}
    ExecStart=${command}
  `),
  'etc/shop/uwsgi.ini': conf`
    [uwsgi]
    plugins = python3
    module = web:application
    http-socket = 127.0.0.1:8000
    ${lines}
  `,
})
const supervised = (lines: string, program = ''): Record<string, string> => {
  const { 'etc/systemd/system/shop.service': _, ...files } = tree(lines) as Record<string, string>
  return {
    ...files,
    'etc/supervisor/conf.d/shop.conf': conf`
      [program:shop]
      command=/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini
      directory=/etc/shop
      user=www-data
      ${program}
    `,
  }
}

const contained = (lines: string, service = ''): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command: 'uwsgi --ini /app/uwsgi.ini', web: service }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
  `,
  'web/uwsgi.ini': conf`
    [uwsgi]
    module = web:application
    http-socket = 0.0.0.0:8000
    ${lines}
  `,
  'web/web.py': 'application = None\n',
})

export default defineRule({
  summary: 'uWSGI reloads where it is told to stop',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'For the master of uWSGI, SIGTERM means reload: only `die-on-term` makes it stop. systemd and supervisord send SIGTERM to stop a program, and wait: `systemctl stop` and `restart` last 90 seconds, until systemd kills what still runs, and the requests in it are lost. In a container Docker waits 10 seconds for it, and kills it. supervisord kills the master alone after `stopwaitsecs`, 10 seconds by default: its workers go on, and hold the socket that the next start wants.',
  remedy:
    '`die-on-term = true`, or `KillSignal=SIGQUIT` in the unit, `stopsignal=QUIT` for supervisord, or `stop_signal: SIGQUIT` in the compose file',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/Systemd.html',
    'https://uwsgi-docs.readthedocs.io/en/latest/Management.html#signals-for-controlling-uwsgi',
  ],
  unproven: 'The live tests start servers without systemd and supervisord, and end them themselves',
  bad: [
    { title: 'a unit', files: tree('«master = true»\nprocesses = 4') },
    {
      title: 'an option of the command',
      files: tree('processes = 4', '', '/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini «--master»'),
    },
    { title: 'the command of a container', files: contained('«master = true»') },
    { title: 'a program of supervisord', files: supervised('«master = true»') },
  ],
  good: [
    { title: 'it is told what SIGTERM means', files: tree('master = true\ndie-on-term = true') },
    { title: 'an end in place of each reload', files: tree('master = true\nexit-on-reload = true') },
    { title: 'another signal', files: tree('master = true', 'KillSignal=SIGQUIT') },
    { title: 'a command that stops it', files: tree('master = true', 'ExecStop=/bin/kill -INT $MAINPID') },
    { title: 'another signal of Docker', files: contained('master = true', 'stop_signal: SIGINT') },
    {
      title: 'a variable of the container',
      files: contained('master = true', 'environment: [UWSGI_DIE_ON_TERM=1]'),
    },
    { title: 'a container that is told', files: contained('master = true\ndie-on-term = true') },
    { title: 'no master', files: tree('processes = 1') },
    {
      title: 'a hook of the master',
      files: tree('master = true\nhook-master-start = unix_signal:15 gracefully_kill_them_all'),
    },
    { title: 'another signal of supervisord', files: supervised('master = true', 'stopsignal=QUIT') },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server, by } = program
      if (!isUwsgi(server) || !server.complete || by === null) continue
      const master = server.options.find(({ name }) => name === 'master')
      const value = server.settings.get('master')
      if (master === undefined || value?.known !== true || /^(?:false|no|off|0)$/i.test(String(value.value)))
        continue
      const isTold = server.options.some(
        ({ name, value: { text } }) =>
          /^(?:die-on-term|exit-on-reload|emperor)$/.test(name) ||
          (name.startsWith('hook-') && text.includes(':15')),
      )
      if (isTold || !sendsTerm(program, deployment)) continue
      yield {
        at: master.at,
        message:
          by === 'container'
            ? 'Docker stops it by SIGTERM, for which the master reloads, so it goes on until Docker kills it, with the requests in it'
            : by === 'systemd'
              ? 'systemd stops it by SIGTERM, for which the master reloads, so it goes on until systemd kills it'
              : 'supervisord stops it by SIGTERM, for which the master reloads, so it is killed once `stopwaitsecs` are over, and its workers go on',
        label: 'reloads for SIGTERM',
        related: [{ at: server.at, message: 'started here' }],
        help: 'Add `die-on-term = true`',
      }
    }
  },
})

/** True where the program itself is surely sent SIGTERM to stop it. */
function sendsTerm(program: AppServerProgram, { supervisors }: Deployment): boolean {
  const { by, service, server, machine } = program
  if (by === 'container') return machine.container !== null && isStoppedByTerm(machine.container)
  if (by === 'systemd') {
    if (service === null || service.stop.length > 0 || !isTerm(service.killSignal)) return false
    const [command, ...others] = service.start
    const [word] = command?.words ?? []
    return others.length === 0 && posix.basename(word?.text ?? '').startsWith('uwsgi')
  }
  const supervised = supervisedProgram(server, supervisors)
  if (supervised === null || !isTerm(supervised.stopSignal)) return false
  return posix.basename(supervised.words?.[0]?.text ?? '').startsWith('uwsgi')
}

/** True where uWSGI is the first process of a container, and no other signal is named for it. */
function isStoppedByTerm({ service, image }: Container): boolean {
  const sources = [service.at.source, ...(image === null ? [] : [image.stage.at.source])]
  // A signal of its own, or a small `init` that may send another one.
  if (
    !service.complete ||
    sources.some(({ code }) => /stop_?signal|\binit: *true|tini|dumb-init/i.test(code))
  )
    return false
  const own = image?.entrypoint ?? image?.command ?? null
  const words =
    service.entrypoint?.words ??
    (image?.entrypoint != null ? null : service.command?.words) ??
    (own?.form === 'exec' ? own.words : [])
  return posix.basename(words[0]?.text ?? '') === 'uwsgi'
}
