import { caddyBeforeProgram } from '../../src/deployment/caddy-fronts.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import type { Place } from '../../parsers/text/source.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'

const tree = (script: string, listen = '443 ssl'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen ${listen};
        server_name example.org;
        ssl_certificate /etc/ssl/example.org.pem;
        ssl_certificate_key /etc/ssl/example.org.key;
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-For $remote_addr;
        }
    }
  `),
  'etc/systemd/system/shop.service': conf`
    [Service]
    WorkingDirectory=/etc/shop
    ExecStart=/usr/bin/node server.js
  `,
  'etc/shop/server.js': conf`
    const express = require('express')
    const session = require('express-session')
    const rateLimit = require('express-rate-limit')
    const app = express()
    ${script}
    app.listen(3000, '127.0.0.1')
  `,
})
/** Without nginx, behind Caddy of the same host. */
const onHostOfCaddy = (
  script: string,
  site = 'example.org {\n\treverse_proxy localhost:3000\n}\n',
): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(tree(script)).filter(([path]) => !path.startsWith('etc/nginx'))),
  'etc/caddy/Caddyfile': site,
})
const besideCaddy = (script: string): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      caddy:
        image: caddy:2
        ports: ["80:80", "443:443", "443:443/udp"]
        environment:
          DOMAIN: shop.example.org
        volumes:
          - ./caddy/Caddyfile:/etc/caddy/Caddyfile
      shop:
        build: .
        command: node server.js
  `,
  'caddy/Caddyfile': conf`
    {$DOMAIN} {
        reverse_proxy shop:3000
    }
  `,
  Dockerfile: conf`
    FROM node:22
    WORKDIR /app
    COPY . .
  `,
  'server.js': conf`
    const express = require('express')
    const session = require('express-session')
    const app = express()
    ${script}
    app.listen(3000)
  `,
})
const PRODUCTION = conf`
  [Service]
  Environment=NODE_ENV=production
  WorkingDirectory=/etc/shop
  ExecStart=/usr/bin/node server.js
`
const session = (cookie: string): string =>
  `app.use(session({ secret: process.env.SECRET, cookie: { ${cookie} } }))`
const redirect = (condition: string): string => conf`
  app.use((req, res, next) => {
    if (${condition}) return res.redirect('https://' + req.headers.host + req.url)
    next()
  })
`

export default defineRule({
  summary: 'Express does not trust the proxy in front of it',
  severity: 'warning',
  otherSeverities: { error: 'where Express redirects https to https for ever' },
  confidence: 'high',
  since: '0.1.0',
  why: "Without `app.set('trust proxy', …)` Express takes the connection of nginx for that of the client: `req.secure` is false and `req.ip` is the address of nginx, whatever nginx sends. A redirect to https comes back for ever, a session with `cookie: { secure: true }` sets no cookie, so that nobody stays logged in, and a rate limit counts all clients as one.",
  remedy: "Write `app.set('trust proxy', 1)`, the number of proxies in front of the application",
  references: [
    'https://expressjs.com/en/guide/behind-proxies.html',
    'https://github.com/expressjs/session#cookiesecure',
    'https://express-rate-limit.mintlify.app/guides/troubleshooting-proxy-issues',
  ],
  unproven: 'Express is no package of Debian that the live tests install',
  bad: [
    { title: 'a redirect of the application', files: tree(redirect('«!req.secure»')) },
    { title: 'one that asks for the protocol', files: tree(redirect("«req.protocol !== 'https'»")) },
    {
      title: 'one that goes on where TLS is seen',
      files: tree(
        conf`app.use((req, res, next) => «req.secure» ? next() : res.redirect('https://' + req.headers.host + req.url))`,
      ),
    },
    { title: 'a session cookie for TLS alone', files: tree(session('secure: «true»')) },
    { title: 'a limit for each client', files: tree('app.use(«rateLimit»({ max: 100 }))', '80') },
    {
      title: 'a session cookie for TLS alone in production, where the unit starts it so',
      files: {
        ...tree(
          session('secure: «production»').replace(
            /^/,
            "const production = process.env.NODE_ENV === 'production'\n",
          ),
        ),
        'etc/systemd/system/shop.service': PRODUCTION,
      },
    },
    {
      title: 'a choice by the mode that Express knows, in options of their own',
      files: {
        ...tree(conf`
          const cookie = { secure: «app.get('env') === 'production' ? true : false» }
          app.use(session({ secret: process.env.SECRET, cookie: cookie }))
        `),
        'etc/systemd/system/shop.service': PRODUCTION,
      },
    },
    {
      title: 'a repository that has no unit, and the options of the documentation',
      files: {
        'deploy/nginx/shop.conf': conf`
          server {
              listen 443 ssl;
              server_name example.org;
              ssl_certificate /etc/ssl/example.org.pem;
              ssl_certificate_key /etc/ssl/example.org.key;
              location / {
                  proxy_pass http://127.0.0.1:3000;
                  proxy_set_header X-Forwarded-Proto $scheme;
              }
          }
        `,
        'server.js': conf`
          const express = require('express')
          const session = require('express-session')
          const app = express()
          const options = { secret: process.env.SECRET, cookie: {} }
          if (app.get('env') === 'production') {
            options.cookie.secure = «true»
          }
          app.use(session(options))
          app.listen(3000, '127.0.0.1')
        `,
      },
    },
    { title: 'a container behind the one of Caddy', files: besideCaddy(session('secure: «true»')) },
    { title: 'Caddy of the same host', files: onHostOfCaddy(redirect('«!req.secure»')) },
    {
      title: 'the package cookie-session',
      files: tree(conf`
        const cookieSession = require('cookie-session')
        app.use(cookieSession({ keys: [process.env.SECRET], secure: «true» }))
      `),
    },
  ],
  good: [
    {
      title: 'one proxy',
      files: tree(conf`
        app.set('trust proxy', 1)
        ${redirect('!req.secure')}
        ${session('secure: true')}
      `),
    },
    {
      title: 'a proxy of this machine',
      files: tree("app.set('trust proxy', 'loopback')\napp.use(rateLimit())"),
    },
    { title: 'the header itself', files: tree(redirect("req.headers['x-forwarded-proto'] !== 'https'")) },
    {
      title: 'settings that a loaded script leaves to another one',
      files: {
        ...tree(conf`
          require('./lib/settings')(app)
          ${session('secure: true')}
        `),
        'etc/shop/lib/settings.js': "module.exports = app => require('./proxies')(app)",
        'etc/shop/lib/proxies.js': "module.exports = app => app.enable('trust proxy')",
      },
    },
    { title: 'a cookie for every scheme', files: tree(session('maxAge: 60000')) },
    {
      title: 'a session that is told of the proxy',
      files: tree('app.use(session({ proxy: true, secret: process.env.SECRET, cookie: { secure: true } }))'),
    },
    {
      title: 'settings of another script',
      files: tree(conf`
        require('./lib/settings')(app)
        ${session('secure: true')}
      `),
    },
    {
      title: 'a session cookie for TLS alone in production, and nobody says that this is',
      files: tree(session("secure: process.env.NODE_ENV === 'production'")),
    },
    {
      title: 'a cookie that goes by the scheme of the request',
      files: tree(session("secure: 'auto'")),
    },
    {
      title: 'the cookie of csurf, which is set whatever the scheme',
      files: tree(
        conf`
          app.use(session({ secret: process.env.SECRET }))
          app.use(csurf({ cookie: { secure: true } }))
        `,
      ),
    },
    {
      title: 'Caddy that is trusted',
      files: besideCaddy(`app.set('trust proxy', 1)\n${session('secure: true')}`),
    },
    {
      title: 'Caddy before another port',
      files: onHostOfCaddy(redirect('!req.secure'), 'example.org {\n\treverse_proxy localhost:4000\n}\n'),
    },
    { title: 'no TLS in front', files: tree(session('secure: true'), '80') },
  ],
  *check(deployment) {
    const { programs, connections } = deployment
    if (!programs.some(isExpress)) return
    yield* behindCaddy(deployment)
    for (const connection of connections.nginx) {
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { program } = to.listener
        if (!isExpress(program) || program.server.settings.has('trust proxy')) continue
        for (const { at, message, isLoop } of faultsOf(program, {
          tls: connection.server.tls,
          proxy: 'nginx',
        }))
          yield {
            at,
            severity: isLoop ? ('error' as const) : ('warning' as const),
            message,
            label: 'no `trust proxy`',
            related: [{ at: namePlace(connection.pass), message: 'nginx connects here' }],
          }
      }
    }
  },
})

function isExpress(program: { readonly kind: string }): program is AppServerProgram {
  return (
    program.kind === 'app-server' &&
    (program as AppServerProgram).server.program === 'node' &&
    (program as AppServerProgram).server.settings.has('express')
  )
}

interface Fault {
  readonly at: Place
  readonly message: string
  readonly isLoop: boolean
}

/** Caddy sends `X-Forwarded-Proto` by itself, and nothing takes it. */
function* behindCaddy(deployment: Deployment): Iterable<RuleFinding> {
  for (const program of deployment.programs) {
    if (!isExpress(program) || program.server.settings.has('trust proxy')) continue
    const front = caddyBeforeProgram(deployment, program)
    if (front === null) continue
    for (const { at, message, isLoop } of faultsOf(program, { tls: true, proxy: 'Caddy' }))
      yield {
        at,
        severity: isLoop ? 'error' : 'warning',
        message,
        label: 'no `trust proxy`',
        related: [{ at: front, message: 'Caddy terminates TLS, and connects here' }],
      }
  }
}

function* faultsOf(
  { server: { settings } }: AppServerProgram,
  { tls, proxy }: { readonly tls: boolean; readonly proxy: string },
): Iterable<Fault> {
  const place = (name: string): Place | null => settings.get(name)?.at ?? null
  const asked = tls ? place('req.secure') : null
  const cookie = tls ? place('cookie.secure') : null
  const limit = place('rate limit')
  if (asked !== null)
    yield {
      at: asked,
      message: `Express sees http behind the TLS of ${proxy}, so this redirects every request to itself`,
      isLoop: true,
    }
  if (cookie !== null)
    yield {
      at: cookie,
      message: `Express sees http behind the TLS of ${proxy}, so the session sets no cookie for TLS alone`,
      isLoop: false,
    }
  if (limit !== null)
    yield {
      at: limit,
      message: `\`req.ip\` is the address of ${proxy}, so all clients are counted as one`,
      isLoop: false,
    }
}
