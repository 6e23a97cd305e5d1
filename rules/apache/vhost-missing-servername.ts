import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { virtualHostSets } from '../../src/servers/apache/queries/select-virtual-host.ts'
import type { VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'

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
        if (firsts.has(virtualHost)) continue
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
