import type { Place } from '../../parsers/text/source.ts'
import { addHeader } from './_add-header.ts'
import type { SentHeader } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { trustedBy, writesEveryTrusted } from './_trusted-headers.ts'
import { conf } from '../../src/engine/conf.ts'
import { directPlainListens } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

const APACHE = {
  'ports.conf': conf`Listen 127.0.0.1:9000`,
  'site.conf': conf`
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on
        WSGIScriptAlias / /srv/app/wsgi.py process-group=app
        WSGIDaemonProcess app
    </VirtualHost>
  `,
}
const server = (location: string, top = ''): string => conf`
  ${top}
  server {
      listen 80;
      server_name example.org;
      ${location}
  }
`

export default defineRule({
  summary: 'A client can make Apache take its plain HTTP request for HTTPS',
  severity: 'error',
  otherSeverities: { warning: 'where another backend may answer' },
  confidence: 'high',
  securitySeverity: 7.4,
  cwe: [348],
  since: '0.1.0',
  why: 'nginx passes a request header on unless it sets it. Where Apache takes that header for the scheme, `curl -H "X-Forwarded-Proto: https" http://…` makes the application believe in TLS: it skips its redirect, sends secure cookies in the clear and builds https URLs for a plain connection.',
  remedy:
    'Set the header wherever nginx proxies to this backend, on port 80 too: `proxy_set_header X-Forwarded-Proto $scheme;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
    'https://docs.djangoproject.com/en/stable/ref/settings/#secure-proxy-ssl-header',
  ],
  bad: [
    {
      title: 'a location on port 80 that does not set the header',
      files: {
        'nginx.conf': server(
          conf`
            «location» / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
          `,
        ),
        ...APACHE,
      },
    },
    {
      title: 'a proxy on this machine, and a socket for the network',
      files: {
        'nginx.conf': server(
          conf`
            «location» / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
          `,
        ),
        ...APACHE,
        '.auditrc': conf`
          facts:
            outerProxies: [127.0.0.1]
        `,
      },
    },
    {
      title: 'the client’s own header passed through',
      files: {
        'nginx.conf': server(
          conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
                proxy_set_header X-Forwarded-Proto «$http_x_forwarded_proto»;
            }
          `,
        ),
        ...APACHE,
      },
    },
  ],
  good: [
    {
      title: 'set to the scheme that nginx saw',
      files: {
        'nginx.conf': server(
          conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
                proxy_set_header X-Forwarded-Proto $scheme;
            }
          `,
        ),
        ...APACHE,
      },
    },
    {
      title: 'cleared',
      files: {
        'nginx.conf': server(
          conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
                proxy_set_header x-forwarded-proto "";
            }
          `,
        ),
        ...APACHE,
      },
    },
    {
      title: 'inherited from the server',
      files: {
        'nginx.conf': server(
          conf`
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
            location / {
                proxy_pass http://127.0.0.1:9000;
            }
          `,
        ),
        ...APACHE,
      },
    },
    {
      title: 'a backend that trusts no header',
      files: {
        'nginx.conf': server(
          conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
          `,
        ),
        'ports.conf': APACHE['ports.conf'],
        'site.conf': conf`
          <VirtualHost 127.0.0.1:9000>
              ServerName example.org
              DocumentRoot /srv/www
          </VirtualHost>
        `,
      },
    },
    {
      title: 'nobody outside reaches the location',
      files: {
        'nginx.conf': server(
          conf`
            location / {
                allow 127.0.0.1;
                deny all;
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
          `,
        ),
        ...APACHE,
      },
    },
    {
      title: 'an outer proxy that the owner names',
      files: {
        'nginx.conf': server(
          conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
          `,
        ),
        ...APACHE,
        '.auditrc': conf`
          facts:
            outerProxies: [192.0.2.7]
        `,
      },
    },
    {
      title: 'an outer proxy that sets the header',
      files: {
        'nginx.conf': server(
          conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
          `,
          conf`
            set_real_ip_from 10.0.0.0/8;
            real_ip_header X-Forwarded-For;
          `,
        ),
        ...APACHE,
      },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const { server, headers } = connection
      if (headers.open || !headers.passesOthers) continue
      // A proxy in front is the one who sets the header; that it does is its own configuration's matter.
      const [listen] = directPlainListens(deployment, server)
      if (listen === undefined) continue
      if (writesEveryTrusted(deployment, connection, isOwn)) continue
      for (const { trust, certain } of trustedBy(deployment, connection)) {
        const sent = headers.written.filter(({ name }) => name === trust.header)
        if (sent.some(isOwn) || connection.reachable !== true) continue
        const passing = sent[0]?.directive ?? null
        const at = passing === null ? namePlace(headers.level ?? connection.block) : valuePlace(passing)
        const header = trust.directive.source.text
          .slice(trust.at.start, trust.at.end)
          .replace(/^%\{HTTP:|\}$/g, '')
        yield {
          at,
          aspect: trust.header,
          severity: certain ? 'error' : 'warning',
          confidence: certain ? 'high' : 'medium',
          per: 'locations',
          occurrence: connection,
          message: often =>
            passing === null
              ? `nginx passes the client’s own \`${header}\` on to Apache${often}, and Apache takes it for the scheme of the request`
              : `\`proxy_set_header\` repeats the client’s own \`${header}\`${often}, and Apache takes it for the scheme of the request`,
          label: passing === null ? `does not set \`${header}\`` : 'the client decides',
          related: [
            { at: trust.at, message: 'Apache trusts it here' },
            { at: listen.at, message: 'plain HTTP reaches this server' },
          ],
          help: `Add \`proxy_set_header ${header} $scheme;\` here; on Apache’s side there is nothing to change`,
          ...(passing === null ? addHeader(connection, header, '$scheme', 'safe') : {}),
        }
      }
    }
  },
})

/** Not the client's own value. */
function isOwn({ state }: SentHeader): boolean {
  return state !== 'passed'
}

function valuePlace(directive: NginxDirective): Place {
  const word = directive.args[1] ?? directive.node.name
  return { source: directive.source, start: word.start, end: word.end }
}
