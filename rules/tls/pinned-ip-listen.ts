import { formatEndpoint } from '../../src/servers/address.ts'
import type { NginxServer, ServerListen } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const server = (listen: string): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      ssl_certificate /etc/ssl/a.pem;
      ssl_certificate_key /etc/ssl/a.key;
      root /srv/www;
  }
`
const PLAIN = conf`
  server {
      listen 80;
      server_name example.org;
      return 301 https://example.org$request_uri;
  }
`

export default defineRule({
  summary: 'TLS is bound to one address, plain HTTP to all',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'When the machine gets another address, nginx does not start: “bind() … failed (99: Cannot assign requested address)”, with every site on it. And on its other addresses, version 6 too, the redirect to TLS leads to a closed port. Since SNI no site needs an address of its own.',
  remedy: 'Write `listen 443 ssl;` and `listen [::]:443 ssl;`, as for port 80',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#listen'],
  bad: [
    {
      title: 'the address of the machine of that day',
      files: { 'nginx.conf': `${PLAIN}${server('«192.0.2.10:443» ssl')}` },
    },
    {
      title: 'two sites on one address, said once',
      files: {
        'nginx.conf': `${PLAIN}${server('«192.0.2.10:443» ssl')}${PLAIN.replaceAll('example.org', 'example.net')}${server('192.0.2.10:443 ssl').replace('example.org', 'example.net')}`,
      },
    },
  ],
  good: [
    { title: 'every address for both', files: { 'nginx.conf': `${PLAIN}${server('443 ssl')}` } },
    {
      title: 'one address for both, as on a machine with several',
      files: {
        'nginx.conf': `${PLAIN.replace('listen 80', 'listen 192.0.2.10:80')}${server('192.0.2.10:443 ssl')}`,
      },
    },
    { title: 'this machine alone', files: { 'nginx.conf': `${PLAIN}${server('127.0.0.1:443 ssl')}` } },
    {
      title: 'another name has the other addresses',
      files: {
        'nginx.conf': `${PLAIN}${server('192.0.2.10:443 ssl')}${server('443 ssl').replace('example.org', 'example.net')}`,
      },
    },
  ],
  *check({ nginx, servers }) {
    for (const configuration of nginx) {
      const own = servers.filter(each => each.configuration === configuration)
      // Somebody who listens on all addresses too has sorted out which site belongs to which.
      if (own.some(({ listens }) => listens.some(each => each.tls && isWildcard(each)))) continue
      const bound = own.filter(({ listens }) => listens.some(isPinned))
      if (bound.length === 0) continue
      const plain = plainByName(own)
      for (const { names, listens } of bound) {
        const open = names.map(({ name }) => plain.get(name)).find(each => each !== undefined)
        if (open === undefined) continue
        for (const listen of listens.filter(isPinned)) {
          const address = formatEndpoint(listen)
          yield {
            at: listen.at,
            cause: configuration,
            aspect: address,
            per: 'servers',
            message: often => `TLS is bound to ${address}, plain HTTP to every address${often}`,
            label: 'one address alone',
            related: [{ at: open.at, message: 'every address' }],
          }
        }
      }
    }
  },
})

/** TLS on one address that the network reaches. */
function isPinned(listen: ServerListen): boolean {
  return listen.tls && listen.loopback === false && listen.address.kind === 'ip' && !listen.address.wildcard
}

function isWildcard({ address }: ServerListen): boolean {
  return address.kind === 'ip' && address.wildcard
}

/** The plain listen on every address by which a name is reached. */
function plainByName(servers: readonly NginxServer[]): ReadonlyMap<string, ServerListen> {
  const found = new Map<string, ServerListen>()
  for (const { names, plainListens } of servers) {
    const open = plainListens.find(isWildcard)
    if (open === undefined) continue
    for (const { name, exact } of names) if (exact && !found.has(name)) found.set(name, open)
  }
  return found
}
