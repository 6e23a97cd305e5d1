import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { isAtLeast } from '../../src/servers/version.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'

const site = (location: string, lines = ''): string => conf`
  server {
      listen 80;
      server_name example.org;
      location ${location} {
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
  }
`

const FLASK = conf`
  import time
  from flask import Flask, Response

  app = Flask(__name__)


  @app.route("/clock")
  def clock():
      def ticks():
          for number in range(3):
              yield f"data: {number}\\n\\n"
              time.sleep(1)

      return Response(ticks(), mimetype="text/event-stream")
`
const application = (pass: string, script = FLASK): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          ${pass}
      }
    `),
  ),
  'etc/systemd/system/clock.service': serviceUnit(
    '/srv/clock/venv/bin/gunicorn -k gthread --threads 4 --bind 127.0.0.1:9000 app:app',
    'WorkingDirectory=/srv/clock',
  ),
  'srv/clock/app.py': script,
})
const container = (image: string, pass: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: ${image}
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf
        ports: ["80:80"]
      clock:
        build: .
        command: gunicorn -k gthread --threads 4 --bind 0.0.0.0:9000 app:app
  `,
  'site.conf': nginxServer(conf`
    location / {
        ${pass}
    }
  `),
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /srv/clock
    COPY app.py .
  `,
  'app.py': FLASK,
})

export default defineRule({
  summary: 'nginx buffers a stream of events',
  severity: 'info',
  otherSeverities: { warning: 'where the application is seen to send one' },
  confidence: 'low',
  since: '0.1.0',
  why: 'Events that a backend sends one by one (`text/event-stream`) stay in the buffer until it is full or the connection ends where nginx speaks HTTP/1.0 to the backend, as it does by default before 1.29.7, unless the backend sends `X-Accel-Buffering: no`. The page shows nothing meanwhile.',
  remedy: 'Write `proxy_buffering off;` in the location, or send `X-Accel-Buffering: no`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering'],
  bad: [
    { title: 'a location that is called so', files: { 'nginx.conf': site('«/events»') } },
    { title: 'an application that sends events', files: application('«proxy_pass» http://127.0.0.1:9000;') },
    {
      title: 'a location of its own for what the application sends',
      files: {
        ...application(''),
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location «/clock/events» {
                proxy_pass http://127.0.0.1:9000;
            }
            location / {
                proxy_pass http://127.0.0.1:9000;
            }
          `),
        ),
      },
    },
    {
      title: 'an image of a series that speaks HTTP/1.0 to backends',
      files: container('nginx:1.27-alpine', '«proxy_pass» http://clock:9000;'),
    },
  ],
  good: [
    { title: 'not buffered', files: { 'nginx.conf': site('/events', 'proxy_buffering off;') } },
    {
      title: 'an application whose answers come in chunks',
      files: application(conf`
        proxy_http_version 1.1;
        proxy_pass http://127.0.0.1:9000;
      `),
    },
    {
      title: 'an application that asks nginx to send them at once',
      files: application(
        'proxy_pass http://127.0.0.1:9000;',
        FLASK.replace('stream")', 'stream", headers={"X-Accel-Buffering": "no"})'),
      ),
    },
    {
      title: 'an image that is pulled anew, and speaks HTTP/1.1 to backends',
      files: container('nginx:alpine', 'proxy_pass http://clock:9000;'),
    },
    {
      title: 'the events of Matrix, one document an answer',
      files: { 'nginx.conf': site('~ ^/_matrix/client/(api/v1|r0|v3)/events$') },
    },
    { title: 'another location', files: { 'nginx.conf': site('/api/') } },
    {
      title: 'WebSocket, which is never buffered',
      files: {
        'nginx.conf': site(
          '/stream',
          conf`
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
          `,
        ),
      },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const { server, block, headers, pass } = connection
      if (block.name !== 'location' || headers.written.some(header => header.name === 'upgrade')) continue
      const { configuration } = server
      const { name, at } = readLocation(block)
      const isNamed = isNamedLikeStream(block)
      const stream = isNamed ? null : streamBehind(deployment, connection)
      if (!isNamed && stream === null) continue
      if (isSet(configuration, block, 'proxy_buffering') || passesChunks(configuration, block)) continue
      const place = namePlace(pass)
      const fix = propose('Send each event at once', 'unsafe', [
        insertBefore(place, `proxy_buffering off;\n${indentationAt(place)}`),
      ])
      if (stream === null) {
        yield {
          at,
          message: `\`${name}\` is named like a stream of events, and nginx buffers what the backend sends`,
          label: 'buffered',
          ...fix,
        }
        continue
      }
      // The stream may have a location of its own.
      if (
        deployment.connections
          .httpOf(server)
          .some(each => isNamedLikeStream(each.block) || isSet(configuration, each.block, 'proxy_buffering'))
      )
        continue
      // What is pulled today speaks HTTP/1.1 to its backends.
      const { container } = connection.from.machine
      if (
        container !== null &&
        configuration.version.from === 'assumed' &&
        !OLD_SERIES.test(container.reference ?? '')
      )
        continue
      yield {
        at: place,
        severity: 'warning',
        confidence: 'medium',
        message:
          'the application sends a stream of events, and nginx keeps them until a buffer is full or the stream ends',
        label: 'buffered',
        related: [{ at: stream, message: 'the stream' }],
        ...fix,
      }
    }
  },
})

/** Images of a series that ended before 1.29.7. */
const OLD_SERIES = /^(?:nginx|nginxinc\/nginx-unprivileged):1\.(?:1?\d|2[0-8])(?:\.\d+)?(?:-|$)/

/** Whether a directive is written for a block, or may be. */
function isSet(configuration: NginxConfiguration, block: NginxDirective, name: string): boolean {
  const lines = effectiveAtHand(configuration, block, name)
  return !lines.known || lines.value.directives.length > 0
}

/** By HTTP/1.1 the answer comes in chunks, and nginx sends each of them as it comes. */
function passesChunks(configuration: NginxConfiguration, block: NginxDirective): boolean {
  if (isAtLeast(configuration.version, '1.29.7')) return true
  const version = effectiveAtHand(configuration, block, 'proxy_http_version')
  return !version.known || version.value.directives.some(({ args }) => args[0]?.value !== '1.0')
}

/** Where the application behind a connection says that it sends events, and does not ask nginx to send them at once. */
function streamBehind(deployment: Deployment, { targets }: NginxConnection): Place | null {
  for (const target of targets) {
    const program = serverBehind(target)
    if (program === null) continue
    const loaded = deployment.moduleOf(program)?.source
    const sources = loaded == null || loaded === 'missing' ? program.server.sources : [loaded]
    for (const source of sources) {
      const at = streamIn(source)
      if (at !== null) return at
    }
  }
  return null
}

const streamIn = memo((source: Source): Place | null => {
  const match = STREAM.exec(source.code)
  if (match === null || /x-accel-buffering|after_request|middleware/i.test(source.code)) return null
  const end = match.index + match[0].length
  return { source, start: end - 'text/event-stream'.length, end }
})

/** The type of an answer, not one that is asked for. */
const STREAM =
  /^(?![ \t]*(?:#|\/\/)).*?(?:(?:mimetype|content_type|media_type)\s*=\s*|['"]Content-Type['"]\s*[:,]\s*)['"]text\/event-stream/im

/** Paths by which programs send events to a page. */
const NAMES =
  /(?:^|[/_-])(?:events?|sse|event-?stream|eventsource|stream|subscribe|mercure|live-?updates?)\/?\$?$/i

function isNamedLikeStream(block: NginxDirective): boolean {
  if (block.name !== 'location') return false
  const { name } = readLocation(block)
  return NAMES.test(name) && !LONG_POLL.test(name)
}

/** What Matrix calls so answers each request with one document. */
const LONG_POLL = /\/_matrix\/client\b/
