import { frontLine } from '../../src/deployment/front-lines.ts'
import type { ApacheConnection, Connection, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { apacheFront, nginxMain, tlsVirtualHost } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { publicProxies } from './_apache-proxies.ts'
import { addHeader } from './_add-header.ts'
import { imageReading } from './_image-scheme-readers.ts'
import { type SchemeReader, schemeReaderBehind, waitingForScheme } from './_scheme-readers.ts'
import { LOOPS, withoutScheme } from './_rails.ts'
import { djangoBehindNginx, djangoInApache, TLS } from '../django/_examples.ts'
import { lostHeaders } from './_lost-headers.ts'
import { isForWebSockets } from '../_websocket-locations.ts'

const CERTIFICATE = conf`
  ssl_certificate /etc/ssl/a.pem;
  ssl_certificate_key /etc/ssl/a.key;
`
const site = (headers: string, listen = '443 ssl', target = 'http://127.0.0.1:3000'): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      ${listen.includes('ssl') ? CERTIFICATE : ''}
      «location» / {
          proxy_pass ${target};
          proxy_set_header Host $host;
          ${headers}
      }
  }
`

/** Ghost on the machine of nginx, as Ghost-CLI installs it. */
const ghost = (
  headers: string,
  { url = 'https://example.org', port = 3000 } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(site(headers)),
  'etc/systemd/system/ghost_example-org.service': conf`
    [Service]
    Type=simple
    WorkingDirectory=/var/www/ghost
    User=ghost
    Environment="NODE_ENV=production"
    ExecStart=/usr/bin/node /usr/bin/ghost run
  `,
  'var/www/ghost/config.production.json': conf`
    {
      "url": "${url}",
      "server": { "port": ${String(port)}, "host": "127.0.0.1" },
      "database": { "client": "mysql", "connection": { "host": "127.0.0.1", "port": 3306 } }
    }
  `,
})

/** A container behind nginx, which terminates TLS. */
const container = (image: string, lines = '', headers = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        image: ${image}
        ${lines}
      nginx:
        image: nginx:1.27
        ports: ["443:443"]
        volumes:
          - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
          - ./certificates:/etc/ssl
  `,
  'nginx/site.conf': plain(site(headers, '443 ssl', 'http://app')),
})
const KEYCLOAK = container(
  'quay.io/keycloak/keycloak:26.0',
  'environment: {KC_PROXY_HEADERS: xforwarded, KC_HOSTNAME: example.org}',
)

/** Rails at its place on the machine of nginx. */
const rails = (lines: string, headers = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    site(headers, '443 ssl', 'http://unix:/srv/crm/shared/puma.sock').replace(
      'server_name',
      'root /srv/crm/current/public;\n    server_name',
    ),
  ),
  'srv/crm/current/config/application.rb': conf`
    module Crm
      class Application < Rails::Application
        config.load_defaults 7.1
        ${lines}
      end
    end
  `,
})

const cable = (lines: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(rails(lines)).map(([path, text]) => [
      path,
      text.replace('location» / {', 'location» /cable {'),
    ]),
  )

/** Django in gunicorn that is told which header says the scheme, and nginx that sends none. */
const waitingDjango = (key: string): Record<string, string> => {
  const files = djangoBehindNginx({
    settings: `SECURE_PROXY_SSL_HEADER = ("${key}", "https")\n`,
    listen: '443 ssl',
    site: TLS,
  })
  return { ...files, 'nginx/site.conf': files['nginx/site.conf']!.replace('location', '«location»') }
}

/** An application on the machine of nginx. */
const application = (files: Record<string, string>): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(site('', '443 ssl')),
  ...files,
})

/** Apache in front, with TLS. */
const apache = (lines: string, files: Record<string, string>): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheFront(lines),
  ...files,
})
const REDIRECTING = {
  'etc/systemd/system/shop.service': serviceUnit('/usr/bin/uvicorn --port 3000 api:app'),
  'etc/shop/api.py': conf`
    from fastapi import FastAPI
    from fastapi.middleware.httpsredirect import HTTPSRedirectMiddleware

    app = FastAPI()
    app.add_middleware(HTTPSRedirectMiddleware)
  `,
}
const SPRING = {
  'etc/systemd/system/members.service': serviceUnit('/usr/bin/java -jar members.jar'),
  'etc/shop/application.yml': conf`
    server:
      address: 127.0.0.1
      port: 8080
      forward-headers-strategy: framework
  `,
}
const wordpressBehind = (lines: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        image: wordpress:6.6
        ports: ["127.0.0.1:8080:80"]
  `,
  'apache/blog.conf': tlsVirtualHost(lines),
})

export default defineRule({
  summary: 'A proxy sends the backend no scheme of a client that uses TLS',
  severity: 'info',
  otherSeverities: {
    error: 'where the application redirects what it takes for plain HTTP, so that no page is answered',
    warning:
      'where Apache, Django or Spring Boot is told to read it, and where Rails, or WordPress, Ghost or Keycloak in a container of its own image answers, whose pages need it',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx or Apache terminates TLS and proxies in plain HTTP; mod_proxy sends `X-Forwarded-For` and `X-Forwarded-Host` by itself, and no scheme. An application that makes absolute URLs, sets cookies with `Secure` or redirects to https takes every request for plain HTTP: its links begin with http://, its logins get lost, or it redirects https to https for ever.',
  remedy:
    'Write `proxy_set_header X-Forwarded-Proto $scheme;`, in Apache `RequestHeader set X-Forwarded-Proto https`, and configure the application to trust it',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#x-headers',
    'https://expressjs.com/en/guide/behind-proxies.html',
  ],
  bad: [
    {
      title: 'FastAPI behind Apache, which redirects to https',
      files: apache('ProxyPass / «http://127.0.0.1:3000/»', REDIRECTING),
    },
    {
      title: 'Spring Boot that waits for it behind Apache',
      files: apache('ProxyPass / «http://127.0.0.1:8080/»', SPRING),
    },
    { title: 'WordPress behind Apache', files: wordpressBehind('ProxyPass / «http://127.0.0.1:8080/»') },
    {
      title: 'a backend of Apache of which nothing is known',
      files: apache('ProxyPass / «http://127.0.0.1:8080/»', {}),
    },
    { title: 'Rails, which compares the origin of a form', files: rails('') },
    {
      title: 'Rails of which only the settings for production are here',
      files: {
        'etc/nginx/nginx.conf': rails('')['etc/nginx/nginx.conf']!,
        'srv/crm/current/config/environments/production.rb': conf`
          Rails.application.configure do
            config.enable_reloading = false
            config.assets.compile = false
          end
        `,
      },
    },
    {
      title: 'Action Cable of an API of Rails, which compares the origin of a WebSocket',
      files: cable(
        'config.api_only = true\nconfig.action_cable.allowed_request_origins = ["https://crm.example.org/"]',
      ),
    },
    { title: 'Rails, which redirects to https', files: rails('config.force_ssl = true') },
    {
      title: 'Rails, whose repository keeps the file of nginx',
      files: {
        'config/deploy/nginx.conf': rails('')['etc/nginx/nginx.conf']!.replace(
          /^[\s\S]*?(?=server \{)|\}\s*$/g,
          '',
        ),
        'config/application.rb': rails('config.force_ssl = true')['srv/crm/current/config/application.rb']!,
      },
    },
    {
      title: 'FastAPI, which redirects to https',
      files: application({
        'etc/systemd/system/shop.service': serviceUnit('/usr/bin/uvicorn --port 3000 api:app'),
        'etc/shop/api.py': conf`
          from fastapi import FastAPI
          from fastapi.middleware.httpsredirect import HTTPSRedirectMiddleware

          app = FastAPI()
          app.add_middleware(HTTPSRedirectMiddleware)
        `,
      }),
    },
    {
      title: 'Flask with Talisman',
      files: application({
        'etc/systemd/system/shop.service': serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:3000 api:app'),
        'etc/shop/api.py': conf`
          from flask import Flask
          from flask_talisman import Talisman

          app = Flask(__name__)
          Talisman(app)
        `,
      }),
    },
    {
      title: 'Express that trusts nginx, and asks for the scheme',
      files: application({
        'etc/systemd/system/shop.service': serviceUnit('/usr/bin/node server.js'),
        'etc/shop/server.js': conf`
          const app = require('express')()
          app.set('trust proxy', 1)
          app.use((req, res, next) => {
            if (!req.secure) return res.redirect('https://' + req.headers.host + req.url)
            next()
          })
          app.listen(3000, '127.0.0.1')
        `,
      }),
    },
    {
      title: 'Apache, which takes the scheme from it',
      files: djangoInApache({
        listen: '443 ssl',
        site: TLS,
        location: '«location»',
        apache: 'SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on',
      }),
    },
    {
      title: 'Django in mod_wsgi, which takes the scheme from it',
      files: djangoInApache({
        listen: '443 ssl',
        site: TLS,
        location: '«location»',
        settings: 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
      }),
    },
    {
      title: 'Django in gunicorn, which takes the scheme from another',
      files: waitingDjango('HTTP_X_FORWARDED_SCHEME'),
    },
    {
      title: 'the name and the address of the client alone',
      files: { 'nginx.conf': site('proxy_set_header X-Real-IP $remote_addr;') },
    },
    {
      title: 'WordPress in a container',
      files: {
        ...container('wordpress:6'),
        'nginx/site.conf': container('wordpress:6')['nginx/site.conf']!.replace('location', '«location»'),
      },
    },
    {
      title: 'Ghost in a container',
      files: {
        ...container('ghost:5', 'environment: {url: "https://example.org"}'),
        'nginx/site.conf': container('ghost:5')['nginx/site.conf']!.replace('location', '«location»'),
      },
    },
    { title: 'Ghost, which a unit starts', files: ghost('') },
    {
      title: 'Keycloak in a container',
      files: {
        ...KEYCLOAK,
        'nginx/site.conf': KEYCLOAK['nginx/site.conf']!.replace('location', '«location»'),
      },
    },
    {
      title: 'a registry in a container',
      files: {
        ...container('registry:2', 'environment: {REGISTRY_STORAGE_DELETE_ENABLED: "true"}'),
        'nginx/site.conf': container('registry:2')['nginx/site.conf']!.replace('location', '«location»'),
      },
    },
  ],
  good: [
    {
      title: 'a location for WebSockets, and Django that is told the scheme of its pages',
      files: djangoBehindNginx({
        settings: 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")\n',
        listen: '443 ssl',
        headers: 'proxy_set_header X-Forwarded-Proto $scheme;\nproxy_set_header Host $host;',
        site: conf`
          ${TLS}
          location /ws/ {
              proxy_pass http://web:8000;
              proxy_http_version 1.1;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection upgrade;
              proxy_set_header Host $host;
          }
        `,
      }),
    },
    {
      title: 'Spring Boot behind Apache that sends it',
      files: apache(
        'RequestHeader set X-Forwarded-Proto https\n  ProxyPass / http://127.0.0.1:8080/',
        SPRING,
      ),
    },
    {
      title: 'FastAPI that Apache tells the scheme',
      files: apache(
        conf`
          RequestHeader set X-Forwarded-Proto https
          ProxyPass / http://127.0.0.1:3000/
        `,
        REDIRECTING,
      ),
    },
    {
      title: 'Apache that tells it for all virtual hosts',
      files: {
        'etc/apache2/apache2.conf': apache('ProxyPass / http://127.0.0.1:8080/', {})[
          'etc/apache2/apache2.conf'
        ]!.replace('Listen', 'RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}\nListen'),
      },
    },
    {
      title: 'a fragment that tells it for all virtual hosts',
      files: {
        'site.conf': conf`
          RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}
          ${tlsVirtualHost('ProxyPass / http://127.0.0.1:8080/')}
        `,
      },
    },
    {
      title: 'WordPress that Apache tells in another way',
      files: wordpressBehind(conf`
        RequestHeader set X-Forwarded-Ssl on
        ProxyPass / http://127.0.0.1:8080/
      `),
    },
    {
      title: 'a backend of Apache that speaks TLS, and a path of many',
      files: {
        'site.conf': tlsVirtualHost(conf`
          SSLProxyEngine on
          ProxyPass /api/ http://127.0.0.1:8080/
          ProxyPass / https://backend.example.net/
        `),
      },
    },
    {
      title: 'Action Cable that allows the origin',
      files: cable('config.action_cable.allowed_request_origins = %w[https://example.org]'),
    },
    {
      title: 'an API of Rails, which forces TLS without a redirect',
      files: rails(conf`
        config.api_only = true
        config.force_ssl = true
        config.ssl_options = { redirect: false }
      `),
    },
    {
      title: 'Apache, which takes what says no scheme for https',
      files: djangoInApache({
        listen: '443 ssl',
        site: TLS,
        apache: 'SetEnvIf X-Forwarded-Proto "^(https)?$" HTTPS=on',
      }),
    },
    {
      title: 'Apache, which takes all for https',
      files: djangoInApache({
        listen: '443 ssl',
        site: TLS,
        apache: conf`
          SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on
          SetEnv HTTPS on
        `,
      }),
    },
    {
      title: 'a proxy in front of nginx that sends it',
      files: djangoInApache({
        listen: '443 ssl',
        site: [TLS, 'set_real_ip_from 10.0.0.0/8;', 'real_ip_header X-Forwarded-For;'].join('\n'),
        apache: 'SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on',
      }),
    },
    {
      title: 'Django in mod_wsgi, for which Apache sets it',
      files: djangoInApache({
        listen: '443 ssl',
        site: TLS,
        settings: 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
        apache: 'RequestHeader set X-Forwarded-Proto https',
      }),
    },
    {
      title: 'Rails, which takes all for https',
      files: Object.fromEntries(
        Object.entries(rails('config.assume_ssl = true', 'proxy_set_header X-Forwarded-Proto https;')).map(
          ([path, text]) => [path, plain(text)],
        ),
      ),
    },
    {
      title: 'Flask with Talisman that redirects nothing',
      files: Object.fromEntries(
        Object.entries(
          application({
            'etc/systemd/system/shop.service': serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:3000 api:app'),
            'etc/shop/api.py': conf`
              from flask import Flask
              from flask_talisman import Talisman

              app = Flask(__name__)
              Talisman(app, force_https=False)
            `,
          }),
        ).map(([path, text]) => [path, plain(text)]),
      ),
    },
    {
      title: 'Keycloak that is told its address',
      files: container(
        'quay.io/keycloak/keycloak:26.0',
        'environment: {KC_PROXY_HEADERS: xforwarded, KC_HOSTNAME: "https://example.org"}',
      ),
    },
    {
      title: 'the scheme',
      files: { 'nginx.conf': plain(site('proxy_set_header X-Forwarded-Proto $scheme;')) },
    },
    {
      title: 'another header that says it',
      files: { 'nginx.conf': plain(site('proxy_set_header X-Forwarded-Ssl on;')) },
    },
    {
      title: 'plain HTTP',
      files: { 'nginx.conf': plain(site('proxy_set_header X-Real-IP $remote_addr;', '80')) },
    },
    {
      title: 'a backend that speaks TLS itself',
      files: {
        'nginx.conf': plain(
          site('proxy_set_header X-Real-IP $remote_addr;', '443 ssl', 'https://127.0.0.1:3000'),
        ),
      },
    },
    { title: 'a backend that gets nothing of the client', files: { 'nginx.conf': plain(site('')) } },
    {
      title: 'WordPress that is told so',
      files: container('wordpress:6', '', 'proxy_set_header X-Forwarded-Proto $scheme;'),
    },
    {
      title: 'a registry that knows its address',
      files: container('registry:2', 'environment: {REGISTRY_HTTP_HOST: "https://example.org"}'),
    },
    {
      title: 'Ghost, which a unit starts, and the scheme',
      files: unmarked(ghost('proxy_set_header X-Forwarded-Proto $scheme;')),
    },
    {
      title: 'Ghost on another port, and a backend of which nothing is known',
      files: unmarked(ghost('', { port: 2368 })),
    },
    {
      title: 'Ghost below http',
      files: container('ghost:5', 'environment: {url: "http://example.org"}'),
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const { server, headers, block, protocol } = connection
      if (!server.tls || headers.open || connection.reachable === false) continue
      if (!protocol.known || protocol.value !== 'http') continue
      if (headers.written.some(({ name }) => SCHEME.test(name))) continue
      const reader = readerOf(deployment, connection)
      if (reader === null && !describesClient(connection)) continue
      if (linksNothing(reader) && isForWebSockets(connection)) continue
      // Where a line of its own lost it, that line is the fault.
      if (lostHeaders(connection).some(({ name }) => SCHEME.test(name))) continue
      const trust = reader?.trust
      if (trust === undefined && deployment.connections.hostsReachedBy(connection).length > 0) continue
      const header = trust?.header ?? 'X-Forwarded-Proto'
      yield {
        at: namePlace(headers.level ?? block),
        per: 'locations',
        ...(reader !== null && {
          severity: reader.loops === true ? ('error' as const) : ('warning' as const),
        }),
        message: often =>
          `nginx terminates TLS here${often}, and sends ${reader?.name ?? 'the backend'} no \`${header}\`${reader === null ? '' : `, so it ${reader.does}`}`,
        label: 'the scheme is not sent',
        related: [
          ...(trust === undefined ? [] : [{ at: trust.at, message: `${reader?.name} waits for it` }]),
          { at: namePlace(block), message: 'proxied from here' },
        ],
        ...(/-Proto(?:col)?$/.test(header) && addHeader(connection, header, '$scheme', 'unsafe')),
      }
    }
    yield* notSentByApache(deployment)
  },
})

/** mod_proxy sends the address and the name of a client by itself, and never the scheme. */
function* notSentByApache(deployment: Deployment): Iterable<RuleFinding> {
  const others = new Set(publicProxies(deployment))
  for (const connection of deployment.connections.apache) {
    const { protocol } = connection
    if (!protocol.known || protocol.value !== 'http') continue
    const { tls, scheme, url } = frontLine(connection)
    if (!tls || scheme !== 'nothing') continue
    const reader = readerBehindApache(deployment, connection)
    if (reader === null) {
      if (others.has(connection)) yield { at: url, message: 'no header says that the client came over TLS' }
      continue
    }
    const { name, does, loops, trust } = reader
    const header = trust?.header ?? 'X-Forwarded-Proto'
    yield {
      at: url,
      severity: loops === true ? 'error' : 'warning',
      message: `Apache terminates TLS, and sends ${name} no \`${header}\`, so it ${does}`,
      label: 'the scheme is not sent',
      related: trust === undefined ? [] : [{ at: trust.at, message: `${name} waits for it` }],
      help: `Write \`RequestHeader set ${header} https\` in the virtual host`,
    }
  }
}

/**
 * True where the scheme of a WebSocket's handshake makes no difference: Channels compares the names of an origin alone,
 * and no middleware of Django sees it. Rails and Spring compare the scheme too, and Starlette redirects handshakes.
 */
function linksNothing(reader: SchemeReader | null): boolean {
  return reader === null || reader.name === 'Django'
}

/** Of Express `app-server/express-proxy-untrusted` says it. */
function readerBehindApache(deployment: Deployment, connection: ApacheConnection): SchemeReader | null {
  const reader = waitingForScheme(deployment, connection) ?? schemeReaderBehind(deployment, connection)
  if (reader !== null) return reader.name === 'Express' ? null : reader
  return readerOfLibraries(connection)
}

/** An application that asks for the header itself, and goes wrong without. */
function readerOf(deployment: Deployment, connection: NginxConnection): SchemeReader | null {
  const reader = waitingForScheme(deployment, connection) ?? schemeReaderBehind(deployment, connection)
  return reader ?? readerOfLibraries(connection)
}

function readerOfLibraries(connection: Connection): SchemeReader | null {
  const rails = withoutScheme(connection)
  if (rails !== null) return { name: 'Rails', does: rails, ...(rails === LOOPS && { loops: true }) }
  return imageReading(connection)
}

function unmarked(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path, plain(text)]))
}

function plain(text: string): string {
  return text.replaceAll(/[«»]/g, '')
}

const SCHEME =
  /^(?:forwarded|front-end-https|https|x-(?:scheme|url-scheme|https|forwarded-(?:proto|protocol|scheme|ssl|port|https)|forwarded-by|original-proto|client-proto))$/

/** True where the backend is told of the client, which a backend that makes pages is and a mirror is not. */
function describesClient({ headers }: NginxConnection): boolean {
  const told = headers.written.filter(({ name }) =>
    /^(?:host|x-forwarded-for|x-real-ip|x-forwarded-host)$/.test(name),
  )
  return told.some(({ name }) => name === 'host') && told.length > 1
}
