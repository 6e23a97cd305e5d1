import { realIpSources } from '../../src/deployment/outer-proxies.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { proxyInFront } from '../../src/deployment/proxy-in-front.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (lines: string, listen = '127.0.0.1:8080', method = '«ip_hash»;'): string =>
  nginxMain([
    conf`
      upstream app {
          ${method}
          server 127.0.0.1:9000;
          server 127.0.0.1:9001;
      }
      server {
          listen ${listen};
          server_name example.org;
          ${lines}
          location / {
              proxy_pass http://app;
          }
      }
    `,
    conf`
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass http://127.0.0.1:8080;
              proxy_set_header Host $host;
              proxy_set_header X-Forwarded-For $remote_addr;
          }
      }
    `,
  ])

export default defineRule({
  summary: '`ip_hash` chooses by the address of the proxy in front',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`ip_hash` sends each address to one server of the upstream. Behind a proxy every request comes from the same one, so that one server gets all of them, and the others none; behind a network of proxies a client changes with each of them, and loses its session.',
  remedy:
    'Write `set_real_ip_from` with the address of the proxy, and `real_ip_header`; or `hash $http_x_forwarded_for consistent`',
  references: ['https://nginx.org/en/docs/http/ngx_http_upstream_module.html#ip_hash'],
  bad: [
    { title: 'behind a proxy on the same machine', files: { 'etc/nginx/nginx.conf': nginx('') } },
    {
      title: 'behind Cloudflare, as a header says',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header X-Real-IP $http_cf_connecting_ip;', '8080'),
      },
    },
  ],
  good: [
    {
      title: 'the client’s address is taken from the proxy',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          set_real_ip_from 127.0.0.1;
          real_ip_header X-Forwarded-For;
        `),
      },
    },
    { title: 'clients connect themselves', files: { 'etc/nginx/nginx.conf': nginx('', '8080') } },
    {
      title: 'by the header of the proxy',
      files: {
        'etc/nginx/nginx.conf': nginx('', '127.0.0.1:8080', 'hash $http_x_forwarded_for consistent;'),
      },
    },
  ],
  *check({ nginx: configurations, connections }) {
    if (!configurations.some(({ occurrences }) => occurrences.has('ip_hash'))) return
    for (const { server, upstream, pass } of connections.nginx) {
      const method = upstream === null ? undefined : childrenNamed(upstream, 'ip_hash')[0]
      if (method === undefined || upstream === null || realIpSources(server).length > 0) continue
      if (childrenNamed(upstream, 'server').length < 2) continue
      const isLocal = server.listens.length > 0 && server.listens.every(({ loopback }) => loopback === true)
      if (!isLocal && proxyInFront(server)?.name !== 'Cloudflare') continue
      yield {
        at: namePlace(method),
        message: isLocal
          ? 'every request comes from the proxy on this machine, so one server gets all of them'
          : 'requests come from the addresses of Cloudflare, so that a client does not keep its server',
        related: [{ at: namePlace(pass), message: 'leads here' }],
      }
    }
  },
})
