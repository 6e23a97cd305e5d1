import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { isUwsgi, uwsgiSection, type UwsgiServer } from '../../parsers/app-server/uwsgi.ts'
import type { Place } from '../../parsers/text/source.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { raisedBuffers } from './_raised-buffers.ts'

const NGINX = nginxMain(
  nginxServer(conf`
    location / {
        include uwsgi_params;
        uwsgi_pass unix:/run/shop.sock;
    }
  `),
)
const tree = (lines: string, header = '[uwsgi]', nginx = NGINX): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx,
  'etc/uwsgi/apps-enabled/shop.ini': conf`
    ${header}
    socket = /run/shop.sock
    module = shop.wsgi
    ${lines}
  `,
})

/** nginx that somebody has told to take long headers. */
const RAISED = NGINX.replace('server {', 'large_client_header_buffers 8 32k;\nserver {')

/** An image whose variables are in a file that is not here. */
const image = (nginx: string, ini: string): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        image: nginx:1.27
        ports: ["80:80"]
        volumes: ["./web.conf:/etc/nginx/conf.d/default.conf:ro"]
      shop:
        build: shop
        env_file: shop.env
  `,
  'web.conf': conf`
    ${nginx}
    server {
        listen 80;
        location / {
            include uwsgi_params;
            uwsgi_pass shop:8001;
        }
    }
  `,
  'shop/Dockerfile': conf`
    FROM python:3.13
    WORKDIR /app
    COPY . .
    RUN pip install uwsgi
    CMD ["uwsgi", "--ini", "uwsgi.ini"]
  `,
  'shop/uwsgi.ini': ini,
})

/** nginx takes four buffers of 8 KiB, one of which a single header may fill. */
const NGINX_TAKES = 8 * 1024
const DEFAULT = 4096

export default defineRule({
  summary: 'uWSGI drops requests whose headers nginx takes',
  severity: 'info',
  otherSeverities: { warning: 'where somebody has raised the limit of nginx' },
  confidence: 'high',
  since: '0.1.0',
  why: 'uWSGI reads all parameters of a request into one buffer of `buffer-size`, 4 KiB by itself, and closes the connection where they do not fit: nginx answers 502, `invalid request block size` stands in the log of uWSGI. A few cookies or a long query string are enough; nginx takes lines of 8 KiB.',
  remedy: 'Set `buffer-size = 32768`',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/ThingsToKnow.html',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#large_client_header_buffers',
  ],
  bad: [
    { title: 'the default', files: tree('', '«[uwsgi]»') },
    { title: 'less than nginx takes', files: tree('buffer-size = «5000»') },
    {
      title: 'less than what nginx was told to take',
      files: tree('buffer-size = «16384»', '[uwsgi]', RAISED),
    },
    {
      title: 'a cookie for which nginx alone was given room',
      files: image(
        'large_client_header_buffers 8 32k;',
        '«[uwsgi]»\nsocket = 0.0.0.0:8001\nmodule = shop.wsgi\nmaster = true\n',
      ),
    },
    {
      title: 'a file of a repository that a unit starts elsewhere',
      files: {
        'deploy/nginx.conf': RAISED,
        'deploy/uwsgi/shop.ini': conf`
          «[uwsgi]»
          socket = /run/shop.sock
          module = shop.wsgi
        `,
        'deploy/shop.service': conf`
          [Service]
          ExecStart=/opt/shop/venv/bin/uwsgi --ini /opt/shop/deploy/uwsgi/shop.ini
        `,
      },
    },
  ],
  good: [
    { title: 'as much as the documentation says', files: tree('buffer-size = 32768') },
    { title: 'as much as a line of nginx', files: tree('buffer-size = 8192') },
    { title: 'as much as both were told', files: tree('buffer-size = 32768', '[uwsgi]', RAISED) },
    {
      title: 'a limit that a variable has',
      files: image(
        'large_client_header_buffers 8 32k;',
        '[uwsgi]\nsocket = 0.0.0.0:8001\nmodule = shop.wsgi\nbuffer-size = $(BUFFER)\n',
      ),
    },
    {
      title: 'a file that is not here',
      files: image(
        'large_client_header_buffers 8 32k;',
        '[uwsgi]\nini = /etc/uwsgi/base.ini\nsocket = 0.0.0.0:8001\nmodule = shop.wsgi\n',
      ),
    },
  ],
  *check({ connections }) {
    for (const connection of connections.nginx) {
      const { targets, pass } = connection
      if (pass.name !== 'uwsgi_pass') continue
      const raised = raisedBuffers(connection)
      for (const { to } of targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { server } = to.listener.program
        if (!isUwsgi(server)) continue
        const limit = limitOf(server)
        if (limit === null || limit.bytes >= (raised?.size ?? NGINX_TAKES)) continue
        yield {
          at: limit.at ?? placeOf(server),
          ...(raised !== null && { severity: 'warning' as const }),
          message: `uWSGI closes the connection of requests above ${limit.bytes} bytes of headers, where nginx ${raised === null ? 'takes lines of 8k' : `was told to take lines of ${raised.directive.args[1]?.value}`}: 502`,
          label: limit.at === null ? 'no buffer-size' : 'less than nginx takes',
          related: [
            { at: argumentPlace(pass, 0), message: 'nginx connects here' },
            ...(raised === null ? [] : [{ at: argumentPlace(raised.directive, 1), message: 'raised here' }]),
          ],
          ...(raised !== null && {
            help: `Set \`buffer-size = ${Math.min(raised.size, MOST)}\`, or less in nginx`,
          }),
        }
      }
    }
  },
})

/** The largest that uWSGI takes, whose packets tell their size in two bytes. */
const MOST = 65_535

/** Where its options stand. */
function placeOf({ at, sources: [source] }: UwsgiServer): Place {
  return source === undefined ? at : uwsgiSection(source)
}

/** What uWSGI takes, as far as it is known: what a file of variables has besides is hardly a `UWSGI_BUFFER_SIZE`. */
function limitOf(server: UwsgiServer): { readonly bytes: number; readonly at: Place | null } | null {
  const { headerLimit, complete, readsAll } = server
  if (headerLimit?.known === true) return { bytes: headerLimit.value, at: headerLimit.at }
  const isUnsaid = headerLimit === null ? complete : headerLimit.at === null && readsAll
  return isUnsaid ? { bytes: DEFAULT, at: null } : null
}
