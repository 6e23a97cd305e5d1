import { memo } from '../../parsers/collections/memo.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Machine } from '../../src/deployment/model.ts'
import { isBehindProxy } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'

const site = (lines: string): string => conf`
  server {
      ${lines}
      server_name example.org;
      ssl_certificate /etc/ssl/a.pem;
      ssl_certificate_key /etc/ssl/a.key;
      location / {
          return 200 page;
      }
  }
`

export default defineRule({
  summary: '`listen 80 ssl` speaks TLS on the port of plain HTTP',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Browsers, links and the challenges of certificates come to port 80 in plain HTTP, and get “400 The plain HTTP request was sent to HTTPS port”. A server without a certificate on such a socket keeps nginx from starting.',
  remedy: 'Write `listen 80;` beside `listen 443 ssl;`',
  references: [
    'https://nginx.org/en/docs/http/configuring_https_servers.html#single_http_https_server',
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#errors',
  ],
  bad: [
    {
      title: 'both ports alike',
      files: {
        'nginx.conf': site(conf`
          listen 80 «ssl»;
          listen 443 ssl;
        `),
      },
    },
    {
      title: 'the default server, and HTTP/2',
      files: { 'nginx.conf': site('listen 0.0.0.0:80 default_server «ssl» http2;') },
    },
  ],
  good: [
    {
      title: 'plain HTTP on port 80',
      files: {
        'nginx.conf': site(conf`
          listen 80;
          listen 443 ssl;
        `),
      },
    },
    {
      title: 'plain requests are redirected',
      files: {
        'nginx.conf': site(conf`
          listen 80 ssl;
          error_page 497 https://$host$request_uri;
        `),
      },
    },
    { title: 'a client on the machine itself', files: { 'nginx.conf': site('listen 127.0.0.1:80 ssl;') } },
    {
      title: 'a container whose port has another number outside',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:1.27
              ports:
                - "443:80"
              volumes:
                - ./site.conf:/etc/nginx/conf.d/default.conf:ro
        `,
        'site.conf': site('listen 80 ssl;'),
      },
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      for (const listen of server.listens) {
        if (listen.port !== 80 || !listen.tls || listen.quic || listen.directive === null) continue
        const { args } = listen.directive
        const index = args.findIndex(({ value }) => value === 'ssl')
        if (index < 1 || listen.loopback !== false || listen.proxyProtocol) continue
        if (isBehindProxy(deployment, server, listen)) continue
        const { configuration } = server
        if (takesPlain(configuration)) continue
        if (!isPort80Outside(deployment.programOf(configuration).machine)) continue
        const at = argumentPlace(listen.directive, index)
        yield {
          at,
          message: `nginx speaks TLS on ${formatEndpoint(listen)}, and answers what comes there in plain HTTP with 400`,
          label: 'TLS on the port of plain HTTP',
          ...propose('Speak plain HTTP on port 80', 'unsafe', [
            // HTTP/2 without TLS is nothing that browsers speak.
            args.some(({ value }) => value === 'http2')
              ? null
              : replacePlace({ ...at, start: argumentPlace(listen.directive, index - 1).end }, ''),
          ]),
        }
      }
    }
  },
})

/** The status by which nginx knows a plain request on a socket of TLS: such a page may redirect it. */
const takesPlain = memo(({ occurrences }: NginxConfiguration): boolean =>
  (occurrences.get('error_page') ?? []).some(({ args }) => args.some(({ value }) => value === '497')),
)

/** False for a container that publishes the port under another number, or not at all. */
function isPort80Outside({ container }: Machine): boolean {
  return (
    container === null ||
    container.service.ports.some(
      ({ published, target }) =>
        published?.known === true &&
        published.value.first === 80 &&
        target.known &&
        target.value.first === 80,
    )
  )
}
