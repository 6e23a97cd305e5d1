import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { SentHeader } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { repeatedWords } from './_repeated-words.ts'

const ADDRESS = new Set(['x-real-ip', 'x-forwarded-for', 'x-client-ip', 'x-remote-addr'])
/** What a client writes; the headers of a CDN have names of their own. */
const OF_CLIENT = /^\$\{?http_x_(?:real_ip|forwarded_for|client_ip|remote_addr)\}?$/

const location = (header: string): string => conf`
  location / {
      proxy_pass http://127.0.0.1:8000;
      proxy_set_header Host $host;
      proxy_set_header ${header};
  }
`
const nginx = (header: string, lines = ''): string => conf`
  server {
      listen 80;
      listen 443 ssl;
      ssl_certificate /etc/ssl/a.pem;
      ssl_certificate_key /etc/ssl/a.key;
      server_name example.org;
      ${lines}
      ${location(header)}
  }
`

export default defineRule({
  summary: 'nginx repeats what the client says of its address',
  severity: 'warning',
  otherSeverities: {
    info: 'where nginx has no TLS for the name, so that another proxy may stand in front of it',
  },
  confidence: 'medium',
  securitySeverity: 5.3,
  cwe: [348],
  since: '0.1.0',
  why: 'The line looks as if nginx told the address of the client, but sends the client’s own word: whoever writes the header is whom he likes, for limits, locks and logs of the application. A browser sends no such header, so of it the application is told nothing, and takes nginx for the client.',
  remedy:
    'Say what nginx saw, `$remote_addr`; behind another proxy, name it by `set_real_ip_from`, and `$remote_addr` is the address that it tells',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#var_http_',
    'https://nginx.org/en/docs/http/ngx_http_realip_module.html',
  ],
  bad: [
    { title: 'the client’s own header', files: { 'nginx.conf': nginx('X-Real-IP «$http_x_real_ip»') } },
    {
      title: 'the list of the client',
      files: { 'nginx.conf': nginx('X-Forwarded-For «$http_x_forwarded_for»') },
    },
    {
      title: 'the list of the client for the one address, over TLS alone',
      files: {
        'nginx.conf': nginx('X-Real-IP «$http_x_forwarded_for»').replace('    listen 80;\n', ''),
      },
    },
    {
      title: 'without TLS, where another proxy may be in front',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              ${location('X-Real-IP «$http_x_real_ip»')}
          }
        `,
      },
    },
  ],
  good: [
    { title: 'what nginx saw', files: { 'nginx.conf': nginx('X-Real-IP $remote_addr') } },
    {
      title: 'the list with what nginx saw behind it',
      files: { 'nginx.conf': nginx('X-Forwarded-For "$http_x_forwarded_for, $remote_addr"') },
    },
    {
      title: 'behind a proxy that is named',
      files: { 'nginx.conf': nginx('X-Real-IP $http_x_real_ip', 'set_real_ip_from 10.0.0.0/8;') },
    },
    {
      title: 'the header of a CDN',
      files: { 'nginx.conf': nginx('X-Real-IP $http_cf_connecting_ip') },
    },
    {
      title: 'behind a proxy that speaks the PROXY protocol',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl proxy_protocol;
              server_name example.org;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              ${location('X-Real-IP $http_x_real_ip')}
          }
        `,
      },
    },
  ],
  *check(deployment) {
    const isAddress = ({ name, value }: SentHeader): boolean => ADDRESS.has(name) && OF_CLIENT.test(value)
    for (const { connection, name, at, severity } of repeatedWords(deployment, isAddress)) {
      // Where mod_remoteip believes the header, other rules ask whom it believes.
      const hosts = deployment.connections.hostsReachedBy(connection)
      if (hosts.some(({ host }) => host.configuration.occurrences.has('remoteipheader'))) continue
      yield {
        at,
        severity,
        per: 'locations',
        message: often =>
          `nginx sends the client’s own word as \`${name}\`${often}: whoever writes the header chooses his address, and of everybody else the application is told none`,
        label: 'the client decides',
        ...propose('Say what nginx saw', 'unsafe', [replacePlace(at, '$remote_addr')]),
      }
    }
  },
})
