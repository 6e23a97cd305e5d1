import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { trustedBy, writesEveryTrusted } from './_trusted-headers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

/** The headers by which proxies tell the scheme, none of them a standard. */
const SCHEME_HEADERS = new Set([
  'x-forwarded-proto',
  'x-forwarded-protocol',
  'x-forwarded-scheme',
  'x-forwarded-ssl',
  'x-forwarded-https',
  'x-scheme',
  'x-url-scheme',
  'front-end-https',
])

const site = (header: string): string => conf`
  server {
      listen 443 ssl;
      server_name example.org;
      ssl_certificate /etc/ssl/a.pem;
      ssl_certificate_key /etc/ssl/a.key;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          ${header}
      }
  }
`
const apache = (trust: string): string =>
  `<VirtualHost 127.0.0.1:9000>\n    ServerName example.org\n    ${trust}\n    WSGIScriptAlias / /srv/app/wsgi.py process-group=app\n    WSGIDaemonProcess app\n</VirtualHost>\n`

export default defineRule({
  summary: 'nginx sends the scheme in one header, Apache reads it from another',
  severity: 'error',
  otherSeverities: { warning: 'where another backend may answer' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache never sees the header it waits for, so every request over TLS counts as plain: redirects to https loop, secure cookies are missing, and Django refuses forms with “Origin checking failed”.',
  remedy: 'Use one name on both sides',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_setenvif.html',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  ],
  bad: [
    {
      title: 'Proto against Protocol',
      files: {
        'nginx.conf': site('proxy_set_header «X-Forwarded-Proto» https;'),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': apache('SetEnvIf X-Forwarded-Protocol "^https$" HTTPS=on'),
      },
    },
  ],
  good: [
    {
      title: 'the same name, in any case',
      files: {
        'nginx.conf': site('proxy_set_header x-forwarded-proto $scheme;'),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': apache('SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on'),
      },
    },
    {
      title: 'both names, as two applications want them',
      files: {
        'nginx.conf': site(
          conf`
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Protocol $scheme;
          `,
        ),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': apache('SetEnvIf X-Forwarded-Protocol "^https$" HTTPS=on'),
      },
    },
    {
      title: 'Apache reads two, and nginx sends one of them',
      files: {
        'nginx.conf': site('proxy_set_header X-Forwarded-Proto $scheme;'),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': apache(
          'SetEnvIf X-Forwarded-Protocol "^https$" HTTPS=on\n    SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on',
        ),
      },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      if (!connection.server.tls || connection.headers.open || writesEveryTrusted(deployment, connection))
        continue
      const trusts = trustedBy(deployment, connection)
      if (trusts.length === 0) continue
      const { written } = connection.headers
      if (trusts.some(({ trust }) => written.some(({ name }) => name === trust.header))) continue
      const sent = written.find(({ name, state }) => state === 'set' && SCHEME_HEADERS.has(name))
      const [first] = trusts
      if (sent === undefined || first === undefined) continue
      const at = argumentPlace(sent.directive, 0)
      const wanted = first.trust.directive.source.text
        .slice(first.trust.at.start, first.trust.at.end)
        .replace(/^%\{HTTP:|\}$/g, '')
      yield {
        at,
        aspect: first.trust.header,
        severity: first.certain ? 'error' : 'warning',
        confidence: first.certain ? 'high' : 'medium',
        message: `nginx sends the scheme in \`${sent.directive.args[0]?.value}\`, and Apache reads it from \`${wanted}\`, which nobody sets`,
        label: 'Apache does not read this',
        related: [{ at: first.trust.at, message: 'Apache waits for this header' }],
        help: `Send \`${wanted}\` from nginx, or let Apache test \`${sent.directive.args[0]?.value}\``,
        ...propose(`Send ${wanted}`, 'unsafe', [/^[\w-]+$/.test(wanted) ? replacePlace(at, wanted) : null]),
      }
    }
  },
})
