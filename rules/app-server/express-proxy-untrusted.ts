import { caddyBeforeProgram } from '../../src/deployment/caddy-fronts.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { apacheFront, nginxMain } from '../_examples.ts'

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
/** The same in TypeScript, of which the image has what a compiler made. */
const compiled = (script: string): Record<string, string> => {
  const { 'server.js': _, ...files } = besideCaddy('')
  return {
    ...files,
    'compose.yaml': files['compose.yaml']!.replace('node server.js', 'node dist/server.js'),
    Dockerfile: conf`
      FROM node:22 AS build
      WORKDIR /build
      COPY . .
      RUN npm ci && npm run build
      FROM node:22-slim
      WORKDIR /app
      COPY --from=build /build/dist ./dist
    `,
    'src/server.ts': conf`
      import express from 'express'
      import session from 'express-session'
      import { proxies } from './app'
      const app = express()
      ${script}
      app.listen(3000)
    `,
    'src/app.ts': "export const proxies = (app: any) => app.set('trust proxy', 1)\n",
  }
}
/** The same behind Apache. */
const behindApache = (script: string, headers: string | readonly string[]): Record<string, string> => {
  const { 'etc/nginx/nginx.conf': _, ...files } = tree(script)
  return {
    'etc/apache2/apache2.conf': apacheFront([headers, 'ProxyPass / http://127.0.0.1:3000/'].flat()),
    ...files,
  }
}
const HTTPS = 'RequestHeader set X-Forwarded-Proto "https"'
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
  why: "Without `app.set('trust proxy', …)` Express takes the connection of the proxy for that of the client: `req.secure` is false and `req.ip` is the address of the proxy, whatever it sends. Apache sends no `X-Forwarded-Proto` by itself, so that trust alone is not enough. A redirect to https comes back for ever, a session with `cookie: { secure: true }` sets no cookie, so that nobody stays logged in, and a rate limit counts all clients as one.",
  remedy: "Write `app.set('trust proxy', 1)`, the number of proxies in front of the application",
  references: [
    'https://expressjs.com/en/guide/behind-proxies.html',
    'https://github.com/expressjs/session#cookiesecure',
    'https://express-rate-limit.mintlify.app/guides/troubleshooting-proxy-issues',
  ],
  unproven: 'Express is no package of Debian that the live tests install',
  bad: [
    {
      title: 'a script in a container that loads another',
      files: {
        ...besideCaddy(conf`
          app.use(session({ secret: 's', cookie: { secure: «true» } }))
          app.use(require('./app'))
        `),
        'app.js': "module.exports = require('express').Router()\n",
      },
    },
    {
      title: 'routers that are in no copy, and never get the application',
      files: tree(conf`
        const passport = require('./lib/passport')
        ${session('secure: «true»')}
        app.use(passport.initialize())
        app.use('/shop', require('./routes/shop'))
      `),
    },
    {
      title: 'a script that an earlier stage of the build compiled',
      files: {
        ...compiled(session('secure: «true»')),
        'src/app.ts': 'export const proxies = () => {}\n',
      },
    },
    {
      title: 'a session cookie behind Apache',
      files: behindApache(session('secure: «true»'), HTTPS),
    },
    {
      title: 'a session cookie behind an Apache that is trusted and says nothing',
      files: behindApache(`app.set('trust proxy', 1)\n${session('secure: «true»')}`, ''),
    },
    { title: 'a redirect of the application', files: tree(redirect('«!req.secure»')) },
    { title: 'one that asks for the protocol', files: tree(redirect("«req.protocol !== 'https'»")) },
    {
      title: 'one that goes on where TLS is seen',
      files: tree(
        conf`app.use((req, res, next) => «req.secure» ? next() : res.redirect('https://' + req.headers.host + req.url))`,
      ),
    },
    { title: 'a session cookie for TLS alone', files: tree(session('secure: «true»')) },
    {
      title: 'a limit for each client, and scripts that are not here and not given the application',
      files: tree(
        conf`
          const { version } = require('./package.json')
          const limit = «rateLimit»({ windowMs: 60000, limit: 20 })
          app.use('/login', limit, require('./routes/login'))
          module.exports = { app, version }
        `,
        '80',
      ),
    },
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
      title: 'one that is trusted by a script that was compiled with it',
      files: compiled(`proxies(app)\n${session('secure: true')}`),
    },
    {
      title: 'Apache, which says the scheme and is trusted',
      files: behindApache(
        conf`
          app.set('trust proxy', 1)
          ${redirect('!req.secure')}
          ${session('secure: true')}
          app.use(rateLimit())
        `,
        HTTPS,
      ),
    },
    {
      title: 'a script that is in no copy, and gets the application',
      files: tree(conf`
        const settings = require('./lib/settings')
        ${session('secure: true')}
        settings.apply({ app })
      `),
    },
    {
      title: 'one that another function calls with the application',
      files: tree(conf`
        const settings = require('./lib/settings')
        ${session('secure: true')}
        configure(app, settings)
      `),
    },
    {
      title: 'an application under another name',
      files: tree(conf`
        const settings = require('./lib/settings')
        ${session('secure: true')}
        const context = { app }
        settings.apply(context)
      `),
    },
    {
      title: 'a limit with a key of its own, and one whose options stand elsewhere',
      files: tree(
        conf`
          app.use(rateLimit({ max: 100, keyGenerator: req => req.headers['x-real-ip'] }))
          app.use(rateLimit(settings.limit))
        `,
        '80',
      ),
    },
    {
      title: 'Apache, trusted for the address alone',
      files: behindApache("app.set('trust proxy', 1)\napp.use(rateLimit())", ''),
    },
    {
      title: 'Apache that may say it in another way',
      files: behindApache(
        `app.set('trust proxy', 1)\n${session('secure: true')}`,
        'RequestHeader set X-Forwarded-Proto "expr=%{HTTP:X-Scheme}"',
      ),
    },
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
      title: 'settings of another script that gets the application with others',
      files: tree(conf`
        require('./lib/settings').load({ app })
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
    for (const connection of connections.all) {
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { program } = to.listener
        if (!isExpress(program)) continue
        const line = frontLine(connection)
        const isTrusted = program.server.settings.has('trust proxy')
        // Where nginx sends no scheme, `proto-not-sent` says so.
        const isUntold = line.server === 'Apache' && line.scheme === 'nothing'
        for (const { at, message, isLoop, ofScheme } of faultsOf(program, line)) {
          if (isTrusted && !(ofScheme && isUntold)) continue
          yield {
            at,
            severity: isLoop ? ('error' as const) : ('warning' as const),
            message,
            label: isTrusted ? 'no X-Forwarded-Proto' : 'no `trust proxy`',
            related: [{ at: line.at, message: `${line.server} connects here` }],
            ...(isUntold &&
              ofScheme && {
                help: `Write \`RequestHeader set X-Forwarded-Proto https\` in the virtual host${isTrusted ? '' : ", and `app.set('trust proxy', 1)`"}`,
              }),
          }
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
  /** True where it is the scheme that is not known. */
  readonly ofScheme: boolean
}

/** Caddy sends `X-Forwarded-Proto` by itself, and nothing takes it. */
function* behindCaddy(deployment: Deployment): Iterable<RuleFinding> {
  for (const program of deployment.programs) {
    if (!isExpress(program) || program.server.settings.has('trust proxy')) continue
    const front = caddyBeforeProgram(deployment, program)
    if (front === null) continue
    for (const { at, message, isLoop } of faultsOf(program, { tls: true, server: 'Caddy' }))
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
  { server, tls }: { readonly server: string; readonly tls: boolean },
): Iterable<Fault> {
  const place = (name: string): Place | null => settings.get(name)?.at ?? null
  const asked = tls ? place('req.secure') : null
  const cookie = tls ? place('cookie.secure') : null
  const limit = place('rate limit')
  if (asked !== null)
    yield {
      at: asked,
      message: `Express sees http behind the TLS of ${server}, so this redirects every request to itself`,
      isLoop: true,
      ofScheme: true,
    }
  if (cookie !== null)
    yield {
      at: cookie,
      message: `Express sees http behind the TLS of ${server}, so the session sets no cookie for TLS alone`,
      isLoop: false,
      ofScheme: true,
    }
  if (limit !== null)
    yield {
      at: limit,
      message: `\`req.ip\` is the address of ${server}, so all clients are counted as one`,
      isLoop: false,
      ofScheme: false,
    }
}
