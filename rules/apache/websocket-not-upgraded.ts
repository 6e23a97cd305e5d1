import { memoByKey } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { hostIn } from '../../src/deployment/fronts-of.ts'
import type { ApacheConnection, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { apacheMain, nginxMain } from '../_examples.ts'
import { routesWebSockets, socketIoProgram, webSocketProgram } from '../_websocket-programs.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
          ProxyPass / http://127.0.0.1:8001/
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'proxy_wstunnel', 'rewrite'],
  )

const LIVE = {
  'etc/systemd/system/live.service': conf`
    [Service]
    WorkingDirectory=/srv/live
    ExecStart=/usr/bin/node server.js
  `,
  'srv/live/server.js': conf`
    const http = require('http')
    const { WebSocketServer } = require('ws')
    const server = http.createServer()
    const sockets = new WebSocketServer({ server, path: '/live' })
    server.listen(3000, '127.0.0.1')
  `,
}
const UPGRADE = conf`
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection "upgrade";
`
/** nginx that passes `Upgrade` on for one path, or by these lines for the others too. */
const behindNginx = (pass: string, rest = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        location / {
            ${rest}
            proxy_set_header Host $host;
            proxy_pass http://127.0.0.1:8080;
        }
        location /live {
            ${UPGRADE}
            proxy_set_header Host $host;
            proxy_pass http://127.0.0.1:8080;
        }
    }
  `),
  'etc/apache2/apache2.conf': main(pass).replaceAll(/(?<=Listen |\*:)80$|(?<=\*:)80(?=>)/gm, '8080'),
})

/** A chat with Socket.IO, its pages beside it. */
const chat = ({
  pass = '«http://127.0.0.1:3000/»',
  lines = '',
  client = 'io()',
  options = '{}',
}: {
  readonly pass?: string
  readonly lines?: string
  readonly client?: string
  readonly options?: string
} = {}): Record<string, string> => ({
  'etc/apache2/apache2.conf': main(lines).replace('http://127.0.0.1:8001/', pass),
  'etc/systemd/system/chat.service': conf`
    [Service]
    WorkingDirectory=/srv/chat
    ExecStart=/usr/bin/node server.js
  `,
  'srv/chat/server.js': conf`
    const http = require('http')
    const { Server } = require('socket.io')
    const server = http.createServer()
    const io = new Server(server, ${options})
    server.listen(3000, '127.0.0.1')
  `,
  'srv/chat/public/index.html': conf`
    <script src="/socket.io/socket.io.js"></script>
    <script>const socket = ${client}</script>
  `,
})

export default defineRule({
  summary: 'A path for WebSocket is proxied by HTTP alone',
  severity: 'warning',
  otherSeverities: { info: 'for protocols that go on by long polling, such as Socket.IO' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'mod_proxy_http drops `Upgrade` unless it is told to pass it on: the backend sees an ordinary GET, and the browser says `WebSocket connection failed`, with Socket.IO `Unexpected response code: 400`.',
  remedy:
    'Write `upgrade=websocket` behind the target (2.4.47 and later): `ProxyPass /ws http://127.0.0.1:3000/ws upgrade=websocket`; or proxy the path to `ws://`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#wsupgrade'],
  bad: [
    {
      title: 'a path of its own',
      files: {
        'etc/apache2/apache2.conf': main('ProxyPass /ws «http://127.0.0.1:8001/ws»'),
      },
    },
    {
      title: 'an application that takes WebSocket by itself',
      files: { 'etc/apache2/apache2.conf': main('ProxyPass /live «http://127.0.0.1:3000/live»'), ...LIVE },
    },
    {
      title: 'an application with a route of FastAPI',
      files: {
        'etc/apache2/apache2.conf': main('').replace('http://127.0.0.1:8001/', '«$&»'),
        'etc/systemd/system/live.service': conf`
          [Service]
          WorkingDirectory=/srv/live
          ExecStart=/usr/bin/uvicorn --port 8001 live:app
        `,
        'srv/live/live.py': conf`
          from fastapi import FastAPI, WebSocket

          app = FastAPI()

          @app.websocket("/live")
          async def live(socket: WebSocket):
              await socket.accept()
        `,
      },
    },
    {
      title: 'a location of nginx for WebSocket in front',
      files: behindNginx('ProxyPass /live «http://127.0.0.1:3000/live»'),
    },
    {
      title: 'Socket.IO',
      files: {
        'etc/apache2/apache2.conf': main('ProxyPass /socket.io/ «http://127.0.0.1:8001/socket.io/»'),
      },
    },
    { title: 'an application with Socket.IO', files: chat() },
    {
      title: 'pages that connect to Socket.IO by WebSocket alone',
      files: chat({ client: "io({ transports: ['websocket'] })" }),
    },
    {
      title: 'a rule for WebSocket that leads to http',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          RewriteEngine On
          RewriteCond %{HTTP:Upgrade} =websocket [NC]
          RewriteRule /(.*) «http://127.0.0.1:8001/$1» [P,L]
        `),
      },
    },
    {
      title: 'the same by two conditions, beside an ordinary rule',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          RewriteEngine On
          RewriteCond %{HTTP:Connection} upgrade [NC]
          RewriteCond %{HTTP:Upgrade} ^websocket$ [NC]
          RewriteRule ^/(.*)$ «http://127.0.0.1:8001/$1» [P]
          RewriteCond %{HTTP:Upgrade} !^websocket$ [NC]
          RewriteRule ^/(.*)$ http://127.0.0.1:8001/$1 [P]
        `),
      },
    },
  ],
  good: [
    {
      title: 'a rule for WebSocket that leads to ws',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          RewriteEngine On
          RewriteCond %{HTTP:Upgrade} =websocket [NC]
          RewriteRule /(.*) ws://127.0.0.1:8001/$1 [P,L]
          RewriteCond %{HTTP:Upgrade} !=websocket [NC]
          RewriteRule /(.*) http://127.0.0.1:8001/$1 [P,L]
        `),
      },
    },
    {
      title: 'a rule to http whose worker passes it on',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          RewriteEngine On
          RewriteCond %{HTTP:Upgrade} =websocket [NC]
          RewriteRule /(.*) http://127.0.0.1:8001/$1 [P,L]
          <Proxy http://127.0.0.1:8001/>
              ProxySet upgrade=websocket
          </Proxy>
        `),
      },
    },
    {
      title: 'upgraded, by either way',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ProxyPass /ws http://127.0.0.1:8001/ws upgrade=websocket
          ProxyPass /cable ws://127.0.0.1:8001/cable
        `),
      },
    },
    {
      title: 'a rule that takes what is to be upgraded, and paths that only begin so',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          RewriteEngine On
          RewriteCond %{HTTP:Upgrade} =websocket [NC]
          RewriteRule ^/(.*)$ ws://127.0.0.1:8001/$1 [P,L]
          ProxyPass /socket.io/ http://127.0.0.1:8001/socket.io/
        `),
      },
    },
    {
      title: 'an application that takes WebSocket, by either way',
      files: {
        'etc/apache2/apache2.conf': main('ProxyPass /live http://127.0.0.1:3000/live upgrade=websocket'),
        ...LIVE,
      },
    },
    {
      title: 'another path of such an application, whose pages are plain',
      files: { 'etc/apache2/apache2.conf': main('ProxyPass /status http://127.0.0.1:3000/status'), ...LIVE },
    },
    {
      title: 'nginx that passes Upgrade on for everything',
      files: behindNginx('ProxyPass /live http://127.0.0.1:3000/live', UPGRADE),
    },
    {
      title: 'Socket.IO, upgraded',
      files: chat({ pass: 'http://127.0.0.1:3000/ upgrade=websocket' }),
    },
    {
      title: 'Socket.IO, and rules for what is to be upgraded',
      files: chat({
        lines: conf`
          RewriteEngine On
          RewriteCond %{HTTP:Upgrade} websocket [NC]
          RewriteRule /(.*) balancer://live/$1 [P,L]
        `,
        pass: 'http://127.0.0.1:3000/',
      }),
    },
    {
      title: 'Socket.IO that is told to poll',
      files: chat({ pass: 'http://127.0.0.1:3000/', options: "{ transports: ['polling'] }" }),
    },
    {
      title: 'a path that only begins so',
      files: { 'etc/apache2/apache2.conf': main('ProxyPass /wsdl http://127.0.0.1:8001/wsdl') },
    },
  ],
  *check(deployment) {
    yield* namedPaths(deployment)
    yield* askedFor(deployment)
    yield* rewrittenToHttp(deployment)
  },
})

/** Paths that are called like WebSocket. */
function* namedPaths(deployment: Deployment): Iterable<RuleFinding> {
  for (const configuration of deployment.apache) {
    const passes = proxyPasses(configuration).filter(
      ({ path, scheme }) => path !== null && PATH.test(path) && scheme.known && /^https?$/.test(scheme.value),
    )
    for (const { directive, path, at } of passes) {
      if (isUpgradedFor(deployment, configuration, directive)) continue
      yield {
        at,
        severity: POLLING.test(path ?? '') ? ('info' as const) : ('warning' as const),
        message: `\`Upgrade\` is not passed on, so no WebSocket can be opened below \`${path}\``,
        ...fix(directive),
      }
    }
  }
}

/** Rules for requests with `Upgrade` alone that lead to `http:`, where `ws:` is meant. */
function* rewrittenToHttp(deployment: Deployment): Iterable<RuleFinding> {
  for (const configuration of deployment.apache) {
    if (!configuration.occurrences.has('rewriterule')) continue
    // One line of a worker tells all rules that lead to it.
    const words = ['proxypass', 'proxypassmatch', 'balancermember', 'proxyset'].flatMap(
      name => configuration.occurrences.get(name) ?? [],
    )
    if (words.some(isUpgraded)) continue
    for (const rule of placedRules(configuration, deployment.filesOf(configuration))) {
      const { directive, output, flags, settled, conditions } = rule
      const asks = conditions.some(({ directive: { args } }) =>
        args.length === 1 ? false : asksForUpgrade(args[0]?.value ?? '', args[1]?.value ?? ''),
      )
      if (!settled || !flags.has('P') || !asks || !/^https?:\/\//i.test(output)) continue
      yield {
        at: argumentPlace(directive, 1),
        message: `\`Upgrade\` is not passed on to \`${output.replace(/:.*/s, '')}:\`, so this rule for WebSocket leads to an ordinary GET: its backend answers 400 or 404`,
        label: /^https/i.test(output) ? '`wss:` is meant' : '`ws:` is meant',
      }
    }
  }
}

function asksForUpgrade(variable: string, pattern: string): boolean {
  return /^%\{HTTP:Upgrade\}$/i.test(variable) && /^=?\^?\(?(?:\(\?i\))?websocket\)?\$?$/i.test(pattern)
}

/** Paths behind which an application takes WebSocket, or for which nginx in front passes `Upgrade` on. */
function* askedFor(deployment: Deployment): Iterable<RuleFinding> {
  for (const connection of deployment.connections.apache) {
    const { pass, path, protocol, from, targets } = connection
    if (!protocol.known || !/^https?$/.test(protocol.value) || path === null) continue
    const at = targets[0]?.at
    if (at === undefined || PATH.test(path)) continue
    const asking = applicationBehind(deployment, connection) ?? locationInFront(deployment, connection)
    if (asking === null || isUpgradedFor(deployment, from.configuration, pass)) continue
    yield {
      at,
      ...(asking.polls === true && { severity: 'info' as const }),
      message: `${asking.why}, and Apache does not pass \`Upgrade\` on below \`${path}\`${asking.polls === true ? ': its clients go on by long polling' : ''}`,
      label: 'no Upgrade',
      related: [{ at: asking.at, message: asking.label }],
      ...fix(pass),
    }
  }
}

interface Asking {
  readonly why: string
  readonly at: Place
  readonly label: string
  /** True where the clients go on by long polling. */
  readonly polls?: boolean
}

/** An application that takes WebSocket below the path. */
function applicationBehind(deployment: Deployment, connection: ApacheConnection): Asking | null {
  const path = connection.path ?? ''
  const [target] = connection.targets
  if (target !== undefined && routesWebSockets(deployment, connection, path))
    return { why: 'the application routes WebSocket', at: target.at, label: 'the application is here' }
  const program = webSocketProgram(deployment, connection)
  if (program === null) return path === '/' ? socketIoBehind(connection) : null
  const isMeant =
    path === '/' || (program.script === undefined ? BELOW.test(path) : namesPath(program.script, path))
  if (!isMeant) return null
  return { why: `the pages of ${program.name} need WebSocket`, at: program.at, label: 'it is started here' }
}

/** A path below which all of a program may stand, as Jupyter does below `/lab`. */
const BELOW = /^\/(?!(?:static|assets|api|media|health\w*|metrics)\/?$)[\w.-]+\/?$/

function socketIoBehind(connection: ApacheConnection): Asking | null {
  const program = socketIoProgram(connection)
  if (program === null) return null
  const { at, withoutPolling } = program
  return withoutPolling === null
    ? { why: 'the application answers Socket.IO', at, label: 'it is started here', polls: true }
    : { why: withoutPolling.says, at: withoutPolling.at, label: 'no long polling' }
}

/** True where a script names the path in quotes, as the `path` of its WebSocket server is. */
function namesPath({ code }: Source, path: string): boolean {
  const name = path.replace(/(?<=.)\/$/, '')
  return ["'", '"', '`'].some(quote => code.includes(`${quote}${name}${quote}`))
}

/** A location of nginx for just this path that passes `Upgrade` on, as others of its server do not. */
function locationInFront(deployment: Deployment, connection: ApacheConnection): Asking | null {
  const path = (connection.path ?? '').replace(/(?<=.)\/$/, '')
  if (path === '/') return null
  const host = hostIn(deployment, connection.from.configuration, connection.host)
  if (host !== null) {
    for (const { connection: outer, certain } of deployment.connections.reaching(host)) {
      if (!certain || outer.block.name !== 'location' || outer.written.replace(/^\w+:\/\//, '').includes('/'))
        continue
      const { name, modifier, at } = readLocation(outer.block)
      if (/^~\*?$/.test(modifier) || name.replace(/(?<=.)\/$/, '') !== path || !sendsUpgrade(outer)) continue
      const isTold = deployment.connections.httpOf(outer.server).some(other => !sendsUpgrade(other))
      if (isTold)
        return { why: `nginx passes \`Upgrade\` on for \`${name}\``, at, label: 'passed on by nginx' }
    }
  }
  return null
}

function sendsUpgrade({ headers }: NginxConnection): boolean {
  return headers.open || headers.written.some(({ name, state }) => name === 'upgrade' && state !== 'cleared')
}

/** Where anything of the host is upgraded, its owner knows how. */
function isUpgradedFor(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  directive: ApacheDirective,
): boolean {
  const hosts = upgradedHosts(configuration, deployment.filesOf(configuration))
  return hosts.has(null) || hosts.has(virtualHostSection(directive))
}

const upgradedHosts = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem): ReadonlySet<ApacheDirective | null> => {
    const passes = proxyPasses(configuration).filter(
      ({ written, directive, scheme }) =>
        /^wss?:/i.test(written) || (scheme.known && /^wss?$/.test(scheme.value)) || isUpgraded(directive),
    )
    const rules = placedRules(configuration, files).filter(({ output }) => /^wss?:/i.test(output))
    const asks = (configuration.occurrences.get('rewritecond') ?? []).filter(({ args }) =>
      /%\{HTTP:(?:Upgrade|Connection|Sec-WebSocket[\w-]*)\}/i.test(args[0]?.value ?? ''),
    )
    const ofPool = ['balancermember', 'proxyset'].flatMap(name => configuration.occurrences.get(name) ?? [])
    return new Set([
      ...[...passes, ...rules].map(({ directive }) => virtualHostSection(directive)),
      ...asks.map(virtualHostSection),
      ...(ofPool.some(isUpgraded) ? [null] : []),
    ])
  },
)

function fix(directive: ApacheDirective) {
  // A rule has no words for it.
  if (!/^ProxyPass/.test(directive.name)) return {}
  const last = argumentPlace(directive, directive.args.length - 1)
  return propose('Pass `Upgrade` on', 'unsafe', [insertAfter(last, ' upgrade=websocket')])
}

function isUpgraded({ args }: { readonly args: readonly { readonly value: string }[] }): boolean {
  return args.some(({ value }) => /^upgrade=/i.test(value))
}

const POLLING = /\/(?:socket\.io|sockjs[\w-]*|signalr)(?:\/|$)/i
const PATH =
  /\/(?:wss?|websockets?|cable|socket\.io|sockjs[\w-]*|signalr|_stcore\/stream|live\/websocket)(?:\/|$)/i
