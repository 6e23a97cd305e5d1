import { frontLine } from '../../src/deployment/front-lines.ts'
import type { ApacheConnection, Connection, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { requestBehind } from '../../src/deployment/requests/request-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { apacheSite, nginxMain, nginxServer, tlsVirtualHost } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { isNotServed, type ServedPath, servedPathBehind } from './_served-paths.ts'
import { appBehind } from '../containers/_examples.ts'
import { routeElsewhere } from '../_own-routes.ts'
import { KEPT_BY_OTHERS } from './_proxied-path-examples.ts'
import { keptByOthers } from './_ways-of-proxies.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          root /srv/www;
      }
      location /api/ {
          ${lines}
      }
    `),
  )
const FLASK = conf`
  from flask import Flask

  app = Flask(__name__)


  @app.route("/users")
  def users():
      return "users"


  @app.route("/users/<int:number>")
  def user(number):
      return "user"
`
const python = (
  lines: string,
  app = FLASK,
  command = 'gunicorn --bind 127.0.0.1:9000',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx(lines),
  'etc/systemd/system/shop.service': serviceUnit(
    `/srv/shop/venv/bin/${command} app:app`,
    'WorkingDirectory=/srv/shop',
  ),
  'srv/shop/app.py': app,
})
const EXPRESS = conf`
  const express = require('express')
  const app = express()
  app.use(express.json())
  app.get('/items/:id', (req, res) => res.json({}))
  app.listen(9000, '127.0.0.1')
`
const express = (lines: string, script: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx(lines),
  'etc/systemd/system/shop.service': serviceUnit('/usr/bin/node server.js', 'WorkingDirectory=/srv/shop'),
  'srv/shop/server.js': script,
})

/** Apache in front of the same. */
const behindApache = (lines: string, app = FLASK): Record<string, string> => {
  const { 'etc/nginx/nginx.conf': _, ...files } = python('', app)
  return {
    ...files,
    'etc/apache2/apache2.conf': apacheSite(lines, ['headers', 'rewrite', 'proxy', 'proxy_http']),
  }
}

const OF_KEYCLOAK = (lines = ''): string => conf`
  image: quay.io/keycloak/keycloak:26.0
  command: start
  ${lines}
`
/** nginx in front of Keycloak, or of what another service is. */
const keycloak = (lines: string, service = OF_KEYCLOAK(), path = '/auth/'): Record<string, string> =>
  appBehind(
    service,
    conf`
      server {
          listen 80;
          server_name sso.example.org;
          location ${path} {
              ${lines}
              proxy_set_header Host $host;
          }
      }
    `,
  )

export default defineRule({
  summary: 'A proxy passes a path on that the application has no route for',
  severity: 'warning',
  otherSeverities: { error: 'where it is a program of which every path is known, such as Keycloak' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'Without a path of its own `proxy_pass` sends the URI as it came, with the path of the location in front. So does `ProxyPass /api/ http://127.0.0.1:5000/api/` of Apache. An application of Flask, FastAPI or Express that has `/users`, and nothing below `/api`, answers 404 to `/api/users`. So does Keycloak below `/auth`, which it has left with release 17, before `http-relative-path` tells it so.',
  remedy:
    'End both in a slash, `location /api/` and `proxy_pass http://127.0.0.1:5000/;`, so that nginx puts the one in the place of the other; in Apache `ProxyPass /api/ http://127.0.0.1:5000/`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass',
    'https://www.keycloak.org/server/reverseproxy#_different_context_path_on_reverse_proxy',
  ],
  bad: [
    ...KEPT_BY_OTHERS.bad,
    {
      title: 'Keycloak below the path of former releases',
      files: keycloak('proxy_pass «http://app:8080/auth/»;'),
    },
    { title: 'Keycloak with its path in front', files: keycloak('proxy_pass «http://app:8080»;') },
    {
      title: 'Keycloak that was built for another path',
      files: {
        ...keycloak('proxy_pass «http://app:8080/auth/»;', 'build: .'),
        Dockerfile: conf`
          FROM quay.io/keycloak/keycloak:26.0 AS builder
          ENV KC_HTTP_RELATIVE_PATH=/sso
          RUN /opt/keycloak/bin/kc.sh build
          FROM quay.io/keycloak/keycloak:26.0
          COPY --from=builder /opt/keycloak/ /opt/keycloak/
        `,
      },
    },
    {
      title: 'Keycloak of a release that has nothing at the root',
      files: keycloak('proxy_pass «http://app:8080/realms/»;', 'image: jboss/keycloak:16.1.1', '/realms/'),
    },
    {
      title: 'Keycloak behind Apache of the machine',
      files: {
        'docker-compose.yml': conf`
          services:
            app:
              image: quay.io/keycloak/keycloak:24.0
              command: start-dev
              ports: ["127.0.0.1:8080:8080"]
        `,
        'apache/sso.conf': tlsVirtualHost(
          ['ProxyPass /auth «http://127.0.0.1:8080/auth»'],
          'sso.example.org',
        ),
      },
    },
    {
      title: 'Guacamole',
      files: keycloak(
        'proxy_pass «http://app:8080/remote/»;',
        'image: guacamole/guacamole:1.5.5',
        '/remote/',
      ),
    },
    { title: 'routes of Flask', files: python('proxy_pass «http://127.0.0.1:9000»;') },
    {
      title: 'another path in its place',
      files: python('proxy_pass «http://127.0.0.1:9000/v1/»;', FLASK.replace('__)', '__)\nCORS(app)')),
    },
    {
      title: 'routes of Express',
      files: express('proxy_pass «http://127.0.0.1:9000»;', EXPRESS),
    },
    {
      title: 'the path on both sides of Apache',
      files: behindApache('ProxyPass /api/ «http://127.0.0.1:9000/api/»'),
    },
    {
      title: 'a section of Apache',
      files: behindApache(conf`
        <Location /api>
            ProxyPass «http://127.0.0.1:9000/api» retry=0
        </Location>
      `),
    },
  ],
  good: [
    ...KEPT_BY_OTHERS.good,
    {
      title: 'Keycloak that is told the path',
      files: keycloak(
        'proxy_pass http://app:8080/auth/;',
        OF_KEYCLOAK('environment: [KC_HTTP_RELATIVE_PATH=/auth]'),
      ),
    },
    {
      title: 'Keycloak that is told the path by its command',
      files: keycloak(
        'proxy_pass http://app:8080;',
        'image: quay.io/keycloak/keycloak:26.0\ncommand: ["start", "--http-relative-path", "/auth"]',
      ),
    },
    {
      title: 'Keycloak that a file tells the path',
      files: {
        ...keycloak(
          'proxy_pass http://app:8080;',
          OF_KEYCLOAK('volumes: ["./kc.conf:/opt/keycloak/conf/keycloak.conf"]'),
        ),
        'kc.conf': 'http-relative-path=/auth\n',
      },
    },
    {
      title: 'Keycloak with a file that is not there to be read',
      files: keycloak('proxy_pass http://app:8080;', OF_KEYCLOAK('volumes: ["conf:/opt/keycloak/conf"]')),
    },
    {
      title: 'Keycloak of a former release',
      files: keycloak('proxy_pass http://app:8080;', 'image: jboss/keycloak'),
    },
    { title: 'Keycloak at the root', files: keycloak('proxy_pass http://app:8080/;') },
    {
      title: 'a realm of Keycloak',
      files: keycloak('proxy_pass http://app:8080;', OF_KEYCLOAK(), '/realms/'),
    },
    {
      title: 'Keycloak whose path is rewritten',
      files: keycloak('rewrite ^/auth/(.*) /$1 break;\nproxy_pass http://app:8080;'),
    },
    {
      title: 'Guacamole at the root of the site',
      files: keycloak('proxy_pass http://app:8080/guacamole/;', 'image: guacamole/guacamole', '/'),
    },
    {
      title: 'Apache, which takes the path away',
      files: behindApache('ProxyPass /api/ http://127.0.0.1:9000/'),
    },
    {
      title: 'routes below the path that Apache asks for',
      files: behindApache(
        'ProxyPass /api/ http://127.0.0.1:9000/api/',
        FLASK.replaceAll('"/users', '"/api/users'),
      ),
    },
    {
      title: 'Apache, and the header by which gunicorn takes it away',
      files: behindApache(conf`
        RequestHeader set SCRIPT_NAME /api
        ProxyPass /api/ http://127.0.0.1:9000/api/
      `),
    },
    {
      title: 'a rule that takes it away before',
      files: behindApache(conf`
        RewriteEngine On
        RewriteRule ^/api/(.*)$ http://127.0.0.1:9000/$1 [P,L]
        ProxyPass /api/ http://127.0.0.1:9000/api/
      `),
    },
    { title: 'the path is taken away', files: python('proxy_pass http://127.0.0.1:9000/;') },
    {
      title: 'a rewrite takes it away',
      files: python(conf`
        rewrite ^/api/(.*)$ /$1 break;
        proxy_pass http://127.0.0.1:9000;
      `),
    },
    {
      title: 'the header by which gunicorn takes it away',
      files: python(conf`
        proxy_pass http://127.0.0.1:9000;
        proxy_set_header SCRIPT_NAME /api;
      `),
    },
    {
      title: 'routes below the path',
      files: python('proxy_pass http://127.0.0.1:9000;', FLASK.replaceAll('"/users', '"/api/users')),
    },
    {
      title: 'a route for whatever is there',
      files: python(
        'proxy_pass http://127.0.0.1:9000;',
        FLASK.replace('"/users/<int:number>"', '"/<path:name>"'),
      ),
    },
    {
      title: 'routes of another module',
      files: python('proxy_pass http://127.0.0.1:9000;', `${FLASK}\n\nfrom shop import views\n`),
    },
    {
      title: 'an application that is handed to a function',
      files: python('proxy_pass http://127.0.0.1:9000;', `${FLASK}\n\nadd_api(app)\n`),
    },
    {
      title: 'a router of Express for the path',
      files: express(
        'proxy_pass http://127.0.0.1:9000;',
        EXPRESS.replace('app.listen', "app.use('/api', require('./routes'))\napp.listen"),
      ),
    },
    {
      title: 'Socket.IO on the same server',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:9000;').replace('/api/', '/socket.io/'),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/node server.js',
          'WorkingDirectory=/srv/shop',
        ),
        'srv/shop/server.js': conf`
          const http = require('http')
          const express = require('express')
          const { Server } = require('socket.io')
          const app = express()
          app.get('/items', (req, res) => res.json({}))
          const server = http.createServer(app)
          const io = new Server(server)
          server.listen(9000, '127.0.0.1')
        `,
      },
    },
    {
      title: 'a router of Express for all paths',
      files: express(
        'proxy_pass http://127.0.0.1:9000;',
        EXPRESS.replace('app.listen', "app.use('/', require('./routes'))\napp.listen"),
      ),
    },
  ],
  *check(deployment) {
    yield* keptByOthers(deployment)
    for (const connection of deployment.connections.all) {
      const { server, paths, written, url } = frontLine(connection)
      if (paths === null || !/^https?:\/\/|^unix:[^|]*\|http:/.test(connection.written)) continue
      const { taken, sent } = paths
      const served = isNotServedBehind(deployment, connection, taken, sent)
      if (served !== null) {
        const { name, base, told, at } = served
        yield {
          at: url,
          severity: 'error',
          message: `${name} answers ${base === '' ? 'at the root' : `below \`${base}\` alone`}, and gets \`${sent}\`: 404`,
          label: 'is no path of it',
          related: [{ at, message: name }],
          help: `Write \`${told(sent.replace(/(?<=.)\/$/, ''))}\`, or pass the path on that ${name} has`,
        }
        continue
      }
      if (!/^(?:\/[\w.-]+)+\/?$/.test(taken) || !/^\/[\w./-]+$/.test(sent)) continue
      if (written.some(({ name }) => PREFIX.test(name))) continue
      if ('server' in connection && mayChangePaths(connection)) continue
      const other = routeElsewhere(deployment, connection, sent)
      if (other === null) continue
      if (!('server' in connection) && !isAskedFor(deployment, connection, taken, sent)) continue
      const { source, route, start } = other
      // nginx sends the path as it came where none is written.
      const isKept = server === 'nginx' && sent === taken
      yield {
        at: url,
        message: isKept
          ? `\`${taken}\` stays in front of the path, and the application has no route below it: 404`
          : `\`${sent}\` is put in front of the path, and the application has no route below it: 404`,
        label: 'is passed on with its path',
        related: [{ at: { source, start, end: start + route.length }, message: 'one of its routes' }],
        ...(server === 'Apache' && {
          help: `Leave the path out behind the address: \`ProxyPass ${taken} ${connection.written.replace(/(?<=\w:\/\/[^/]*)\/.*$/, '')}${taken.endsWith('/') ? '/' : ''}\``,
        }),
      }
    }
  },
})

/** The program of a container behind a line, where it answers at other paths than the line sends. */
function isNotServedBehind(
  deployment: Deployment,
  connection: Connection,
  taken: string,
  sent: string,
): ServedPath | null {
  if (!/^\/[\w./-]*$/.test(sent) || !/^\/[\w./-]*$/.test(taken)) return null
  const served = servedPathBehind(connection)
  if (served === null || !isNotServed(served, sent)) return null
  const isPassed =
    'server' in connection ? !mayChangePaths(connection) : isAskedFor(deployment, connection, taken, sent)
  return isPassed ? served : null
}

function mayChangePaths({ block, server }: NginxConnection): boolean {
  return (
    changesPaths(block) || changesPaths(server.directive) || hasUnreadInclude(server.configuration, block)
  )
}

/** True where Apache asks for a page below a path by this line, and for no other path than the line says. */
function isAskedFor(
  deployment: Deployment,
  connection: ApacheConnection,
  taken: string,
  sent: string,
): boolean {
  const path = requestBehind(deployment, connection, taken)
  return path?.startsWith(`${sent.replace(/\/$/, '')}/`) === true
}

/** True where the path that is passed on may be another one than that of the request. */
function changesPaths({ children }: NginxDirective): boolean {
  return children.some(
    line =>
      /^(?:rewrite$|rewrite_by_lua|access_by_lua|js_)/.test(line.name) ||
      (line.name === 'if' && changesPaths(line)),
  )
}

/** Headers from which an application may learn what to take away. */
const PREFIX = /script[-_]name|prefix|forwarded-path|original-ur[il]|root-path/
