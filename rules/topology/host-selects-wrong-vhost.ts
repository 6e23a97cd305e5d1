import type { BackendHost, Hop, ServerName } from '../../src/deployment/deployment.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { selectVirtualHost } from '../../src/servers/apache/queries/select-virtual-host.ts'

const nginx = (names: string): string =>
  `server {\n    listen 80;\n    server_name ${names};\n    location / {\n        proxy_pass http://127.0.0.1:9000;\n        proxy_set_header Host $host;\n    }\n}\n`
const host = (names: string, folder: string): string =>
  `<VirtualHost 127.0.0.1:9000>\n    ServerName ${names}\n    DocumentRoot /srv/${folder}\n</VirtualHost>\n`
const LISTEN = 'Listen 127.0.0.1:9000\n'

export default defineRule({
  summary: 'A name that nginx hands on is answered by another site in Apache',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache does not refuse an unknown name: the first virtual host of the address answers. A typing error in `ServerName` shows visitors the pages of another site, and both configuration checks are content.',
  remedy: 'Give the virtual host the name that nginx sends, as `ServerName` or `ServerAlias`',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/name-based.html'],
  bad: [
    {
      title: 'one letter',
      files: {
        'nginx.conf': nginx('«shop.example.org»'),
        'ports.conf': LISTEN,
        'site.conf': host('blog.example.org', 'blog') + host('shpo.example.org', 'shop'),
      },
    },
  ],
  good: [
    {
      title: 'the same names',
      files: {
        'nginx.conf': nginx('shop.example.org www.shop.example.org'),
        'ports.conf': LISTEN,
        'site.conf':
          host('blog.example.org', 'blog') +
          host('shop.example.org\n    ServerAlias www.shop.example.org', 'shop'),
      },
    },
    {
      title: 'a wildcard takes the name',
      files: {
        'nginx.conf': nginx('shop.example.org'),
        'ports.conf': LISTEN,
        'site.conf':
          host('blog.example.org', 'blog') + host('example.org\n    ServerAlias *.example.org', 'shop'),
      },
    },
    {
      title: 'a site that answers every name on purpose',
      files: {
        'nginx.conf': nginx('shop.example.org'),
        'ports.conf': LISTEN,
        'site.conf': host('_', 'all') + host('blog.example.org', 'blog'),
      },
    },
    {
      title: 'one virtual host for everything',
      files: {
        'nginx.conf': nginx('shop.example.org'),
        'ports.conf': LISTEN,
        'site.conf': host('backend.example.org', 'shop'),
      },
    },
  ],
  *check({ hops, virtualHosts }) {
    const byDirective = new Map(virtualHosts.map(host => [host.directive, host]))
    const said = new Set<string>()
    for (const hop of hops) {
      if (hop.reachable === false) continue
      for (const name of sentNames(hop)) {
        const answer = answering(hop, name.name)
        const chosen = answer === null ? undefined : byDirective.get(answer.directive)
        if (answer === null || chosen === undefined || isCatchAll(chosen)) continue
        const near = answer.others.find(directive => {
          const other = byDirective.get(directive)
          return other !== undefined && isNear(other, name.name)
        })
        // Another site's name in nginx says that this virtual host was meant for that one.
        const isTaken = chosen.hops.some(
          ({ hop: other }) => other.server !== hop.server && shares(other, chosen),
        )
        if (near === undefined && !isTaken) continue
        const key = `${name.at.source.path}\0${name.at.start}`
        if (said.has(key)) continue
        said.add(key)
        const isWhole = chosen.configuration.main !== null
        const meant = near === undefined ? undefined : byDirective.get(near)
        yield {
          at: name.at,
          // Without a name that is nearly the same, one site may answer for the other on purpose.
          severity: isWhole && meant !== undefined ? 'error' : 'warning',
          confidence: isWhole && meant !== undefined ? 'high' : 'medium',
          message: `no virtual host of Apache is called \`${name.name}\`, so the first one, \`${chosen.names[0] ?? chosen.directive.args[0]?.value}\`, answers for it`,
          label: 'nginx hands this name on',
          related: [
            {
              at: chosen.addresses[0]?.at ?? namePlace(chosen.directive),
              message: 'this virtual host answers',
            },
            ...(meant === undefined
              ? []
              : [
                  {
                    at: meant.virtualHost.serverName?.at ?? namePlace(meant.directive),
                    message: 'this one is nearly called so',
                  },
                ]),
            { at: argumentPlace(hop.pass, 0), message: 'handed on here' },
          ],
        }
      }
    }
  },
})

/** The names by which visitors come and which nginx hands on unchanged. */
function sentNames({ server, hostsSent }: Hop): readonly ServerName[] {
  return server.names.filter(({ name, exact }) => exact && hostsSent?.includes(name) === true)
}

/** The virtual host that answers because no name matches, with the others of its address. */
function answering(hop: Hop, name: string) {
  for (const { backend, addresses, address, port } of hop.targets) {
    if (backend.kind !== 'apache' || port === null || backend.listener.configuration.program !== 'apache')
      continue
    const ip = addresses.find(({ kind }) => kind === 'ip') ?? address
    const selection = selectVirtualHost(backend.listener.configuration, { address: ip, port, host: name })
    if (selection.kind !== 'virtual-host' || selection.reason !== 'first') return null
    const { directive } = selection.virtualHost
    const others = selection.set.members.flatMap(({ virtualHost }) =>
      virtualHost.directive === directive ? [] : [virtualHost.directive],
    )
    return others.length === 0 ? null : { directive, others }
  }
  return null
}

/** Named so that nobody can ask for it: made to answer what no other does. */
function isCatchAll({ names, virtualHost }: BackendHost): boolean {
  if (virtualHost.serverName === null) return true
  return names.some(
    name => /^(?:_|default|_default_|localhost|catch-?all|invalid)/.test(name) || !name.includes('.'),
  )
}

function isNear({ names }: BackendHost, name: string): boolean {
  return names.some(other => other.length > 4 && isOneSlipApart(other, name))
}

/** One letter more, less or different, or two neighbours swapped. */
function isOneSlipApart(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const restA = a.slice(start)
  const restB = b.slice(start)
  if (restA.slice(1) === restB || restA === restB.slice(1)) return true
  if (restA.slice(1) === restB.slice(1)) return true
  return restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2)
}

function shares({ server }: Hop, { names }: BackendHost): boolean {
  return server.names.some(({ name }) => names.includes(name))
}
