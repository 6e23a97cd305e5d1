import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'

const nginx = (line: string): string => nginxMain(proxiedServer(line))

export default defineRule({
  summary: 'A limit of uploads is written without its unit',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx counts a number without a unit in bytes. `client_max_body_size 100` refuses every form that is longer than one line, with 413.',
  remedy: 'Write the unit: `client_max_body_size 100m;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size'],
  bad: [
    { title: 'a hundred bytes', files: { 'etc/nginx/nginx.conf': nginx('client_max_body_size «100»;') } },
  ],
  good: [
    { title: 'a hundred megabytes', files: { 'etc/nginx/nginx.conf': nginx('client_max_body_size 100m;') } },
    { title: 'no limit', files: { 'etc/nginx/nginx.conf': nginx('client_max_body_size 0;') } },
    { title: 'bytes of a size', files: { 'etc/nginx/nginx.conf': nginx('client_max_body_size 1048576;') } },
    {
      title: 'a location that takes nothing',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /status {
              client_max_body_size 1;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const line of occurrences.get('client_max_body_size') ?? []) {
        const value = line.args[0]?.value ?? ''
        // Fewer are written to take no body at all.
        if (!/^\d+$/.test(value) || Number(value) < 5 || Number(value) >= 1000) continue
        yield {
          at: argumentPlace(line, 0),
          message: `this is ${value} bytes, so nginx refuses nearly every body with 413`,
        }
      }
    }
  },
})
