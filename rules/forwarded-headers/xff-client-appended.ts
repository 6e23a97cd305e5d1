import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (value: string, top = ''): string => conf`
  ${top}
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:8000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For ${value};
      }
  }
`

export default defineRule({
  summary: 'The first address in X-Forwarded-For is the client’s own invention',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: '`$proxy_add_x_forwarded_for` appends to what the client sent. Whoever reads the first entry, as many log formats and libraries do, reads what a client chose to write.',
  remedy: 'At the edge, where nobody stands in front of nginx, send `$remote_addr` alone',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#var_proxy_add_x_forwarded_for'],
  bad: [{ title: 'appended at the edge', files: { 'nginx.conf': nginx('«$proxy_add_x_forwarded_for»') } }],
  good: [
    { title: 'what nginx saw', files: { 'nginx.conf': nginx('$remote_addr') } },
    {
      title: 'behind a proxy that is named',
      files: { 'nginx.conf': nginx('$proxy_add_x_forwarded_for', 'set_real_ip_from 10.0.0.0/8;') },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      for (const header of connection.headers.written) {
        if (header.state !== 'appended' || header.name !== 'x-forwarded-for') continue
        if (connection.reachable !== true || !takesClients(deployment, connection.server)) continue
        const at = argumentPlace(header.directive, 1)
        yield {
          at,
          per: 'locations',
          message: often =>
            `nginx appends to the \`X-Forwarded-For\` that the client sent${often}, so the first address in it is the client’s to choose`,
          ...propose('Send the address that nginx saw', 'unsafe', [replacePlace(at, '$remote_addr')]),
        }
      }
    }
  },
})
