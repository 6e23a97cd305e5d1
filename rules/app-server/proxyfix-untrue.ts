import type { ProxyFix } from '../../src/deployment/django/settings.ts'
import { containerFront } from '../../src/deployment/container-front.ts'
import { type FrontLine, frontLine } from '../../src/deployment/front-lines.ts'
import type { Connection, Deployment } from '../../src/deployment/model.ts'
import { keepsAddressOfPeer, type ProxyInFront, proxyInFront } from '../../src/deployment/proxy-in-front.ts'
import { bringsClients } from '../../src/deployment/requests/brings-clients.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import { serviceUnit } from './_examples.ts'

const tree = (fix: string, headers: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            location / {
                proxy_pass http://127.0.0.1:8000;
                proxy_set_header Host $host;
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                ${headers}
            }
        }
    }
  `,
  'etc/systemd/system/shop.service': serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:8000 main:app'),
  'etc/shop/main.py': conf`
    from flask import Flask, request
    from werkzeug.middleware.proxy_fix import ProxyFix
    app = Flask(__name__)
    app.wsgi_app = ProxyFix(${fix})
    app.add_url_rule("/", "seen", lambda: request.host + " " + request.remote_addr)
  `,
})
/** The same in containers, with Traefik in front of nginx. */
const behindTraefik = (fix: string, lines = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      edge:
        image: traefik:v3.1
        ports: ["443:443"]
      nginx:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
        labels: ["traefik.http.routers.web.rule=Host(\`example.org\`)"]
      app:
        build: ./app
  `,
  'site.conf': conf`
    server {
        listen 80;
        ${lines}
        location / {
            proxy_pass http://app:8000;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
        }
    }
  `,
  'app/Dockerfile': conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
    CMD ["gunicorn", "-b", "0.0.0.0:8000", "main:app"]
  `,
  'app/main.py': tree(fix, '')['etc/shop/main.py'] ?? '',
})
/** Apache in front of the same. */
const apache = (fix: string, lines = '', listen = '80'): Record<string, string> => {
  const { 'etc/nginx/nginx.conf': _, ...files } = tree(fix, '')
  return {
    ...files,
    'etc/apache2/apache2.conf': apacheMain(
      conf`
        Listen ${listen}
        <VirtualHost *:80>
            ServerName example.org
            ProxyPreserveHost On
            ${lines}
            ProxyPass / http://127.0.0.1:8000/
        </VirtualHost>
      `,
      ['headers', 'remoteip', 'proxy', 'proxy_http'],
    ),
  }
}
const PROTO = 'proxy_set_header X-Forwarded-Proto $scheme;'

export default defineRule({
  summary: 'ProxyFix trusts a header that only the client writes',
  severity: 'warning',
  otherSeverities: {
    info: 'for the scheme, the port and the prefix, by which a client deceives itself alone',
  },
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [290, 348],
  since: '0.1.0',
  why: '`ProxyFix` takes from each header as many values as it is told proxies. A header that the server in front does not write, or a value before the one that it appends, comes from the client; Apache appends to `X-Forwarded-For` and `X-Forwarded-Host` by itself and writes no other. So the client decides: it chooses the host of the links in mails, or the address that logs and limits see.',
  remedy: 'Set the header in nginx or Apache, or take it out of `ProxyFix`; one proxy is `x_for=1`',
  references: ['https://werkzeug.palletsprojects.com/en/stable/middleware/proxy_fix/'],
  bad: [
    {
      title: 'a host that nginx does not set',
      files: tree('app.wsgi_app, x_for=1, x_proto=1, «x_host=1»', PROTO),
    },
    { title: 'two proxies where there is one', files: tree('app.wsgi_app, «x_for=2», x_proto=1', PROTO) },
    {
      title: 'two proxies where Apache is the only one',
      files: apache('app.wsgi_app, «x_for=2», x_host=1'),
    },
    { title: 'a scheme that Apache does not set', files: apache('app.wsgi_app, x_for=1, «x_proto=1»') },
    {
      title: 'one proxy where Traefik is in front of nginx',
      files: behindTraefik('app.wsgi_app, «x_for=1», x_proto=1'),
    },
    {
      title: 'three proxies where there are two',
      files: behindTraefik('app.wsgi_app, «x_for=3»'),
    },
  ],
  good: [
    {
      title: 'two proxies, of which Traefik writes what nginx passes',
      files: behindTraefik('app.wsgi_app, x_for=2, x_proto=1, x_host=1'),
    },
    {
      title: 'nginx that takes the address from Traefik',
      files: behindTraefik(
        'app.wsgi_app, x_for=1',
        'set_real_ip_from 172.16.0.0/12;\nreal_ip_header X-Forwarded-For;',
      ),
    },
    {
      title: 'what Apache sends by itself, and the scheme',
      files: apache(
        'app.wsgi_app, x_for=1, x_proto=1, x_host=1',
        'RequestHeader set X-Forwarded-Proto https',
      ),
    },
    {
      title: 'Apache that takes away what the client wrote',
      files: apache('app.wsgi_app, x_for=2', 'RequestHeader unset X-Forwarded-For'),
    },
    {
      title: 'Apache behind a proxy of the same machine',
      files: apache('app.wsgi_app, x_for=2', '', '127.0.0.1:80'),
    },
    {
      title: 'Apache behind another proxy',
      files: apache('app.wsgi_app, x_for=2', 'RemoteIPHeader X-Forwarded-For'),
    },
    {
      title: 'Apache that lets in one address alone',
      files: apache(
        'app.wsgi_app, x_for=2',
        conf`
          <Location />
              Require ip 192.0.2.7
          </Location>
        `,
      ),
    },
    {
      title: 'every header is set',
      files: tree(
        'app.wsgi_app, x_for=1, x_proto=1, x_host=1',
        conf`
          ${PROTO}
          proxy_set_header X-Forwarded-Host $host;
        `,
      ),
    },
    { title: 'what it trusts by itself', files: tree('app.wsgi_app', PROTO) },
    { title: 'what is set', files: tree('app.wsgi_app, x_for=1, x_proto=1', PROTO) },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.all) {
      for (const target of connection.targets) {
        const program = serverBehind(target)
        const fix = program === null ? null : (deployment.moduleOf(program)?.script?.proxyFix ?? null)
        if (fix === null || !connection.protocol.known || !/^https?$/.test(connection.protocol.value))
          continue
        if (!bringsClients(deployment, connection)) continue
        yield* faultsOf(fix, frontLine(connection), outerOf(deployment, connection))
      }
    }
  },
})

const HEADERS: Readonly<Record<string, string>> = {
  x_for: 'X-Forwarded-For',
  x_proto: 'X-Forwarded-Proto',
  x_host: 'X-Forwarded-Host',
  x_port: 'X-Forwarded-Port',
  x_prefix: 'X-Forwarded-Prefix',
}

/** A proxy in front of nginx, and whether it surely writes the headers itself; null where clients come to nginx. */
interface OuterProxy {
  readonly proxy: ProxyInFront
  readonly writes: boolean
}

/** Where nginx takes the address of the client from the proxy in front of it, the last value is the client's again. */
function outerOf(deployment: Deployment, connection: Connection): OuterProxy | null {
  if (!('server' in connection)) return null
  const { server, block } = connection
  const inner = containerFront(deployment, server)
  const proxy = inner ?? proxyInFront(server)
  if (proxy === null || !keepsAddressOfPeer(server, block)) return null
  return { proxy, writes: inner === null || inner.writesForwarded }
}

function* faultsOf(fix: ProxyFix, line: FrontLine, outer: OuterProxy | null): Iterable<RuleFinding> {
  const { server } = line
  for (const { name, count, at } of fix) {
    const header = HEADERS[name]
    const sent = header === undefined ? null : line.header(header.toLowerCase())
    if (header === undefined || sent?.known !== true || count === 0) continue
    const { state, value, at: place } = sent.value
    if (outer !== null && name === 'x_for' && count === 1 && state === 'appended')
      yield {
        at,
        message: `\`x_for=1\` takes the last value of \`${header}\`, which ${server} appends: the address of ${outer.proxy.name}, so all clients are one`,
        label: 'two proxies, not one',
        related: [
          { at: outer.proxy.at, message: outer.proxy.told },
          { at: place, message: `${server} writes it here` },
        ],
        help: 'Write `x_for=2`',
      }
    else if (outer?.writes === true && (state === 'passed' || (state === 'appended' && count === 2))) continue
    else if (state === 'passed')
      yield {
        at,
        // A forged host is in the links that the application makes; of the rest the client deceives itself.
        ...(name !== 'x_host' && name !== 'x_for' && { severity: 'info' as const }),
        message: `\`${name}=${count}\` trusts \`${header}\`, which ${server} passes as the client wrote it`,
        label: 'the client decides',
        related: [
          {
            at: place,
            message: value === null ? `${server} does not set it here` : `${server} writes it here`,
          },
        ],
        help: `Set \`${header}\` in ${server}, or write \`${name}=0\``,
      }
    else if (count > 1 && state === 'appended')
      yield {
        at,
        message: `\`${name}=${count}\` takes value ${count} from the end of \`${header}\`, and ${server} is the only proxy: the client writes that one`,
        label: 'one proxy, not more',
        related: [
          {
            at: place,
            message: value === null ? `${server} appends to it by itself` : `${server} writes it here`,
          },
        ],
        help: `Write \`${name}=1\``,
      }
  }
}
