import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { AppServerProgram, Deployment, NginxConnection, Target } from '../../src/deployment/model.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { bodyLimit } from '../../src/deployment/build/connection-limits.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { davLine } from '../_dav.ts'
import { isForWebSockets } from '../_websocket-locations.ts'
import { apacheMain, nginxMain, proxiedServer } from '../_examples.ts'
import { behindNginx, serviceUnit, WSGI } from '../app-server/_examples.ts'

const UNIT = serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:8000 main:app')
const flask = (limit: string): string => conf`
  from flask import Flask
  app = Flask(__name__)
  ${limit}
`
const raised = (files: Record<string, string>): Record<string, string> => ({
  ...files,
  'etc/nginx/nginx.conf': files['etc/nginx/nginx.conf']!.replace(
    'proxy_pass',
    'client_max_body_size 16m;\n            proxy_pass',
  ),
})
const marked = (files: Record<string, string>): Record<string, string> => ({
  ...files,
  'etc/nginx/nginx.conf': files['etc/nginx/nginx.conf']!.replace('proxy_pass', '«proxy_pass»'),
})
const registry = (): string => conf`
  services:
    store:
      image: registry:2
    proxy:
      image: nginx:1.27
      ports:
        - "80:80"
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
`
const store = (lines: string): string => conf`
  server {
      listen 80;
      server_name files.example.org;
      ${lines}
      location / {
          proxy_pass http://store:5000;
          proxy_set_header Host $http_host;
      }
  }
`

/** nginx of one container in front of that of another. */
const twoOfNginx = (outer: string, inner: string): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      gate:
        image: nginx:1.27
        ports: ["80:80"]
        volumes: ["./gate.conf:/etc/nginx/conf.d/default.conf:ro"]
      files:
        image: nginx:1.27
        volumes: ["./files.conf:/etc/nginx/conf.d/default.conf:ro"]
      app:
        image: example/files
  `,
  'gate.conf': conf`
    server {
        listen 80;
        server_name files.example.org;
        ${outer}
        location / {
            proxy_pass http://files;
        }
    }
  `,
  'files.conf': conf`
    server {
        listen 80;
        ${inner}
        location / {
            proxy_pass http://app:3000;
        }
    }
  `,
})

/** WebDAV of Apache behind nginx, for files of any size. */
const share = (nginx: string, dav = 'On'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer(nginx)),
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:9000
      DavLockDB /srv/locks/DAVLock
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              Dav ${dav}
          </Directory>
      </VirtualHost>
    `,
    ['dav', 'dav_fs'],
  ),
  'srv/locks/': '',
  'srv/www/notes.txt': 'notes',
})

export default defineRule({
  summary: 'nginx refuses bodies that the application was told to take',
  severity: 'warning',
  otherSeverities: { info: 'where a main file that is not here may say more' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx takes a request body of one megabyte where nothing says more, and answers 413 Request Entity Too Large, `client intended to send too large body` in its log. The application, or another nginx in front of it, was given a larger limit, which no upload reaches.',
  remedy: 'Write `client_max_body_size` in nginx, as large as the limit of the application',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
    'https://flask.palletsprojects.com/en/stable/config/#MAX_CONTENT_LENGTH',
    'https://docs.djangoproject.com/en/stable/ref/settings/#data-upload-max-memory-size',
  ],
  bad: [
    {
      title: 'a registry behind a site of which the main file is not here',
      files: {
        'registry/docker-compose.yml': conf`
          services:
            registry:
              image: registry:2
              ports: ["127.0.0.1:5000:5000"]
        `,
        'nginx/registry.conf': store('')
          .replace('store:5000', '127.0.0.1:5000')
          .replace('proxy_pass', '«proxy_pass»'),
      },
    },
    {
      title: 'Flask with a limit of its own',
      files: marked(
        behindNginx(UNIT, {
          'etc/shop/main.py': flask('app.config["MAX_CONTENT_LENGTH"] = 16 * 1024 * 1024'),
        }),
      ),
    },
    {
      title: 'Django that takes more',
      files: marked(
        behindNginx(serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi'), {
          'etc/shop/shop/__init__.py': '',
          'etc/shop/shop/wsgi.py': WSGI,
          'etc/shop/shop/settings.py': 'DATA_UPLOAD_MAX_MEMORY_SIZE = 52428800\n',
        }),
      ),
    },
    {
      title: 'an image to which files are sent',
      files: {
        'docker-compose.yml': registry(),
        'site.conf': store('').replace('proxy_pass', '«proxy_pass»'),
      },
    },
    {
      title: 'WebDAV of Apache',
      modes: { 'srv/www': 0o777, 'srv/locks': 0o777 },
      files: marked(share('')),
    },
    {
      title: 'nginx of a container behind that of another one, and takes more',
      files: {
        ...twoOfNginx('', 'client_max_body_size 200m;'),
        'gate.conf': twoOfNginx('', '')['gate.conf']!.replace('proxy_pass', '«proxy_pass»'),
      },
    },
  ],
  good: [
    {
      title: 'nginx in front that takes as much as the one behind it',
      files: twoOfNginx('client_max_body_size 200m;', 'client_max_body_size 200m;'),
    },
    { title: 'two of nginx with the limit of both', files: twoOfNginx('', '') },
    {
      title: 'a registry behind a site of which the main file is not here, with a limit of its own',
      files: {
        'registry/docker-compose.yml': conf`
          services:
            registry:
              image: registry:2
              ports: ["127.0.0.1:5000:5000"]
        `,
        'nginx/registry.conf': store('client_max_body_size 0;').replace('store:5000', '127.0.0.1:5000'),
      },
    },
    { title: 'WebDAV, and room for its files', files: share('client_max_body_size 0;') },
    { title: 'WebDAV that is off', files: share('', 'Off') },
    {
      title: 'raised in nginx, too',
      files: raised(
        behindNginx(UNIT, {
          'etc/shop/main.py': flask('app.config["MAX_CONTENT_LENGTH"] = 16 * 1024 * 1024'),
        }),
      ),
    },
    {
      title: 'less than nginx takes',
      files: behindNginx(UNIT, {
        'etc/shop/main.py': flask('app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024'),
      }),
    },
    { title: 'no limit is named', files: behindNginx(UNIT, { 'etc/shop/main.py': flask('') }) },
    {
      title: 'a store of files, and room for them',
      files: {
        'docker-compose.yml': registry(),
        'site.conf': store('client_max_body_size 0;'),
      },
    },
    {
      title: 'a location for WebSockets beside it',
      files: {
        'docker-compose.yml': registry().replace('registry:2', 'vaultwarden/server:1.32.0'),
        'site.conf': conf`
          server {
              listen 80;
              server_name vault.example.org;
              location / {
                  proxy_pass http://store:80;
                  client_max_body_size 525m;
              }
              location /notifications/hub {
                  proxy_pass http://store:80;
                  proxy_http_version 1.1;
                  proxy_set_header Upgrade $http_upgrade;
                  proxy_set_header Connection upgrade;
              }
          }
        `,
      },
    },
    {
      title: 'an image that is sent no files',
      files: {
        'docker-compose.yml': registry().replace('image: registry:2', 'image: grafana/grafana'),
        'site.conf': store(''),
      },
    },
  ],
  *check(deployment) {
    const { machines, programs } = deployment
    const hasStore = machines.some(({ container }) => container !== null && storeIn(container) !== null)
    const hasDav = deployment.apache.some(({ occurrences }) => occurrences.has('dav'))
    const hasTwo = deployment.nginx.length > 1
    if (!hasStore && !hasDav && !hasTwo && !programs.some(({ kind }) => kind === 'app-server')) return
    for (const connection of deployment.connections.nginx) {
      const { pass, bodyLimit, targets, server } = connection
      if (isForWebSockets(connection)) continue
      // A main file that is not here may say more.
      const isSure = bodyLimit.known
      if (isSure ? bodyLimit.value.directive !== null : !isUnsaid(server.configuration)) continue
      const dav = hasDav && isSure ? davBehind(deployment, connection) : null
      if (dav !== null)
        yield {
          at: namePlace(pass),
          message:
            'nginx refuses bodies above a megabyte, as nothing says otherwise, and Apache is sent files by WebDAV',
          label: 'no client_max_body_size',
          related: [{ at: argumentPlace(dav, 0), message: 'WebDAV' }],
          help: 'Write `client_max_body_size 0;`, or as much as a file may have',
        }
      for (const target of targets) {
        const inner = hasTwo && isSure ? limitOfNginx(deployment, connection, target) : null
        if (inner !== null)
          yield {
            at: namePlace(pass),
            message: `nginx refuses bodies above a megabyte, as nothing says otherwise, and the nginx behind it takes \`${inner.args[0]?.value}\``,
            label: 'no client_max_body_size',
            related: [{ at: argumentPlace(inner, 0), message: 'the limit of the nginx behind it' }],
            help: `Write \`client_max_body_size ${inner.args[0]?.value};\` here, too`,
          }
        const container = target.machine?.container ?? null
        const store = container === null ? null : storeIn(container)
        if (container !== null && store !== null) {
          yield {
            at: namePlace(pass),
            ...(!isSure && { severity: 'info' as const }),
            message: `nginx refuses bodies above a megabyte, ${isSure ? 'as nothing says otherwise' : 'unless a file that is not here says otherwise'}, and \`${store}\` is sent files`,
            label: 'no client_max_body_size',
            related: [{ at: container.service.image?.at ?? container.service.at, message: 'the image' }],
            help: 'Write `client_max_body_size 0;`, or as much as a file may have',
          }
          continue
        }
        if (!isSure) continue
        const program = serverBehind(target)
        const wanted = program === null ? null : limitOf(deployment, program)
        if (wanted === null || wanted.bytes <= bodyLimit.value.value) continue
        const at = namePlace(pass)
        const megabytes = Math.ceil(wanted.bytes / 1024 ** 2)
        yield {
          at,
          message: `nginx refuses bodies above a megabyte, as nothing says otherwise, and the application takes ${megabytes} MB`,
          label: 'no client_max_body_size',
          related: [{ at: wanted.at, message: 'the limit of the application' }],
          ...propose('Let nginx take what the application takes', 'unsafe', [
            insertBefore(at, `client_max_body_size ${megabytes}m;\n${indentationAt(at)}`),
          ]),
        }
      }
    }
  },
})

/** The line by which every server of another nginx takes more than the default; null where one does not. */
function limitOfNginx(
  { servers }: Deployment,
  { from }: NginxConnection,
  { to }: Target,
): NginxDirective | null {
  if (to.kind !== 'listener' || to.listener.kind !== 'nginx') return null
  const { configuration } = to.listener.program
  if (configuration === from.configuration) return null
  const limits = servers
    .filter(server => server.configuration === configuration)
    .map(({ directive }) => bodyLimit(configuration, directive))
    .map(limit =>
      limit.known && (limit.value.value === 0 || limit.value.value > MEGABYTE) ? limit.value.directive : null,
    )
  return limits.includes(null) ? null : (limits[0] ?? null)
}

const MEGABYTE = 1024 ** 2

/** True where no line of what is here says a limit. */
function isUnsaid({ occurrences }: NginxConnection['server']['configuration']): boolean {
  return !occurrences.has('client_max_body_size')
}

/** The line that turns WebDAV on in every virtual host that a connection may lead to; null where one has none. */
function davBehind(deployment: Deployment, connection: NginxConnection): ApacheDirective | null {
  const [line = null, ...others] = certainHosts(deployment, connection).map(davLine)
  return others.includes(null) ? null : line
}

/** Images to which files of many megabytes are sent, and whose documentation asks for a limit in front of them. */
const STORES =
  /^(?:(?:[\w.-]+\/)?(?:minio\/minio|gitea\/gitea|forgejo\/forgejo|immich-app\/immich-server|paperless-ngx\/paperless-ngx|sonatype\/nexus3|owncloud\/server|vaultwarden\/server|matrixdotorg\/synapse)|registry|nextcloud)$/

/** The image of a container to which files are sent; null for any other. */
function storeIn({ base, service }: Container): string | null {
  return base !== null && service.build === null && STORES.test(base) ? base : null
}

interface Limit {
  readonly bytes: number
  readonly at: Place
}

/** What the application was told to take, of Django, Flask, Node.js or Spring Boot; null where it was told nothing. */
function limitOf(deployment: Deployment, program: AppServerProgram): Limit | null {
  const loaded = deployment.moduleOf(program)
  const fact =
    program.server.program === 'node' || program.server.program === 'spring'
      ? program.server.bodyLimit
      : (loaded?.settings?.get('DATA_UPLOAD_MAX_MEMORY_SIZE') ??
        loaded?.script?.config.get('MAX_CONTENT_LENGTH') ??
        null)
  if (fact?.known !== true || typeof fact.value !== 'number' || fact.at === null) return null
  return { bytes: fact.value, at: fact.at }
}
