import { backendsMayRedirect } from '../../src/deployment/backend-of-hop.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { defineRule } from '../../src/engine/rule.ts'

const TLS = (body: string): string =>
  `server {\n    listen 443 ssl;\n    server_name example.org;\n    ssl_certificate /etc/ssl/a.pem;\n    ssl_certificate_key /etc/ssl/a.key;\n${body}}\n`

export default defineRule({
  summary: 'A site that has TLS answers in plain HTTP as well',
  severity: 'warning',
  confidence: 'medium',
  securitySeverity: 5.4,
  since: '0.1.0',
  why: 'Whoever follows an old link or types the bare name stays in plain HTTP: pages, passwords and session cookies cross the network in the clear, and each page has two URLs.',
  remedy:
    'Let the server on port 80 do nothing but `return 301 https://$host$request_uri;`, apart from `/.well-known/acme-challenge/`',
  references: ['https://developer.mozilla.org/en-US/docs/Web/Security/Practical_implementation_guides/TLS'],
  bad: [
    {
      title: 'two servers with the same content',
      files: {
        'nginx.conf': `server {\n    listen «80»;\n    server_name example.org;\n    root /srv/www;\n}\n${TLS('    root /srv/www;\n')}`,
      },
    },
    {
      title: 'one server on both ports',
      files: {
        'nginx.conf':
          'server {\n    listen «80»;\n    listen 443 ssl;\n    server_name example.org;\n    ssl_certificate /etc/ssl/a.pem;\n    ssl_certificate_key /etc/ssl/a.key;\n    location / {\n        proxy_pass http://127.0.0.1:8000;\n    }\n}\n',
      },
    },
  ],
  good: [
    {
      title: 'port 80 redirects',
      files: {
        'nginx.conf': `server {\n    listen 80;\n    server_name example.org;\n    return 301 https://$host$request_uri;\n}\n${TLS('    root /srv/www;\n')}`,
      },
    },
    {
      title: 'port 80 answers only the certificate authority',
      files: {
        'nginx.conf': `server {\n    listen 80;\n    server_name example.org;\n    location /.well-known/acme-challenge/ {\n        root /srv/acme;\n    }\n    location / {\n        return 301 https://example.org$request_uri;\n    }\n}\n${TLS('    root /srv/www;\n')}`,
      },
    },
    {
      title: 'the redirect hangs on the scheme',
      files: {
        'nginx.conf':
          'server {\n    listen 80;\n    listen 443 ssl;\n    server_name example.org;\n    ssl_certificate /etc/ssl/a.pem;\n    ssl_certificate_key /etc/ssl/a.key;\n    if ($scheme = http) {\n        return 301 https://$host$request_uri;\n    }\n    root /srv/www;\n}\n',
      },
    },
    {
      title: 'plain HTTP on loopback, for this machine alone',
      files: {
        'nginx.conf': `server {\n    listen 127.0.0.1:80;\n    server_name example.org;\n    root /srv/www;\n}\n${TLS('    root /srv/www;\n')}`,
      },
    },
    {
      title: 'two sites that share no name',
      files: {
        'nginx.conf': `server {\n    listen 80;\n    server_name mirror.example.org;\n    root /srv/mirror;\n}\n${TLS('    root /srv/www;\n')}`,
      },
    },
  ],
  *check(deployment) {
    const { servers } = deployment
    if (!servers.some(({ plainListens }) => plainListens.length > 0)) return
    const overTls = new Map<string, NginxServer>()
    for (const server of servers) {
      if (!server.tls || server.answer.kind !== 'content') continue
      for (const { name, exact } of server.names) if (exact && !overTls.has(name)) overTls.set(name, server)
    }
    if (overTls.size === 0) return
    for (const server of servers) {
      if (server.plainListens.length === 0 || server.answer.kind !== 'content') continue
      const listen = server.plainListens[0]
      const name = server.names.find(({ name, exact }) => exact && overTls.has(name))
      const secure = name === undefined ? undefined : overTls.get(name.name)
      if (listen === undefined || name === undefined || secure === undefined) continue
      if (backendsMayRedirect(deployment.hopsOf(server))) continue
      const tlsListen = secure.listens.find(({ tls }) => tls)
      yield {
        at: listen.at,
        message: `nginx serves \`${name.name}\` over plain HTTP on port ${listen.port} with the content that it also serves over TLS`,
        label: 'answers without redirecting',
        related: tlsListen === undefined ? [] : [{ at: tlsListen.at, message: 'the same name over TLS' }],
      }
    }
  },
})
