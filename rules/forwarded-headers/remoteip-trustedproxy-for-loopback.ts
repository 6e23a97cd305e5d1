import { isOwnText, propose, replacePlace } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import { parseApacheNetwork, prefixNetwork } from '../../src/servers/addresses/apache.ts'
import { type IpScope, scopeOfNetwork } from '../../src/servers/addresses/ip.ts'

const lines = (list: string): string => conf`
  RemoteIPHeader X-Forwarded-For
  ${list}
  <VirtualHost *:9000>
      ServerName example.org
      DocumentRoot /srv/www
  </VirtualHost>
`
export default defineRule({
  summary: 'A proxy inside of the own network is trusted only for outside addresses',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'What `RemoteIPTrustedProxy` names may not send private addresses: mod_remoteip stops at the first of them, so clients of the intranet, monitoring and other proxies all appear as nginx itself.',
  remedy: 'Name proxies of the own network with `RemoteIPInternalProxy`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html#remoteiptrustedproxy'],
  bad: [
    { title: 'nginx on loopback', files: { 'site.conf': lines('«RemoteIPTrustedProxy» 127.0.0.1') } },
    {
      title: 'a balancer in a private network',
      files: { 'site.conf': lines('«RemoteIPTrustedProxy» 10.0.0.0/8') },
    },
  ],
  good: [
    { title: 'as an internal proxy', files: { 'site.conf': lines('RemoteIPInternalProxy 127.0.0.1') } },
    {
      title: 'a proxy out on the network',
      files: { 'site.conf': lines('RemoteIPTrustedProxy 203.0.113.7') },
    },
  ],
  *check({ apache }) {
    for (const { occurrences } of apache) {
      for (const directive of occurrences.get('remoteiptrustedproxy') ?? []) {
        const inside = directive.args.filter(({ value }) => isOfOwnNetwork(value))
        const [first] = inside
        if (first === undefined) continue
        yield {
          at: namePlace(directive),
          message: `\`RemoteIPTrustedProxy ${first.value}\` refuses private addresses from a proxy that stands in a private network itself`,
          label: 'for proxies outside',
          ...propose('Trust it as a proxy of the own network', 'unsafe', [
            inside.length === directive.args.length && isOwnText(directive)
              ? replacePlace(namePlace(directive), 'RemoteIPInternalProxy')
              : null,
          ]),
        }
      }
    }
  },
})

const OWN: ReadonlySet<IpScope | null> = new Set(['loopback', 'private', 'link-local', 'unique-local'])

function isOfOwnNetwork(value: string): boolean {
  const network = parseApacheNetwork(value)
  if (network === null) return isLoopback(parseHost(value)) === true
  const prefix = prefixNetwork(network)
  return prefix !== null && OWN.has(scopeOfNetwork(prefix))
}
