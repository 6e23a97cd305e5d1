import { branchesAt } from '../../src/servers/presence.ts'
import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isLoopback } from '../../src/servers/address.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { sockets } from '../../src/servers/nginx/queries/sockets.ts'
import { isAtLeast } from '../../src/servers/version.ts'

const site = (listen: string, lines = 'root /srv/www;'): string => conf`
  server {
      ${listen}
      server_name example.org;
      ${lines}
  }
`

export default defineRule({
  summary: 'Port 80 speaks HTTP/2 alone, which browsers speak over TLS only',
  severity: 'warning',
  otherSeverities: { info: 'where a condition of a template puts it there, which a balancer may need' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'Before version 1.25.1 nginx answers in HTTP/2 from the first byte on a socket with `http2` and without TLS. Browsers and `curl` begin in HTTP/1.1 there: they get a handful of bytes that are no answer, and download or refuse them. Certificates are not renewed over it either.',
  remedy: 'Leave `http2` to the `listen` with `ssl`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#listen'],
  bad: [
    { title: 'a parameter copied from port 443', files: { 'nginx.conf': site('listen 80 «http2»;') } },
    {
      title: 'for version 6 alone',
      files: { 'nginx.conf': site('listen 80;\nlisten [::]:80 «http2»;') },
    },
    {
      title: 'what an environment turns on: advice',
      files: {
        'nginx.conf.tpl': site('listen 80 default_server{{ if getenv "SHOP_HTTP2" }} «http2»{{ end }};'),
      },
    },
    {
      title: 'a parameter that holds for all servers of the socket',
      files: {
        'nginx.conf': conf`
          ${site('listen 80;')}
          server {
              listen 80 «http2»;
              server_name www.example.org;
              return 301 https://example.org$request_uri;
          }
        `,
      },
    },
  ],
  good: [
    { title: 'plain HTTP', files: { 'nginx.conf': site('listen 80;') } },
    {
      title: 'a server of gRPC, whose clients begin in HTTP/2',
      files: {
        'nginx.conf': site(
          'listen 80 http2;',
          conf`
            location / {
                grpc_pass grpc://127.0.0.1:50051;
            }
          `,
        ),
      },
    },
    {
      title: 'behind a proxy of the same machine that speaks HTTP/2',
      files: { 'nginx.conf': site('listen 127.0.0.1:80 http2 proxy_protocol;') },
    },
    {
      title: 'an nginx that tells the two versions apart',
      files: {
        'nginx.conf': site('listen 80 http2;'),
        '.auditrc': conf`
          versions:
            nginx: 1.26.0
        `,
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      const { occurrences, version } = configuration
      if (version.from !== 'assumed' && isAtLeast(version, '1.25.1')) continue
      if (!(occurrences.get('listen') ?? []).some(saysHttp2) || occurrences.has('grpc_pass')) continue
      for (const { port, ssl, quic, proxyProtocol, address, servers } of sockets(configuration)) {
        if (port !== 80 || ssl || quic || proxyProtocol || isLoopback(address) !== false) continue
        for (const { listen } of servers) {
          const { directive } = listen
          const index = directive === null ? -1 : indexOfHttp2(directive)
          if (directive === null || index === -1) continue
          const at = argumentPlace(directive, index)
          yield {
            at,
            ...(isOfBranch(at) && { severity: 'info' as const }),
            message: `before 1.25.1 nginx speaks HTTP/2 alone on \`${listen.endpoint}\`, and browsers speak HTTP/1.1 where there is no TLS`,
            label: 'without `ssl`',
          }
        }
      }
    }
  },
})

function isOfBranch({ source, start }: Place): boolean {
  return branchesAt(source, start).length > 0
}

function saysHttp2(listen: NginxDirective): boolean {
  return indexOfHttp2(listen) !== -1
}

function indexOfHttp2({ args }: NginxDirective): number {
  return args.findIndex(({ value }, index) => index > 0 && value === 'http2')
}
