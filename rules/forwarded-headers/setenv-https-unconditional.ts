import { argumentsPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { isSecureValue } from '../../src/deployment/build/scheme-trusts.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { hostsUnder } from '../../src/deployment/fronts-of.ts'
import { directPlainListens } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (lines: string): string =>
  `server {\n    ${lines}\n    server_name example.org;\n    location / {\n        proxy_pass http://127.0.0.1:9000;\n        proxy_set_header Host $host;\n    }\n}\n`
const apache = (line: string): string => conf`
  <VirtualHost 127.0.0.1:9000>
      ServerName example.org
      ${line}
      WSGIDaemonProcess app
      WSGIScriptAlias / /opt/app/wsgi.py process-group=app
      <Directory /opt/app>
          Require all granted
      </Directory>
  </VirtualHost>
`
const LISTEN = conf`Listen 127.0.0.1:9000`
const TLS = 'listen 443 ssl;\n    ssl_certificate /etc/ssl/a.pem;\n    ssl_certificate_key /etc/ssl/a.key;'

export default defineRule({
  summary: 'Every request counts as https, those of port 80 too',
  severity: 'error',
  otherSeverities: { warning: 'where another backend may answer' },
  confidence: 'high',
  securitySeverity: 5.9,
  cwe: [319],
  since: '0.1.0',
  why: '`SetEnv HTTPS on` asks nobody. A request that nginx took in plain HTTP is secure for the application: it sends secure cookies in the clear, and its own redirect to https never happens.',
  remedy:
    'Let a header of nginx decide: `SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on`, and set that header in nginx',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_env.html#setenv'],
  bad: [
    {
      title: 'nginx proxies from port 80 as well',
      files: {
        'nginx.conf': nginx('listen 80;'),
        'ports.conf': LISTEN,
        'site.conf': apache('SetEnv «HTTPS on»'),
      },
    },
  ],
  good: [
    {
      title: 'only TLS comes here',
      files: {
        'nginx.conf': nginx(TLS),
        'ports.conf': LISTEN,
        'site.conf': apache('SetEnv HTTPS on'),
      },
    },
    {
      title: 'the header decides',
      files: {
        'nginx.conf': nginx('listen 80;'),
        'ports.conf': LISTEN,
        'site.conf': apache('SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on'),
      },
    },
  ],
  *check(deployment) {
    const { apache, connections } = deployment
    for (const configuration of apache) {
      for (const directive of configuration.occurrences.get('setenv') ?? []) {
        const [name, value] = directive.args
        if (name?.value !== 'HTTPS' || value === undefined || !isSecureValue(value.value)) continue
        const reach = hostsUnder(deployment, configuration, virtualHostSection(directive))
          .flatMap(host => connections.reaching(host))
          // With a proxy in front, plain HTTP at nginx may be TLS for the client.
          .find(
            ({ connection }) =>
              connection.reachable === true && directPlainListens(deployment, connection.server).length > 0,
          )
        if (reach === undefined) continue
        const [listen] = directPlainListens(deployment, reach.connection.server)
        yield {
          at: argumentsPlace(directive, 0, 1),
          severity: reach.certain ? 'error' : 'warning',
          confidence: reach.certain ? 'high' : 'medium',
          message:
            'Apache calls every request secure here, and nginx proxies requests that came in plain HTTP',
          label: 'without asking',
          related: listen === undefined ? [] : [{ at: listen.at, message: 'nginx takes plain HTTP here' }],
        }
      }
    }
  },
})
