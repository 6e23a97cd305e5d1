import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import type { NginxConnection, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'

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

const both = (lines: string, backend?: string): string =>
  nginxMain([
    site(lines, backend),
    conf`
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
    `,
  ])

export default defineRule({
  summary: 'nginx connects to a backend over TLS without naming it (SNI)',
  severity: 'warning',
  otherSeverities: {
    info: 'where the host is of the domain that nginx answers for, and whoever runs both knows what it wants',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'Without `proxy_ssl_server_name on` nginx sends no name in the handshake. A host that serves several names, as content networks, load balancers and most clouds do, refuses the handshake or answers with another site’s certificate: 502.',
  remedy: 'Write `proxy_ssl_server_name on;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_server_name'],
  bad: [
    { title: 'a service elsewhere', files: { 'nginx.conf': site('', '«api.example.com»') } },
    { title: 'a host of the same domain', files: { 'nginx.conf': site('', '«api.example.org»') } },
    {
      title: 'a host that takes no other name',
      files: { 'etc/nginx/nginx.conf': both('', '«api.example.com»') },
    },
  ],
  good: [
    { title: 'the name is sent', files: { 'nginx.conf': site('proxy_ssl_server_name on;') } },
    { title: 'the name is sent to it', files: { 'etc/nginx/nginx.conf': both('proxy_ssl_server_name on;') } },
    { title: 'an address has no name', files: { 'nginx.conf': site('', '192.0.2.7') } },
    { title: 'a host of the own network', files: { 'nginx.conf': site('', 'backend.internal') } },
    { title: 'without TLS', files: { 'nginx.conf': site('').replace('https://', 'http://') } },
  ],
  *check({ connections }) {
    for (const connection of connections.nginx) {
      const name = namedHost(connection)
      if (name === null) continue
      const { server, block, pass } = connection
      const directive = pass.name === 'grpc_pass' ? 'grpc_ssl_server_name' : 'proxy_ssl_server_name'
      const sent = effectiveAtHand(server.configuration, block, directive)
      if (!sent.known || sent.value.directives[0]?.args[0]?.value.toLowerCase() === 'on') continue
      const at = namePlace(pass)
      const word = argumentPlace(pass, 0)
      const from = word.source.text.indexOf(name, word.start)
      yield {
        at:
          from === -1 || from >= word.end
            ? word
            : { source: word.source, start: from, end: from + name.length },
        ...(isOwnDomain(server, name) && { severity: 'info' as const }),
        message: `nginx does not name \`${name}\` in the TLS handshake, as \`${directive}\` is off`,
        label: 'not sent as SNI',
        ...propose('Name the host in the handshake', 'unsafe', [
          insertBefore(at, `${directive} on;\n${indentationAt(at)}`),
        ]),
      }
    }
  },
})

/** The public name of a backend that is reached over TLS; null for an address, a name of the own network, an upstream. */
function namedHost({ pass, protocol, upstream }: NginxConnection): string | null {
  if (!protocol.known || (protocol.value !== 'https' && protocol.value !== 'grpcs') || upstream !== null)
    return null
  const host = /^(?:https|grpcs):\/\/([A-Za-z0-9.-]+)(?=[:/]|$)/.exec(pass.args[0]?.value ?? '')?.[1]
  if (host === undefined || /^[0-9.]+$/.test(host) || !host.includes('.')) return null
  return /\.(?:local|localdomain|internal|intern|lan|home|corp|svc|consul|test|localhost|arpa)$|\.svc\./i.test(
    host,
  )
    ? null
    : host
}

/** True where the server has a name of the domain that the backend lies in. */
function isOwnDomain({ names }: NginxServer, host: string): boolean {
  const domain = domainOf(host)
  return names.some(({ exact, name }) => exact && domainOf(name) === domain)
}

/** The last two labels, or three where those are of a country's registry: `example.org`, `example.co.uk`. */
function domainOf(name: string): string {
  const labels = name.toLowerCase().split('.')
  const isCountrys =
    /^(?:ac|co|com|edu|gov|net|or|org)$/.test(labels.at(-2) ?? '') && labels.at(-1)?.length === 2
  return labels.slice(isCountrys ? -3 : -2).join('.')
}
