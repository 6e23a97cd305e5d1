import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
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
  otherSeverities: { info: 'where the machine may have other addresses, by which the others are asked' },
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
    {
      title: 'the same by a keyfile of NetworkManager',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Listen 80
          ${host('*:80', 'blog.example.org')}
          ${host('«192.0.2.10:80»', 'intranet.example.org')}
        `),
        'etc/NetworkManager/system-connections/eth0.nmconnection': conf`
          [ipv4]
          method=manual
          address1=192.0.2.10/24,192.0.2.1
          dns=192.0.2.53;
        `,
      },
    },
    {
      title: 'one virtual host names the only address of the machine',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Listen 80
          ${host('*:80', 'blog.example.org')}
          ${host('«192.0.2.10:80»', 'intranet.example.org')}
        `),
        'etc/network/interfaces': conf`
          auto lo
          iface lo inet loopback
          auto eth0
          iface eth0 inet static
              address 192.0.2.10/24
              gateway 192.0.2.1
        `,
      },
    },
    {
      title: 'nobody knows how many addresses the machine has',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Listen 80
          ${host('«192.0.2.10:80»', 'intranet.example.org')}
          ${host('*:80', 'blog.example.org')}
        `),
      },
    },
  ],
  good: [
    {
      title: 'an address beside others of the machine',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Listen 80
          ${host('*:80', 'blog.example.org')}
          ${host('192.0.2.10:80', 'intranet.example.org')}
        `),
        'etc/netplan/01-net.yaml': conf`
          network:
            ethernets:
              eth0:
                addresses:
                  - 192.0.2.9/24
                  - 192.0.2.10/24
        `,
      },
    },
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
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      yield* takenByAddress(configuration, filesOf(configuration))
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

/** A virtual host that takes all that comes to an address of its own, and so from those of any address. */
function* takenByAddress(configuration: ApacheConfiguration, files: FileSystem): Generator<RuleFinding> {
  if (configuration.main === null) return
  const sets = groupBy(virtualHostSets(configuration), ({ port }) => port)
  for (const ofPort of sets.values()) {
    const specific = ofPort.filter(({ address }) => address !== null)
    // Hosts of several addresses are told apart by them on purpose.
    if (specific.length !== 1) continue
    const others = ofPort.find(({ address }) => address === null)
    const { address = null, members = [] } = specific[0] ?? {}
    const [own] = members
    if (address === null || own === undefined || others === undefined || isLoopback(address)) continue
    // Only those that are asked by name lose something.
    const [other] = others.members.filter(({ virtualHost }) => virtualHost.serverName?.known === true)
    if (other === undefined || isSetReached(configuration, others) === false) continue
    const addresses = addressesOf(files)
    if (addresses.size > 1 || (addresses.size === 1 && !addresses.has(address))) continue
    const isOnly = addresses.size === 1
    yield {
      at: own.address.at,
      ...(!isOnly && { severity: 'info' as const, confidence: 'medium' as const }),
      message: `whoever connects to ${address} gets this virtual host, ${isOnly ? 'the only address of the machine' : 'whatever the name'}: those of \`*\` are not asked there`,
      related: [{ at: other.address.at, message: 'not asked at this address' }],
    }
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

/** Directories of netplan, Red Hat's scripts and NetworkManager, each file for an interface. */
const OF_INTERFACES: readonly (readonly [string, RegExp])[] = [
  ['/etc/network/interfaces.d', /./],
  ['/etc/netplan', /\.yaml$/],
  ['/etc/sysconfig/network-scripts', /^ifcfg-/],
  ['/etc/NetworkManager/system-connections', /\.nmconnection$/],
  ['/etc/systemd/network', /\.network$/],
]

/** The addresses of version 4 that the machine is given by these, or by ifupdown, without those of loopback. */
const addressesOf = memo((files: FileSystem): ReadonlySet<string> => {
  const paths = OF_INTERFACES.flatMap(([directory, isOne]) =>
    (files.list(directory) ?? [])
      .filter(({ name }) => isOne.test(name))
      .map(({ name }) => `${directory}/${name}`),
  )
  const texts = ['/etc/network/interfaces', ...paths].map(path =>
    // The gateway stands behind the address in a keyfile of NetworkManager.
    (sourceAt(files, path)?.text ?? '').replace(/^(address\d*=[^,\n]*),.*$/gm, '$1'),
  )
  const found = texts.flatMap(text =>
    [
      ...text.matchAll(
        /(?:^[ \t]*address[ \t]+|^(?:IPADDR\d*|address\d*|Address)[ \t]*=[ \t]*["']?|-[ \t]*["']?|\[[ \t]*["']?|,[ \t]*["']?)(\d{1,3}(?:\.\d{1,3}){3})(?=[/\s"',])/gm,
      ),
    ].map(([, address = '']) => address),
  )
  return new Set(found.filter(address => !isLoopback(address)))
})
