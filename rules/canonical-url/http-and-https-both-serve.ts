import { asksPrograms, mayRedirectBehind } from '../../src/deployment/hosts-of-connection.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { directPlainListens } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'

const TLS = (body: string): string => conf`
  server {
      listen 443 ssl;
      server_name example.org;
      ssl_certificate /etc/ssl/a.pem;
      ssl_certificate_key /etc/ssl/a.key;
      ${body}
  }
`

export default defineRule({
  summary: 'A site that has TLS answers in plain HTTP as well',
  severity: 'warning',
  otherSeverities: {
    info: 'where Apache answers behind nginx, where one `server` opens both ports, as nginx.org writes it, where some locations redirect and the others do not, and where the redirect is written and commented out',
  },
  confidence: 'medium',
  securitySeverity: 5.4,
  cwe: [319],
  since: '0.1.0',
  why: 'Whoever follows an old link or types the bare name stays in plain HTTP: pages, passwords and session cookies cross the network in the clear, and each page has two URLs.',
  remedy:
    'Let the server on port 80 do nothing but `return 301 https://$host$request_uri;`, apart from `/.well-known/acme-challenge/`',
  references: ['https://developer.mozilla.org/en-US/docs/Web/Security/Practical_implementation_guides/TLS'],
  bad: [
    {
      title: 'two servers with the same content',
      files: {
        'nginx.conf': conf`
          server {
              listen «80»;
              server_name example.org;
              root /srv/www;
          }
          ${TLS('root /srv/www;')}
        `,
      },
    },
    {
      title: 'files alone without TLS, as somebody chose',
      files: {
        'nginx.conf': conf`
          server {
              listen «80»;
              server_name example.org;
              root /srv/www;
              location ~ ^/(?!dist/) {
                  return 301 https://example.org$request_uri;
              }
          }
          ${TLS('root /srv/www;')}
        `,
      },
    },
    {
      title: 'one server on both ports',
      files: {
        'nginx.conf': conf`
          server {
              listen «80»;
              listen 443 ssl;
              server_name example.org;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              root /srv/www;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'the application behind may redirect',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              listen 443 ssl;
              server_name example.org;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              location / {
                  proxy_pass http://127.0.0.1:8000;
                  proxy_set_header Host $host;
                  proxy_set_header X-Forwarded-Proto $scheme;
              }
          }
        `,
      },
    },
    {
      title: 'the machine itself',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              listen 443 ssl;
              server_name localhost;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'port 80 redirects',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              return 301 https://$host$request_uri;
          }
          ${TLS('root /srv/www;')}
        `,
      },
    },
    {
      title: 'port 80 answers only the certificate authority',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location /.well-known/acme-challenge/ {
                  root /srv/acme;
              }
              location / {
                  return 301 https://example.org$request_uri;
              }
          }
          ${TLS('root /srv/www;')}
        `,
      },
    },
    {
      title: 'the redirect hangs on the scheme',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              listen 443 ssl;
              server_name example.org;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              if ($scheme = http) {
                  return 301 https://$host$request_uri;
              }
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'plain HTTP on loopback, for this machine alone',
      files: {
        'nginx.conf': conf`
          server {
              listen 127.0.0.1:80;
              server_name example.org;
              root /srv/www;
          }
          ${TLS('root /srv/www;')}
        `,
      },
    },
    {
      title: 'two sites that share no name',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name mirror.example.org;
              root /srv/mirror;
          }
          ${TLS('root /srv/www;')}
        `,
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
      if (server.answer.kind !== 'content') continue
      // A proxy in front may redirect, and speaks TLS with the clients itself.
      const [listen] = directPlainListens(deployment, server)
      const name = server.names.find(({ name, exact }) => exact && name !== 'localhost' && overTls.has(name))
      const secure = name === undefined ? undefined : overTls.get(name.name)
      if (listen === undefined || name === undefined || secure === undefined) continue
      if (mayRedirectBehind(deployment, server)) continue
      const tlsListen = secure.listens.find(({ tls }) => tls)
      yield {
        at: listen.at,
        severity:
          secure === server || asksPrograms(server) || redirectsSome(server) || isRedirectLeftOut(server)
            ? 'info'
            : 'warning',
        message: `nginx serves \`${name.name}\` over plain HTTP on port ${listen.port} with the content that it also serves over TLS`,
        label: 'answers without redirecting',
        related: tlsListen === undefined ? [] : [{ at: tlsListen.at, message: 'the same name over TLS' }],
      }
    }
  },
})

/** True where the redirect to TLS stands there as a comment: whoever wrote it decided against it. */
function isRedirectLeftOut({ directive: { source, node } }: NginxServer): boolean {
  return /^[ \t]*#[ \t]*(?:return|rewrite)[ \t][^\n]*\bhttps:\/\//m.test(
    source.text.slice(node.start, node.block?.end ?? node.start),
  )
}

/** True where a location leads to TLS: whoever wrote it chose what else is served without. */
function redirectsSome({ configuration, directive }: NginxServer): boolean {
  return ['return', 'rewrite'].some(name =>
    (directivesByServer(configuration, name).get(directive) ?? []).some(
      ({ parent, args }) => parent !== directive && args.some(({ value }) => value.startsWith('https://')),
    ),
  )
}
