import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { type HaproxyFront, haproxyFronts } from '../../src/deployment/haproxy-fronts.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Related } from '../../src/servers/problem.ts'
import { nginxMain } from '../_examples.ts'
import { serviceUnit, WSGI } from '../app-server/_examples.ts'
import { assignedValue } from '../django/_behind-nginx.ts'
import { djangoConnections } from '../django/_connections.ts'

const haproxy = (lines: string, { port = '8080', backend = '' } = {}): string => conf`
  defaults
      mode http
      option forwardfor

  frontend www
      bind :80
      bind :443 ssl crt /etc/haproxy/certs/
      ${lines}
      default_backend shop

  backend shop
      ${backend}
      server web1 127.0.0.1:${port} check
`
const marked = (text: string): string => text.replace('frontend www', '«frontend www»')
const tree = (
  configuration: string,
  settings = 'SECURE_SSL_REDIRECT = True',
  proto = 'proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;',
): Record<string, string> => ({
  'etc/haproxy/haproxy.cfg': configuration,
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 127.0.0.1:8080;
        server_name example.org;
        location / {
            proxy_pass http://127.0.0.1:8000;
            proxy_set_header Host $host;
            ${proto}
        }
    }
  `),
  'etc/systemd/system/shop.service': serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi'),
  'etc/shop/shop/__init__.py': '',
  'etc/shop/shop/wsgi.py': WSGI,
  'etc/shop/shop/settings.py': conf`
    ALLOWED_HOSTS = ["example.org"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ${settings}
  `,
})

export default defineRule({
  summary: 'HAProxy terminates TLS, and does not send the scheme to the backend',
  severity: 'error',
  otherSeverities: { warning: 'where Django redirects nothing, and only takes every page for plain HTTP' },
  confidence: 'high',
  since: '0.1.0',
  why: 'HAProxy adds no `X-Forwarded-Proto` by itself; `option forwardfor` is the address of the client alone. nginx that passes `$http_x_forwarded_proto` on has nothing to pass. Django with `SECURE_SSL_REDIRECT` takes every request for plain HTTP and redirects https to https, for ever: ERR_TOO_MANY_REDIRECTS. Without it the cross-site check of forms fails, and links begin with `http://`.',
  remedy: 'Write `http-request set-header X-Forwarded-Proto https if { ssl_fc }` in the `frontend`',
  references: [
    'https://docs.haproxy.org/3.0/configuration.html#4.4-set-header',
    'https://docs.djangoproject.com/en/stable/ref/settings/#secure-proxy-ssl-header',
  ],
  unproven: 'The live tests have no HAProxy',
  bad: [
    { title: 'nginx passes on what nobody sends', files: tree(marked(haproxy(''))) },
    {
      title: 'nginx that says nothing of it itself, in front of an application that redirects nothing',
      files: tree(marked(haproxy('')), '', ''),
    },
    {
      title: 'an application behind HAProxy itself',
      files: tree(marked(haproxy('', { port: '8000' }))),
    },
  ],
  good: [
    {
      title: 'the header',
      files: tree(haproxy('http-request set-header X-Forwarded-Proto https if { ssl_fc }')),
    },
    {
      title: 'the header in the defaults of the frontend',
      files: tree(
        haproxy('')
          .replace('defaults\n', 'defaults plain\n')
          .replace(
            'frontend www\n',
            'defaults tls from plain\n    mode http\n    http-request set-header X-Forwarded-Proto https if { ssl_fc }\n\nfrontend www\n',
          )
          .replace('backend shop\n', 'backend shop from plain\n'),
      ),
    },
    {
      title: 'the header in the backend',
      files: tree(haproxy('', { backend: 'http-request add-header X-Forwarded-Proto https' })),
    },
    {
      title: 'nginx that says the scheme',
      files: tree(haproxy(''), undefined, 'proxy_set_header X-Forwarded-Proto https;'),
    },
    { title: 'no TLS', files: tree(haproxy('').replace(/^.*443.*\n/m, '')) },
    { title: 'connections as they are', files: tree(haproxy('').replace('mode http', 'mode tcp')) },
    { title: 'another port', files: tree(haproxy('', { port: '8090' })) },
    {
      title: 'an application that waits for nothing',
      files: {
        ...tree(haproxy('')),
        'etc/shop/shop/settings.py': 'ALLOWED_HOSTS = ["example.org"]\n',
      },
    },
  ],
  *check(deployment) {
    for (const front of haproxyFronts(deployment)) {
      const { frontend, server } = front
      if ([...frontend.headers].some(name => TELLS.test(name))) continue
      const reader = readerBehind(deployment, front)
      if (reader === null) continue
      yield {
        at: frontend.at,
        severity: reader.loops ? 'error' : 'warning',
        message: `HAProxy terminates TLS here, and sends no \`X-Forwarded-Proto\`, so Django ${reader.loops ? 'redirects https to https for ever' : 'takes every page for plain HTTP, and links to `http://`'}`,
        label: 'the scheme is not sent',
        related: [
          { at: server.at, message: 'proxied here' },
          ...reader.between,
          { at: reader.at, message: 'Django waits for it' },
        ],
      }
    }
  },
})

/** Headers by which a proxy tells the scheme; `*` stands for what nobody follows. */
const TELLS =
  /^(?:\*|forwarded|front-end-https|x-(?:scheme|url-scheme|forwarded-(?:proto|protocol|scheme|ssl|port)))$/

interface Reader {
  readonly at: Related['at']
  readonly loops: boolean
  readonly between: readonly Related[]
}

/** Django that takes the scheme from the header, behind a server of HAProxy or the nginx there. */
function readerBehind(deployment: Deployment, { server, machine }: HaproxyFront): Reader | null {
  for (const { connection, settings } of djangoConnections(deployment)) {
    if (connection.from.machine !== machine || !passesScheme(connection)) continue
    const isThere = connection.server.listens.some(
      listen => !listen.tls && !listen.proxyProtocol && listen.port !== null && listen.port === server.port,
    )
    const reader = isThere ? readerOf(settings) : null
    if (reader !== null)
      return { ...reader, between: [{ at: schemePlace(connection), message: 'passes on what it gets' }] }
  }
  for (const program of programsOfKind(deployment, 'app-server')) {
    if (program.machine !== machine) continue
    const isThere = program.sockets.some(({ endpoint }) => {
      if (!endpoint.known) return false
      const { address, port } = endpoint.value
      return address.kind === 'unix' ? address.path === server.socket : port !== null && port === server.port
    })
    const settings = isThere ? (deployment.moduleOf(program)?.settings ?? null) : null
    const reader = settings === null ? null : readerOf(settings)
    if (reader !== null) return { ...reader, between: [] }
  }
  return null
}

function readerOf(settings: DjangoSettings): Omit<Reader, 'between'> | null {
  const trust = settings.get('SECURE_PROXY_SSL_HEADER')
  if (trust?.known !== true || trust.at === null || !Array.isArray(trust.value)) return null
  const [key] = trust.value as readonly unknown[]
  const redirect = settings.get('SECURE_SSL_REDIRECT')
  if (key !== 'HTTP_X_FORWARDED_PROTO') return null
  return { at: assignedValue(trust.at), loops: redirect?.known === true && redirect.value === true }
}

/** True where nginx sends the header of HAProxy, and none of its own. */
function passesScheme({ headers }: NginxConnection): boolean {
  const written = headers.written.findLast(({ name }) => name === 'x-forwarded-proto')
  if (headers.open) return false
  return written === undefined ? headers.passesOthers : /^\$\{?http_x_forwarded_proto\}?$/.test(written.value)
}

function schemePlace({ headers, block }: NginxConnection): Related['at'] {
  const written = headers.written.findLast(({ name }) => name === 'x-forwarded-proto')
  return namePlace(written?.directive ?? block)
}
