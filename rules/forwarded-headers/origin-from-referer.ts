import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location /socket.io/ {
          proxy_pass http://127.0.0.1:9000;
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection upgrade;
          ${lines}
      }
  }
`

export default defineRule({
  summary: 'The backend is told the address of a page for the origin',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`Origin` is a scheme, a name and a port, as in `https://example.org`. `Referer` is the address of a whole page, or nothing: browsers send none with a WebSocket, and nginx then leaves `Origin` out. What compares the origin, as Socket.IO, Rails and Django do, refuses the request.',
  remedy: 'Leave the line out, so that the backend gets the `Origin` of the client',
  references: [
    'https://www.rfc-editor.org/rfc/rfc6454#section-7.1',
    'https://www.rfc-editor.org/rfc/rfc9110#section-10.1.3',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  ],
  bad: [
    {
      title: 'the page that asks',
      files: { 'nginx.conf': site('proxy_set_header Origin «$http_referer»;') },
    },
    {
      title: 'in braces and quotes',
      files: { 'nginx.conf': site('proxy_set_header origin «"${http_referer}"»;') },
    },
  ],
  good: [
    {
      title: 'the origin of the client',
      files: { 'nginx.conf': site('proxy_set_header Origin $http_origin;') },
    },
    {
      title: 'one that is made of the name, and another header of the page',
      files: {
        'nginx.conf': site(conf`
          proxy_set_header Origin $scheme://$http_host;
          proxy_set_header X-Page $http_referer;
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx)
      for (const name of ['proxy_set_header', 'grpc_set_header'])
        for (const line of occurrences.get(name) ?? []) {
          const [header, value] = line.args
          if (header?.value.toLowerCase() !== 'origin') continue
          if (!/^\$\{?http_referer\}?$/i.test(value?.value ?? '')) continue
          yield {
            at: argumentPlace(line, 1),
            message:
              '`Origin` becomes the address of the page that asks, with its path, or is left out where the client sends no `Referer`',
            label: 'a page, no origin',
          }
        }
  },
})
