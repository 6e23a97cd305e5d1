import { argumentPlace as nginxArgumentPlace } from '../../src/deployment/places.ts'
import type { ApacheHost, Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { isInNetwork } from '../../src/servers/apache/queries/client-address.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { directivesByHost, virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain, nginxMain } from '../_examples.ts'
import { loopbackWay } from './_loopback-way.ts'

const NGINX = nginxMain(conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For $remote_addr;
      }
  }
`)
const apache = (lines: string, around = ''): string =>
  apacheMain(
    conf`
      Listen 127.0.0.1:9000
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          DocumentRoot /srv/www
          ${around}
          <Location /intern>
              ${lines}
          </Location>
      </VirtualHost>
    `,
    ['authz_host', 'authz_user', 'access_compat', 'remoteip'],
  )

export default defineRule({
  summary: 'Apache decides by the address of the client, and knows that of nginx alone',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'For Apache every request that nginx proxies comes from 127.0.0.1. A rule that names addresses of clients then lets nobody in, or keeps nobody out.',
  remedy:
    'Let mod_remoteip take the address from nginx: `RemoteIPHeader X-Forwarded-For` and `RemoteIPInternalProxy 127.0.0.1`, or decide in nginx by `allow` and `deny`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html'],
  bad: [
    {
      title: 'nobody gets in',
      files: {
        'etc/nginx/nginx.conf': NGINX,
        'etc/apache2/apache2.conf': apache('Require ip «203.0.113.0/24»'),
        'srv/www/intern/index.html': 'intern',
      },
    },
    {
      title: 'nobody is kept out',
      files: {
        'etc/nginx/nginx.conf': NGINX,
        'etc/apache2/apache2.conf': apache(conf`
          <RequireAll>
              Require all granted
              Require not ip «203.0.113.7»
          </RequireAll>
        `),
        'srv/www/intern/index.html': 'intern',
      },
    },
    {
      title: 'in .htaccess',
      files: {
        'etc/nginx/nginx.conf': NGINX,
        'etc/apache2/apache2.conf': apache('Require all granted'),
        'srv/www/.htaccess': conf`
          Order deny,allow
          Deny from all
          Allow from «203.0.113.0/24»
        `,
      },
    },
  ],
  good: [
    {
      title: 'mod_remoteip knows the client',
      files: {
        'etc/nginx/nginx.conf': NGINX,
        'etc/apache2/apache2.conf': apache(
          'Require ip 127.0.0.0/8 203.0.113.0/24',
          conf`
            RemoteIPHeader X-Forwarded-For
            RemoteIPInternalProxy 127.0.0.1
          `,
        ),
        'srv/www/intern/index.html': 'intern',
      },
    },
    {
      title: 'nginx itself is among the addresses, or a password is another way in',
      files: {
        'etc/nginx/nginx.conf': NGINX,
        'etc/apache2/apache2.conf': apache(conf`
          Require ip 127.0.0.1 203.0.113.0/24
        `),
        'srv/www/intern/index.html': 'intern',
      },
    },
    {
      title: 'Apache listens for others too',
      files: {
        'etc/nginx/nginx.conf': NGINX,
        'etc/apache2/apache2.conf': apache('Require ip 203.0.113.0/24')
          .replace('Listen 127.0.0.1:9000', 'Listen 9000')
          .replace('<VirtualHost 127.0.0.1:9000>', '<VirtualHost *:9000>'),
        'srv/www/intern/index.html': 'intern',
      },
    },
  ],
  *check(deployment) {
    for (const host of deployment.virtualHosts) {
      const connection = loopbackWay(deployment, host)
      if (connection === null || knowsClients(host)) continue
      for (const directive of linesOf(deployment, host)) {
        const first = firstAddress(directive)
        if (first === null) continue
        const at = argumentPlace(directive, first)
        const last = argumentPlace(directive, directive.args.length - 1)
        const refuses = first === 2 || /^deny$/i.test(directive.name)
        yield {
          at: { ...at, end: last.end },
          message: `every request that nginx proxies comes from 127.0.0.1, so this line ${refuses ? 'keeps nobody out' : 'lets nobody in'}`,
          related: [{ at: nginxArgumentPlace(connection.pass, 0), message: 'nginx connects here' }],
        }
      }
    }
  },
})

/** What decides by addresses in a virtual host, and in the `.htaccess` files below what it serves. */
function* linesOf(deployment: Deployment, { configuration, directive, virtualHost }: ApacheHost) {
  for (const name of ['require', 'allow', 'deny'])
    yield* directivesByHost(configuration, name).get(directive) ?? []
  for (const { file, overrides } of htaccessFilesOf(
    configuration,
    deployment.filesOf(configuration),
    virtualHost,
  )) {
    if (!overrides.known || !overrides.value.reads) continue
    for (const name of ['require', 'allow', 'deny']) yield* file.occurrences.get(name) ?? []
  }
}

/** The first of the addresses that a line names, none of which is nginx's; null for any other line. */
function firstAddress({ name, args }: ApacheDirective): number | null {
  const words = args.map(({ value }) => value.toLowerCase())
  const first = words[0] === 'not' ? 2 : 1
  const kind = words[first - 1]
  if (!/^require$/i.test(name) ? kind !== 'from' : kind !== 'ip') return null
  const networks = words.slice(first)
  if (networks.length === 0) return null
  return networks.every(network => isInNetwork('127.0.0.1', network) === false) ? first : null
}

/** mod_remoteip, or something like it, puts the client's address in the place of nginx's. */
function knowsClients({ configuration, directive }: ApacheHost): boolean {
  if ([...configuration.modules.keys()].some(id => /^(?:rpaf|cloudflare|extract_forwarded)/.test(id)))
    return true
  return ['remoteipheader', 'remoteipproxyprotocol'].some(name =>
    (configuration.occurrences.get(name) ?? []).some(line => {
      const home = virtualHostSection(line)
      return home === null || home === directive
    }),
  )
}
