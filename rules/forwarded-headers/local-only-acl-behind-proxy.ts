import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { hostsUnder } from '../../src/deployment/fronts-of.ts'
import { connectionReachedBy } from '../../src/deployment/requests/connection-reached-by.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import { parseApacheNetwork, prefixNetwork } from '../../src/servers/addresses/apache.ts'
import { isLoopbackNetwork } from '../../src/servers/addresses/ip.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'

const nginx = (lines = ''): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
  }
`
const LISTEN = conf`Listen 127.0.0.1:9000`
const site = (require: string, lines = ''): string =>
  `<VirtualHost 127.0.0.1:9000>\n    ServerName example.org\n    DocumentRoot /srv/www\n${lines}    <Location /server-status>\n        SetHandler server-status\n        ${require}\n    </Location>\n</VirtualHost>\n`

export default defineRule({
  summary: 'A page for this machine alone is open to everybody who comes through nginx',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 6.5,
  cwe: [291],
  since: '0.1.0',
  why: 'For Apache every request that nginx proxies comes from 127.0.0.1. `Require local`, as Debian writes it for `/server-status`, then admits the whole world: addresses of clients, URLs with their tokens, the load of the machine.',
  remedy:
    'Refuse the path in nginx (`location /server-status { deny all; }`), or let mod_remoteip give Apache the client’s address and name addresses with `Require ip`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_authz_host.html#requiredirectives',
    'https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html',
  ],
  bad: [
    {
      title: 'the status page of Debian',
      files: { 'nginx.conf': nginx(), 'ports.conf': LISTEN, 'site.conf': site('Require «local»') },
    },
    {
      title: 'the loopback address by number',
      files: {
        'nginx.conf': nginx(),
        'ports.conf': LISTEN,
        'site.conf': site('Require ip «127.0.0.1 ::1»'),
      },
    },
    {
      title: 'a directory that Alias brings in',
      files: {
        'nginx.conf': nginx(),
        'ports.conf': LISTEN,
        'site.conf': conf`
          <VirtualHost 127.0.0.1:9000>
              ServerName example.org
              DocumentRoot /srv/www
          </VirtualHost>
          Alias /statistics /srv/statistics
          <Directory /srv/statistics>
              Require «local»
          </Directory>
        `,
      },
    },
    {
      title: 'a directory of the site, in the words of 2.2',
      files: {
        'nginx.conf': nginx(),
        'ports.conf': LISTEN,
        'site.conf': conf`
          <VirtualHost 127.0.0.1:9000>
              ServerName example.org
              DocumentRoot /srv/www
              <Directory /srv/www/manage/>
                  Order deny,allow
                  Deny from all
                  Allow from «127.0.0.1»
              </Directory>
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'a directory to which no URL leads',
      files: {
        'nginx.conf': nginx(),
        'ports.conf': LISTEN,
        'site.conf': conf`
          <VirtualHost 127.0.0.1:9000>
              ServerName example.org
              DocumentRoot /srv/www
          </VirtualHost>
          <Directory /srv/www-private>
              Require local
          </Directory>
        `,
      },
    },
    {
      title: 'the whole site, which nginx alone may ask',
      files: {
        'nginx.conf': nginx(),
        'ports.conf': LISTEN,
        'site.conf': conf`
          <VirtualHost 127.0.0.1:9000>
              ServerName example.org
              DocumentRoot /srv/www
              <Directory /srv/www>
                  Require local
              </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'nginx refuses the path',
      files: {
        'nginx.conf': nginx(conf`
          location /server-status {
              deny all;
          }
        `),
        'ports.conf': LISTEN,
        'site.conf': site('Require local'),
      },
    },
    {
      title: 'Apache knows the client’s address',
      files: {
        'nginx.conf': nginx().replace('$host;', '$host;\n        proxy_set_header X-Real-IP $remote_addr;'),
        'ports.conf': LISTEN,
        'site.conf': site(
          'Require ip 127.0.0.1',
          '    RemoteIPHeader X-Real-IP\n    RemoteIPInternalProxy 127.0.0.1\n',
        ),
      },
    },
    {
      title: 'a password as well',
      files: {
        'nginx.conf': nginx(),
        'ports.conf': LISTEN,
        'site.conf': site(
          'AuthType Basic\n        AuthName status\n        AuthUserFile /etc/apache2/users\n        <RequireAll>\n            Require local\n            Require valid-user\n        </RequireAll>',
        ),
      },
    },
    {
      title: 'nobody but nginx may talk to Apache at all',
      files: {
        'nginx.conf': nginx(),
        'ports.conf': LISTEN,
        'site.conf': conf`
          <VirtualHost 127.0.0.1:9000>
              ServerName example.org
              DocumentRoot /srv/www
              <Location />
                  Require local
              </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'nginx proxies only another part of the site',
      files: {
        'nginx.conf': nginx().replace('location / {', 'root /srv/www;\n    location /app/ {'),
        'ports.conf': LISTEN,
        'site.conf': site('Require local'),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const lines = ['require', 'allow'].flatMap(name =>
        (configuration.occurrences.get(name) ?? []).filter(isLocalOnly),
      )
      for (const directive of lines) {
        const section = sectionOf(directive)
        if (section === null || hasOtherGuard(section)) continue
        const found = firstReached(deployment, configuration, section)
        if (found === null) continue
        const { path, pass } = found
        const first =
          directive.name === 'Require' && directive.args[0]?.value.toLowerCase() === 'local' ? 0 : 1
        const last = directive.args.length - 1
        const at = argumentPlace(directive, first)
        yield {
          at: { ...at, end: argumentPlace(directive, Math.max(first, last)).end },
          message: `Apache lets only this machine see \`${path}\`, but every request that nginx proxies comes from this machine`,
          label: 'true for everybody behind nginx',
          related: [
            { at: argumentPlace(section, 0), message: 'the page' },
            { at: argumentPlace(pass, 0), message: 'nginx proxies it here' },
          ],
        }
      }
    }
  },
})

/** `Require local`, and addresses or names of loopback alone. */
function isLocalOnly({ name, args }: ApacheDirective): boolean {
  const kind = args[0]?.value ?? ''
  if (!/^(?:local|ip|host|from)$/i.test(kind)) return false
  const isAllow = name.toLowerCase() === 'allow'
  if (/^local$/i.test(kind)) return !isAllow
  if (/^from$/i.test(kind) !== isAllow) return false
  return args.length > 1 && args.slice(1).every(({ value }) => isLoopbackClient(value))
}

/** An address, a network or a name that only clients on this machine have. */
function isLoopbackClient(value: string): boolean {
  const network = parseApacheNetwork(value)
  const prefix = network === null ? null : prefixNetwork(network)
  if (network === null) return isLoopback(parseHost(value)) === true
  return prefix !== null && isLoopbackNetwork(prefix)
}

/** The `<Location>` or `<Directory>` around a directive, where nothing but plain alternatives stands between. */
function sectionOf(directive: ApacheDirective): ApacheDirective | null {
  for (let at = directive.parent; at !== null; at = at.parent) {
    if (at.name === 'Location' || at.name === 'Directory') return at
    if (at.name !== 'RequireAny') return null
  }
  return null
}

/** Anything else that a request has to pass, or a second opinion that may refuse it. */
function hasOtherGuard(section: ApacheDirective): boolean {
  return section.children.some(
    ({ name, args }) =>
      /^(?:RequireAll|RequireNone|AuthType|If|RewriteRule|Limit|LimitExcept)$/i.test(name) ||
      (name === 'Require' && /^(?:valid-user|user|group|expr|env|not|all)$/i.test(args[0]?.value ?? '')),
  )
}

interface Page {
  readonly path: string
  /** The line that gives it this URL: it holds for its virtual host, or for all. */
  readonly by: ApacheDirective
}

/** The URLs of a section; `/` is the whole site, which only nginx may ask: that is meant so. */
function pagesOf(configuration: ApacheConfiguration, section: ApacheDirective): readonly Page[] {
  const written = trimmed(section.args[0]?.value ?? '')
  if (!/^\/[^*?[\]]+$/.test(written)) return []
  if (section.name === 'Location') return [{ path: written, by: section }]
  const pages: Page[] = []
  for (let base = written; base !== '/'; base = posix.dirname(base)) {
    for (const by of linesByDirectory(configuration).get(base) ?? []) {
      const url = by.args.length > 1 ? trimmed(by.args[0]?.value ?? '') : ''
      const path = url + written.slice(base.length)
      if (path.startsWith('/')) pages.push({ path, by })
    }
  }
  return pages
}

/** The lines that give a directory its URL. */
const linesByDirectory = memo(({ occurrences }: ApacheConfiguration) =>
  groupBy(
    ['alias', 'documentroot'].flatMap(name => occurrences.get(name) ?? []),
    ({ args }) => trimmed(args.at(-1)?.value ?? ''),
  ),
)

const trimmed = (path: string): string => path.replace(/\/+$/, '')

/** The first URL of a section for which nginx asks. */
function firstReached(deployment: Deployment, configuration: ApacheConfiguration, section: ApacheDirective) {
  for (const { path, by } of pagesOf(configuration, section)) {
    const home = virtualHostSection(section) ?? virtualHostSection(by)
    const pass = reachedThroughNginx(deployment, configuration, home, path)?.pass
    if (pass !== undefined) return { path, pass }
  }
  return null
}

function reachedThroughNginx(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  home: ApacheDirective | null,
  path: string,
): NginxConnection | null {
  for (const host of hostsUnder(deployment, configuration, home)) {
    if (knowsClients(host)) continue
    for (const { connection, certain } of deployment.connections.reaching(host)) {
      if (certain && connection.reachable === true && connectionReachedBy(deployment, connection, path))
        return connection
    }
  }
  return null
}

/** mod_remoteip puts the client's address in the place of nginx's. */
function knowsClients({ configuration, directive }: ApacheHost): boolean {
  return (configuration.occurrences.get('remoteipheader') ?? []).some(header => {
    const home = virtualHostSection(header)
    return home === null || home === directive
  })
}
