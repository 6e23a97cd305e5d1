import type { NginxServer } from '../../src/deployment/model.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, argumentsPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isReplaced } from '../../src/servers/apache/queries/directives-in.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { protocolsOf } from '../../src/servers/apache/queries/server-settings.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'

const WEAK = new Set(['sslv2', 'sslv3', 'tlsv1', 'tlsv1.0', 'tlsv1.1'])

export default defineRule({
  summary: 'TLS older than 1.2 is offered',
  severity: 'warning',
  otherSeverities: {
    info: 'where newer ones are offered too, and no list of ciphers lets OpenSSL 3 speak the old',
  },
  confidence: 'high',
  securitySeverity: 5.9,
  cwe: [327],
  since: '0.1.0',
  why: 'SSL 3 and TLS 1.0 and 1.1 are withdrawn (RFC 7568, RFC 8996): their ciphers and signatures can be broken, and an attacker on the line can press a client down to them. (OpenSSL 3 does not speak them at its usual security level, whatever the list says; older ones, and lists of ciphers that lower the level, do.)',
  remedy: 'Offer `TLSv1.2` and `TLSv1.3` alone',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslprotocol',
    'https://www.rfc-editor.org/rfc/rfc8996',
  ],
  bad: [
    {
      title: 'a list from another decade',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              server_name example.org;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              ssl_protocols «TLSv1 TLSv1.1» TLSv1.2;
              ssl_ciphers DEFAULT:@SECLEVEL=0;
          }
        `,
      },
    },
    {
      title: 'nothing newer at all',
      files: {
        'nginx.conf': conf`
          ssl_protocols «TLSv1»;
          server {
              listen 443 ssl;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
          }
        `,
      },
    },
    {
      title: 'Apache with TLS of its own',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLCertificateFile /etc/ssl/a.pem
              SSLProtocol «TLSv1.1» TLSv1.2
          </VirtualHost>
        `,
      },
    },
    {
      title: 'all of them, at the lowest level of security',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLCertificateFile /etc/ssl/a.pem
              SSLProtocol «all» -SSLv3
              SSLCipherSuite ALL:!aNULL:@SECLEVEL=0
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'today’s two',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              ssl_protocols TLSv1.2 TLSv1.3;
          }
        `,
      },
    },
    {
      title: 'what a later line takes the place of',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLCertificateFile /etc/ssl/a.pem
              SSLCertificateKeyFile /etc/ssl/a.key
              SSLProtocol TLSv1.1
              SSLProtocol TLSv1.2 TLSv1.3
          </VirtualHost>
        `,
      },
    },
    {
      title: 'no server speaks TLS, so the list is never used',
      files: {
        'nginx.conf': conf`
          ssl_protocols TLSv1 TLSv1.1 TLSv1.2;
          server {
              listen 80;
          }
        `,
      },
    },
    {
      title: 'Debian’s old list, which the only TLS server replaces by its own',
      files: {
        'nginx.conf': conf`
          ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
          server {
              listen 443 ssl;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              ssl_protocols TLSv1.2 TLSv1.3;
          }
        `,
      },
    },
    {
      title: 'as the distributions ship it',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLCertificateFile /etc/ssl/a.pem
              SSLProtocol all -SSLv3
              SSLCipherSuite HIGH:!aNULL
          </VirtualHost>
        `,
      },
    },
    {
      title: 'taken away in Apache',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLCertificateFile /etc/ssl/a.pem
              SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ nginx, apache, servers }) {
    const speakTls = servers.filter(({ tls }) => tls)
    const bySection = serverIndex(servers)
    for (const { occurrences } of nginx) {
      for (const directive of occurrences.get('ssl_protocols') ?? []) {
        if (!governsTls(directive, speakTls)) continue
        const weak = directive.args.flatMap(({ value }, index) =>
          WEAK.has(value.toLowerCase()) ? [index] : [],
        )
        const first = weak[0]
        if (first === undefined) continue
        const strong = directive.args.filter(({ value }) => !WEAK.has(value.toLowerCase()))
        const isSpoken =
          strong.length === 0 ||
          inForce(directive, speakTls, bySection).some(server => isLowered(server, directive))
        const words = strong.length === 0 ? 'TLSv1.2 TLSv1.3' : strong.map(({ value }) => value).join(' ')
        yield {
          at: argumentsPlace(directive, first, lastOfRun(weak)),
          message: `\`ssl_protocols\` offers ${listed(weak.map(index => directive.args[index]?.value ?? ''))}${isSpoken ? '' : ', which OpenSSL before version 3 speaks'}`,
          ...(!isSpoken && { severity: 'info' as const }),
          ...propose('Offer TLS 1.2 and newer alone', 'unsafe', [
            replacePlace(argumentsPlace(directive, 0, directive.args.length - 1), words),
          ]),
        }
      }
    }
    for (const configuration of apache) {
      const { occurrences } = configuration
      for (const directive of occurrences.get('sslprotocol') ?? []) {
        if (isReplaced(configuration, directive)) continue
        // `all` leaves the choice to OpenSSL, which rules the old versions out but at its lowest level of security.
        const level = lowestLevel(directive, occurrences.get('sslciphersuite') ?? [])
        const protocols = protocolsOf(directive)
        const all = directive.args.findIndex(({ value }) => /^\+?all$/i.test(value))
        if (level !== undefined && all !== -1 && protocols.known && protocols.value.has('TLSv1.1')) {
          yield {
            at: argumentPlace(directive, all),
            message: '`SSLProtocol all` offers `TLSv1.1` and older, which `@SECLEVEL=0` lets OpenSSL speak',
            related: [{ at: level, message: 'the lowest level of security' }],
          }
        }
        for (const [index, { value }] of directive.args.entries()) {
          if (!WEAK.has(value.toLowerCase().replace(/^\+/, ''))) continue
          const isSpoken = level !== undefined || !protocols.known || !hasStrong(protocols.value)
          yield {
            at: argumentPlace(directive, index),
            message: `\`SSLProtocol\` offers \`${value.replace(/^\+/, '')}\`${isSpoken ? '' : ', which OpenSSL before version 3 speaks'}`,
            ...(!isSpoken && { severity: 'info' as const }),
          }
          break
        }
      }
    }
  },
})

/** The servers that may take their protocols from a line. */
function inForce(
  { parent }: NginxDirective,
  speakTls: readonly NginxServer[],
  bySection: ReadonlyMap<NginxDirective, NginxServer>,
): readonly NginxServer[] {
  if (parent?.name !== 'server') return speakTls
  const own = bySection.get(parent)
  return own === undefined ? [] : [own]
}

/** True where the ciphers of a server that takes its protocols from a line lower OpenSSL's level of security. */
function isLowered({ configuration, directive }: NginxServer, line: NginxDirective): boolean {
  const protocols = effective(configuration, directive, 'ssl_protocols')
  if (!protocols.known || !protocols.value.directives.includes(line)) return false
  const ciphers = effective(configuration, directive, 'ssl_ciphers')
  return (
    ciphers.known &&
    ciphers.value.directives.some(({ args }) => args[0]?.value.includes('@SECLEVEL=0') === true)
  )
}

function hasStrong(protocols: ReadonlySet<string>): boolean {
  return protocols.has('TLSv1.2') || protocols.has('TLSv1.3')
}

/** Where the cipher suite of the same scope, or of the main server, sets the lowest level of security. */
function lowestLevel({ parent }: ApacheDirective, suites: readonly ApacheDirective[]): Place | undefined {
  const inScope = suites.filter(suite => suite.parent === parent)
  const [suite] = (inScope.length > 0 ? inScope : suites.filter(each => each.parent === null)).slice(-1)
  const index = suite?.args.findIndex(({ value }) => value.includes('@SECLEVEL=0')) ?? -1
  return suite === undefined || index === -1 ? undefined : argumentPlace(suite, index)
}

/** True where some TLS server takes its protocols from this directive: its own replace those of `http`. */
function governsTls(directive: NginxDirective, speakTls: readonly NginxServer[]): boolean {
  const { parent, context } = directive
  if (context.startsWith('stream') || context.startsWith('mail')) return true
  if (parent !== null && context !== 'server' && parent.name === 'server') return true
  return speakTls.some(server => {
    if (context === 'server' && server.directive !== parent) return false
    const fact = effective(server.configuration, server.directive, 'ssl_protocols')
    return fact.known && fact.value.directives.includes(directive)
  })
}

/** The last index of the unbroken run that begins with the first. */
function lastOfRun(indexes: readonly number[]): number {
  let last = indexes[0] ?? 0
  for (const index of indexes) if (index === last + 1) last = index
  return last
}

function listed(words: readonly string[]): string {
  const quoted = words.map(word => `\`${word}\``)
  return quoted.length < 2 ? (quoted[0] ?? '') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`
}
