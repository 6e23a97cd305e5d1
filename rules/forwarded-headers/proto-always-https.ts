import { directPlainListens } from '../../src/deployment/outer-proxies.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const site = (listen: string, value: string, lines = ''): string => conf`
  server {
      ${listen}
      server_name example.org;
      ssl_certificate /etc/ssl/example.pem;
      ssl_certificate_key /etc/ssl/example.key;
      ${lines}
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto ${value};
      }
  }
`
const BOTH = conf`
  listen 80;
  listen 443 ssl;
`

export default defineRule({
  summary: 'nginx sends the backend `https` for what comes by plain HTTP',
  severity: 'warning',
  otherSeverities: {
    info: 'for a server of plain HTTP alone, in front of which something else may terminate TLS',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'The header says `https` whatever the client used. What comes by plain HTTP is then not redirected by the application, gets cookies with `Secure` that the browser does not send back, and its forms fail where the application compares `Origin` with the scheme.',
  remedy: 'Send `$scheme`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#var_scheme'],
  bad: [
    { title: 'a server for both', files: { 'nginx.conf': site(BOTH, '«https»') } },
    { title: 'a server of plain HTTP', files: { 'nginx.conf': site('listen 80;', '«https»') } },
  ],
  good: [
    { title: 'the scheme that nginx saw', files: { 'nginx.conf': site(BOTH, '$scheme') } },
    { title: 'TLS alone', files: { 'nginx.conf': site('listen 443 ssl;', 'https') } },
    {
      title: 'behind a proxy on the same machine',
      files: { 'nginx.conf': site('listen 127.0.0.1:8080;', 'https') },
    },
    {
      title: 'behind a proxy that is known',
      files: { 'nginx.conf': site('listen 80;', 'https', 'set_real_ip_from 192.0.2.0/24;') },
    },
    {
      title: 'plain HTTP is redirected',
      files: {
        'nginx.conf': site(
          BOTH,
          'https',
          conf`
            if ($scheme = http) {
                return 301 https://$host$request_uri;
            }
          `,
        ),
      },
    },
  ],
  *check(deployment) {
    for (const { server, headers, reachable } of deployment.connections.http) {
      const header = headers.written.findLast(({ name }) => name === 'x-forwarded-proto')
      if (header?.value.toLowerCase() !== 'https' || reachable !== true) continue
      const [listen] = directPlainListens(deployment, server)
      if (listen === undefined || server.answer.kind === 'redirect' || server.answer.kind === 'unknown')
        continue
      const at = argumentPlace(header.directive, 1)
      yield {
        at,
        per: 'locations',
        ...(!server.tls && { severity: 'info' as const }),
        message: often => `nginx sends the backend \`https\`${often}, also for what comes by plain HTTP`,
        label: 'not what the client used',
        related: [{ at: listen.at, message: 'plain HTTP' }],
        ...propose('Send the scheme that nginx saw', 'unsafe', [replacePlace(at, '$scheme')]),
      }
    }
  },
})
