import type { Deployment, NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { connectionReachedBy } from '../../src/deployment/requests/connection-reached-by.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { actionCable } from '../_action-cable.ts'
import { apacheMain, nginxMain } from '../_examples.ts'
import { imageBehind } from '../containers/_examples.ts'
import { lostHeaders, lostUpgrades } from '../forwarded-headers/_lost-headers.ts'
import { routesWebSockets, socketIoProgram, webSocketProgram } from '../_websocket-programs.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { type NginxLocation, readLocation } from '../../src/servers/nginx/queries/locations.ts'

const site = (location: string, lines = ''): string => conf`
  server {
      listen 80;
      server_name example.org;
      location ${location} {
          proxy_set_header Host $host;
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
  }
`
const behind = (image: string, pass: string, location = '/'): Record<string, string> =>
  imageBehind(
    image,
    conf`
      location ${location} {
          proxy_set_header Host $host;
          ${`${pass} http://app:8123;`}
      }
    `,
  )
/** A chat with Socket.IO. */
const chat = (lines: string, { path = '/', options = '' } = {}): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        location ${path} {
            proxy_set_header Host $host;
            ${lines} http://127.0.0.1:3000;
        }
    }
  `),
  'etc/systemd/system/chat.service': conf`
    [Service]
    WorkingDirectory=/srv/chat
    ExecStart=/usr/bin/node server.js
  `,
  'srv/chat/server.js': conf`
    const http = require('http')
    const { Server } = require('socket.io')
    const server = http.createServer()
    const io = new Server(server, { ${options} })
    server.listen(3000, '127.0.0.1')
  `,
})
const fastapi = (pass: string, location = '/'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        location ${location} {
            proxy_set_header Host $host;
            ${`${pass} http://127.0.0.1:8000;`}
        }
    }
  `),
  'etc/systemd/system/live.service': conf`
    [Service]
    WorkingDirectory=/etc/shop
    ExecStart=/usr/bin/uvicorn --port 8000 live:app
  `,
  'etc/shop/live.py': conf`
    from fastapi import FastAPI, WebSocket

    app = FastAPI()

    @app.websocket("/live")
    async def live(socket: WebSocket):
        await socket.accept()
  `,
})
const UPGRADE = conf`
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection "upgrade";
`

const TUNNEL = apacheMain(
  conf`
    Listen 127.0.0.1:9000
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        ProxyPass /live ws://127.0.0.1:8099/live
        ProxyPass / http://127.0.0.1:8099/
    </VirtualHost>
  `,
  ['proxy', 'proxy_http', 'proxy_wstunnel'],
)

/** An application of Django Channels, which a unit starts. */
const channels = (pass: string, main: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        location / {
            proxy_set_header Host $host;
            ${pass} http://127.0.0.1:8000;
        }
    }
  `),
  'etc/systemd/system/shop.service': conf`
    [Service]
    WorkingDirectory=/etc/shop
    ExecStart=/usr/bin/daphne -p 8000 main:application
  `,
  'etc/shop/main.py': main,
})

/** An application of Rails behind a named location, as guides for puma have it. */
const rails = (files: Record<string, string>, { pass = '«proxy_pass»', lines = '' } = {}) => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    upstream board {
        server 127.0.0.1:9000;
    }
    server {
        listen 80;
        server_name example.org;
        root /srv/board/public;
        try_files $uri @board;
        ${lines}
        location @board {
            proxy_set_header Host $http_host;
            proxy_redirect off;
            ${`${pass} http://board;`}
        }
    }
  `),
  'srv/board/config/application.rb': conf`
    module Board
      class Application < Rails::Application
        config.load_defaults 7.0
      end
    end
  `,
  ...files,
})
const MOUNTED = {
  'srv/board/config/routes.rb': conf`
    Rails.application.routes.draw do
      mount ActionCable.server => '/cable'
      root 'boards#index'
    end
  `,
}
const CHANNEL = {
  'srv/board/app/channels/cards_channel.rb': conf`
    class CardsChannel < ApplicationCable::Channel
      def subscribed
        stream_from 'cards'
      end
    end
  `,
}

export default defineRule({
  summary: 'nginx does not pass the headers by which WebSocket begins',
  severity: 'warning',
  otherSeverities: { info: 'where the application may do without, as Socket.IO does by polling' },
  confidence: 'medium',
  since: '0.1.0',
  why: '`Upgrade` and `Connection` belong to one connection, and nginx sends neither on by itself. The backend gets an ordinary request and answers 400, 404 or 426, and the browser says `WebSocket connection to … failed`.',
  remedy:
    'Write `proxy_http_version 1.1;`, `proxy_set_header Upgrade $http_upgrade;` and `proxy_set_header Connection "upgrade";`',
  references: ['https://nginx.org/en/docs/http/websocket.html'],
  bad: [
    {
      title: 'Socket.IO, with the headers of the server lost, which another location has',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              proxy_http_version 1.1;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection "upgrade";
              location / {
                  proxy_pass http://127.0.0.1:9000;
              }
              location «/socket.io/» {
                  proxy_pass http://127.0.0.1:9000;
                  proxy_set_header Host $host;
              }
          }
        `,
      },
    },
    { title: 'Socket.IO, whose clients go on by polling', files: chat('«proxy_pass»') },
    {
      title: 'Socket.IO that takes WebSocket alone, in a location of its own',
      files: chat('proxy_pass', { path: '«/socket.io/»', options: "transports: ['websocket']" }),
    },
    {
      title: 'Socket.IO that takes WebSocket alone, in the location of all',
      files: chat('«proxy_pass»', { options: 'transports: ["websocket"], cors: {}' }),
    },
    {
      title: 'a page that connects to Socket.IO by WebSocket alone, in a location of its own',
      files: {
        ...chat('proxy_pass', { path: '«/socket.io/»' }),
        'srv/chat/public/chat.js': conf`
          import { io } from 'socket.io-client'
          export const socket = io({ transports: ['websocket'] })
        `,
      },
    },
    { title: 'a location that is called so', files: { 'nginx.conf': site('«/ws/»') } },
    { title: 'Socket.IO', files: { 'nginx.conf': site('«/socket.io/»') } },
    {
      title: 'Laravel Reverb, which supervisord starts',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name example.org;
              location /app {
                  proxy_set_header Host $host;
                  «proxy_pass» http://127.0.0.1:8080;
              }
          }
        `),
        'etc/supervisor/conf.d/reverb.conf': conf`
          [program:reverb]
          command=php /srv/shop/artisan reverb:start --host=127.0.0.1 --port=8080
          user=www-data
        `,
      },
    },
    {
      title: 'an application with consumers of Channels',
      files: channels(
        '«proxy_pass»',
        conf`
          from channels.routing import ProtocolTypeRouter, URLRouter
          application = ProtocolTypeRouter({"websocket": URLRouter([])})
        `,
      ),
    },
    { title: 'a route of FastAPI', files: fastapi('«proxy_pass»') },
    { title: 'Action Cable, mounted among the routes', files: rails(MOUNTED) },
    { title: 'a channel of Action Cable', files: rails(CHANNEL) },
    {
      title: 'a page of Turbo that follows a stream',
      files: rails({
        'srv/board/app/views/boards/show.html.erb': conf`
          <%= turbo_stream_from @board %>
          <%= render @board.cards %>
        `,
      }),
    },
    {
      title: 'Jupyter, which a unit starts',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          site('/').replaceAll('9000', '8889').replace('proxy_pass', '«proxy_pass»'),
        ),
        'etc/systemd/system/lab.service': conf`
          [Service]
          User=ana
          ExecStart=/home/ana/venv/bin/jupyter lab --no-browser --port=8889
        `,
      },
    },
    {
      title: 'an image whose pages need it',
      files: behind('ghcr.io/home-assistant/home-assistant:stable', '«proxy_pass»'),
    },
    {
      title: 'an image that stands below a path',
      files: behind('quay.io/jupyter/scipy-notebook', '«proxy_pass»', '/lab/'),
    },
    {
      title: 'a script of Node.js with the package ws',
      files: {
        'etc/nginx/nginx.conf': nginxMain(site('/').replace('proxy_pass', '«proxy_pass»')),
        'etc/systemd/system/chat.service': conf`
          [Service]
          WorkingDirectory=/srv/chat
          ExecStart=/usr/bin/node server.js
        `,
        'srv/chat/server.js': conf`
          const app = require('express')()
          const { Server } = require('ws')
          const server = app.listen(9000, '127.0.0.1')
          const sockets = new Server({ server })
        `,
      },
    },
    {
      title: 'Apache, which passes it on',
      files: {
        'etc/nginx/nginx.conf': nginxMain(site('/').replace('proxy_pass', '«proxy_pass»')),
        'etc/apache2/apache2.conf': TUNNEL,
      },
    },
    {
      title: 'one header of two, for whatever is behind',
      files: {
        'chat.conf': site(
          '/',
          conf`
            proxy_http_version 1.1;
            proxy_set_header Connection «"upgrade"»;
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'the other header from the server, and a connection that is kept open',
      files: {
        'chat.conf': conf`
          server {
              listen 80;
              server_name example.org;
              proxy_http_version 1.1;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection "upgrade";
              location / {
                  proxy_pass http://127.0.0.1:9000;
              }
              location /api/ {
                  proxy_set_header Connection "";
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
    { title: 'Socket.IO, and both headers', files: chat(`${UPGRADE}\nproxy_pass`) },
    {
      title: 'Apache, which passes it on, and both headers',
      files: {
        'etc/nginx/nginx.conf': nginxMain(site('/', UPGRADE)),
        'etc/apache2/apache2.conf': TUNNEL,
      },
    },
    {
      title: 'an image whose pages need it, and both headers',
      files: behind('ghcr.io/home-assistant/home-assistant:stable', `${UPGRADE}\nproxy_pass`),
    },
    {
      title: 'files of such an image',
      files: behind('quay.io/jupyter/scipy-notebook', 'proxy_pass', '/static/'),
    },
    { title: 'an image of another program', files: behind('example/shop:1', 'proxy_pass') },
    {
      title: 'Jupyter on another port',
      files: {
        'etc/nginx/nginx.conf': nginxMain(site('/')),
        'etc/systemd/system/lab.service': conf`
          [Service]
          ExecStart=/opt/venv/bin/jupyter lab --port 8889
        `,
      },
    },
    { title: 'both headers', files: { 'nginx.conf': site('/ws/', UPGRADE) } },
    {
      title: 'a router of Channels without consumers',
      files: channels(
        'proxy_pass',
        conf`
          from channels.routing import ProtocolTypeRouter
          from django.core.asgi import get_asgi_application
          application = ProtocolTypeRouter({"http": get_asgi_application()})
        `,
      ),
    },
    { title: 'a route of FastAPI, and both headers', files: fastapi(`${UPGRADE}\nproxy_pass`) },
    {
      title: 'Action Cable with a location of its own',
      files: rails(MOUNTED, {
        pass: 'proxy_pass',
        lines: conf`
          location /cable {
              proxy_set_header Host $http_host;
              ${UPGRADE}
              proxy_pass http://board;
          }
        `,
      }),
    },
    {
      title: 'Action Cable at an address of its own',
      files: rails(
        {
          ...CHANNEL,
          'srv/board/config/environments/production.rb': conf`
            Rails.application.configure do
              config.action_cable.url = "wss://cable.example.org/cable"
            end
          `,
        },
        { pass: 'proxy_pass' },
      ),
    },
    {
      title: 'AnyCable, which takes the WebSocket itself',
      files: rails(
        {
          ...CHANNEL,
          'srv/board/Gemfile': conf`
            gem "rails"
            gem "anycable-rails", "~> 1.4"
          `,
        },
        { pass: 'proxy_pass' },
      ),
    },
    {
      title: 'Rails as it is made, without a channel',
      files: rails(
        {
          'srv/board/app/channels/application_cable/channel.rb': conf`
            module ApplicationCable
              class Channel < ActionCable::Channel::Base
              end
            end
          `,
        },
        { pass: 'proxy_pass' },
      ),
    },
    { title: 'a location outside of the route', files: fastapi('proxy_pass', '/api/') },
    { title: 'another location', files: { 'nginx.conf': site('/news/') } },
    {
      title: 'headers of the server, which another rule tells of',
      files: {
        'nginx.conf': site('/ws/').replace('location', `${UPGRADE.trim()}\n    location`),
      },
    },
    {
      title: 'the headers of the server',
      files: {
        'nginx.conf': site('/ws/')
          .replace(
            'location',
            conf`
          proxy_set_header Upgrade $http_upgrade;
          location
        `.trimEnd(),
          )
          .replace('proxy_set_header Host $host;', ''),
      },
    },
  ],
  *check(deployment) {
    const upgraded = new Set<unknown>()
    const lost = lostUpgrades(deployment.connections.http)
    for (const { server, headers } of deployment.connections.http)
      if (headers.open || headers.written.some(({ name }) => name === 'upgrade')) upgraded.add(server)
    for (const connection of deployment.connections.http) {
      const { block, headers, server, pass } = connection
      // forwarded-headers/inheritance-lost tells of those that a level above sets.
      if (headers.open || connection.reachable === false || lost.has(connection)) continue
      if (headers.written.some(({ name, state }) => name === 'upgrade' && state !== 'cleared')) continue
      const alone = headers.written.find(isUpgradeAlone)
      if (alone !== undefined) {
        const { directive } = alone
        yield {
          at: argumentPlace(directive, 1),
          message: 'the backend is sent `Connection: upgrade` and no `Upgrade`, so no WebSocket begins',
          label: 'no Upgrade beside it',
          confidence: 'high',
          related: [{ at: namePlace(pass), message: 'proxied here' }],
          ...propose('Send the other header of WebSocket, too', 'unsafe', [
            insertBefore(
              namePlace(directive),
              `proxy_set_header Upgrade $http_upgrade;\n${indentationAt(namePlace(directive))}`,
            ),
          ]),
        }
        continue
      }
      const location = block.name === 'location' ? readLocation(block) : null
      const isNamed = location !== null && location.modifier !== '@' && NAMES.test(location.name)
      const above = isNamed ? lostHeaders(connection).find(isUpgradeOfClient) : undefined
      if (isNamed && above !== undefined) {
        yield {
          at: location.at,
          message: `\`${location.name}\` has \`proxy_set_header\` lines of its own, so it inherits none, and nginx sends the backend no \`Upgrade\``,
          label: 'inherits no Upgrade',
          related: [{ at: namePlace(above.directive), message: 'not inherited' }],
          ...fix(connection),
        }
      } else if (isNamed) {
        const mayPoll = /socket\.?io|sockjs|engine/i.test(location.name)
        const alone = mayPoll ? (socketIoProgram(connection)?.withoutPolling ?? null) : null
        yield {
          at: location.at,
          ...(mayPoll && alone === null && { severity: 'info' as const }),
          message:
            alone === null
              ? `\`${location.name}\` is named like WebSocket, and nginx sends the backend no \`Upgrade\``
              : `${alone.says}, and nginx sends the backend no \`Upgrade\` from \`${location.name}\``,
          label: 'no Upgrade',
          related: [
            { at: namePlace(pass), message: 'proxied here' },
            ...(alone === null ? [] : [{ at: alone.at, message: 'no long polling' }]),
          ],
          ...fix(connection),
        }
      } else if (!upgraded.has(server) && routesWebSockets(deployment, connection, prefixOf(location))) {
        yield {
          at: namePlace(pass),
          message: 'the application routes WebSocket, and no location of this server sends it `Upgrade`',
          label: 'no Upgrade',
          related: [{ at: argumentPlace(pass, 0), message: 'the application is here' }],
          ...fix(connection),
        }
      } else if (
        !upgraded.has(server) &&
        (location === null || mayBeWhole(location) || location.modifier === '@')
      ) {
        const cable = location !== null && BELOW.test(location.name) ? null : actionCable(connection)
        if (cable !== null) {
          yield {
            at: namePlace(pass),
            message: `Action Cable takes \`${cable.path}\` by WebSocket alone, and no location of this server sends it \`Upgrade\``,
            label: 'no Upgrade',
            related: [{ at: cable.at, message: 'needs Action Cable' }],
            ...fix(connection),
          }
          continue
        }
        const found = webSocketProgram(deployment, connection)
        const isBelow = location !== null && BELOW.test(location.name)
        // Of a script or another server a path may be one of many, and the others need no WebSocket.
        const program = isBelow && found?.script !== undefined ? null : found
        const tunnel = found === null && !isBelow ? tunnelBehind(deployment, connection) : null
        if (tunnel !== null)
          yield {
            at: namePlace(pass),
            message: `Apache passes \`${tunnel.path}\` on by WebSocket, and no location of this server sends it \`Upgrade\``,
            label: 'no Upgrade',
            related: [{ at: tunnel.at, message: 'WebSocket is passed on here' }],
            ...fix(connection),
          }
        if (program !== null)
          yield {
            at: namePlace(pass),
            message: `the pages of ${program.name} need WebSocket, and no location of this server sends it \`Upgrade\``,
            label: 'no Upgrade',
            related: [{ at: program.at, message: 'it is started here' }],
            ...fix(connection),
          }
        else if (!isBelow && tunnel === null) yield* withoutSocketIo(connection)
      }
    }
  },
})

/** `Connection: upgrade`, which says that another header names the protocol. */
function isUpgradeAlone({ name, value, state }: SentHeader): boolean {
  return name === 'connection' && state === 'set' && value.toLowerCase() === 'upgrade'
}

/** Socket.IO goes on by long polling, but for pages that are told not to. */
function* withoutSocketIo(connection: NginxConnection): Iterable<RuleFinding> {
  const program = socketIoProgram(connection)
  if (program === null) return
  const { at, withoutPolling } = program
  yield {
    at: namePlace(connection.pass),
    ...(withoutPolling === null && { severity: 'info' as const }),
    message:
      withoutPolling === null
        ? 'the application answers Socket.IO, and no location of this server sends it `Upgrade`: its clients go on by long polling'
        : `${withoutPolling.says}, and no location of this server sends it \`Upgrade\``,
    label: 'no Upgrade',
    related: [
      withoutPolling === null
        ? { at, message: 'it is started here' }
        : { at: withoutPolling.at, message: 'no long polling' },
    ],
    ...fix(connection),
  }
}

/** The line of a virtual host behind nginx that passes WebSocket on; null where there is none. */
function tunnelBehind(deployment: Deployment, connection: NginxConnection) {
  for (const { configuration, directive } of certainHosts(deployment, connection))
    for (const pass of directivesIn(configuration, directive, 'proxypass')) {
      const [path, target] = pass.args.map(({ value }) => value)
      const isTunnel =
        /^wss?:/i.test(target ?? '') ||
        pass.args.some(({ value }) => /^upgrade=(?:websocket|any)$/i.test(value))
      if (path?.startsWith('/') !== true || !isTunnel) continue
      if (connectionReachedBy(deployment, connection, path)) return { path, at: argumentPlace(pass, 1) }
    }
  return null
}

/** A path below which all of a program may stand, as Jupyter does below `/lab/`. */
const BELOW = /^\/(?!app\/?$|(?:static|assets|api|media|health\w*|metrics)\/?$)[\w.-]+\/?$/

function mayBeWhole({ name, modifier }: NginxLocation): boolean {
  return /^\/(?:app\/?)?$/.test(name) || (/^(?:\^~)?$/.test(modifier) && BELOW.test(name))
}

/** Paths by which programs take WebSocket. */
const NAMES = /(?:^|\/)(?:ws|wss|web-?sockets?|cable|socket\.io|sockjs|sockjs-node|signalr|hubs?)\/?\$?$/i

function fix({ pass }: NginxConnection) {
  const at = namePlace(pass)
  const lines = [
    'proxy_http_version 1.1;',
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Connection "upgrade";',
  ]
  return propose('Send the headers of WebSocket', 'unsafe', [
    insertBefore(at, lines.map(line => `${line}\n${indentationAt(at)}`).join('')),
  ])
}

/** Of which its routes are asked; the start page for what has no location, null for a pattern. */
function prefixOf(location: NginxLocation | null): string | null {
  if (location === null) return '/'
  return /^(?:\^~|)$/.test(location.modifier) ? location.name : null
}

function isUpgradeOfClient({ name, state }: SentHeader): boolean {
  return name === 'upgrade' && state !== 'cleared'
}
