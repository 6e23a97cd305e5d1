import type { ProxyFix } from '../../src/deployment/django/settings.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
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
  why: '`ProxyFix` takes from each header as many values as it is told proxies. A header that nginx does not write, or a value before the one that it appends, comes from the client: it chooses the host of the links in mails, or the address that logs and limits see.',
  remedy: 'Set the header in nginx, or take it out of `ProxyFix`; one proxy is `x_for=1`',
  references: ['https://werkzeug.palletsprojects.com/en/stable/middleware/proxy_fix/'],
  bad: [
    {
      title: 'a host that nginx does not set',
      files: tree('app.wsgi_app, x_for=1, x_proto=1, «x_host=1»', PROTO),
    },
    { title: 'two proxies where there is one', files: tree('app.wsgi_app, «x_for=2», x_proto=1', PROTO) },
  ],
  good: [
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
    for (const connection of deployment.connections.http) {
      if (connection.headers.open || connection.reachable !== true) continue
      if (!takesClients(deployment, connection.server)) continue
      for (const target of connection.targets) {
        const program = serverBehind(target)
        const fix = program === null ? null : (deployment.moduleOf(program)?.script?.proxyFix ?? null)
        if (fix !== null) yield* faultsOf(fix, connection)
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

function* faultsOf(fix: ProxyFix, { headers, pass }: NginxConnection) {
  for (const { name, count, at } of fix) {
    const header = HEADERS[name]
    if (header === undefined || count === 0) continue
    const sent = headers.written.findLast(each => each.name === header.toLowerCase()) ?? null
    const related = [
      {
        at: namePlace(sent?.directive ?? pass),
        message: sent === null ? 'nginx does not set it here' : 'nginx writes it here',
      },
    ]
    if (sent === null || sent.state === 'passed')
      yield {
        at,
        // A forged host is in the links that the application makes; of the rest the client deceives itself.
        ...(name !== 'x_host' && name !== 'x_for' && { severity: 'info' as const }),
        message: `\`${name}=${count}\` trusts \`${header}\`, which nginx passes as the client wrote it`,
        label: 'the client decides',
        related,
        help: `Set \`${header}\` in nginx, or write \`${name}=0\``,
      }
    else if (count > 1 && sent.state === 'appended')
      yield {
        at,
        message: `\`${name}=${count}\` takes value ${count} from the end of \`${header}\`, and nginx is the only proxy: the client writes that one`,
        label: 'one proxy, not more',
        related,
        help: `Write \`${name}=1\``,
      }
  }
}
