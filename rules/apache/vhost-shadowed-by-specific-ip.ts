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
  summary: 'Virtual hosts on any address that no connection reaches, because others name each address',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache first picks the virtual hosts with the exact address of the connection, and looks for the name among these alone: where every address that it listens on has virtual hosts of its own, those of `*` are never asked, whatever their names.',
  remedy: 'Give all virtual hosts of the port the same address',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/details.html'],
  bad: [
    {
      title: 'Apache listens on one address, and one virtual host names it',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            Listen 127.0.0.1:9000
            ${host('127.0.0.1:9000', 'a.example.org')}
            ${host('«*:9000»', 'b.example.org')}
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'all of any address',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            Listen 127.0.0.1:9000
            ${host('*:9000', 'a.example.org')}
            ${host('*:9000', 'b.example.org')}
          `,
        ),
      },
    },
    {
      title: 'Apache listens on other addresses too',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            Listen 80
            ${host('127.0.0.1:80', 'status.example.org')}
            ${host('*:80', 'example.org')}
          `,
        ),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const set of virtualHostSets(configuration)) {
        const { address, port, members } = set
        if (address !== null || port === null || isSetReached(configuration, set) !== false) continue
        const listen = listens(configuration).find(
          ({ endpoint }) => endpoint.known && endpoint.value.port === port,
        )
        // That nothing listens on the port at all is another fault.
        if (listen === undefined) continue
        const specific = virtualHostSets(configuration).find(
          other => other.address !== null && (other.port === port || other.port === null),
        )
        const others = members.length > 1 ? ` and ${members.length - 1} more` : ''
        yield {
          at: members[0]!.address.at,
          message: `no connection reaches this virtual host${others}: Apache listens on port ${port} only at addresses that other virtual hosts name`,
          related: [
            { at: listen.at, message: 'Apache listens here' },
            ...(specific === undefined
              ? []
              : [{ at: specific.members[0]!.address.at, message: 'answers instead' }]),
          ],
        }
      }
    }
  },
})
