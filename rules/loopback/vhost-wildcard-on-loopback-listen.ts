import { knowsEveryListen, listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { VirtualApacheHost, HostAddress } from '../../src/deployment/model.ts'
import { isOwnText, propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint } from '../../src/servers/address.ts'

const ports = (lines: string): Record<string, string> => ({ 'ports.conf': lines })
const host = (address: string, name = 'example.org'): string => conf`
  <VirtualHost ${address}>
      ServerName ${name}
      DocumentRoot /srv/www
  </VirtualHost>
`

export default defineRule({
  summary: 'A virtual host reads as if it answered on every address',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'The `Listen` alone decides which addresses are open, and it opens loopback: nothing is wrong. Whoever reads the virtual host believes that the network reaches it, and whoever widens the `Listen` finds that it does.',
  remedy: 'Write the address of the `Listen` in `<VirtualHost>` too',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/name-based.html'],
  unproven: 'The servers answer alike: it is a matter of reading',
  bad: [
    {
      title: 'the asterisk of the distribution',
      files: { ...ports(conf`Listen 127.0.0.1:9000`), 'site.conf': host('«*:9000»') },
    },
    {
      title: 'several sites, said once',
      files: {
        ...ports(conf`Listen 127.0.0.1:9000`),
        'site.conf': host('«*:9000»') + host('*:9000', 'example.net'),
      },
    },
  ],
  good: [
    {
      title: 'the address',
      files: { ...ports(conf`Listen 127.0.0.1:9000`), 'site.conf': host('127.0.0.1:9000') },
    },
    { title: 'every address, and open', files: { ...ports(conf`Listen 9000`), 'site.conf': host('*:9000') } },
    {
      title: 'two addresses of loopback for one site',
      files: {
        ...ports(conf`
          Listen 127.0.0.1:9000
          Listen [::1]:9000
        `),
        'site.conf': host('*:9000'),
      },
    },
  ],
  *check(deployment) {
    const { virtualHosts } = deployment
    if (!knowsEveryListen(deployment)) return
    // Most files name the address.
    if (!virtualHosts.some(({ addresses }) => addresses.some(isEveryAddress))) return
    const byPort = groupByPort(listenersOfKind(deployment, 'apache'))
    const hostsByPort = groupByPort(
      virtualHosts.flatMap(host => host.addresses.map(address => ({ host, address, port: address.port }))),
    )
    for (const [port, [listener, ...others]] of byPort) {
      if (listener === undefined || others.length > 0) continue
      if (listener.loopback !== true || listener.address.kind !== 'ip') continue
      const all = hostsByPort.get(port) ?? []
      const found = all.filter(({ address }) => isEveryAddress(address))
      const written = formatEndpoint(listener)
      // A virtual host of this very address would be asked before those that stay as they are, and one
      // without a name gets another one by its address.
      const fix =
        found.length === all.length && found.every(mayBeRewritten)
          ? propose(
              'Name the address',
              'unsafe',
              found.map(({ address }) => replacePlace(address.at, written)),
            )
          : {}
      for (const { address } of found) {
        yield {
          at: address.at,
          cause: listener,
          per: 'virtual hosts',
          message: often =>
            `\`${placeText(address.at)}\` reads as every address, and \`Listen ${written}\` opens one${often}`,
          label: 'reached on loopback alone',
          related: [{ at: listener.at, message: 'the one address' }],
          ...fix,
        }
      }
    }
  },
})

function isEveryAddress({ known, address }: HostAddress): boolean {
  return known && address === null
}

function mayBeRewritten({ host }: { readonly host: VirtualApacheHost }): boolean {
  return host.virtualHost.serverName !== null && isOwnText(host.directive)
}

function groupByPort<T extends { readonly port: number | null }>(
  items: readonly T[],
): ReadonlyMap<number, readonly T[]> {
  const groups = new Map<number, T[]>()
  for (const item of items) {
    if (item.port === null) continue
    const known = groups.get(item.port)
    if (known === undefined) groups.set(item.port, [item])
    else known.push(item)
  }
  return groups
}
