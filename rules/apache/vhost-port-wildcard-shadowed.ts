import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { listens } from '../../src/servers/apache/queries/listens.ts'
import { virtualHostSets } from '../../src/servers/apache/queries/select-virtual-host.ts'
import { isSetReached } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string => apacheMain(lines, ['alias'])
const host = (address: string, name: string): string => conf`
  <VirtualHost ${address}>
  ServerName ${name}
  Redirect gone /from-${name.slice(0, 1)}
  </VirtualHost>
`

export default defineRule({
  summary: 'Virtual hosts on any port that no connection reaches, because others name each port',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`<VirtualHost *>` answers only on ports for which no virtual host names the port: where each port that Apache listens on has one, its names are never looked at.',
  remedy: 'Write the port, as the other virtual hosts do',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/details.html'],
  bad: [
    {
      title: 'one port, and a virtual host that names it',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            Listen 80
            ${host('*:80', 'a.example.org')}
            ${host('«*»', 'b.example.org')}
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'both name the port',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            Listen 80
            ${host('*:80', 'a.example.org')}
            ${host('*:80', 'b.example.org')}
          `,
        ),
      },
    },
    {
      title: 'another port is left',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            Listen 80
            Listen 8080
            ${host('*:80', 'a.example.org')}
            ${host('*', 'b.example.org')}
          `,
        ),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const sets = virtualHostSets(configuration)
      for (const set of sets) {
        const { port, members } = set
        if (port !== null || isSetReached(configuration, set) !== false) continue
        if (listens(configuration).length === 0) continue
        const named = sets.find(other => other.port !== null && isSetReached(configuration, other) === true)
        if (named === undefined) continue
        const others = members.length > 1 ? ` and ${members.length - 1} more` : ''
        yield {
          at: members[0]!.address.at,
          message: `no connection reaches this virtual host${others}: each port that Apache listens on has virtual hosts that name it`,
          related: [{ at: named.members[0]!.address.at, message: 'answers instead' }],
        }
      }
    }
  },
})
