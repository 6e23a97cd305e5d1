import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseHost } from '../../src/servers/address.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { virtualHostSets } from '../../src/servers/apache/queries/select-virtual-host.ts'
import {
  directivesOfHost,
  mainServerName,
  type VirtualHost,
  virtualHosts,
} from '../../src/servers/apache/queries/virtual-hosts.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
  ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'A virtual host without a name that is not the first of its address',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A virtual host without `ServerName` goes by the name of the main server, often the name of the machine. It is not the one that answers for unknown names either, as that is the first of the address: so hardly any request reaches it.',
  remedy: 'Give it a `ServerName`',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/name-based.html'],
  bad: [
    {
      title: 'second and nameless',
      files: {
        'site.conf': conf`
          ${host('ServerName example.org')}
          <«VirtualHost» *:80>
          Redirect gone /old
          </VirtualHost>
        `,
      },
    },
    {
      title: 'behind a host that has the name of the main server',
      files: {
        'site.conf': conf`
          ServerName example.org
          ${host('ServerName example.org')}
          <«VirtualHost» *:80>
          Redirect gone /old
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a main server whose name nobody asks for',
      files: {
        'site.conf': conf`
          ServerName localhost
          ${host('ServerName example.org')}
          <«VirtualHost» *:80>
          Redirect gone /old
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'the first of its address takes what nobody else does',
      files: { 'site.conf': `${host('Redirect gone /old')}${host('ServerName example.org')}` },
    },
    {
      title: 'a name in a file that is not here',
      files: { 'site.conf': `${host('ServerName example.org')}${host('Include conf.d/names.conf')}` },
    },
    {
      title: 'an alias is a name',
      files: { 'site.conf': `${host('ServerName example.org')}${host('ServerAlias *.example.org')}` },
    },
    {
      title: 'the host that the package of mod_ssl brings, behind a site',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              DocumentRoot /srv/www
          </VirtualHost>
          <VirtualHost _default_:443>
              SSLEngine on
              SSLCertificateFile /etc/pki/tls/certs/localhost.crt
              SSLCertificateKeyFile /etc/pki/tls/private/localhost.key
          </VirtualHost>
        `,
      },
    },
    {
      title: 'the name of the main server, which no other host has',
      files: {
        'site.conf': `ServerName app.example.org\n${host('ServerName example.org')}${host('DocumentRoot /srv/app')}`,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const firsts = new Set<VirtualHost>()
      const later = new Map<VirtualHost, VirtualHost>()
      for (const { address, members } of virtualHostSets(configuration)) {
        for (const [position, { virtualHost }] of members.entries()) {
          const nameless = virtualHost.serverName === null && virtualHost.aliases.length === 0
          // At an address of its own, it may have the name that a resolver gives the address.
          if (position === 0 || address !== null) firsts.add(virtualHost)
          else if (nameless && !later.has(virtualHost)) later.set(virtualHost, members[0]!.virtualHost)
        }
      }
      for (const [virtualHost, first] of later) {
        if (firsts.has(virtualHost) || isOfPackage(configuration, virtualHost)) continue
        if (hasOwnName(configuration, virtualHost)) continue
        const { directive } = virtualHost
        // Only a main file says in which order two fragments are read.
        if (configuration.main === null && directive.source !== first.directive.source) continue
        yield {
          at: { source: directive.source, start: directive.nameStart, end: directive.nameEnd },
          message:
            'this virtual host has neither `ServerName` nor `ServerAlias`, and is not the first of its address',
          related: [
            {
              at: {
                source: first.directive.source,
                start: first.directive.nameStart,
                end: first.directive.nameEnd,
              },
              message: 'the first, which answers for unknown names',
            },
          ],
        }
      }
    }
  },
})

/** The certificates that packages make for the host that they bring, which is there for whoever has no other. */
const MADE_BY_PACKAGES = /\/(?:localhost\.crt|ssl-cert-snakeoil\.pem)$/

function isOfPackage(configuration: ApacheConfiguration, { directive }: VirtualHost): boolean {
  return directivesOfHost(configuration, directive, 'SSLCertificateFile').some(({ args }) =>
    MADE_BY_PACKAGES.test(args[0]?.value ?? ''),
  )
}

/** True where it goes by a name of the main server that somebody may ask for, and that no other host has. */
function hasOwnName(configuration: ApacheConfiguration, virtualHost: VirtualHost): boolean {
  const name = mainServerName(configuration)
  if (!name.known || !name.value.host.includes('.') || parseHost(name.value.host).kind === 'ip') return false
  return !virtualHosts(configuration).some(
    ({ serverName, index }) =>
      index !== virtualHost.index &&
      serverName?.known === true &&
      serverName.value.host.toLowerCase() === name.value.host.toLowerCase(),
  )
}
