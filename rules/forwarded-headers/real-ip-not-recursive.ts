import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseNetwork, scopeOfNetwork } from '../../src/servers/addresses/ip.ts'
import { parseNginxNetwork } from '../../src/servers/addresses/nginx.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain } from '../_examples.ts'

const site = (lines: string, listen = '80'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    ${lines}
    server {
        listen ${listen};
        server_name example.org;
        location / {
            return 200 $remote_addr;
        }
    }
  `),
})

export default defineRule({
  summary: 'Behind two proxies nginx takes the first of them for the client',
  severity: 'warning',
  otherSeverities: {
    info: 'where the network may connect, too, so that it is not sure that one proxy stands behind the other',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'Each proxy appends the address that it was asked from: `X-Forwarded-For` arrives as `client, CDN`. nginx takes the last address alone, whether `set_real_ip_from` trusts it or not, unless `real_ip_recursive` is on: the log, `allow` and every limit have the address of the CDN.',
  remedy: 'Write `real_ip_recursive on;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_realip_module.html#real_ip_recursive'],
  bad: [
    {
      title: 'a CDN before a proxy on this machine',
      files: site(
        conf`
          set_real_ip_from 127.0.0.1;
          set_real_ip_from 198.51.100.0/24;
          real_ip_header «X-Forwarded-For»;
        `,
        '127.0.0.1:8080',
      ),
    },
    {
      title: 'a CDN before a load balancer',
      files: site(conf`
        set_real_ip_from 10.0.1.0/24;
        set_real_ip_from 198.51.100.0/24;
        real_ip_header «X-Forwarded-For»;
        real_ip_recursive off;
      `),
    },
  ],
  good: [
    {
      title: 'every proxy is gone past',
      files: site(
        conf`
          set_real_ip_from 127.0.0.1;
          set_real_ip_from 198.51.100.0/24;
          real_ip_header X-Forwarded-For;
          real_ip_recursive on;
        `,
        '127.0.0.1:8080',
      ),
    },
    {
      title: 'a CDN alone',
      files: site(conf`
        set_real_ip_from 198.51.100.0/24;
        set_real_ip_from 203.0.113.0/24;
        real_ip_header X-Forwarded-For;
      `),
    },
    {
      title: 'a CDN, and this machine itself, which the network does not come through',
      files: site(conf`
        set_real_ip_from 127.0.0.1;
        set_real_ip_from 198.51.100.0/24;
        real_ip_header X-Forwarded-For;
      `),
    },
    {
      title: 'a load balancer, wherever in its network it is',
      files: site(conf`
        set_real_ip_from 10.0.0.0/8;
        set_real_ip_from 172.16.0.0/12;
        real_ip_header X-Forwarded-For;
      `),
    },
    {
      title: 'a header with one address',
      files: site(conf`
        set_real_ip_from 10.0.0.0/8;
        set_real_ip_from 198.51.100.0/24;
        real_ip_header CF-Connecting-IP;
      `),
    },
    {
      title: 'a proxy that sends the client alone',
      files: site(
        conf`
          set_real_ip_from 127.0.0.1;
          set_real_ip_from 198.51.100.0/24;
          real_ip_header X-Forwarded-For;
          server {
              listen 80;
              server_name example.org;
              location / {
                  proxy_pass http://127.0.0.1:8080;
                  proxy_set_header X-Forwarded-For $remote_addr;
              }
          }
        `,
        '127.0.0.1:8080',
      ),
    },
    {
      title: 'a network that is everybody',
      files: site('set_real_ip_from 0.0.0.0/0;\nreal_ip_header X-Forwarded-For;'),
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { configuration, directive } = server
      if (!configuration.occurrences.has('set_real_ip_from')) continue
      const [header, recursive, sources] = ['real_ip_header', 'real_ip_recursive', 'set_real_ip_from'].map(
        name => {
          const lines = effective(configuration, directive, name)
          return lines.known && lines.value.complete ? lines.value.directives : null
        },
      )
      const named = header?.at(-1)
      if (named?.args[0]?.value.toLowerCase() !== 'x-forwarded-for' || recursive == null || sources == null)
        continue
      if (recursive.at(-1)?.args[0]?.value.toLowerCase() === 'on') continue
      const isOpen = server.listens.some(listen => !isInner(listen))
      const near = sources.find(each => (isOpen ? IN_NETWORK : NEAR).has(scopeOfSource(each)))
      const far = sources.find(each => FAR.has(scopeOfSource(each)))
      if (near === undefined || far === undefined || sendsOne(deployment)) continue
      yield {
        at: argumentPlace(named, 0),
        severity: isOpen ? 'info' : 'warning',
        message: `of a request that came through \`${far.args[0]?.value}\` and \`${near.args[0]?.value}\`, nginx takes the address of the first proxy for the client’s: \`real_ip_recursive\` is off`,
        label: 'its last address alone',
        related: [
          { at: argumentPlace(near, 0), message: 'connects to nginx' },
          { at: argumentPlace(far, 0), message: 'is the last address of the header' },
        ],
      }
    }
  },
})

const IN_NETWORK: ReadonlySet<string> = new Set(['private', 'unique-local', 'carrier-grade-nat'])
const NEAR: ReadonlySet<string> = new Set([...IN_NETWORK, 'loopback', 'unix'])
/** The addresses of documentation stand for those that their owner has. */
const FAR: ReadonlySet<string> = new Set(['public', 'documentation'])

function scopeOfSource({ args }: NginxDirective): string {
  const text = args[0]?.value ?? ''
  if (text === 'unix:') return 'unix'
  const network = parseNginxNetwork(text)?.network
  return network === undefined || network.prefix === 0 ? 'unknown' : (scopeOfNetwork(network) ?? 'unknown')
}

/** True for a socket that no CDN can connect to by itself. */
function isInner({ loopback, address }: NginxServer['listens'][number]): boolean {
  if (loopback === true || address.kind === 'unix') return true
  if (address.kind !== 'ip' || address.wildcard) return false
  const network = parseNetwork(address.ip)
  return network !== null && IN_NETWORK.has(scopeOfNetwork(network) ?? 'unknown')
}

/** True where a proxy of the audit writes the address of the client alone, so that the last one is right. */
const sendsOne = memo(({ connections }: Deployment): boolean =>
  connections.http.some(({ headers }) =>
    headers.written.some(
      ({ name, value }) => name === 'x-forwarded-for' && /^\$\{?(?:remote_addr|realip_)/.test(value),
    ),
  ),
)
