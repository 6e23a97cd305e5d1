import { connectedSocket } from '../../src/deployment/connected-address.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
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

export default defineRule({
  summary: 'Apache answers 421, because nginx names another site in the TLS handshake, or none',
  severity: 'error',
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
  ],
  good: [
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
    for (const connection of deployment.connections.http) {
      if (!connection.protocol.known || connection.protocol.value !== 'https') continue
      const name = handshakeName(connection)
      if (name === undefined) continue
      for (const host of certainHosts(deployment, connection)) {
        if (!refusesOthers(host.configuration)) continue
        const other = hostOfHandshake(connection, host, name)
        if (other === null || other === host.directive) continue
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
