import { type HaproxyServer, hostlessChecks } from '../../parsers/haproxy/read-haproxy.ts'
import type { Place } from '../../parsers/text/source.ts'
import { haproxyFiles } from '../../src/deployment/haproxy-files.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const tree = (
  lines: string,
  server = 'server web1 127.0.0.1:8080 check',
  more = '',
): Record<string, string> => ({
  'etc/haproxy/haproxy.cfg': conf`
    defaults
        mode http
        ${more}

    frontend www
        bind :80
        default_backend web

    backend web
        ${lines}
        ${server}
  `,
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location = /status {
          return 200 ok;
      }
    `).replace('listen 80', 'listen 8080'),
  ),
})

export default defineRule({
  summary: 'The health check of HAProxy is HTTP/1.1 without `Host`, which the server refuses',
  severity: 'warning',
  otherSeverities: { error: 'where nginx or Apache answers it' },
  confidence: 'high',
  since: '0.1.0',
  why: 'HTTP/1.1 requires a `Host` of every request, and nginx, Apache, Node.js and most others answer 400 without one: `client sent HTTP/1.1 request without "Host" header`. HAProxy marks the server as down, `Layer7 wrong status, code: 400`, and answers 503.',
  remedy:
    'Write `option httpchk` and `http-check send meth GET uri /status ver HTTP/1.1 hdr Host example.org`',
  references: [
    'https://docs.haproxy.org/3.0/configuration.html#4.2-http-check%20send',
    'https://www.rfc-editor.org/rfc/rfc9112#section-3.2',
  ],
  unproven: 'The live tests start no HAProxy; nginx and Apache answer such a request with 400',
  bad: [
    { title: 'the version alone', files: tree('«option httpchk GET /status HTTP/1.1»') },
    {
      title: 'a check in two lines',
      files: tree(conf`
        option httpchk
        «http-check send meth GET uri /status ver HTTP/1.1»
        http-check expect status 200-399
      `),
    },
    {
      title: 'a machine of its own in front',
      files: {
        'web/etc/nginx/conf.d/site.conf': nginxServer('return 200 ok;'),
        'lb/haproxy.cfg': conf`
          backend web
              mode http
              «option httpchk GET / HTTP/1.1»
              server web1 10.0.0.5:80 check
        `,
      },
    },
    {
      title: 'a check of all backends',
      files: tree('', 'server web1 10.0.0.5:3000 check', '«option httpchk HEAD / HTTP/1.1»'),
    },
  ],
  good: [
    { title: 'the version that needs none', files: tree('option httpchk GET /status') },
    {
      title: 'a host behind the version',
      files: tree(String.raw`option httpchk GET /status HTTP/1.1\r\nHost:\ example.org`),
    },
    {
      title: 'a host in its own line',
      files: tree(conf`
        option httpchk
        http-check send meth GET uri /status ver HTTP/1.1 hdr Host example.org
      `),
    },
    {
      title: 'a host added to it',
      files: tree(conf`
        option httpchk GET /status HTTP/1.1
        http-check send hdr host example.org
      `),
    },
    { title: 'a host as the last word', files: tree('option httpchk GET /status HTTP/1.1 example.org') },
    {
      title: 'a check that takes any answer of a living server',
      files: tree(conf`
        option httpchk GET /status HTTP/1.1
        http-check expect ! rstatus ^5
      `),
    },
    {
      title: 'servers that nobody checks',
      files: tree('option httpchk GET /status HTTP/1.1', 'server web1 127.0.0.1:8080'),
    },
  ],
  *check(deployment) {
    for (const source of haproxyFiles(deployment))
      for (const { at, servers } of hostlessChecks(source)) {
        const found = listeningAt(deployment, servers)
        yield {
          at,
          ...(found !== null && { severity: 'error' as const }),
          message: `the check is HTTP/1.1 without \`Host\`, and ${found === null ? 'a server that keeps to that version' : found.by} answers it with 400: HAProxy takes ${servers.length === 1 ? 'the server' : `all ${servers.length} servers`} for down`,
          label: 'Layer7 wrong status, code: 400',
          ...(found !== null && { related: [{ at: found.at, message: 'is asked' }] }),
        }
      }
  },
})

/** The nginx or Apache that listens where the servers of a backend are. */
function listeningAt(
  { listeners }: Deployment,
  servers: readonly HaproxyServer[],
): { readonly by: string; readonly at: Place } | null {
  const ports = new Set(servers.map(({ port }) => port))
  for (const { program, port, at } of listeners)
    if ((program.kind === 'nginx' || program.kind === 'apache') && port !== null && ports.has(port))
      return { by: program.kind === 'nginx' ? 'nginx' : 'Apache', at }
  return null
}
