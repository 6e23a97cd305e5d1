import { defineRule } from '../../src/engine/rule.ts'
import { conf } from '../../src/engine/conf.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { httpPlace, nginxLine, reachedServers } from './_servers.ts'

const LIMITS = ['limit_conn', 'limit_req']

export default defineRule({
  summary: 'Nothing limits the connections or the requests of one client',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'One client may ask as often as it likes. What load is too much only the owner knows, and a program in front may limit it as well.',
  remedy:
    'Count by `$binary_remote_addr` in `limit_conn_zone` and `limit_req_zone`, and limit what is dear: `limit_conn`, `limit_req`',
  controls: ['CIS nginx 5.2.4', 'CIS nginx 5.2.5', 'dev-sec nginx-07'],
  references: [
    'https://nginx.org/en/docs/http/ngx_http_limit_req_module.html',
    'https://nginx.org/en/docs/http/ngx_http_limit_conn_module.html',
  ],
  bad: [
    {
      title: 'neither',
      files: { 'etc/nginx/nginx.conf': nginxMain(proxiedServer()).replace('http', '«http»') },
    },
  ],
  good: [
    {
      title: 'both, one of them in a location',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            limit_req_zone $binary_remote_addr zone=asked:10m rate=10r/s;
            limit_conn_zone $binary_remote_addr zone=open:10m;
            limit_conn open 10;
          `,
          proxiedServer(conf`
            location /login/ {
                limit_req zone=asked burst=20;
                proxy_pass http://127.0.0.1:9000;
            }
          `),
        ]),
      },
    },
    { title: 'a fragment, whose http may say it', files: { 'site.conf': proxiedServer() } },
  ],
  *check(deployment) {
    const limited = LIMITS.map(
      name =>
        new Set(
          deployment.nginx.flatMap(({ occurrences }) => (occurrences.get(name) ?? []).map(enclosingServer)),
        ),
    )
    for (const server of reachedServers(deployment)) {
      const lacking = LIMITS.filter(
        (name, index) => limited[index]?.has(server.directive) !== true && nginxLine(server, name) === null,
      )
      if (lacking.length === 0) continue
      const what = lacking.map(name => `\`${name}\``).join(' and no ')
      yield {
        at: httpPlace(server),
        aspect: what,
        per: 'servers',
        message: often => `no ${what} holds back a client that asks too much${often}`,
      }
    }
  },
})
