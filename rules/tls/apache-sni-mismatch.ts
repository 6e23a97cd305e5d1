import { isUnknownWord } from '../../parsers/text/source.ts'
import { connectedSocket } from '../../src/deployment/connected-address.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { isSettled, namePlace as apacheNamePlace } from '../../src/servers/apache/queries/places.ts'
import { selectVirtualHost } from '../../src/servers/apache/queries/select-virtual-host.ts'
import { parseHost } from '../../src/servers/address.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { compareVersions } from '../../src/servers/version.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, target = '127.0.0.1'): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          «proxy_pass» https://${target}:8443;
          proxy_set_header Host $host;
          ${lines}
      }
    `),
  )
const unmarked = (text: string): string => text.replaceAll(/[«»]/g, '')
const site = (name: string, certificate: string): string => conf`
  <VirtualHost 127.0.0.1:8443>
      ServerName ${name}
      DocumentRoot /srv/${name}
      SSLEngine on
      SSLCertificateFile /etc/ssl/${certificate}.pem
      SSLCertificateKeyFile /etc/ssl/${certificate}.key
  </VirtualHost>
`
const apache = (...sites: readonly string[]): string =>
  apacheMain(
    conf`
      Listen 127.0.0.1:8443
      ${sites.join('\n')}
    `,
    ['ssl'],
  )
const TWO = apache(site('example.com', 'example.com'), site('example.org', 'example.org'))

const panel = (lines: string, certificate = '%ssl_crt%', pass = 'proxy_pass'): Record<string, string> => ({
  'templates/nginx/default.stpl': conf`
    server {
        listen %ip%:%proxy_ssl_port% ssl;
        server_name %domain_idn% %alias_idn%;
        ssl_certificate %ssl_pem%;
        ssl_certificate_key %ssl_key%;
        location / {
            ${pass} https://%ip%:%web_ssl_port%;
            proxy_set_header Host $host;
            ${lines}
        }
    }
  `,
  'templates/apache2/default.stpl': conf`
    <VirtualHost %ip%:%web_ssl_port%>
        ServerName %domain_idn%
        DocumentRoot %sdocroot%
        SSLEngine on
        SSLCertificateFile ${certificate}
        SSLCertificateKeyFile %ssl_key%
    </VirtualHost>
  `,
})

export default defineRule({
  summary: 'Apache answers 421, because nginx names another site in the TLS handshake, or none',
  severity: 'error',
  otherSeverities: { warning: 'for the templates of a panel, of which nobody knows the release of Apache' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Since 2.4.64 (CVE-2025-23048) Apache answers `421 Misdirected Request` where the `Host` is of another virtual host than the handshake, and the certificates of the two differ. nginx sends no name in the handshake unless told to: that is the first virtual host of the port, and every other site behind it is refused.',
  remedy: 'Name the site in the handshake too: `proxy_ssl_server_name on;` and `proxy_ssl_name $host;`',
  references: [
    'https://httpd.apache.org/security/vulnerabilities_24.html#CVE-2025-23048',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_server_name',
  ],
  bad: [
    {
      title: 'no name in the handshake',
      files: { 'etc/nginx/nginx.conf': nginx(''), 'etc/apache2/apache2.conf': TWO },
    },
    {
      title: 'an address, which is never sent as a name',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_ssl_server_name on;'),
        'etc/apache2/apache2.conf': TWO,
      },
    },
    {
      title: 'the name of another site',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_ssl_server_name on;
          proxy_ssl_name example.com;
        `),
        'etc/apache2/apache2.conf': TWO,
      },
    },
    { title: 'templates of a panel', files: panel('', '%ssl_crt%', '«proxy_pass»') },
  ],
  good: [
    {
      title: 'templates of a panel that name it',
      files: panel('proxy_ssl_server_name on; proxy_ssl_name $host;'),
    },
    { title: 'one certificate for all sites', files: panel('', '/etc/ssl/all.pem') },
    {
      title: 'the name of the request',
      files: {
        'etc/nginx/nginx.conf': unmarked(
          nginx(conf`
            proxy_ssl_server_name on;
            proxy_ssl_name $host;
          `),
        ),
        'etc/apache2/apache2.conf': TWO,
      },
    },
    {
      title: 'one certificate for both',
      files: {
        'etc/nginx/nginx.conf': unmarked(nginx('')),
        'etc/apache2/apache2.conf': apache(site('example.com', 'both'), site('example.org', 'both')),
      },
    },
    {
      title: 'the first site of the port',
      files: {
        'etc/nginx/nginx.conf': unmarked(nginx('')),
        'etc/apache2/apache2.conf': apache(
          site('example.org', 'example.org'),
          site('example.com', 'example.com'),
        ),
      },
    },
  ],
  *check(deployment) {
    yield* ofTemplates(deployment)
    for (const connection of deployment.connections.http) {
      if (!connection.protocol.known || connection.protocol.value !== 'https') continue
      const name = handshakeName(connection)
      if (name === undefined) continue
      for (const host of certainHosts(deployment, connection)) {
        if (!refusesOthers(host.configuration)) continue
        const other = hostOfHandshake(connection, host, name)
        if (host.directive === null || other === null || other === host.directive) continue
        if (!isOtherCertificate(host.configuration, host.directive, other)) continue
        yield {
          at: namePlace(connection.pass),
          per: 'locations',
          message: often =>
            `Apache answers 421 to \`Host: ${host.names[0] ?? ''}\`${often}: the handshake ${name === null ? 'names no site' : `names \`${name}\``}, and is answered by another virtual host`,
          related: [
            { at: apacheNamePlace(host.directive), message: 'is asked for' },
            { at: apacheNamePlace(other), message: 'answers the handshake, with another certificate' },
          ],
        }
        break
      }
    }
  },
})

/**
 * A panel makes many sites of one template of nginx and one of Apache, each with a certificate of its own: all of them
 * lie at the address that both templates have.
 */
function* ofTemplates({ connections, apache }: Deployment): Iterable<RuleFinding> {
  const sites = new Map(
    apache.flatMap(configuration =>
      (configuration.occurrences.get('virtualhost') ?? []).flatMap(host => {
        const [address = ''] = host.args.map(({ value }) => value)
        const isOfSites = isUnknownWord(address) && hasOwnCertificate(configuration, host)
        return isOfSites && refusesOthers(configuration) ? [[address, host] as const] : []
      }),
    ),
  )
  if (sites.size === 0) return
  for (const connection of connections.nginx) {
    const target = /^https:\/\/([^/]+)/.exec(connection.pass.args[0]?.value ?? '')?.[1]
    const host = target === undefined ? undefined : sites.get(target)
    if (host === undefined || handshakeName(connection) !== null) continue
    yield {
      at: namePlace(connection.pass),
      per: 'locations',
      severity: 'warning',
      confidence: 'medium',
      message: often =>
        `the handshake${often} names no site, and each site of this template has a certificate of its own: Apache 2.4.64 and later answers 421 to all but the first`,
      related: [{ at: apacheNamePlace(host), message: 'the template of Apache’s virtual hosts' }],
    }
  }
}

function hasOwnCertificate(configuration: ApacheConfiguration, host: ApacheDirective): boolean {
  const last = (name: string): string => directivesIn(configuration, host, name).at(-1)?.args[0]?.value ?? ''
  return last('sslengine').toLowerCase() === 'on' && isUnknownWord(last('sslcertificatefile'))
}

/** The name in the handshake: null for none, undefined where it is not known or follows the request. */
function handshakeName({ server, block, pass }: NginxConnection): string | null | undefined {
  const sent = effectiveAtHand(server.configuration, block, 'proxy_ssl_server_name')
  if (!sent.known) return undefined
  if (sent.value.directives[0]?.args[0]?.value.toLowerCase() !== 'on') return null
  const named = effectiveAtHand(server.configuration, block, 'proxy_ssl_name')
  if (!named.known) return undefined
  const written = named.value.directives[0]?.args[0]?.value
  const host = /^https:\/\/(\[[^\]]+\]|[^:/$]+)/.exec(pass.args[0]?.value ?? '')?.[1]
  const name = written ?? host
  if (name === undefined || name.includes('$')) return undefined
  return parseHost(name).kind === 'ip' ? null : name.toLowerCase()
}

/** True for a release that compares the two, and is not told otherwise. */
function refusesOthers({ version, occurrences }: ApacheConfiguration): boolean {
  return compareVersions(version.value, '2.4.64') >= 0 && !occurrences.has('sslvhostsnipolicy')
}

/** The virtual host that the handshake is for, of the socket by which requests come to a host. */
function hostOfHandshake(
  { targets }: NginxConnection,
  { configuration }: ApacheHost,
  name: string | null,
): ApacheDirective | null {
  for (const target of targets) {
    const { address, port } = connectedSocket(target)
    if (target.addresses.length === 0 || port === null) continue
    const selected = selectVirtualHost(configuration, { address, port, host: name })
    if (selected.kind === 'virtual-host') return selected.virtualHost.directive
  }
  return null
}

function isOtherCertificate(
  configuration: ApacheConfiguration,
  one: ApacheDirective,
  other: ApacheDirective,
): boolean {
  const files = [one, other].map(host =>
    directivesIn(configuration, host, 'sslcertificatefile').map(({ args }) => args[0]?.value ?? ''),
  )
  const [first = [], second = []] = files
  const isKnown = [first, second].every(each => each.length > 0 && each.every(isSettled))
  return isKnown && [...first].sort().join(' ') !== [...second].sort().join(' ')
}
