import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseNumber } from '../../src/servers/nginx/validate/numbers.ts'

const main = (files: string, connections: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    ${files}
    events {
        worker_connections ${connections};
    }
    http {
        server {
            listen 80;
            server_name example.org;
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
        }
    }
  `,
})

export default defineRule({
  summary: 'nginx may open fewer files than its connections need',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'A request that is proxied takes two connections, one to the client and one to the backend, and each is a file to the system. At its limit nginx answers 500 and writes “Too many open files”.',
  remedy: 'Set `worker_rlimit_nofile` to twice `worker_connections`, or more',
  references: [
    'https://nginx.org/en/docs/ngx_core_module.html#worker_rlimit_nofile',
    'https://nginx.org/en/docs/ngx_core_module.html#worker_connections',
  ],
  bad: [{ title: 'as many files as connections', files: main('worker_rlimit_nofile «4096»;', '4096') }],
  good: [
    { title: 'twice as many', files: main('worker_rlimit_nofile 8192;', '4096') },
    { title: 'the limit that the service starts nginx with', files: main('', '768') },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      const limit = occurrences.get('worker_rlimit_nofile')?.[0]
      const connections = occurrences.get('worker_connections')?.[0]
      // Only a proxy needs two files for a request.
      if (limit === undefined || connections === undefined || !occurrences.has('proxy_pass')) continue
      const allowed = parseNumber(limit.args[0]?.value ?? '')
      const wanted = parseNumber(connections.args[0]?.value ?? '')
      if (allowed === null || wanted === null || allowed >= 2 * wanted) continue
      const at = argumentPlace(limit, 0)
      yield {
        at,
        message: `A worker of nginx may open ${allowed} files, and its ${wanted} connections come to twice as many where they are proxied`,
        related: [{ at: argumentPlace(connections, 0), message: 'connections of a worker' }],
        ...propose('Allow two files for each connection', 'safe', [replacePlace(at, `${2 * wanted}`)]),
      }
    }
  },
})
