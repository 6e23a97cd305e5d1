import { argumentPlace as nginxArgumentPlace } from '../../src/deployment/places.ts'
import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { isInNetwork } from '../../src/servers/apache/queries/client-address.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { directorySectionsOf } from '../../src/servers/apache/queries/directory-sections.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import { CLIENT } from '../../src/deployment/requests/made-up-requests.ts'
import { directoryPath } from '../../src/servers/apache/queries/section-matches.ts'
import {
  directivesByHost,
  type VirtualHost,
  virtualHosts,
  virtualHostSection,
} from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'
import { knowsClients, loopbackWay } from './_loopback-way.ts'
import { NGINX_BEFORE_APACHE } from './_examples.ts'

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
    ['authz_host', 'authz_user', 'access_compat', 'remoteip', 'rewrite', 'setenvif'],
  )

export default defineRule({
  summary: 'Apache decides by the address of the client, and knows that of nginx alone',
  severity: 'error',
  otherSeverities: {
    warning: 'where a variable is set by it, or requests and connections of one address are counted',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'For Apache every request that nginx proxies comes from 127.0.0.1. A rule that names addresses of clients then lets nobody in, or keeps nobody out; an exception for this machine holds for everybody; and what counts by address, such as mod_evasive, blocks all clients at once.',
  remedy:
    'Let mod_remoteip take the address from nginx: `RemoteIPHeader X-Forwarded-For` and `RemoteIPInternalProxy 127.0.0.1`, or decide in nginx by `allow` and `deny`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html'],
  bad: [
    {
      title: 'nobody gets in',
      files: {
        'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
        'etc/apache2/apache2.conf': apache('Require ip «203.0.113.0/24»'),
        'srv/www/intern/index.html': 'intern',
      },
    },
    {
      title: 'in the main server',
      files: {
        'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 127.0.0.1:9000
            ServerName example.org
            DocumentRoot /srv/www
            <Location /intern>
                Require ip «203.0.113.0/24»
            </Location>
          `,
          ['authz_host'],
        ),
        'srv/www/intern/index.html': 'intern',
      },
    },
    {
      title: 'nobody is kept out',
      files: {
        'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
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
        'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
        'etc/apache2/apache2.conf': apache('Require all granted'),
        'srv/www/.htaccess': conf`
          Order deny,allow
          Deny from all
          Allow from «203.0.113.0/24»
        `,
      },
    },
    {
      title: 'an office that is let past the maintenance, in .htaccess',
      files: {
        'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
        'etc/apache2/apache2.conf': apache('Require all granted'),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteCond %{REMOTE_ADDR} «!^203\.0\.113\.7$»
          RewriteCond %{REQUEST_URI} !^/maintenance\.html$
          RewriteRule ^ /maintenance.html [R=302,L]
        `,
        'srv/www/maintenance.html': 'back at noon',
        'srv/www/index.html': 'start page',
      },
    },
    {
      title: 'an exception for this machine in a virtual host, and a variable',
      files: {
        'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
        'etc/apache2/apache2.conf': apache(
          'Require all granted',
          conf`
            SetEnvIf Remote_Addr «"127\.0\.0\.1"» unlogged
            RewriteEngine On
            RewriteCond %{REMOTE_ADDR} «!=127.0.0.1»
            RewriteRule ^/cron - [F]
          `,
        ),
        'srv/www/cron/index.html': 'jobs',
      },
    },
  ],
  good: [
    {
      title: 'conditions on what nginx says of the client, and those that any address meets',
      files: {
        'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
        'etc/apache2/apache2.conf': apache(
          conf`
            Require ip 127.0.0.1
            Require ip ::1
          `,
          conf`
            SetEnvIf X-Forwarded-For "^203\.0\.113\.7$" office
            RewriteEngine On
            RewriteCond %{HTTP:X-Forwarded-For} !^203\.0\.113\.7$
            RewriteCond %{REQUEST_URI} !^/maintenance\.html$
            RewriteCond %{REMOTE_ADDR} (.+)
            RewriteRule ^/ /maintenance.html [R=302,L]
          `,
        ),
        'srv/www/maintenance.html': 'back at noon',
      },
    },
    {
      title: 'mod_remoteip knows the client',
      files: {
        'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
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
        'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
        'etc/apache2/apache2.conf': apache(conf`
          Require ip 127.0.0.1 203.0.113.0/24
        `),
        'srv/www/intern/index.html': 'intern',
      },
    },
    {
      title: 'Apache listens for others too',
      files: {
        'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
        'etc/apache2/apache2.conf': apache('Require ip 203.0.113.0/24')
          .replace('Listen 127.0.0.1:9000', 'Listen 9000')
          .replace('<VirtualHost 127.0.0.1:9000>', '<VirtualHost *:9000>'),
        'srv/www/intern/index.html': 'intern',
      },
    },
  ],
  *check(deployment) {
    const ways = new Map<ApacheConfiguration, NginxConnection | null>()
    for (const host of deployment.apacheHosts) {
      const connection = loopbackWay(deployment, host)
      const isUnknown = connection === null || knowsClients(host)
      const former = ways.get(host.configuration)
      if (former !== null) ways.set(host.configuration, isUnknown ? null : (former ?? connection))
      if (isUnknown) continue
      for (const decision of decisionsOf(conditionsOf(deployment, host)))
        yield { ...decision, related: [nginxConnects(connection)] }
      for (const directive of linesOf(deployment, host)) {
        const first = firstAddress(directive)
        if (first === null) continue
        const at = argumentPlace(directive, first)
        const last = argumentPlace(directive, directive.args.length - 1)
        const refuses = first === 2 || /^deny$/i.test(directive.name)
        yield {
          at: { ...at, end: last.end },
          message: `every request that nginx proxies comes from 127.0.0.1, so this line ${refuses ? 'keeps nobody out' : 'lets nobody in'}`,
          related: [nginxConnects(connection)],
        }
      }
    }
    // What the main server says holds for all of its virtual hosts.
    for (const [configuration, connection] of ways) {
      if (connection === null) continue
      const lines = [...CONDITIONS, ...COUNTERS]
        .filter(name => name !== 'rewritecond')
        .flatMap(name => directivesByHost(configuration, name).get(null) ?? [])
      for (const decision of decisionsOf(lines.filter(line => !isSpared(configuration, line))))
        yield { ...decision, related: [nginxConnects(connection)] }
    }
  },
})

function nginxConnects({ pass }: NginxConnection) {
  return { at: nginxArgumentPlace(pass, 0), message: 'nginx connects here' }
}

const CONDITIONS = ['rewritecond', 'setenvif', 'setenvifnocase', 'secrule']
/** What mod_evasive, mod_qos and mod_limitipconn allow one address. */
const COUNTERS = ['dospagecount', 'dossitecount', 'qs_srvmaxconnperip', 'maxconnperip']

/** The sections of the main server for the very directory that its only virtual host serves. */
function sectionsOfRoot(
  configuration: ApacheConfiguration,
  virtualHost: VirtualHost | null,
): readonly ApacheDirective[] {
  const root = directivesIn(configuration, virtualHost?.directive ?? null, 'documentroot').at(-1)?.args[0]
    ?.value
  if (root === undefined || !root.startsWith('/') || virtualHosts(configuration).length > 1) return []
  return directorySectionsOf(configuration, virtualHost).flatMap(({ section, directory }) =>
    virtualHostSection(section) === null && directory === directoryPath(root) ? [section] : [],
  )
}

/** What asks for an address in a virtual host, and in the `.htaccess` files below what it serves. */
function* conditionsOf(deployment: Deployment, { configuration, directive, virtualHost }: ApacheHost) {
  for (const name of [...CONDITIONS, ...COUNTERS])
    if (configuration.occurrences.has(name)) yield* directivesByHost(configuration, name).get(directive) ?? []
  for (const section of sectionsOfRoot(configuration, virtualHost))
    for (const name of CONDITIONS) yield* directivesIn(configuration, section, name)
  for (const { file, overrides } of htaccessFilesOf(
    configuration,
    deployment.filesOf(configuration),
    virtualHost,
  )) {
    if (!overrides.known || !overrides.value.reads) continue
    for (const name of CONDITIONS) yield* file.occurrences.get(name) ?? []
  }
}

function* decisionsOf(lines: Iterable<ApacheDirective>): Generator<RuleFinding> {
  for (const line of lines) {
    if (COUNTERS.includes(line.name.toLowerCase())) {
      yield {
        at: namePlace(line),
        severity: 'warning',
        message:
          'every request that nginx proxies comes from 127.0.0.1, so all clients together are counted as one',
      }
      continue
    }
    const holds = alwaysHolds(line)
    if (holds === null) continue
    yield {
      at: argumentPlace(line, 1),
      ...(/^setenvif/i.test(line.name) && { severity: 'warning' as const }),
      message: `every request that nginx proxies comes from 127.0.0.1, so this condition ${holds ? 'always' : 'never'} holds`,
    }
  }
}

/** Whether a condition on the client's address holds for that of nginx; null where it holds for others alike. */
function alwaysHolds({ name, args }: ApacheDirective): boolean | null {
  const [subject, test] = args
  if (subject === undefined || test === undefined || !isSettled(test.value)) return null
  if (!/^(?:%\{(?:CONN_)?REMOTE_ADDR\}|Remote_Addr)$/i.test(subject.value)) return null
  const isRule = /^secrule$/i.test(name)
  const negated = !/^setenvif/i.test(name) && test.value.startsWith('!')
  const bare = (negated ? test.value.slice(1) : test.value).trim()
  const matches = isRule ? operatorOf(bare) : conditionOf(name, bare)
  if (matches === null || matches(NGINX_ADDRESS) === matches(CLIENT)) {
    // An address of clients that is neither.
    if (matches === null || matches(NGINX_ADDRESS) || !/\d\\?\.\d/.test(bare)) return null
  }
  return matches(NGINX_ADDRESS) !== negated
}

const NGINX_ADDRESS = '127.0.0.1'

type AddressTest = (address: string) => boolean

function conditionOf(name: string, test: string): AddressTest | null {
  if (/^rewritecond$/i.test(name)) {
    if (test.startsWith('=')) return address => address === test.slice(1)
    if (/^[-<>]/.test(test)) return null
  }
  const compiled = compilePcre(test, {})
  return compiled === null ? null : address => compiled.test(address) === true
}

/** An operator of ModSecurity. */
function operatorOf(test: string): AddressTest | null {
  const [, operator = 'rx', words = ''] = /^(?:@(\w+)\s+)?(.*)$/s.exec(test) ?? []
  switch (operator.toLowerCase()) {
    case 'ipmatch':
      return address => words.split(',').some(network => isInNetwork(address, network.trim()) === true)
    case 'streq':
      return address => address === words
    case 'rx':
      return conditionOf('rx', words)
    default:
      return null
  }
}

/** True for a counter of mod_evasive that leaves nginx out. */
function isSpared({ occurrences }: ApacheConfiguration, { name }: ApacheDirective): boolean {
  return (
    /^dos/i.test(name) &&
    (occurrences.get('doswhitelist') ?? []).some(({ args }) =>
      args.some(({ value }) => /^127\.(?:0\.0\.1|\*)/.test(value)),
    )
  )
}

/** What decides by addresses in a virtual host, and in the `.htaccess` files below what it serves. */
function* linesOf(deployment: Deployment, { configuration, directive, virtualHost }: ApacheHost) {
  for (const name of ['require', 'allow', 'deny']) {
    yield* directivesByHost(configuration, name).get(directive) ?? []
    for (const section of sectionsOfRoot(configuration, virtualHost))
      yield* directivesIn(configuration, section, name)
  }
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
  if (networks.length === 0 || networks.some(network => isLoopback(parseHost(network)) === true)) return null
  return networks.every(network => isInNetwork('127.0.0.1', network) === false) ? first : null
}
