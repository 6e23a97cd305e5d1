import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { VirtualApacheHost, Connections, HostAddress } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { listens } from '../../src/servers/apache/queries/listens.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { type VirtualHostSet, virtualHostSets } from '../../src/servers/apache/queries/select-virtual-host.ts'
import { settingOf, sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import {
  directivesOfHost,
  type VirtualHost,
  virtualHostSection,
} from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const KEYS = conf`
  SSLCertificateFile /etc/ssl/example.org.pem
  SSLCertificateKeyFile /etc/ssl/example.org.key
`
const TLS = conf`
  SSLEngine on
  ${KEYS}
`
const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      Listen 443
      Listen 8443
      ${lines}
    `,
    ['ssl', 'socache_shmcb', 'alias', 'setenvif'],
  )
const host = (port: number, lines: string, open = 'VirtualHost'): string => conf`
  <${open} *:${port}>
      ServerName example.org
      DocumentRoot /srv/www
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'Apache speaks TLS on port 80, or plain HTTP on a port of TLS',
  severity: 'error',
  otherSeverities: { warning: 'where the main file is not in the audit' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Browsers speak plain HTTP to port 80 and TLS to port 443. httpd turns `SSLEngine` on by itself only where a certificate is set, on port 443, and the `<VirtualHost>` has the address of its `Listen`: every other virtual host without `SSLEngine On` answers the handshake in plain HTTP, and the first one of an address does so for all that share it, which browsers call `ERR_SSL_PROTOCOL_ERROR` or `SSL_ERROR_RX_RECORD_TOO_LONG`. With `SSLEngine On` on port 80 every page is `400 Bad Request`.',
  remedy: 'Write `SSLEngine On` into the virtual host of the TLS port, and not into that of port 80',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslengine'],
  bad: [
    {
      title: 'a certificate, and TLS is not on',
      files: { 'etc/apache2/apache2.conf': main(host(8443, KEYS, '«VirtualHost»')) },
    },
    {
      title: 'port 443 with another address than Listen has',
      files: {
        'etc/apache2/apache2.conf': main(host(443, KEYS, '«VirtualHost»').replace('*:443', '127.0.0.1:443')),
      },
    },
    {
      title: 'no certificate, on the port to which the other virtual host redirects',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${host(80, 'Redirect permanent / https://example.org/')}
          ${host(443, '', '«VirtualHost»')}
        `),
      },
    },
    {
      title: 'the first virtual host of the port, before one with TLS',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${host(443, 'Redirect permanent / https://www.example.org/', '«VirtualHost»')}
          ${host(443, TLS).replace('example.org', 'www.example.org')}
        `),
      },
    },
    {
      title: 'sites whose main file is not here',
      files: {
        'etc/apache2/sites-enabled/010-redirect.conf': conf`
          <«VirtualHost» *:443>
              ServerName example.org
              Redirect permanent / https://www.example.org/
          </VirtualHost>
        `,
        'etc/apache2/sites-enabled/020-shop.conf': host(443, TLS),
      },
    },
    {
      title: 'one file with the redirect to it',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              RewriteEngine on
              RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
          </VirtualHost>
          ${host(443, '', '«VirtualHost»')}
        `,
      },
    },
    {
      title: 'TLS on port 80',
      files: {
        'etc/apache2/apache2.conf': main(
          host(
            80,
            conf`
        SSLEngine «On»
        ${KEYS}
      `,
          ),
        ),
      },
    },
    {
      title: 'TLS in a virtual host of both ports',
      files: {
        'etc/apache2/apache2.conf': main(
          host(80, TLS.replace('SSLEngine on', 'SSLEngine «on»')).replace('*:80', '*:80 *:443'),
        ),
      },
    },
    {
      title: 'TLS for all virtual hosts, of which one is for port 80',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          SSLEngine «On»
          ${KEYS}
          ${host(80, 'Redirect permanent / https://example.org/')}
          ${host(443, '')}
        `),
      },
    },
  ],
  good: [
    {
      title: 'TLS for all virtual hosts, and not for that of port 80',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          SSLEngine On
          ${KEYS}
          ${host(
            80,
            conf`
            SSLEngine Off
            Redirect permanent / https://example.org/
          `,
          )}
          ${host(443, '')}
        `),
      },
    },
    {
      title: 'a later virtual host, for which the first one has made the handshake',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${host(80, 'Redirect permanent / https://example.org/')}
          ${host(443, TLS).replace('example.org', 'www.example.org')}
          ${host(443, 'Redirect permanent / https://www.example.org/')}
        `),
      },
    },
    {
      title: 'TLS in a virtual host of both ports, behind the first one of port 80',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${host(80, '').replace('example.org', 'www.example.org')}
          ${host(80, TLS).replace('*:80', '*:80 *:443')}
        `),
      },
    },
    {
      title: 'a line that is not in the audit may turn it on',
      files: {
        'site.conf': conf`
          ${host(443, 'Include /etc/letsencrypt/options-ssl-apache.conf')}
          ${host(443, TLS)}
        `,
      },
    },
    {
      title: 'each on its port',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${host(80, 'Redirect permanent / https://example.org/')}
          ${host(
            443,
            conf`
            SSLEngine On
            ${KEYS}
          `,
          )}
        `),
      },
    },
    {
      title: 'a plain port behind a proxy, with no certificate',
      files: { 'etc/apache2/apache2.conf': main(host(8443, '')) },
    },
    {
      title: 'a proxy in front speaks TLS, and plain HTTP to port 443',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${host(80, 'Redirect permanent / https://example.org/')}
          ${host(443, 'SetEnvIf X-Forwarded-Proto https HTTPS=on')}
        `),
      },
    },
    {
      title: 'Listen says that port 443 is one of plain HTTP',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${host(80, 'Redirect permanent / https://example.org/')}
          ${host(443, '')}
        `).replace('Listen 443', 'Listen 443 http'),
      },
    },
    {
      title: 'port 443, where httpd turns TLS on by itself, and a port of which Listen says it',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${host(443, KEYS)}
          ${host(8443, KEYS)}
        `).replace('Listen 8443', 'Listen 8443 https'),
      },
    },
  ],
  *check({ virtualHosts, connections }) {
    for (const host of virtualHosts) {
      const { configuration, virtualHost, addresses } = host
      if (addresses.length === 0) continue
      const engine = sslEngine(configuration, virtualHost)
      if (engine.known && engine.value) {
        if (addresses.every(({ port }) => port === 80) || isFirstOfPlainPort(host))
          yield* tlsOnPlainPort(host)
      } else if (addresses.every(isOfTls) && isLeftUnset(configuration, virtualHost)) {
        if (hasTlsBefore(configuration, virtualHost)) continue
        yield* engine.known && hasCertificate(host)
          ? plainWithCertificate(host)
          : plainWithoutCertificate(host, connections)
      }
    }
  },
})

/** True where no line says whether TLS is spoken, and none outside of the audit is likely to. */
function isLeftUnset(configuration: ApacheConfiguration, host: VirtualHost): boolean {
  const written = settingOf(configuration, serverLevels(host), 'SSLEngine')
  return written.known && written.value === null
}

/** The sets in which a virtual host is. */
const setsOfHosts = memo(
  (configuration: ApacheConfiguration): ReadonlyMap<VirtualHost, readonly VirtualHostSet[]> => {
    const sets = new Map<VirtualHost, VirtualHostSet[]>()
    for (const set of virtualHostSets(configuration))
      for (const { virtualHost } of set.members)
        sets.set(virtualHost, [...(sets.get(virtualHost) ?? []), set])
    return sets
  },
)

/** True where the first virtual host of an address may speak TLS: it makes the handshake for all that share it. */
function hasTlsBefore(configuration: ApacheConfiguration, host: VirtualHost): boolean {
  return (setsOfHosts(configuration).get(host) ?? []).some(({ members: [first] }) => {
    if (first === undefined || first.virtualHost === host) return false
    const engine = sslEngine(configuration, first.virtualHost)
    return !engine.known || engine.value
  })
}

/** True where port 80 is one of several, and no other virtual host decides whether TLS is spoken there. */
function isFirstOfPlainPort({ configuration, virtualHost }: VirtualApacheHost): boolean {
  return (setsOfHosts(configuration).get(virtualHost) ?? []).some(
    ({ port, members }) => port === 80 && members[0]?.virtualHost === virtualHost,
  )
}

function isOfTls({ port }: HostAddress): boolean {
  return /443$/.test(`${port}`)
}

function* tlsOnPlainPort({ configuration, directive, addresses }: VirtualApacheHost): Iterable<RuleFinding> {
  const own = directivesIn(configuration, directive, 'sslengine').at(-1)
  // What nobody includes here may stand in one virtual host alone.
  const outer = configuration.main === null ? [] : directivesIn(configuration, null, 'sslengine')
  const line = own ?? outer.at(-1)
  if (line === undefined) return
  yield {
    at: argumentPlace(line, 0),
    ...(addresses.length > 1 && ofPart(configuration)),
    message:
      own === undefined
        ? 'virtual hosts inherit this line, and that of port 80 speaks TLS, where browsers speak plain HTTP'
        : 'this virtual host speaks TLS on port 80, where browsers speak plain HTTP',
    related: own === undefined ? [{ at: namePlace(directive), message: 'the virtual host of port 80' }] : [],
  }
}

function hasCertificate({ configuration, directive }: VirtualApacheHost): boolean {
  return directivesIn(configuration, directive, 'sslcertificatefile').length > 0
}

function* plainWithCertificate({ configuration, directive }: VirtualApacheHost): Iterable<RuleFinding> {
  const certificate = directivesIn(configuration, directive, 'sslcertificatefile').at(-1)
  if (certificate === undefined) return
  yield {
    at: namePlace(directive),
    message: '`SSLEngine` is not on in this virtual host, so its port speaks plain HTTP',
    related: [{ at: namePlace(certificate), message: 'the certificate is not used' }],
  }
}

function* plainWithoutCertificate(host: VirtualApacheHost, connections: Connections): Iterable<RuleFinding> {
  const { configuration, directive, addresses } = host
  if (addresses.some(({ port }) => port !== 443) || hasCertificate(host)) return
  if (isSpokenToOtherwise(host, connections)) return
  const at = namePlace(directive)
  const engine = engineAfter(host)
  if (engine !== null) {
    yield {
      at,
      message:
        '`SSLEngine` is not on in this virtual host, the first of its address, so port 443 speaks plain HTTP for every virtual host that shares it',
      related: [{ at: argumentPlace(engine, 0), message: 'TLS, which no connection gets to' }],
      ...ofPart(configuration),
    }
    return
  }
  const redirect = redirectTo(host)
  if (redirect === null || !isReadWith(host, redirect)) return
  yield {
    at,
    message:
      '`SSLEngine` is not on in this virtual host, and it has no certificate, so port 443 speaks plain HTTP',
    related: [{ at: namePlace(redirect), message: 'sends browsers there over TLS' }],
    ...ofPart(configuration),
  }
}

/** Of files without a main file another virtual host may be the first of an address. */
function ofPart({ main }: ApacheConfiguration): Pick<RuleFinding, 'severity' | 'confidence'> {
  return main === null ? { severity: 'warning', confidence: 'medium' } : {}
}

/** `SSLEngine on` of a later virtual host of the same address, where this one is the first. */
function engineAfter(host: VirtualApacheHost): ApacheDirective | null {
  const { configuration, virtualHost } = host
  for (const { members } of setsOfHosts(configuration).get(virtualHost) ?? []) {
    if (members[0]?.virtualHost !== virtualHost) continue
    for (const other of members.slice(1)) {
      const line = directivesIn(configuration, other.virtualHost.directive, 'sslengine').at(-1)
      if (line?.args[0]?.value.toLowerCase() === 'on' && isReadWith(host, line)) return line
    }
  }
  return null
}

/** True where one server is sure to read both: without a main file, files that merely lie beside each other may be for several. */
function isReadWith({ configuration, directive }: VirtualApacheHost, line: ApacheDirective): boolean {
  if (configuration.main !== null || line.source === directive.source) return true
  return [line, directive].every(({ source }) => /\/sites-enabled\/[^/]+$/.test(source.path))
}

/** Other modules that speak TLS, proxies that speak plain HTTP to it, and what those tell. */
function isSpokenToOtherwise(host: VirtualApacheHost, connections: Connections): boolean {
  const { configuration, directive } = host
  return (
    connections.reaching(host).length > 0 ||
    listens(configuration).some(({ directive: { args } }) => args[1]?.value.toLowerCase() === 'http') ||
    OF_OTHERS.some(name => configuration.occurrences.has(name)) ||
    OF_PROXIES.some(name => directivesOfHost(configuration, directive, name).some(namesProxy))
  )
}

/** mod_gnutls, mod_nss, mod_md, and what tells the address of the client behind a proxy. */
const OF_OTHERS = ['gnutlsenable', 'nssengine', 'mdomain', 'remoteipheader', 'remoteipproxyprotocol']
const OF_PROXIES = ['setenvif', 'setenvifnocase', 'setenv', 'rewritecond', 'requestheader']

function namesProxy({ args }: ApacheDirective): boolean {
  return args.some(({ value }) => /forwarded|^https$/i.test(value))
}

/** A line of another virtual host, or of the main server, that sends browsers to one of its names over TLS. */
function redirectTo({ configuration, directive, names }: VirtualApacheHost): ApacheDirective | null {
  for (const name of names) {
    const redirect = redirects(configuration)
      .get(name)
      ?.find(({ line }) => virtualHostSection(line) !== directive)
    if (redirect !== undefined) return redirect.line
  }
  return null
}

/** By the name to which they send browsers over TLS. */
const redirects = memo(
  (configuration: ApacheConfiguration): ReadonlyMap<string, readonly Redirect[]> =>
    groupBy(
      REDIRECTS.flatMap(name => configuration.occurrences.get(name) ?? []).flatMap(line =>
        targetsOf(configuration, line).map((target): Redirect => ({ target, line })),
      ),
      ({ target }) => target,
    ),
)

interface Redirect {
  /** The name to which it leads. */
  readonly target: string
  readonly line: ApacheDirective
}

const REDIRECTS = ['redirect', 'redirectpermanent', 'redirecttemp', 'redirectmatch', 'rewriterule']
const ABSOLUTE = /^https:\/\/(%\{(?:HTTP_HOST|SERVER_NAME)\}|[\w.-]+)(?:$|[/:%$])/i

function targetsOf(configuration: ApacheConfiguration, line: ApacheDirective): readonly string[] {
  const target = line.args.map(({ value }) => ABSOLUTE.exec(value)?.[1]?.toLowerCase()).find(Boolean)
  if (target === undefined) return []
  if (!target.startsWith('%{')) return [target]
  // The name of the request is one that the virtual host with the line has.
  const section = virtualHostSection(line)
  if (section === null) return []
  return ['servername', 'serveralias'].flatMap(name =>
    directivesIn(configuration, section, name).flatMap(({ args }) =>
      args.map(({ value }) => value.toLowerCase()),
    ),
  )
}
