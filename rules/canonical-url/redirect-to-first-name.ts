import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { reveal } from '../../parsers/text/placeholder.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { asksPrograms, hostsMayRedirect } from '../../src/deployment/hosts-of-connection.ts'
import type { Deployment, NginxServer, ServerName } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'
import { directivesByServer, enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

const plain = (names: string, line = 'return 301 https://$host$request_uri;'): string => conf`
  server {
      listen 80;
      server_name ${names};
      ${line}
  }
`
const tls = (names: string, lines: string): string => conf`
  server {
      listen 443 ssl;
      server_name ${names};
      ssl_certificate /etc/ssl/a.pem;
      ssl_certificate_key /etc/ssl/a.key;
      ${lines}
  }
`
const FIRST = 'return 301 «https://$server_name$request_uri»;'
const APPLICATION = conf`
  location / {
      proxy_pass http://127.0.0.1:8000;
      proxy_set_header Host $host;
  }
`
const SHOPS = 'bakery.example.org florist.example.org'

export default defineRule({
  summary: 'A redirect to TLS leads every site of a server to its first name',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: '`$server_name` is the first name of `server_name`, not the one that the client asked for: whoever asks for another site of this server in plain HTTP ends at the first one, while the same name typed with `https://` answers.',
  remedy: 'Write `return 301 https://$host$request_uri;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#var_server_name'],
  bad: [
    {
      title: 'two sites of one application',
      files: { 'nginx.conf': `${plain(SHOPS, FIRST)}${tls(SHOPS, APPLICATION)}` },
    },
    {
      title: 'sites that have servers of their own over TLS',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name shop.example.org www.shop.example.org wiki.example.org;
              location /.well-known/acme-challenge/ {
                  root /srv/acme;
              }
              location / {
                  rewrite ^ «https://$server_name$request_uri?» permanent;
              }
          }
          ${tls('shop.example.org www.shop.example.org', 'root /srv/shop;')}
          ${tls('wiki.example.org', 'root /srv/wiki;')}
        `,
      },
    },
    {
      title: 'a directory for each name',
      files: { 'nginx.conf': `${plain(SHOPS, FIRST)}${tls(SHOPS, 'root /srv/$host;')}` },
    },
    {
      title: 'one server for both ports',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              listen 443 ssl;
              server_name ${SHOPS};
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              if ($scheme = http) {
                  ${FIRST}
              }
              ${APPLICATION}
          }
        `,
      },
    },
    {
      title: 'a template that takes a list of names',
      files: {
        'site.conf.j2': `${plain("{{ item.names | join(' ') }}", FIRST)}${tls("{{ item.names | join(' ') }}", APPLICATION)}`,
      },
    },
  ],
  good: [
    {
      title: 'the name that was asked for',
      files: { 'nginx.conf': `${plain(SHOPS)}${tls(SHOPS, APPLICATION)}` },
    },
    {
      title: 'with and without www',
      files: {
        'nginx.conf': `${plain('example.org www.example.org', FIRST)}${tls('example.org www.example.org', APPLICATION)}`,
      },
    },
    {
      title: 'one domain below several endings',
      files: {
        'nginx.conf': `${plain('example.org www.example.com', FIRST)}${tls('example.org www.example.com', APPLICATION)}`,
      },
    },
    {
      title: 'the other name is redirected over TLS, too',
      files: {
        'nginx.conf': conf`
          ${plain(SHOPS, FIRST)}
          ${tls('bakery.example.org', APPLICATION)}
          ${tls('florist.example.org', 'return 301 https://bakery.example.org$request_uri;')}
        `,
      },
    },
    {
      title: 'a condition redirects the other name over TLS',
      files: {
        'nginx.conf': `${plain(SHOPS, FIRST)}${tls(
          SHOPS,
          conf`
            if ($host != bakery.example.org) {
                return 301 https://bakery.example.org$request_uri;
            }
            ${APPLICATION}
          `,
        )}`,
      },
    },
    {
      title: 'a name that TLS does not know',
      files: { 'nginx.conf': `${plain(SHOPS, FIRST)}${tls('bakery.example.org', APPLICATION)}` },
    },
    {
      title: 'the same files for every name',
      files: { 'nginx.conf': `${plain(SHOPS, FIRST)}${tls(SHOPS, 'root /srv/www;')}` },
    },
    {
      title: 'the backend is told of the first name',
      files: {
        'nginx.conf': `${plain(SHOPS, FIRST)}${tls(SHOPS, APPLICATION.replace('Host $host', 'Host $server_name'))}`,
      },
    },
    {
      title: 'names of the machine itself',
      files: {
        'nginx.conf': `${plain('bakery.example.org localhost 192.0.2.7', FIRST)}${tls('bakery.example.org localhost 192.0.2.7', APPLICATION)}`,
      },
    },
    {
      title: 'whoever comes by another name',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name ${SHOPS};
              if ($host != $server_name) {
                  return 301 https://$server_name$request_uri;
              }
          }
          ${tls(SHOPS, APPLICATION)}
        `,
      },
    },
    {
      title: 'a template of one name',
      files: {
        'site.conf.j2': `${plain('{{ domain }}', FIRST)}${tls('{{ domain }}', APPLICATION)}`,
      },
    },
    {
      title: 'a template of one name and its aliases',
      files: {
        'site.conf.j2': `${plain("{{ domain }} {{ aliases | join(' ') }}", FIRST)}${tls("{{ domain }} {{ aliases | join(' ') }}", APPLICATION)}`,
      },
    },
    {
      title: 'a template whose other names are redirected over TLS',
      files: {
        'site.conf.j2': `${plain("{{ names | join(' ') }}", FIRST)}${tls('{{ names[0] }}', APPLICATION)}`,
      },
    },
  ],
  *check(deployment) {
    const byDirective = serverIndex(deployment.servers)
    for (const { occurrences } of deployment.nginx) {
      for (const name of ['return', 'rewrite']) {
        for (const directive of occurrences.get(name) ?? []) {
          const at = targetPlace(directive)
          const home = at === null ? null : enclosingServer(directive)
          const server = home === null ? undefined : byDirective.get(home)
          if (at === null || server === undefined || !isForPlainRequests(directive, server)) continue
          const lost = lostName(deployment, server)
          if (lost === null) continue
          yield {
            at,
            message: lost.message,
            label: 'the first name, whatever the client asked for',
            related: lost.related,
            ...propose('Keep the name of the request', 'unsafe', [
              replacePlace(
                at,
                (directive.args[1]?.value ?? '').replace(/\$server_name|\$\{server_name\}/, '$host'),
              ),
            ]),
          }
        }
      }
    }
  },
})

/** Where a redirect to TLS and the first name of its server says so; null for every other line. */
function targetPlace(directive: NginxDirective): ReturnType<typeof argumentPlace> | null {
  const [first, second] = directive.args
  if (first === undefined || second === undefined) return null
  if (directive.name === 'return' && !/^30[12378]$/.test(first.value)) return null
  return /^https:\/\/\$(?:server_name\b|\{server_name\})/.test(second.value)
    ? argumentPlace(directive, 1)
    : null
}

/** True for a line that every page comes to in plain HTTP, by whatever name. */
function isForPlainRequests({ parent }: NginxDirective, server: NginxServer): boolean {
  if (parent === null) return false
  if (parent.name === 'if') {
    const condition = parent.args.map(({ value }) => value).join(' ')
    return /^\(?\s*\$(?:scheme|https|server_port|http_x_forwarded_proto|ssl_protocol)\b/.test(condition)
  }
  if (server.listens.length === 0 || server.listens.some(({ tls }) => tls)) return false
  if (parent.name === 'server') return true
  if (parent.name !== 'location') return false
  const { modifier, name } = readLocation(parent)
  return name === '/' && modifier !== '='
}

interface Lost {
  readonly message: string
  readonly related: readonly { readonly at: ServerName['at']; readonly message: string }[]
}

/** A name that another site than that of the first name answers over TLS; null where none surely does. */
function lostName(deployment: Deployment, server: NginxServer): Lost | null {
  const [first, ...others] = server.names
  if (first === undefined) return null
  if (!first.exact) return isList(first) ? lostOfTemplate(deployment, server, first) : null
  const home = overTls(deployment, server, first)
  if (home === null) return null
  for (const name of others) {
    if (!isAnotherSite(first, name)) continue
    const own = overTls(deployment, server, name)
    if (own === null || (own.server === home.server && !dependsOnHost(own.server))) continue
    return {
      message: `\`$server_name\` is \`${first.name}\`, so \`http://${name.name}/\` is redirected to \`https://${first.name}/\`, though \`https://${name.name}/\` answers by itself`,
      related: [{ at: own.name.at, message: 'answers over TLS' }],
    }
  }
  return null
}

/** The server that answers a name over TLS under this name, and does not lead elsewhere. */
function overTls(
  deployment: Deployment,
  { configuration, directive }: NginxServer,
  { name }: ServerName,
): { readonly server: NginxServer; readonly name: ServerName } | null {
  const selection = selectServer(configuration, { port: 443, host: name })
  if (!selection.known) return null
  const server = serverIndex(deployment.servers).get(selection.value.server)
  const own = server?.names.find(other => other.exact && other.name === name)
  if (server === undefined || own === undefined || !server.tls) return null
  if (hostsMayRedirect(deployment, server)) return null
  return server.answer.kind === 'content' || server.directive === directive ? { server, name: own } : null
}

/** True where what a server answers with may be another thing for each name. */
function dependsOnHost(server: NginxServer): boolean {
  const { configuration, directive } = server
  const lines = (name: string): readonly NginxDirective[] =>
    directivesByServer(configuration, name).get(directive) ?? []
  const takesHost = ({ args }: NginxDirective): boolean =>
    args.some(({ value }) => /\$\{?(?:http_)?host\b/i.test(value))
  if (lines('root').some(takesHost) || lines('alias').some(takesHost)) return true
  if (!asksPrograms(server)) return false
  // FastCGI and uWSGI are told of it by `HTTP_HOST`.
  if (lines('proxy_pass').length === 0) return true
  const ofAll = directivesByServer(configuration, 'proxy_set_header').get(null) ?? []
  return [...lines('proxy_set_header'), ...ofAll].some(takesHost)
}

/** True for a name that is neither the first with `www.`, nor the same domain below another ending, nor for tests alone. */
function isAnotherSite(first: ServerName, other: ServerName): boolean {
  if (!other.exact || !isPublic(other.name) || !isPublic(first.name)) return false
  return stem(first.name) !== stem(other.name)
}

function isPublic(name: string): boolean {
  return (
    name.includes('.') &&
    !/^[\d.]+$|^\[|\.(?:local|localhost|localdomain|internal|lan|home|test|onion)$/.test(name)
  )
}

/** A name without `www.` and its ending: `shop` of `www.shop.example`, `shop.example.org` with three parts or more. */
function stem(name: string): string {
  const parts = name.replace(/^www\./, '').split('.')
  return parts.slice(0, -1).join('.')
}

/** True for the word of a template that becomes several names. */
function isList({ name }: ServerName): boolean {
  return isUnknownWord(name) && /\|\s*join\b|\.join\b|\bjoin[ (]/.test(reveal(name))
}

const serversByNames = memo((servers: readonly NginxServer[]) => groupBy(servers, namesOf))

function namesOf({ names }: NginxServer): string {
  return names.map(({ name }) => name).join(' ')
}

function lostOfTemplate(deployment: Deployment, server: NginxServer, first: ServerName): Lost | null {
  const alike = serversByNames(deployment.servers).get(namesOf(server)) ?? []
  const own = alike.find(
    other =>
      other.tls &&
      other.configuration === server.configuration &&
      (other.answer.kind === 'content' || other === server) &&
      dependsOnHost(other),
  )
  const [name] = own?.names ?? []
  if (own === undefined || name === undefined) return null
  return {
    message: `\`$server_name\` is the first of the names in \`${reveal(first.name)}\`, so all the others are redirected to its site, though they answer by themselves over TLS`,
    related: [{ at: name.at, message: 'the same names over TLS' }],
  }
}
