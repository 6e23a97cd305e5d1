import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import { apacheNetworkContains, parseApacheNetwork } from '../../src/servers/addresses/apache.ts'
import { type Ip, networkContains, parseIp } from '../../src/servers/addresses/ip.ts'
import { parseNginxNetwork } from '../../src/servers/addresses/nginx.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { argumentPlace as apacheArgument } from '../../src/servers/apache/queries/places.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { servedHtaccess } from '../_examples.ts'

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
  { inside: '172.16.0.1', outside: '172.15.0.1', network: '172.16.0.0/12' },
  { inside: '192.168.0.1', outside: '192.169.0.1', network: '192.168.0.0/16' },
] as const

/** Public networks that a slip of the pen makes of a private one. */
const SLIPS: ReadonlyMap<string, string> = new Map([
  ...['176.16.0.0/12', '127.16.0.0/12', '170.16.0.0/12', '171.16.0.0/12', '178.16.0.0/12'].map(
    slip => [slip, '172.16.0.0/12'] as const,
  ),
  // The second number left out.
  ...['172.0.0.0/12', '172.0.0.0/16'].map(slip => [slip, '172.16.0.0/12'] as const),
  ['192.0.0.0/16', '192.168.0.0/16'],
  ...['192.186.0.0/16', '192.169.0.0/16', '192.167.0.0/16', '198.168.0.0/16', '196.168.0.0/16'].map(
    slip => [slip, '192.168.0.0/16'] as const,
  ),
])
const EDGES = PRIVATE.map(({ network, inside, outside }) => ({
  network,
  inside: parseIp(inside) ?? [],
  outside: parseIp(outside) ?? [],
}))
const IS_PRIVATE = /^(?:10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.)/

export default defineRule({
  summary: 'A network that is meant to be private holds public addresses',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 6.5,
  cwe: [863],
  since: '0.1.0',
  why: 'Of 172.0.0.0/8 only 172.16.0.0/12 is private, of 192.0.0.0/8 only 192.168.0.0/16, and 176.16.0.0/12 is not private at all. The rest belongs to others: providers, clouds, content networks. Whoever has an address there is trusted.',
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
    {
      title: 'by the value that `geo` gives it',
      files: {
        'nginx.conf': conf`
          geo $is_office {
              default 0;
              10.0.0.0/8 1;
              «172.0.0.0/8» 1;
          }
          server {
              listen 80;
              location /admin/ {
                  if ($is_office = 0) {
                      return 403;
                  }
                  root /srv/www;
              }
          }
        `,
      },
    },
    {
      title: 'a slip beside other private networks',
      files: {
        'nginx.conf': site(conf`
          allow 10.0.0.0/8;
          allow «192.186.0.0/16»;
        `),
      },
    },
    {
      title: 'a number that is left out',
      files: {
        'nginx.conf': site(conf`
          allow 10.0.0.0/8;
          allow 172.16.0.0/12;
          allow «192.0.0.0/16»;
        `),
      },
    },
    {
      title: 'proxies that Apache believes',
      files: {
        'site.conf': conf`
          RemoteIPHeader X-Forwarded-For
          RemoteIPInternalProxy 10.0.0.0/8 «176.16.0.0/12» 192.168.0.0/16
        `,
      },
    },
    {
      title: 'whom Apache lets in',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www
              <Location /admin>
                  Require ip «172.0.0.0/8»
              </Location>
              <Location /status>
                  Require ip «192» 10.1.2.3
              </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        Require ip «172.0.0.0/8»
      `),
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
    {
      title: 'a country of `geo`',
      files: {
        'nginx.conf': conf`
          geo $country {
              default us;
              10.0.0.0/8 office;
              172.0.0.0/8 us;
          }
          server {
              listen 80;
              location / {
                  return 200 $country;
              }
          }
        `,
      },
    },
    { title: 'one network of a provider', files: { 'nginx.conf': site('allow 172.64.0.0/13;') } },
    { title: 'a public network by itself', files: { 'nginx.conf': site('allow 192.186.0.0/16;') } },
    {
      title: 'private networks of Apache, and one that is refused',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www
              <Location /admin>
                  <RequireAll>
                      Require not ip 172.0.0.0/8
                      Require ip 192.168 172.20
                  </RequireAll>
              </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'private proxies of Apache',
      files: {
        'site.conf': conf`
          RemoteIPHeader X-Forwarded-For
          RemoteIPInternalProxy 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16
        `,
      },
    },
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
  *check({ nginx, apache, filesOf }) {
    for (const { occurrences, top } of nginx) {
      for (const { children } of occurrences.get('geo') ?? []) {
        const values = valuesOfPrivate(children)
        for (const line of children) {
          const value = line.args[0]?.value
          const network =
            value !== undefined && values.has(value) ? parseNginxNetwork(line.name)?.network : undefined
          if (network === undefined || network.prefix < 8) continue
          const meant = meantNetwork(
            line.name,
            ip => networkContains(network, ip),
            () => [],
          )
          if (meant !== null) yield finding(namePlace(line), line.name, meant)
        }
      }
      for (const name of ['allow', 'set_real_ip_from']) {
        for (const directive of occurrences.get(name) ?? []) {
          const written = directive.args[0]?.value ?? ''
          const network = parseNginxNetwork(written)?.network
          if (network === undefined || network.prefix < 8) continue
          const meant = meantNetwork(
            written,
            ip => networkContains(network, ip),
            () =>
              (directive.parent?.children ?? top).flatMap(({ name: other, args }) =>
                other === name ? args : [],
              ),
          )
          if (meant !== null) yield finding(argumentPlace(directive, 0), written, meant)
        }
      }
    }
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const name of ['remoteipinternalproxy', 'remoteiptrustedproxy', 'require', 'allow']) {
        const lines = everywhere(configuration, files, name)
        for (const directive of lines) {
          for (const index of networkArguments(name, directive)) {
            const written = directive.args[index]?.value ?? ''
            const network = parseApacheNetwork(written)
            if (network === null || network.ip.length !== 4 || network.mask[0] !== 255) continue
            const meant = meantNetwork(
              written,
              ip => apacheNetworkContains(network, ip),
              () =>
                lines.flatMap(({ parent, source, args }) =>
                  parent === directive.parent && source === directive.source ? args : [],
                ),
            )
            if (meant !== null) yield finding(apacheArgument(directive, index), written, meant)
          }
        }
      }
    }
  },
})

/** What `geo` gives private networks beside each other; where it is one value, the block is about what is private. */
function valuesOfPrivate(lines: readonly NginxDirective[]): ReadonlySet<string> {
  return new Set(lines.flatMap(({ name, args }) => (IS_PRIVATE.test(name) ? (args[0]?.value ?? []) : [])))
}

function finding(at: Place, written: string, meant: string) {
  const isSlip = SLIPS.has(written)
  return {
    at,
    message: isSlip
      ? `\`${written}\` is a public network: the private one beside the others is \`${meant}\``
      : `\`${written}\` holds public addresses beside the private network \`${meant}\``,
    label: isSlip ? 'public' : `only \`${meant}\` of it is private`,
    ...propose('Name the private network alone', 'unsafe', [replacePlace(at, meant)]),
  }
}

/** Which arguments of a line are addresses that it lets in or believes. */
function networkArguments(name: string, { args, parent }: ApacheDirective): readonly number[] {
  const first = args[0]?.value.toLowerCase()
  const isAsked = name === 'require' ? first === 'ip' : name !== 'allow' || first === 'from'
  if (!isAsked || parent?.name.toLowerCase() === 'requirenone') return []
  const skipped = name === 'require' || name === 'allow' ? 1 : 0
  return args.flatMap((_, index) => (index < skipped ? [] : [index]))
}

/** The private network that is meant; null for any other, and for one so wide that it is meant to be. */
function meantNetwork(
  written: string,
  contains: (ip: Ip) => boolean,
  beside: () => readonly { readonly value: string }[],
): string | null {
  const slip = SLIPS.get(written)
  if (slip !== undefined) return beside().some(({ value }) => IS_PRIVATE.test(value)) ? slip : null
  return EDGES.find(({ inside, outside }) => contains(inside) && contains(outside))?.network ?? null
}
