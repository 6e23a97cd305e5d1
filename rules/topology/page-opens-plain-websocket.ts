import { tlsVirtualHost } from '../_examples.ts'
import { upgrades, upgradesRequests } from '../_upgraded-requests.ts'
import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { once } from '../../parsers/collections/once.ts'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { type PlainWebSocket, plainWebSockets } from '../../parsers/javascript/plain-websockets.ts'
import { projectDirectory } from '../../src/deployment/django/settings.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import { hostAt } from '../../src/deployment/fronts-of.ts'
import type { ApacheHost, AppServerProgram, Connection, Deployment } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'

const site = (plain = 'return 301 https://$host$request_uri;'): string => conf`
  server {
      listen 80;
      server_name chat.example.org;
      ${plain}
  }
  server {
      listen 443 ssl;
      server_name chat.example.org;
      ssl_certificate /etc/ssl/chat.pem;
      ssl_certificate_key /etc/ssl/chat.key;
      location / {
          proxy_pass http://127.0.0.1:8001;
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection upgrade;
          proxy_set_header Host $host;
      }
  }
`
const channels = (script: string, nginx = site()): Record<string, string> => ({
  'deploy/nginx.conf': nginx,
  'deploy/daphne.service': conf`
    [Service]
    WorkingDirectory=/srv/chat
    ExecStart=/srv/chat/venv/bin/daphne -b 127.0.0.1 -p 8001 chatsite.asgi:application
  `,
  'chatsite/asgi.py':
    'from channels.routing import ProtocolTypeRouter\napplication = ProtocolTypeRouter({"websocket": None})\n',
  'manage.py': '',
  'chat/static/chat/room.js': script,
})

/** Apache in front of the same. */
const behindApache = (script: string, plain = 'Redirect permanent / https://chat.example.org/') => {
  const { 'deploy/nginx.conf': _, ...files } = channels(script)
  return {
    ...files,
    'deploy/apache.conf': conf`
      <VirtualHost *:80>
          ServerName chat.example.org
          ${plain}
      </VirtualHost>
      ${tlsVirtualHost('ProxyPass / http://127.0.0.1:8001/ upgrade=websocket', 'chat.example.org')}
    `,
  }
}

export default defineRule({
  summary: 'A script opens a WebSocket without TLS from a page that is served over TLS alone',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A page that came by https may open no `ws://`: `Mixed Content: the page was loaded over HTTPS, but attempted to connect to the insecure WebSocket endpoint. This request has been blocked`. The redirect from plain HTTP does not help, as the browser sends nothing, and a WebSocket follows no redirect; the policy `upgrade-insecure-requests` of the page does.',
  remedy:
    "Take the scheme of the page: `(location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host`",
  references: [
    'https://developer.mozilla.org/en-US/docs/Web/Security/Mixed_content',
    'https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/WebSocket',
  ],
  unproven: 'The harm is in a browser, which the live tests do not start',
  bad: [
    {
      title: 'the host of the page',
      files: channels("const socket = new WebSocket(\n  «'ws://'» + window.location.host + '/ws/chat/'\n)\n"),
    },
    {
      title: 'a template of JavaScript, kept first',
      files: channels('const url = «`ws://${location.host}/ws/chat/`»;\nnew WebSocket(url);\n'),
    },
    {
      title: 'the name of the site',
      files: channels('new WebSocket(«"ws://chat.example.org/ws/chat/"»)\n'),
    },
    {
      title: 'a script in a page of Node.js',
      files: {
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              ports: ["80:80", "443:443"]
              volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
            app:
              build: .
              command: node server.js
        `,
        Dockerfile: 'FROM node:22\nWORKDIR /app\nCOPY . .\n',
        'site.conf': site().replace('127.0.0.1', 'app'),
        'server.js':
          "const express = require('express')\nconst app = express()\napp.use(express.static('public'))\napp.listen(8001)\n",
        'package.json': '{ "dependencies": { "express": "5.1.0" } }\n',
        'public/index.html':
          '<!doctype html>\n<script>\n  var ws = new WebSocket(«"ws://"» + location.hostname + ":8001/");\n</script>\n',
      },
    },
    {
      title: 'the host of a page that Apache serves',
      files: behindApache("new WebSocket(«'ws://'» + location.host + '/ws/chat/')\n"),
    },
    {
      title: 'a rule of Apache that redirects',
      files: behindApache(
        "new WebSocket(«'ws://'» + location.host + '/ws/chat/')\n",
        conf`
          RewriteEngine On
          RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [R=301,L]
        `,
      ),
    },
  ],
  good: [
    {
      title: 'a start page that Apache shows elsewhere, by plain HTTP',
      files: behindApache(
        "new WebSocket('ws://' + location.host + '/ws/')\n",
        conf`
          RedirectMatch ^/$ /room/
          ProxyPass / http://127.0.0.1:8001/
        `,
      ),
    },
    {
      title: 'a site that Apache serves by plain HTTP, too',
      files: behindApache(
        "new WebSocket('ws://' + location.host + '/ws/')\n",
        'ProxyPass / http://127.0.0.1:8001/ upgrade=websocket',
      ),
    },
    {
      title: 'the scheme of a page that Apache serves',
      files: behindApache(
        "new WebSocket((location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + '/ws/')\n",
      ),
    },
    {
      title: 'a policy by which browsers open it with TLS',
      files: channels(
        "new WebSocket('ws://' + location.host + '/ws/')\n",
        site().replace(
          'location / {',
          'add_header Content-Security-Policy upgrade-insecure-requests;\n    location / {',
        ),
      ),
    },
    {
      title: 'the same in the page',
      files: {
        ...channels("new WebSocket('ws://' + location.host + '/ws/')\n"),
        'chat/templates/room.html':
          '<meta http-equiv="Content-Security-Policy" content="upgrade-insecure-requests">\n',
      },
    },
    {
      title: 'the scheme of the page',
      files: channels(
        "const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://'\nnew WebSocket(scheme + location.host + '/ws/')\n",
      ),
    },
    {
      title: 'a choice beside',
      files: channels(
        "const url = secure ? 'wss://' + location.host : 'ws://' + location.host\nnew WebSocket(url)\n",
      ),
    },
    {
      title: 'a site that plain HTTP serves, too',
      files: channels(
        "new WebSocket('ws://' + location.host + '/ws/')\n",
        site('location / {\n    proxy_pass http://127.0.0.1:8001;\n}'),
      ),
    },
    { title: 'a name of another site', files: channels("new WebSocket('ws://relay.example.net/')\n") },
    { title: 'a comment', files: channels("// new WebSocket('ws://' + location.host)\n") },
    {
      title: 'a client of Node.js',
      files: channels("const WebSocket = require('ws')\nnew WebSocket('ws://chat.example.org/')\n"),
    },
  ],
  *check(deployment) {
    const { connections, servers, apache } = deployment
    if (apache.length === 0 && !servers.some(({ tls }) => tls)) return
    if (upgradesRequests(deployment)) return
    const ways = groupBy(
      [...connections.http, ...connections.apache].filter(
        each => each.targets.length > 0 && !('server' in each && each.reachable === false),
      ),
      ({ targets }) => serverBehind(targets[0]!),
    )
    const open = once(() => plainNames(deployment))
    for (const [program, passes] of ways) {
      if (program === null) continue
      const fronts = passes.map(frontLine)
      const [front] = fronts
      if (front === undefined || !passes.every(pass => isOverTlsAlone(deployment, pass, open()))) continue
      const names = new Set(fronts.flatMap(each => each.names))
      for (const { at, host } of socketsOf(deployment, program)) {
        if (host !== null && !names.has(host)) continue
        const [name] = front.names
        yield {
          at,
          message: `${front.server} serves ${name === undefined ? 'the page' : `\`${name}\``} over TLS alone, and a page that came by https may not open \`ws://\`: Mixed Content`,
          label: 'not `wss://`',
          related: [
            { at: entranceOf(passes[0]!), message: 'served here' },
            { at: front.url, message: 'proxied to the application' },
          ],
        }
      }
    }
  },
})

/** Where the server that proxies is opened to clients. */
function entranceOf(pass: Connection): Place {
  if ('server' in pass) return pass.server.listens[0]?.at ?? namePlace(pass.server.directive)
  return namePlace(pass.host ?? pass.pass)
}

/** Names that plain HTTP answers with more than a redirect. */
function plainNames(deployment: Deployment): ReadonlySet<string> {
  const { servers, virtualHosts } = deployment
  const ofNginx = servers
    .filter(({ plainListens, answer }) => plainListens.length > 0 && answer.kind !== 'redirect')
    .flatMap(({ names }) => names.map(({ name }) => name))
  const ofApache = virtualHosts.filter(host => mayServePlain(deployment, host)).flatMap(({ names }) => names)
  return new Set([...ofNginx, ...ofApache])
}

/** True for a virtual host without TLS, unless it redirects its start page to TLS. */
function mayServePlain(deployment: Deployment, { configuration, virtualHost }: ApacheHost): boolean {
  const engine = sslEngine(configuration, virtualHost)
  if (engine.known && engine.value) return false
  const { end } = askHost(deployment, { configuration, host: virtualHost }, '/')
  return end.kind !== 'response' || end.location?.startsWith('https:') !== true
}

/** True for a server of TLS with names that plain HTTP answers with a redirect at most. */
function isOverTlsAlone(deployment: Deployment, pass: Connection, open: ReadonlySet<string>): boolean {
  if ('server' in pass) {
    const { tls, plainListens, names } = pass.server
    return tls && plainListens.length === 0 && names.every(({ name, exact }) => exact && !open.has(name))
  }
  const { tls, names } = frontLine(pass)
  const host = pass.host === null ? null : hostAt(deployment, pass.host)
  if (!tls || host === null || names.length === 0) return false
  return host.virtualHost.aliases.every(({ wild }) => !wild) && names.every(name => !open.has(name))
}

const REACH = {
  levels: 6,
  skipped:
    /^(?:node_modules|bower_components|vendor|libs?|venv|env|dist|build|staticfiles|\..*|tests?|__tests__|e2e|cypress|examples?|docs?)$/,
}
const MOST = 500

/** The plain addresses in what lies beside an application. */
function socketsOf(deployment: Deployment, program: AppServerProgram): readonly PlainWebSocket[] {
  const { container, files } = program.machine
  const context = container?.service.build?.context
  if (container !== null)
    return context?.known === true ? socketsBelow(container.hostFiles, context.value) : []
  const home = homesOf(deployment, program).find(
    each => each.split('/').length > 2 && files.kind(each) === 'directory',
  )
  return home === undefined ? [] : socketsBelow(files, home)
}

/** Where the application lies: where it is started, or where its own files are. */
function homesOf(deployment: Deployment, program: AppServerProgram): readonly string[] {
  const { directory, server } = program
  const settings = deployment.moduleOf(program)?.settings ?? null
  const own = settings === null ? null : projectDirectory(settings)
  return [
    ...(directory?.known === true ? [directory.value] : []),
    ...(own === null ? [] : [own]),
    ...server.sources.map(({ path }) => posix.dirname(path)),
  ]
}

const socketsBelow = memoByKey((files: FileSystem, home: string): readonly PlainWebSocket[] => {
  const found: PlainWebSocket[] = []
  let count = 0
  for (const path of filesBelow(files, home, REACH)) {
    if (!/\.(?:[cm]?[jt]sx?|x?html?|vue|svelte|ejs|hbs|jinja2?|j2|twig)$/.test(path)) continue
    if (/\.(?:min|test|spec|config)\.\w+$/.test(path)) continue
    if (++count > MOST) break
    const source = sourceAt(files, path)
    if (source === null) continue
    if (upgrades(source.text)) return []
    found.push(...plainWebSockets(source))
  }
  return found
})
