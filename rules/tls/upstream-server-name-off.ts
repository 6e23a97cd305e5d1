import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'
import { lookedUpName } from '../_looked-up-name.ts'
import { isUnseenServer } from '../../src/servers/nginx/queries/servers.ts'
import { effectiveAtHand, isOnAtHand } from '../../src/servers/nginx/queries/effective.ts'

const site = (lines: string, backend = 'api.example.com'): string => conf`
  server {
      listen 80;
      server_name example.org;
      location /api/ {
          proxy_pass https://${backend};
          ${lines}
      }
  }
`

/** A host that refuses every name but its own. */
const HOST = conf`
  server {
      listen 443 ssl default_server;
      ssl_reject_handshake on;
  }
  server {
      listen 443 ssl;
      server_name api.example.com;
      ssl_certificate /srv/tls/api.pem;
      ssl_certificate_key /srv/tls/api.key;
      return 200 "api";
  }
`

const pool = (lines: string, target = 'https://«origin_pool»', name = 'origin_pool'): string =>
  nginxMain([
    conf`
      upstream ${name} {
          server api.example.com:443;
      }
    `,
    conf`
      server {
          listen 80;
          server_name example.org;
          location /api/ {
              proxy_pass ${target};
              proxy_set_header Host api.example.com;
              ${lines}
          }
      }
    `,
    HOST,
  ])

const both = (lines: string, backend?: string): string => nginxMain([site(lines, backend), HOST])

export default defineRule({
  summary: 'nginx connects to a backend over TLS without naming it (SNI), or by another name',
  severity: 'warning',
  otherSeverities: {
    info: 'where the host is of a domain that nginx answers for, or is asked by the name that the client used, and whoever runs both knows what it wants, or of S3, Google’s storage or GitHub Pages, which answer without a name; and in locations that some server includes, whose lines are not here',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'Without `proxy_ssl_server_name on` nginx sends no name in the handshake. A host that serves several names, as content networks, load balancers and most clouds do, refuses the handshake or answers with another site’s certificate: 502. With it nginx sends the name in `proxy_pass`, and of an `upstream` block that is a name which no host has.',
  remedy:
    'Write `proxy_ssl_server_name on;`, and for an `upstream` `proxy_ssl_name` with the name of the host',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_server_name'],
  bad: [
    {
      title: 'a name that a variable holds',
      files: {
        'nginx.conf': site('', 'x').replace(
          'proxy_pass https://x;',
          'resolver 127.0.0.53;\n        set $backend api.example.com;\n        proxy_pass «https://$backend»;',
        ),
      },
    },
    { title: 'a service elsewhere', files: { 'nginx.conf': site('', '«api.example.com»') } },
    { title: 'a host of the same domain', files: { 'nginx.conf': site('', '«api.example.org»') } },
    {
      title: 'a host that takes no other name',
      files: { 'etc/nginx/nginx.conf': both('', '«api.example.com»') },
    },
    {
      title: 'an upstream, whose host is not named',
      files: { 'etc/nginx/nginx.conf': pool('') },
    },
    {
      title: 'an upstream, by a name of its own',
      files: { 'etc/nginx/nginx.conf': pool('proxy_ssl_server_name on;') },
    },
  ],
  good: [
    {
      title: 'a service of the compose file, which has the one certificate',
      files: {
        'docker-compose.yml': conf`
          services:
            api.shop.example:
              image: example/api
            nginx:
              image: nginx:1.27
              ports: ["80:80"]
              volumes:
                - ./site.conf:/etc/nginx/conf.d/default.conf:ro
        `,
        'site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  proxy_pass https://api.shop.example:8443;
              }
          }
        `,
      },
    },
    {
      title: 'the name of a variable is sent',
      files: {
        'nginx.conf': site('proxy_ssl_server_name on;', 'x').replace(
          'proxy_pass https://x;',
          'resolver 127.0.0.53;\n        set $backend api.example.com;\n        proxy_pass https://$backend;',
        ),
      },
    },
    {
      title: 'the reserved name of an example, which is to be replaced',
      files: { 'nginx/site.conf.example': site('') },
    },
    { title: 'the name is sent', files: { 'nginx.conf': site('proxy_ssl_server_name on;') } },
    { title: 'the name is sent to it', files: { 'etc/nginx/nginx.conf': both('proxy_ssl_server_name on;') } },
    {
      title: 'an upstream, and the name of its host',
      files: {
        'etc/nginx/nginx.conf': pool(
          conf`
            proxy_ssl_server_name on;
            proxy_ssl_name api.example.com;
          `,
          'https://origin_pool',
        ),
      },
    },
    {
      title: 'an upstream that is called as its host',
      files: {
        'etc/nginx/nginx.conf': pool(
          'proxy_ssl_server_name on;',
          'https://api.example.com',
          'api.example.com',
        ),
      },
    },
    {
      title: 'an upstream of addresses',
      files: {
        'etc/nginx/nginx.conf': pool('', 'https://origin_pool').replace(
          'api.example.com:443',
          '192.0.2.7:443',
        ),
      },
    },
    { title: 'an address has no name', files: { 'nginx.conf': site('', '192.0.2.7') } },
    { title: 'a host of the own network', files: { 'nginx.conf': site('', 'backend.internal') } },
    { title: 'a host of an environment', files: { 'nginx.conf': site('', 'errors.management.production') } },
    { title: 'without TLS', files: { 'nginx.conf': site('').replace('https://', 'http://') } },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      if (!isEncrypted(connection)) continue
      const name = namedHost(connection) ?? variableHost(deployment, connection)
      if (name === null || connection.from.machine.container?.allNames.has(name) === true) continue
      if (isToBeReplaced(connection, name)) continue
      const { server, block, pass, upstream } = connection
      const family = pass.name.replace('_pass', '')
      const directive = `${family}_ssl_server_name`
      const sent = effectiveAtHand(server.configuration, block, directive)
      if (!sent.known) continue
      const isOn = sent.value.directives[0]?.args[0]?.value.toLowerCase() === 'on'
      const written = hostOf(connection)
      // A name with a dot may be the one that the host has.
      if (isOn && (upstream === null || written.includes('.'))) continue
      const own = effectiveAtHand(server.configuration, block, `${family}_ssl_name`)
      if (isOn && (!own.known || own.value.directives.length > 0)) continue
      const isNamed = own.known && own.value.directives.length > 0
      const verify = isOnAtHand(server.configuration, block, `${family}_ssl_verify`, false)
      // The certificate is compared with the same name, which is the fault then.
      if (isOn && verify.known && verify.value) continue
      const at = namePlace(pass)
      const word = argumentPlace(pass, 0)
      const from = word.source.text.indexOf(written, word.start)
      const lines = [
        ...(isOn ? [] : [`${directive} on;`]),
        ...(upstream === null || isNamed || written.includes('.') ? [] : [`${family}_ssl_name ${name};`]),
      ]
      yield {
        at:
          written === '' || from === -1 || from >= word.end
            ? word
            : { source: word.source, start: from, end: from + written.length },
        // One line in the server is the cure of all that lead there.
        cause: server.directive,
        aspect: `${family} ${name}`,
        ...((isUnseenServer(server.directive) ||
          isOwnDomain(deployment, name) ||
          takesNameOfClient(connection) ||
          ANSWERS_WITHOUT.test(name)) && {
          severity: 'info' as const,
        }),
        message: isOn
          ? `nginx names \`${written}\` in the TLS handshake, which is the name of the upstream and not of \`${name}\``
          : `nginx does not name \`${name}\` in the TLS handshake, as \`${directive}\` is off`,
        label: isOn ? 'sent as SNI' : 'not sent as SNI',
        ...propose('Name the host in the handshake', 'unsafe', [
          insertBefore(at, lines.map(line => `${line}\n${indentationAt(at)}`).join('')),
        ]),
      }
    }
  },
})

/** True for the reserved name of a file that is called an example: whoever copies it writes another one. */
function isToBeReplaced({ pass }: NginxConnection, name: string): boolean {
  return (
    /(?:^|\.)example\.(?:com|net|org)$/i.test(name) && /\.(?:example|sample|dist)$/i.test(pass.source.path)
  )
}

/** True where the backend is asked by the name of the site: it answers for that one, and is no foreign host. */
function takesNameOfClient({ headers }: NginxConnection): boolean {
  const host = headers.written.find(({ name }) => name === 'host')
  return host?.state === 'set' && /^\$\{?(?:host|http_host)\}?$/.test(host.value)
}

function isEncrypted({ protocol, pass }: NginxConnection): boolean {
  return (
    protocol.known &&
    (protocol.value === 'https' || protocol.value === 'grpcs') &&
    (pass.name === 'proxy_pass' || pass.name === 'grpc_pass')
  )
}

/** The host as the pass has it: empty where a variable hides it. */
function hostOf({ pass }: NginxConnection): string {
  return /^(?:https|grpcs):\/\/([A-Za-z0-9._-]+)(?=[:/]|$)/i.exec(pass.args[0]?.value ?? '')?.[1] ?? ''
}

/** The public name of a backend, or the one that all servers of an upstream have; null for an address or a name of the own network. */
function namedHost(connection: NginxConnection): string | null {
  const { upstream, targets } = connection
  if (hostOf(connection) === '') return null
  const hosts =
    upstream === null ? [hostOf(connection)] : targets.map(({ written }) => written.replace(/:\d+$/, ''))
  const [host] = hosts
  if (host === undefined || !hosts.every(each => each === host)) return null
  return isPublicName(host) ? host : null
}

/** The public name that a variable of `https://$backend` holds for some request. */
function variableHost(deployment: Deployment, { server, block, pass }: NginxConnection): string | null {
  const written = pass.args[0]?.value ?? ''
  if (!/^(?:https|grpcs):\/\/\$/i.test(written)) return null
  const name = lookedUpName(deployment, server, block, written)?.replace(/:\d+$/, '') ?? null
  return name === null || !isPublicName(name) ? null : name
}

function isPublicName(host: string): boolean {
  return /^[A-Za-z0-9.-]+$/.test(host) && !/^[0-9.]+$/.test(host) && host.includes('.') && !INSIDE.test(host)
}

const INSIDE =
  /\.(?:local|localdomain|internal|intern|lan|home|corp|svc|consul|test|localhost|arpa|production|prod|staging|stage|integration|private|priv|intra|intranet|cluster|docker|vagrant|vm|loc|localnet|dmz)$|\.svc\./i

/** Hosts that have a certificate for whoever sends no name, and answer by `Host`. */
const ANSWERS_WITHOUT =
  /\.s3(?:[.-][\w-]+)*\.amazonaws\.com$|^s3(?:[.-][\w-]+)*\.amazonaws\.com$|\.github\.io$|(?:^|\.)storage\.googleapis\.com$/i

const ownDomains = memo(
  ({ servers }: Deployment): ReadonlySet<string> =>
    new Set(
      servers.flatMap(({ names }) => names.flatMap(({ exact, name }) => (exact ? domainOf(name) : []))),
    ),
)

/** True where some server has a name of the domain that the backend lies in. */
function isOwnDomain(deployment: Deployment, host: string): boolean {
  return ownDomains(deployment).has(domainOf(host))
}

/** The last two labels, or three where those are of a country's registry: `example.org`, `example.co.uk`. */
function domainOf(name: string): string {
  const labels = name.toLowerCase().split('.')
  const isCountrys =
    /^(?:ac|co|com|edu|gov|net|or|org)$/.test(labels.at(-2) ?? '') && labels.at(-1)?.length === 2
  return labels.slice(isCountrys ? -3 : -2).join('.')
}
