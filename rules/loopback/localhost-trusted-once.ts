import type { Place } from '../../parsers/text/source.ts'
import { isToLocalhost, LOOPBACKS, loopbacksTaken } from '../../src/deployment/localhost.ts'
import type {
  ApacheHost,
  Deployment,
  NginxConnection,
  NginxServer,
  Target,
} from '../../src/deployment/model.ts'
import { realIpSources } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace as nginxPlace } from '../../src/deployment/places.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { locationPath } from '../../src/deployment/requests/location-path.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { networkContains, parseIp } from '../../src/servers/addresses/ip.ts'
import { parseNginxNetwork } from '../../src/servers/addresses/nginx.ts'
import { isInNetwork } from '../../src/servers/apache/queries/client-address.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const nginx = (address: string, more = ''): string =>
  nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        location / {
            proxy_pass http://${address};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
        }
    }
    ${more}
  `)
const HOSTS = conf`
  127.0.0.1 localhost
  ::1 localhost ip6-localhost ip6-loopback
`
const LISTENS = conf`
  Listen 127.0.0.1:9000
  Listen [::1]:9000
`
const apache = (lines: string, listens = LISTENS, address = 'localhost:9000'): Record<string, string> => ({
  'etc/hosts': HOSTS,
  'etc/nginx/nginx.conf': nginx(address),
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      ${listens}
      <VirtualHost *:9000>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['remoteip', 'authz_host'],
  ),
  'srv/www/index.html': 'page\n',
})
const remoteIp = (list: string): string => conf`
  RemoteIPHeader X-Forwarded-For
  RemoteIPInternalProxy ${list}
`
const behind = (lines: string, address = 'localhost:9000'): Record<string, string> => ({
  'etc/hosts': HOSTS,
  'etc/nginx/nginx.conf': nginx(
    address,
    conf`
      server {
          listen 127.0.0.1:9000;
          listen [::1]:9000;
          server_name example.org;
          root /srv/www;
          ${lines}
      }
    `,
  ),
  'srv/www/index.html': 'page\n',
})

export default defineRule({
  summary: 'nginx connects to both addresses of localhost, and the backend trusts one of them',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`localhost` is 127.0.0.1 and ::1, and nginx takes them in turn. Where the backend listens on both and trusts or admits one, every other request keeps the address of the proxy in logs, limits and the application, or is answered with 403.',
  remedy: 'Connect to the one address (`proxy_pass http://127.0.0.1:…`), or trust both: `127.0.0.1 ::1`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
    'https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html#remoteipinternalproxy',
  ],
  bad: [
    { title: 'mod_remoteip trusts version 4', files: apache(remoteIp('«127.0.0.1»')) },
    {
      title: 'a socket for all addresses',
      files: apache(remoteIp('«127.0.0.0/8» 10.0.0.0/8'), 'Listen 9000\n'),
    },
    {
      title: 'Apache admits version 4',
      files: apache(conf`
        <Location />
            «Require ip 127.0.0.1»
        </Location>
      `),
    },
    {
      title: 'set_real_ip_from of another nginx',
      files: behind(conf`
        set_real_ip_from «127.0.0.1»;
        real_ip_header X-Forwarded-For;
      `),
    },
    {
      title: 'another nginx admits version 4',
      files: behind(conf`
        allow 127.0.0.1;
        «deny» all;
      `),
    },
  ],
  good: [
    { title: 'both are trusted', files: apache(remoteIp('127.0.0.1 ::1')) },
    { title: 'by number', files: apache(remoteIp('127.0.0.1'), LISTENS, '127.0.0.1:9000') },
    { title: 'Apache listens on one', files: apache(remoteIp('127.0.0.1'), 'Listen 127.0.0.1:9000\n') },
    {
      title: 'a localhost of version 4',
      files: { ...apache(remoteIp('127.0.0.1')), 'etc/hosts': '127.0.0.1 localhost\n::1 ip6-localhost\n' },
    },
    { title: 'neither is a proxy', files: apache(remoteIp('10.0.0.1')) },
    {
      title: 'this machine, by whichever address',
      files: apache(conf`
        <Location />
            Require local
        </Location>
      `),
    },
    {
      title: 'another nginx trusts and admits both',
      files: behind(conf`
        set_real_ip_from 127.0.0.1;
        set_real_ip_from ::1;
        real_ip_header X-Forwarded-For;
      `),
    },
    {
      title: 'another nginx admits both',
      files: behind(conf`
        allow 127.0.0.1;
        allow ::1;
        deny all;
      `),
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const { from, targets } = connection
      for (const target of targets) {
        if (!isToLocalhost(from.machine, target)) continue
        const onPort = deployment.listeners.filter(
          ({ port, program }) => port === target.port && program.machine === from.machine,
        )
        if (loopbacksTaken(onPort, target.port)?.length !== LOOPBACKS.length) continue
        for (const { at, message } of answersBehind(deployment, connection, target))
          yield {
            at,
            message,
            related: [{ at: target.at, message: 'nginx connects to 127.0.0.1 and to ::1' }],
          }
      }
    }
  },
})

interface Half {
  readonly at: Place
  readonly message: string
}

function* answersBehind(deployment: Deployment, connection: NginxConnection, target: Target): Iterable<Half> {
  const path = locationPath(connection.block) ?? '/'
  // A host of one address is asked by one of the two.
  for (const { host, certain } of deployment.connections.hostsReachedBy(connection))
    if (certain && host.addresses.some(({ known, address }) => known && address === null))
      yield* [trustOfHost(host) ?? refusalOfHost(deployment, host, path)].filter(half => half !== null)
  const server = nginxBehind(deployment, target)
  if (server !== null)
    yield* [trustOfServer(server) ?? refusalOfServer(deployment, server, path)].filter(half => half !== null)
}

/** What is true of one address of loopback and false of the other, in that order; null where it is true of both or none. */
function splitBy(
  test: (address: string) => boolean | undefined,
): { readonly yes: string; readonly no: string } | null {
  const [v4, v6] = LOOPBACKS.map(test)
  if (v4 === true && v6 === false) return { yes: LOOPBACKS[0], no: LOOPBACKS[1] }
  return v6 === true && v4 === false ? { yes: LOOPBACKS[1], no: LOOPBACKS[0] } : null
}

const keeps = (no: string): string => `requests that nginx sends to ${no} keep that address for the client’s`

const LISTS = ['remoteipinternalproxy', 'remoteiptrustedproxy']

/** The word of mod_remoteip’s lists that names one of the two. */
function trustOfHost({ configuration, directive }: ApacheHost): Half | null {
  const { occurrences } = configuration
  if (!LISTS.some(name => occurrences.has(name)) || !isWhole(configuration)) return null
  if (LISTS.some(name => occurrences.has(`${name}list`))) return null
  const linesOf = (name: string) => {
    const byHost = directivesByHost(configuration, name)
    return [...(byHost.get(null) ?? []), ...(byHost.get(directive) ?? [])]
  }
  if (linesOf('remoteipheader').length === 0) return null
  const words = LISTS.flatMap(linesOf).flatMap(line =>
    line.args.map(({ value }, index) => ({ value, at: argumentPlace(line, index) })),
  )
  if (!words.every(({ value }) => isSettled(value))) return null
  const names = (address: string) => words.find(({ value }) => isInNetwork(address, value) === true)
  const isNone = (address: string) => words.every(({ value }) => isInNetwork(address, value) === false)
  const split = splitBy(address =>
    names(address) !== undefined ? true : isNone(address) ? false : undefined,
  )
  const word = split === null ? undefined : names(split.yes)
  if (split === null || word === undefined) return null
  return {
    at: word.at,
    message: `mod_remoteip trusts \`${word.value}\` and not ${split.no}: ${keeps(split.no)}`,
  }
}

/** The line by which a virtual host refuses one of the two. */
function refusalOfHost(
  deployment: Deployment,
  { configuration, virtualHost, directive }: ApacheHost,
  path: string,
): Half | null {
  const byHost = directivesByHost(configuration, 'remoteipheader')
  if (byHost.has(null) || byHost.has(directive)) return null
  const ends = new Map(
    LOOPBACKS.map(client => {
      const { end } = askHost(deployment, { configuration, host: virtualHost }, path, { client })
      return [client as string, end]
    }),
  )
  const split = splitBy(address => {
    const end = ends.get(address)
    if (end === undefined || end.kind === 'unknown') return undefined
    return end.kind !== 'response' || end.status !== 403
  })
  const at = split === null ? null : (ends.get(split.no)?.at ?? null)
  return split === null || at === null ? null : refusal(at, 'Apache', split)
}

function refusal(at: Place, who: string, { yes, no }: { readonly yes: string; readonly no: string }): Half {
  return {
    at,
    message: `${who} admits ${yes} alone, and answers 403 to what nginx sends to ${no}`,
  }
}

/** The one server of nginx that answers at both addresses of a port. */
function nginxBehind({ servers }: Deployment, { port, to }: Target): NginxServer | null {
  if (to.kind !== 'listener' || to.listener.kind !== 'nginx') return null
  const { configuration } = to.listener.program
  const [server, ...others] = servers.filter(
    each => each.configuration === configuration && each.listens.some(listen => listen.port === port),
  )
  if (server === undefined || others.length > 0) return null
  return loopbacksTaken(server.listens, port)?.length === LOOPBACKS.length ? server : null
}

/** The word of `set_real_ip_from` that names one of the two. */
function trustOfServer(server: NginxServer): Half | null {
  const sources = realIpSources(server)
  const networks = sources.map(({ args }) => parseNginxNetwork(args[0]?.value ?? '')?.network ?? null)
  if (sources.some(({ args }, index) => networks[index] === null && args[0]?.value !== 'unix:')) return null
  const indexOf = (address: string): number => {
    const ip = parseIp(address)
    return networks.findIndex(network => network !== null && ip !== null && networkContains(network, ip))
  }
  const split = splitBy(address => indexOf(address) >= 0)
  const line = split === null ? undefined : sources[indexOf(split.yes)]
  if (split === null || line === undefined) return null
  return {
    at: nginxPlace(line, 0),
    message: `\`set_real_ip_from\` trusts \`${line.args[0]?.value}\` and not ${split.no}: ${keeps(split.no)}`,
  }
}

/** The line by which a server of nginx refuses one of the two. */
function refusalOfServer(deployment: Deployment, server: NginxServer, path: string): Half | null {
  if (realIpSources(server).length > 0) return null
  const [listen] = server.listens
  if (listen === undefined) return null
  const ends = new Map(
    LOOPBACKS.map(client => [
      client as string,
      askServer(deployment, server, path, { listen, request: { client } })?.end,
    ]),
  )
  const split = splitBy(address => {
    const end = ends.get(address)
    if (end === undefined || end.kind === 'unknown') return undefined
    return end.kind !== 'response' || end.status !== 403
  })
  const at = split === null ? null : (ends.get(split.no)?.at ?? null)
  return split === null || at === null ? null : refusal(at, 'this server', split)
}
