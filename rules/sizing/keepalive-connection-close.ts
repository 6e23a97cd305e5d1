import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (empty: string, keepalive = 'keepalive 16;'): string =>
  nginxMain(conf`
    map $http_upgrade $connection_upgrade {
        default upgrade;
        '' ${empty};
    }
    upstream app {
        server 127.0.0.1:9000;
        ${keepalive}
    }
    ${nginxServer(conf`
      location / {
          proxy_pass http://app;
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header «Connection» $connection_upgrade;
      }
    `)}
  `)

export default defineRule({
  summary: 'Connections to the backend are to be kept, and each request asks to close them',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'The `map` of the documentation sends `Connection: close` with every request that is no WebSocket. The backend closes, and `keepalive` of the upstream keeps nothing.',
  remedy: "Map the empty `Upgrade` to an empty text: `'' '';`",
  references: ['https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive'],
  bad: [{ title: 'the map of the documentation', files: { 'etc/nginx/nginx.conf': nginx('close') } }],
  good: [
    { title: 'an empty text', files: { 'etc/nginx/nginx.conf': nginx("''") } },
    { title: 'nothing is kept', files: { 'etc/nginx/nginx.conf': nginx('close', '') } },
  ],
  *check({ connections }) {
    for (const { server, upstream, headers } of connections.http) {
      if (upstream === null || headers.open) continue
      const kept = childrenNamed(upstream, 'keepalive')[0]
      const line = headers.written.find(({ name }) => name === 'connection')
      if (kept === undefined || line === undefined) continue
      const variable = /^\$\{?(\w+)\}?$/.exec(line.value)?.[1]
      const map = variable === undefined ? undefined : maps(server.configuration).get(variable)
      if (map?.directive.args[0]?.value !== '$http_upgrade') continue
      const empty = map.directive.children.find(({ name }) => name === '')
      if (empty?.args[0]?.value !== 'close') continue
      yield {
        at: argumentPlace(line.directive, 0),
        cause: kept,
        message: 'every request but a WebSocket sends `Connection: close`, so no connection is kept',
        related: [
          { at: namePlace(kept), message: 'keeps nothing' },
          { at: argumentPlace(empty, 0), message: 'without `Upgrade`' },
        ],
      }
    }
  },
})
