import type { NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseNginxNetwork } from '../../src/servers/addresses/nginx.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

const server = (listen: string, network: string): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      set_real_ip_from ${network};
      real_ip_header X-Forwarded-For;
      location / {
          return 200 $remote_addr;
      }
  }
`

export default defineRule({
  summary: 'Anyone may tell nginx which address they come from',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [290, 348],
  since: '0.1.0',
  why: 'With every address trusted, a client’s own header becomes `$remote_addr`: `allow` and `deny`, rate limits, logs and what the backend is told all follow it.',
  remedy: 'List the addresses of the proxies in front of nginx, and nothing else',
  references: ['https://nginx.org/en/docs/http/ngx_http_realip_module.html#set_real_ip_from'],
  bad: [
    { title: 'every version 4 address', files: { 'nginx.conf': server('80', '«0.0.0.0/0»') } },
    { title: 'every version 6 address', files: { 'nginx.conf': server('[::]:80', '«::/0»') } },
  ],
  good: [
    { title: 'the network of the balancers', files: { 'nginx.conf': server('80', '10.0.0.0/8') } },
    { title: 'only this machine connects', files: { 'nginx.conf': server('127.0.0.1:8080', '0.0.0.0/0') } },
    { title: 'only a socket', files: { 'nginx.conf': server('unix:/run/nginx.sock', 'unix:') } },
  ],
  *check({ nginx, servers, facts }) {
    const byDirective = serverIndex(servers)
    for (const { occurrences } of nginx) {
      for (const directive of occurrences.get('set_real_ip_from') ?? []) {
        const network = directive.args[0]?.value
        if (parseNginxNetwork(network ?? '')?.network.prefix !== 0) continue
        if (directive.context.startsWith('stream')) continue
        const open = openListen(directive, servers, byDirective)
        if (open === undefined) continue
        yield {
          at: argumentPlace(directive, 0),
          message: `nginx takes the client’s address from a header of whoever connects, because \`${network}\` is everybody`,
          label: 'trusts every address',
          related: [{ at: open.at, message: 'the network connects here' }],
          ...(facts.outerProxies.length === 0
            ? {}
            : { help: `Write one line for each proxy: \`set_real_ip_from ${facts.outerProxies[0]};\`` }),
        }
      }
    }
  },
})

/** A socket that the directive governs and that the network reaches. */
function openListen(
  directive: NginxDirective,
  servers: readonly NginxServer[],
  byDirective: ReadonlyMap<NginxDirective, NginxServer>,
): NginxServer['listens'][number] | undefined {
  const home = enclosingServer(directive)
  const governed = home === null ? servers : [byDirective.get(home)]
  for (const server of governed) {
    const listen = server?.listens.find(({ loopback }) => loopback === false)
    if (listen !== undefined) return listen
  }
  return undefined
}
