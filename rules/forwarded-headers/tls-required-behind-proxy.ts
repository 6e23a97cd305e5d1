import { argumentPlace as nginxArgumentPlace } from '../../src/deployment/places.ts'
import type { ApacheHost, Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain, nginxMain, tlsServer } from '../_examples.ts'
import { loopbackWay } from './_loopback-way.ts'

const NGINX = nginxMain(
  tlsServer(conf`
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
  `),
)
const files = (lines: string, htaccess = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': NGINX,
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:8080
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
      <VirtualHost 127.0.0.1:8080>
          ServerName example.org
          DocumentRoot /srv/www
          SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on
          ${lines}
      </VirtualHost>
    `,
    ['ssl', 'setenvif', 'authz_host'],
  ),
  'srv/www/admin/page.txt': 'page',
  ...(htaccess !== '' && { 'srv/www/admin/.htaccess': htaccess }),
})

export default defineRule({
  summary: 'Apache requires TLS of requests that nginx proxies in plain HTTP',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`SSLRequireSSL` and `Require ssl` ask for the connection of Apache itself, whatever `X-Forwarded-Proto` and a variable `HTTPS` say. nginx terminates TLS and connects in plain HTTP, so every request is answered with 403.',
  remedy:
    'Take the line away, and redirect to TLS in nginx; or `Require expr "%{HTTP:X-Forwarded-Proto} == \'https\'"`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslrequiressl'],
  bad: [
    {
      title: 'a directory of the virtual host',
      files: files(conf`
        <Directory /srv/www/admin>
            «SSLRequireSSL»
        </Directory>
      `),
    },
    {
      title: 'in .htaccess',
      files: files('', conf`«SSLRequireSSL»`),
    },
    {
      title: 'in the words of 2.4',
      files: files(conf`
        <Location /admin>
            «Require» ssl
        </Location>
      `),
    },
  ],
  good: [
    {
      title: 'what nginx says is asked for',
      files: files(conf`
        <Location /admin>
            Require expr "%{HTTP:X-Forwarded-Proto} == 'https'"
        </Location>
      `),
    },
    {
      title: 'another way in',
      files: files(conf`
        <Location /admin>
            Require ssl
            Require ip 127.0.0.1
        </Location>
      `),
    },
    {
      title: 'Apache terminates TLS too',
      files: {
        ...files(conf`
          SSLEngine on
          SSLCertificateFile /etc/ssl/example.org.pem
          SSLCertificateKeyFile /etc/ssl/example.org.key
          <Directory /srv/www/admin>
              SSLRequireSSL
          </Directory>
        `),
        'etc/nginx/nginx.conf': NGINX.replace('http://127', 'https://127'),
      },
    },
  ],
  *check(deployment) {
    for (const host of deployment.apacheHosts) {
      const engine = sslEngine(host.configuration, host.virtualHost)
      if (!engine.known || engine.value) continue
      const lines = [...linesOf(deployment, host)]
      const connection = lines.length === 0 ? null : loopbackWay(deployment, host)
      if (connection === null) continue
      for (const line of lines)
        yield {
          at: namePlace(line),
          message: 'nginx connects in plain HTTP, so this refuses every request with 403',
          related: [{ at: nginxArgumentPlace(connection.pass, 0), message: 'nginx connects here' }],
        }
    }
  },
})

/** What asks for TLS in a virtual host, and in the `.htaccess` files below what it serves. */
function* linesOf(
  deployment: Deployment,
  { configuration, directive, virtualHost }: ApacheHost,
): Generator<ApacheDirective> {
  for (const name of ['sslrequiressl', 'require'])
    for (const line of directivesByHost(configuration, name).get(directive) ?? [])
      if (asksForTls(line)) yield line
  for (const { file, overrides } of htaccessFilesOf(
    configuration,
    deployment.filesOf(configuration),
    virtualHost,
  )) {
    if (!overrides.known || !overrides.value.reads) continue
    for (const name of ['sslrequiressl', 'require'])
      for (const line of file.occurrences.get(name) ?? []) if (asksForTls(line)) yield line
  }
}

/** False for a `Require ssl` that something else may stand in for. */
function asksForTls({ name, args, parent }: ApacheDirective): boolean {
  if (/^sslrequiressl$/i.test(name))
    return !(parent?.children ?? []).some(each => /^satisfy$/i.test(each.name))
  if (args.length !== 1 || args[0]?.value.toLowerCase() !== 'ssl' || parent === null) return false
  if (/^RequireAll$/i.test(parent.name)) return false
  const others = parent.children.filter(each =>
    /^(?:Require|RequireA(?:ll|ny)|RequireNone)$/i.test(each.name),
  )
  return /^(?:Directory|Location|Files)(?:Match)?$/i.test(parent.name) && others.length === 1
}
