import { groupBy } from '../../parsers/collections/group-by.ts'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import { requestBehind } from '../../src/deployment/requests/request-behind.ts'
import type { Connection, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, writtenText } from '../../src/deployment/places.ts'
import { propose, removeDirective, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { type ServedPath, servedPathBehind } from './_served-paths.ts'
import { appBehind } from '../containers/_examples.ts'
import { routesBelow, waitsFor } from '../_own-routes.ts'
import type { ApplicationBase } from '../_application-base.ts'
import { baseOfProgram } from '../_base-of-program.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { springPathBehind } from './_spring-behind.ts'
import { springBehind, springElsewhere, STRIPPED_BY_OTHERS } from './_proxied-path-examples.ts'
import { strippedByOthers } from './_ways-of-proxies.ts'

const nginx = (target: string, path = '/socket.io/'): string =>
  nginxMain(
    nginxServer(conf`
      location ${path} {
          proxy_pass ${target};
      }
    `),
  )

const DOCS = apacheMain(
  conf`
    Listen 127.0.0.1:9000
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        DocumentRoot /srv/www
        Alias /docs /srv/docs
        <Directory /srv/docs>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
  ['alias'],
)

const proxying = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
      </VirtualHost>
    `,
    ['headers', 'proxy', 'proxy_http', 'proxy_wstunnel'],
  ),
})

const FLASK = conf`
  from flask import Flask

  app = Flask(__name__)


  @app.get("/health")
  def health():
      return "ok"


  @app.route("/api/items")
  def items():
      return "items"
`
const python = (target: string, app: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx(target, '/api/'),
  'etc/systemd/system/shop.service': serviceUnit(
    '/srv/shop/venv/bin/gunicorn --bind 127.0.0.1:9000 app:app',
    'WorkingDirectory=/srv/shop',
  ),
  'srv/shop/app.py': app,
})
const container = (service: string, lines: string): Record<string, string> =>
  appBehind(
    service,
    conf`
      server {
          listen 80;
          server_name example.org;
          ${lines}
      }
    `,
  )
const EXPRESS = conf`
  const express = require('express')
  const app = express()
  app.use(express.json())
  app.use('/api', require('./routes'))
  app.listen(9000, '127.0.0.1')
`
const express = (target: string, script: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx(target, '/api/'),
  'etc/systemd/system/shop.service': serviceUnit('/usr/bin/node server.js', 'WorkingDirectory=/srv/shop'),
  'srv/shop/server.js': script,
})
/** Apache in front of the same. */
const behindApache = (lines: string, app = FLASK): Record<string, string> => ({
  ...proxying(lines),
  'etc/systemd/system/shop.service': serviceUnit(
    '/srv/shop/venv/bin/gunicorn --bind 127.0.0.1:9000 app:app',
    'WorkingDirectory=/srv/shop',
  ),
  'srv/shop/app.py': app,
})
const lonely = (target: string): Record<string, string> => ({
  'site.conf': nginxServer(conf`
    location /api/ {
        proxy_pass ${target};
    }
  `),
  'server/index.js': EXPRESS,
})

const ofNext = (target: string, base: string): Record<string, string> => ({
  ...proxying(`ProxyPass /portal ${target}`),
  'etc/systemd/system/portal.service': serviceUnit('/usr/bin/npm start').replace(
    /^WorkingDirectory=.*$/m,
    'WorkingDirectory=/opt/portal',
  ),
  'opt/portal/package.json': conf`
    {
      "scripts": { "start": "next start -H 127.0.0.1 -p 9000" },
      "dependencies": { "next": "14.2.3" }
    }
  `,
  'opt/portal/next.config.js': `module.exports = { basePath: '${base}' }\n`,
})

export default defineRule({
  summary: 'A proxy takes the path away by which a program knows its own requests',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Socket.IO answers `/socket.io/`, Next.js `/_next/`, Apache a path of an `Alias`, Guacamole `/guacamole/`, and an application of Flask or Express the routes that are written in it: the paths belong to the programs, not to the place where they are installed. A `proxy_pass` that ends in a slash takes them away, as does a `ProxyPass` to the root of the backend, and the program answers 404.',
  remedy:
    'Leave the path out of `proxy_pass`: `proxy_pass http://127.0.0.1:3000;`; in Apache write it on both sides of `ProxyPass`',
  references: [
    'https://socket.io/docs/v4/reverse-proxy/',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass',
  ],
  bad: [
    ...STRIPPED_BY_OTHERS.bad,
    {
      title: 'Spring Boot below a path',
      files: springBehind('«http://127.0.0.1:8080/»'),
    },
    {
      title: 'Guacamole in Tomcat',
      files: container(
        'image: guacamole/guacamole:1.5.5',
        'location /guacamole/ {\n    proxy_pass «http://app:8080/»;\n}',
      ),
    },
    {
      title: 'Keycloak that is told its path',
      files: container(
        'image: quay.io/keycloak/keycloak:26.0\ncommand: start --http-relative-path=/auth',
        'location /auth/ {\n    proxy_pass «http://app:8080/»;\n}',
      ),
    },
    {
      title: 'a `rewrite` that takes the path away',
      files: container(
        'image: quay.io/keycloak/keycloak:26.0\ncommand: start --http-relative-path=/auth',
        'location /auth/ {\n    rewrite ^/auth/(.*)$ «/$1» break;\n    proxy_pass http://app:8080;\n}',
      ),
    },
    { title: 'a slash at the end', files: { 'etc/nginx/nginx.conf': nginx('«http://127.0.0.1:9000/»') } },
    {
      title: 'a path that Apache knows by an Alias',
      files: {
        'etc/nginx/nginx.conf': nginx('«http://127.0.0.1:9000/»', '/docs/'),
        'etc/apache2/apache2.conf': DOCS,
        'srv/docs/page.txt': 'docs',
      },
    },
    { title: 'routes of Flask', files: python('«http://127.0.0.1:9000/»', FLASK) },
    { title: 'routers of Express', files: express('«http://127.0.0.1:9000/»', EXPRESS) },
    {
      title: 'a script that nothing is seen to start, and that opens the port',
      files: lonely('«http://127.0.0.1:9000/»'),
    },
    {
      title: 'Socket.IO behind Apache',
      files: proxying(conf`
        ProxyPass /socket.io/ «ws://127.0.0.1:9000/»
        <Location /_next>
            ProxyPass «http://127.0.0.1:9000/»
        </Location>
      `),
    },
    {
      title: 'routes of Flask behind Apache',
      files: behindApache('ProxyPass /api/ «http://127.0.0.1:9000/»'),
    },
    {
      title: 'a section of Apache',
      files: behindApache(conf`
        ProxyPass /static !
        <Location /api>
            ProxyPass «http://127.0.0.1:9000»
        </Location>
      `),
    },
    {
      title: 'Next.js, which was built for the path',
      files: ofNext('«http://127.0.0.1:9000»', '/portal'),
    },
    { title: 'a project, on other machines', files: springElsewhere('«http://shop/»') },
  ],
  good: [
    { title: 'the path goes on to another machine', files: springElsewhere('http://shop') },
    { title: 'another port than that of the project', files: springElsewhere('http://shop/', 9090) },
    ...STRIPPED_BY_OTHERS.good,
    {
      title: 'Spring Boot below a path that is passed on',
      files: springBehind('http://127.0.0.1:8080'),
    },
    {
      title: 'Spring Boot below another path',
      files: springBehind('http://127.0.0.1:8080/', '/shop'),
    },
    {
      title: 'Guacamole that answers at the root',
      files: container(
        'image: guacamole/guacamole:1.5.5\nenvironment:\n  WEBAPP_CONTEXT: ROOT',
        'location /guacamole/ {\n    proxy_pass http://app:8080/;\n}',
      ),
    },
    {
      title: 'Keycloak that answers at the root',
      files: container(
        'image: quay.io/keycloak/keycloak:26.0\ncommand: start --hostname=https://example.org/auth',
        'location /auth/ {\n    proxy_pass http://app:8080/;\n}',
      ),
    },
    {
      title: 'Next.js with its path on both sides',
      files: ofNext('http://127.0.0.1:9000/portal', '/portal'),
    },
    {
      title: 'Next.js with another path',
      files: ofNext('http://127.0.0.1:9000', '/shop'),
    },
    {
      title: 'routes of Flask behind Apache, and the path on both sides',
      files: behindApache('ProxyPass /api/ http://127.0.0.1:9000/api/'),
    },
    {
      title: 'an application behind Apache that has routes elsewhere too',
      files: behindApache('ProxyPass /api/ http://127.0.0.1:9000/', FLASK.replace('/health', '/items')),
    },
    {
      title: 'Apache that says what it takes away',
      files: behindApache(conf`
        RequestHeader set X-Forwarded-Prefix /api
        ProxyPass /api/ http://127.0.0.1:9000/
      `),
    },
    {
      title: 'a line of Apache to which no request comes',
      files: behindApache(conf`
        ProxyPass / http://127.0.0.1:9000/
        ProxyPass /api/ http://127.0.0.1:9000/
      `),
    },
    {
      title: 'Socket.IO behind Apache, by its own path, and what somebody chose',
      files: proxying(conf`
        ProxyPass /socket.io/ ws://127.0.0.1:9000/socket.io/
        ProxyPass /_next http://127.0.0.1:9000/_next
        ProxyPass /chat/ http://127.0.0.1:9000/
        <Location /engine.io>
            ProxyPass http://127.0.0.1:9000/engine.io
        </Location>
      `),
    },
    { title: 'routes of Flask, and the path as it came', files: python('http://127.0.0.1:9000', FLASK) },
    {
      title: 'an application that has routes elsewhere too',
      files: python('http://127.0.0.1:9000/', FLASK.replace('/health', '/items')),
    },
    {
      title: 'routes that another module has',
      files: python('http://127.0.0.1:9000/', `${FLASK}\n\napp.register_blueprint(shop)\n`),
    },
    {
      title: 'routers of Express without the path',
      files: express('http://127.0.0.1:9000/', EXPRESS.replace("'/api', ", '')),
    },
    { title: 'the path as it came, for such a script', files: lonely('http://127.0.0.1:9000') },
    {
      title: 'the path that Apache knows by an Alias as it came',
      files: {
        'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9000', '/docs/'),
        'etc/apache2/apache2.conf': DOCS,
        'srv/docs/page.txt': 'docs',
      },
    },
    {
      title: 'a path that Apache has no Alias for',
      files: {
        'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9000/', '/manual/'),
        'etc/apache2/apache2.conf': DOCS,
        'srv/docs/page.txt': 'docs',
      },
    },
    { title: 'the path as it came', files: { 'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9000') } },
    {
      title: 'the same path written out',
      files: { 'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9000/socket.io/') },
    },
    {
      title: 'a path that somebody chose',
      files: { 'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9000/', '/chat/') },
    },
  ],
  *check(deployment) {
    yield* strippedByOthers(deployment)
    for (const connection of deployment.connections.all) {
      const { paths, written, url } = frontLine(connection)
      if (paths === null || !/^\/?$/.test(paths.sent)) continue
      const { taken, rewrite, at } = paths
      const found = {
        at,
        ...propose('Pass the path on', 'unsafe', [
          replacePlace(url, withPath(connection, writtenText(url), taken)),
          ...(rewrite === null ? [] : [removeDirective(rewrite)]),
        ]),
      }
      if (OWN.test(taken)) {
        yield {
          ...found,
          message: `\`${taken}\` is taken away, and the program behind answers no other path`,
        }
        continue
      }
      if (!/^(?:\/[\w.-]+)+\/?$/.test(taken)) continue
      const served = servedBelow(deployment, connection, taken, rewrite !== null)
      if (served !== null) {
        yield {
          ...found,
          message: `\`${taken}\` is taken away, and ${served.name} answers below \`${served.base}\` alone: 404`,
          related: [{ at: served.at, message: served.name }],
        }
        continue
      }
      const alias = 'server' in connection ? aliasOf(deployment, connection, taken) : null
      if (alias !== null) {
        yield {
          ...found,
          message: `\`${taken}\` is taken away, by which Apache knows \`${alias.args[1]?.value ?? ''}\`: it gets the path without it, and answers with what it has at \`/\``,
          related: [{ at: argumentPlace(alias, 0), message: 'the path for which Apache waits' }],
        }
        continue
      }
      const base = baseBehind(connection, taken) ?? springPathBehind(connection, at.source.path, taken)
      if (
        base !== null &&
        ('server' in connection || requestBehind(deployment, connection, taken) !== null)
      ) {
        yield {
          ...found,
          message: `\`${taken}\` is taken away, and ${base.tool} answers below it alone: 404`,
          related: [{ at: base.at, message: 'the path for which it waits' }],
        }
        continue
      }
      const own = routesBelow(deployment, connection, taken)
      if (own === null || written.some(({ name }) => PREFIX.test(name))) continue
      if (!('server' in connection) && requestBehind(deployment, connection, taken) === null) continue
      yield {
        ...found,
        message: `\`${taken}\` is taken away, and everything that the application answers lies below it: it has \`${own.route}\`, and gets a path without \`${taken.replace(/\/$/, '')}\``,
        related: waitsFor(own),
      }
    }
  },
})

/** The program of a container behind a line, where it answers below the path alone that is taken away. */
function servedBelow(
  deployment: Deployment,
  connection: Connection,
  taken: string,
  isRewritten: boolean,
): ServedPath | null {
  const served = servedPathBehind(connection)
  if (served === null || served.base === '' || !`${taken}/`.startsWith(`${served.base}/`)) return null
  const isPassed =
    'server' in connection
      ? isRewritten || !connection.block.children.some(({ name }) => /^(?:rewrite|if|set)$/.test(name))
      : requestBehind(deployment, connection, taken) !== null
  return isPassed ? served : null
}

/** What the program behind a line is built for, where that is the path that the line takes away. */
function baseBehind({ targets }: Connection, taken: string): Pick<ApplicationBase, 'tool' | 'at'> | null {
  const [target, ...others] = targets
  const program = target === undefined || others.length > 0 ? null : serverBehind(target)
  const context =
    program?.server.program === 'spring' ? program.server.settings.get('context-path') : undefined
  if (context?.known === true && context.at !== null && isSamePath(String(context.value), taken))
    return { tool: 'Spring Boot', at: context.at }
  const base = program === null ? null : baseOfProgram(program)
  return base?.isWritten === true && base.path === taken.replace(/\/?$/, '/') ? base : null
}

const isSamePath = (one: string, other: string): boolean =>
  one.length > 1 && one.replace(/\/$/, '') === other.replace(/\/$/, '')

/** The URL by which a line passes paths on as they came. */
function withPath(connection: Connection, url: string, path: string): string {
  const root = url.replace(/(?<=\bunix:[^:|]*):\/$|\/$/, '')
  return 'server' in connection ? root : root + path
}

/** Headers from which an application may put the prefix in front again. */
const PREFIX = /script[-_]name|prefix|forwarded-path|original-ur[il]|root-path/

const OWN = /^\/(?:socket\.io|engine\.io|_next|_nuxt|_astro|sockjs-node)\/?$/

/** The line by which a virtual host behind nginx has something of its own at the path of a location. */
function aliasOf(
  { connections }: Deployment,
  connection: NginxConnection,
  name: string,
): ApacheDirective | null {
  const path = name.replace(/\/$/, '')
  if (!/^(?:\/[\w.-]+)+$/.test(path)) return null
  for (const { host, certain } of connections.hostsReachedBy(connection)) {
    if (!certain) return null
    for (const holder of [host.directive, null]) {
      const line = aliasesByPath(host.configuration, holder).get(path)?.[0]
      if (line !== undefined) return line
    }
  }
  return null
}

const ALIASES = ['alias', 'scriptalias', 'wsgiscriptalias']

const aliasesByPath = memoByKey((configuration: ApacheConfiguration, host: ApacheDirective | null) =>
  groupBy(
    ALIASES.flatMap(each => directivesIn(configuration, host, each)),
    ({ args }) => args[0]?.value.replace(/\/$/, '') ?? '',
  ),
)
