import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { directPlainListens } from '../../src/deployment/outer-proxies.ts'
import { addHeader } from '../forwarded-headers/_add-header.ts'
import { assignedValue, changesHeader, headerNamed, properName, written } from './_behind-nginx.ts'
import { djangoConnections } from './_connections.ts'
import { djangoInApache, djangoBehindNginx, TLS, TLS_HEADERS } from './_examples.ts'

const SETTINGS = conf`
  ALLOWED_HOSTS = ["example.org"]
  SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
`
const HEADER = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'

export default defineRule({
  summary: 'A client can make Django take its plain HTTP request for HTTPS',
  severity: 'error',
  otherSeverities: {
    info: 'where no server of nginx has TLS, so that a proxy in front of it seems to set the header',
  },
  confidence: 'high',
  securitySeverity: 7.4,
  cwe: [348],
  since: '0.1.0',
  why: 'nginx passes a request header on unless it sets it. With `SECURE_PROXY_SSL_HEADER`, `curl -H "X-Forwarded-Proto: https" http://…` makes Django believe in TLS: it skips its redirect, sends secure cookies in the clear and takes forms that it would refuse.',
  remedy:
    'Set the header wherever nginx proxies to Django, on port 80 too: `proxy_set_header X-Forwarded-Proto $scheme`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#secure-proxy-ssl-header',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  ],
  bad: [
    {
      title: 'nginx does not set it',
      files: Object.fromEntries(
        Object.entries(djangoBehindNginx({ settings: SETTINGS })).map(([path, text]) => [
          path,
          text.replace('location / {', '«location» / {'),
        ]),
      ),
    },
    {
      title: 'nginx repeats what the client says',
      files: djangoBehindNginx({
        settings: SETTINGS,
        headers: conf`
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto «$http_x_forwarded_proto»;
        `,
      }),
    },
    {
      title: 'nginx does not set it, in front of mod_wsgi',
      files: djangoInApache({ settings: HEADER, location: '«location»' }),
    },
  ],
  good: [
    {
      title: 'Apache sets it',
      files: djangoInApache({ settings: HEADER, apache: 'RequestHeader set X-Forwarded-Proto http' }),
    },
    {
      title: 'files that Apache serves beside the application',
      files: djangoInApache({
        settings: HEADER,
        site: conf`
          location /static/ {
              proxy_pass http://127.0.0.1:9000;
          }
        `,
        headers: TLS_HEADERS,
        apache: 'Alias /static/ /opt/shop/static/',
      }),
    },
    { title: 'nginx sets it', files: djangoBehindNginx({ settings: SETTINGS, headers: TLS_HEADERS }) },
    {
      title: 'nginx removes it',
      files: djangoBehindNginx({
        settings: SETTINGS,
        headers: conf`
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto "";
        `,
      }),
    },
    {
      title: 'Django does not trust it',
      files: djangoBehindNginx({ settings: 'ALLOWED_HOSTS = ["example.org"]\n' }),
    },
    { title: 'TLS alone', files: djangoBehindNginx({ settings: SETTINGS, listen: '443 ssl', site: TLS }) },
    {
      title: 'a proxy in front of nginx, which sets it',
      files: {
        ...djangoBehindNginx({ settings: SETTINGS, site: 'set_real_ip_from 10.0.0.0/8;' }),
      },
    },
  ],
  *check(deployment) {
    // Without TLS in nginx, it is a proxy in front that Django is told to trust.
    const isBehindAnother = !deployment.servers.some(({ tls }) => tls)
    for (const { connection, settings, runner } of djangoConnections(deployment)) {
      const { headers, server } = connection
      const trust = settings.get('SECURE_PROXY_SSL_HEADER')
      if (trust?.known !== true || trust.at === null || !Array.isArray(trust.value)) continue
      if (connection.pass.name !== 'proxy_pass' || headers.open || !headers.passesOthers) continue
      const [listen] = directPlainListens(deployment, server)
      const [name] = trust.value as readonly unknown[]
      if (listen === undefined || typeof name !== 'string' || connection.reachable !== true) continue
      const lower = headerNamed(name)
      // What Apache takes for the scheme as well is said of Apache.
      if (
        runner.kind === 'mod_wsgi' &&
        (changesHeader(runner, lower) ||
          deployment.trustsOf(runner.host).some(({ header }) => header === lower))
      )
        continue
      const header = written(connection, lower)
      if (header !== null && header.state !== 'passed') continue
      const proper = properName(lower)
      yield {
        at:
          header === null ? namePlace(headers.level ?? connection.block) : argumentPlace(header.directive, 1),
        ...(isBehindAnother && { severity: 'info' as const, confidence: 'medium' as const }),
        per: 'locations' as const,
        occurrence: connection,
        message: (often: string) =>
          header === null
            ? `nginx passes the client’s own \`${proper}\` on to Django${often}, and Django takes it for the scheme of the request`
            : `\`proxy_set_header\` repeats the client’s own \`${proper}\`${often}, and Django takes it for the scheme of the request`,
        label: header === null ? `does not set \`${proper}\`` : 'the client decides',
        related: [
          { at: assignedValue(trust.at), message: 'Django trusts it here' },
          { at: listen.at, message: 'plain HTTP reaches this server' },
        ],
        help: `Write \`proxy_set_header ${proper} $scheme;\` here`,
        ...(header === null ? addHeader(connection, proper, '$scheme', 'safe') : {}),
      }
    }
  },
})
