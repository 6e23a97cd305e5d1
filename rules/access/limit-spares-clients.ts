import { CLIENT } from '../../src/deployment/requests/made-up-requests.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type IpScope, parseIp, scopeOf } from '../../src/servers/addresses/ip.ts'
import { parseNginxNetwork } from '../../src/servers/addresses/nginx.ts'
import { known, unknown } from '../../src/servers/fact.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { geos, geoValue } from '../../src/servers/nginx/queries/geo.ts'
import { interpolate, variableNames, type Variables } from '../../src/servers/nginx/queries/interpolate.ts'
import { askMap, maps } from '../../src/servers/nginx/queries/maps.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, key = '$counted'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    ${lines}
    limit_req_zone ${key} zone=site:1m rate=1r/m;
    ${nginxServer(conf`
      limit_req zone=site;
      root /srv/www;
    `)}
  `),
  'srv/www/page.txt': 'page',
})
const KEY = conf`
  map $is_counted $counted {
      0 "";
      1 $binary_remote_addr;
  }
`

export default defineRule({
  summary: 'A limit that counts private addresses alone, and no client',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [770],
  since: '0.1.0',
  why: 'nginx does not count a request whose key is empty. Where the map gives the empty text to everybody and an address to the networks that are to be spared, the limit holds for those alone, and nothing holds back the rest of the world.',
  remedy: 'Give the networks without a limit the empty text, and everybody else `$binary_remote_addr`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req_zone',
    'https://nginx.org/en/docs/http/ngx_http_geo_module.html',
  ],
  bad: [
    {
      title: 'a geo the wrong way round',
      files: nginx(
        conf`
          geo $is_counted {
              default 0;
              127.0.0.0/8 1;
              10.0.0.0/8 1;
          }
          ${KEY}
        `,
        '«$counted»',
      ),
    },
    {
      title: 'a map the wrong way round',
      files: nginx(
        conf`
          geo $is_ours {
              default 0;
              127.0.0.1 1;
              192.168.0.0/16 1;
          }
          map $is_ours $counted {
              default $binary_remote_addr;
              0 "";
          }
        `,
        '«$counted»',
      ),
    },
    {
      title: 'a map of addresses',
      files: nginx(
        conf`
          map $remote_addr $counted {
              127.0.0.1 $remote_addr;
              ~^10\. $remote_addr;
              default "";
          }
        `,
        '«$counted»',
      ),
    },
  ],
  good: [
    {
      title: 'our own networks are not counted',
      files: nginx(conf`
        geo $is_counted {
            default 1;
            127.0.0.0/8 0;
            10.0.0.0/8 0;
        }
        ${KEY}
      `),
    },
    {
      title: 'a list of networks that are to be held back',
      files: nginx(conf`
        geo $is_counted {
            default 0;
            127.0.0.1 1;
            198.51.100.0/24 1;
        }
        ${KEY}
      `),
    },
    {
      title: 'something else decides for everybody',
      files: nginx(conf`
        map $http_user_agent $counted {
            default "";
            ~bot $binary_remote_addr;
        }
      `),
    },
    {
      title: 'nobody is counted',
      files: nginx(conf`
        geo $is_counted {
            default 0;
        }
        ${KEY}
      `),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const zone of ['limit_req_zone', 'limit_conn_zone'].flatMap(
        name => configuration.occurrences.get(name) ?? [],
      )) {
        const key = zone.args[0]?.value ?? ''
        if (!/^\$\w+$/.test(key) || isCounted(configuration, key, CLIENT) !== false) continue
        const tables = tablesOf(configuration, key)
        const counted = [...SAMPLES, ...tables.flatMap(addressesOf)].filter(
          address => isCounted(configuration, key, address) !== false,
        )
        const [first] = counted
        if (first === undefined || !counted.every(isOfPrivate)) continue
        yield {
          at: argumentPlace(zone, 0),
          message: `\`${key}\` is empty for every client on the internet, so no request of them is counted, and those of \`${first}\` are`,
          label: 'empty for clients',
          related: tables
            .slice(0, 2)
            .map(table => ({ at: namePlace(table), message: 'says who is counted' })),
        }
      }
    }
  },
})

const SAMPLES: readonly string[] = ['127.0.0.1', '10.0.0.1', '172.16.0.1', '192.168.0.1']
const ADDRESSES: ReadonlySet<string> = new Set(['remote_addr', 'binary_remote_addr', 'realip_remote_addr'])
/** Tables that ask each other in a circle are no configuration. */
const DEEPEST = 5

/** Whether the key holds anything for a client of this address; undefined where nobody can tell. */
function isCounted(configuration: NginxConfiguration, key: string, address: string): boolean | undefined {
  const value = interpolate(key, variablesFor(configuration, address, DEEPEST))
  return value.known ? value.value !== '' : undefined
}

function variablesFor(configuration: NginxConfiguration, address: string, depth: number): Variables {
  return name => {
    if (ADDRESSES.has(name)) return known(address)
    if (depth === 0) return unknown('too deep', null)
    const inner = variablesFor(configuration, address, depth - 1)
    const geo = geos(configuration).get(name)
    if (geo !== undefined) return geoValue(geo, inner)
    const map = maps(configuration).get(name)
    return map === undefined ? unknown('something else', null) : askMap(map, inner).value
  }
}

/** The tables that a key is made by, the last one first. */
function tablesOf(configuration: NginxConfiguration, key: string): readonly NginxDirective[] {
  const found: NginxDirective[] = []
  const pending = [...variableNames(key)]
  for (let name = pending.shift(); name !== undefined && found.length < DEEPEST; name = pending.shift()) {
    const map = maps(configuration).get(name)
    const table = map ?? geos(configuration).get(name)
    if (table === undefined) continue
    found.push(table.directive)
    pending.push(...variableNames(table.source))
  }
  return found
}

/** An address of each network that a table names. */
function addressesOf({ children }: NginxDirective): readonly string[] {
  return children.flatMap(({ name }) => {
    if (!/^[\da-f:.]+(?:\/\d+)?$/i.test(name) || parseNginxNetwork(name) === null) return []
    return name.replace(/\/.*/, '')
  })
}

const OF_PRIVATE: ReadonlySet<IpScope> = new Set(['loopback', 'private', 'link-local', 'unique-local'])

function isOfPrivate(address: string): boolean {
  const ip = parseIp(address)
  return ip !== null && OF_PRIVATE.has(scopeOf(ip))
}
