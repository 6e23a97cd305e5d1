import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type IpNetwork, networkContains, parseIp } from '../../src/servers/addresses/ip.ts'
import { parseNginxNetwork } from '../../src/servers/addresses/nginx.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      location /admin/ {
          ${lines}
          deny all;
      }
  }
`

/** The private networks of RFC 1918 that are no /8, by an address of each and one beside it. */
const PRIVATE = [
  { inside: '172.16.0.1', outside: '172.15.0.1', bits: 12, network: '172.16.0.0/12' },
  { inside: '192.168.0.1', outside: '192.169.0.1', bits: 16, network: '192.168.0.0/16' },
] as const

export default defineRule({
  summary: 'A network that is meant to be private holds public addresses',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 6.5,
  cwe: [863],
  since: '0.1.0',
  why: 'Of 172.0.0.0/8 only 172.16.0.0/12 is private, of 192.0.0.0/8 only 192.168.0.0/16. The rest belongs to others: providers, clouds, content networks. Whoever has an address there is trusted.',
  remedy: 'Write `172.16.0.0/12`, or `192.168.0.0/16`',
  references: ['https://www.rfc-editor.org/rfc/rfc1918'],
  bad: [
    { title: 'for the networks of Docker', files: { 'nginx.conf': site('allow «172.0.0.0/8»;') } },
    { title: 'of the office', files: { 'nginx.conf': site('allow «192.168.0.0/8»;') } },
    {
      title: 'proxies that are believed',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              set_real_ip_from «172.0.0.0/8»;
              real_ip_header X-Forwarded-For;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'the private networks',
      files: {
        'nginx.conf': site(conf`
          allow 10.0.0.0/8;
          allow 172.16.0.0/12;
          allow 192.168.0.0/16;
        `),
      },
    },
    { title: 'one network of a provider', files: { 'nginx.conf': site('allow 172.64.0.0/13;') } },
    { title: 'everybody', files: { 'nginx.conf': site('allow 0.0.0.0/0;') } },
    {
      title: 'a network that is denied',
      files: {
        'nginx.conf': site(conf`
          deny 172.0.0.0/8;
          allow 192.0.2.1;
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const name of ['allow', 'set_real_ip_from']) {
        for (const directive of occurrences.get(name) ?? []) {
          const written = directive.args[0]?.value ?? ''
          const network = parseNginxNetwork(written)?.network
          const meant = network === undefined ? undefined : PRIVATE.find(own => isAround(network, own))
          if (meant === undefined) continue
          const at = argumentPlace(directive, 0)
          yield {
            at,
            message: `\`${written}\` holds public addresses beside the private network \`${meant.network}\``,
            label: `only \`${meant.network}\` of it is private`,
            ...propose('Name the private network alone', 'unsafe', [replacePlace(at, meant.network)]),
          }
        }
      }
    }
  },
})

/** True where a network holds the whole private one and more; false for one so wide that it is meant to. */
function isAround(
  network: IpNetwork,
  { inside, outside, bits }: { readonly inside: string; readonly outside: string; readonly bits: number },
): boolean {
  const own = parseIp(inside)
  const other = parseIp(outside)
  if (own === null || other === null || network.prefix < 8 || network.prefix >= bits) return false
  return networkContains(network, own) && (networkContains(network, other) || network.prefix < bits)
}
