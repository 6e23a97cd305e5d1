import { mayRedirectBehind } from '../../src/deployment/hosts-of-connection.ts'
import type { Deployment, NginxServer, ServerName } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const BACKEND = conf`
  upstream app {
      server 127.0.0.1:8000;
  }
`

export default defineRule({
  summary: 'A site answers with and without www instead of redirecting one to the other',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Every page has two URLs: search engines and caches hold it twice, cookies and logins of one name do not hold on the other.',
  remedy:
    'Give the second name a server of its own that redirects: `return 301 $scheme://example.org$request_uri;`',
  references: ['https://developers.google.com/search/docs/crawling-indexing/consolidate-duplicate-urls'],
  bad: [
    {
      title: 'both names on one server',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org «www.example.org»;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'two servers, one virtual host',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  proxy_pass http://127.0.0.1:9000;
                  proxy_set_header Host $host;
              }
          }
          server {
              listen 80;
              server_name «www.example.org»;
              location / {
                  proxy_pass http://127.0.0.1:9000;
                  proxy_set_header Host $host;
              }
          }
        `,
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': conf`
          <VirtualHost 127.0.0.1:9000>
              ServerName example.org
              ServerAlias www.example.org
              DocumentRoot /srv/www
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'the application behind may redirect',
      files: {
        'nginx.conf': conf`
          ${BACKEND}
          server {
              listen 80;
              server_name example.org www.example.org;
              location / {
                  proxy_pass http://app;
                  proxy_set_header Host $host;
              }
          }
        `,
      },
    },
    {
      title: 'one name redirects',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name www.example.org;
              return 301 http://example.org$request_uri;
          }
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'both names redirect to TLS',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org www.example.org;
              return 301 https://example.org$request_uri;
          }
        `,
      },
    },
    {
      title: 'any tenant may have www',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org www.example.org *.example.org;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'two sites that only share a domain',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/intranet;
          }
          server {
              listen 80;
              server_name www.example.org;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'a condition redirects',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org www.example.org;
              if ($host = www.example.org) {
                  return 301 http://example.org$request_uri;
              }
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'Apache redirects',
      files: {
        'nginx.conf': conf`
          upstream app {
              server 127.0.0.1:9000;
          }
          server {
              listen 80;
              server_name example.org www.example.org;
              location / {
                  proxy_pass http://app;
                  proxy_set_header Host $host;
              }
          }
        `,
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': conf`
          <VirtualHost 127.0.0.1:9000>
              ServerName example.org
              ServerAlias www.example.org
              RewriteEngine On
              RewriteCond %{HTTP_HOST} ^www\.
              RewriteRule ^(.*)$ http://example.org$1 [R=301,L]
          </VirtualHost>
        `,
      },
    },
    {
      title: 'the owner says both names are canonical',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org www.example.org;
              root /srv/www;
          }
        `,
        '.auditrc': conf`
          facts:
            canonicalHosts: [example.org, www.example.org]
        `,
      },
    },
  ],
  *check(deployment) {
    const { servers, facts } = deployment
    const doubled = answering(servers, name => name.startsWith('www.'))
    if (doubled.size === 0) return
    const bareNames = answering(servers, name => doubled.has(`www.${name}`))
    for (const [www, answers] of doubled) {
      const bare = www.slice(4)
      if (facts.canonicalHosts.includes(www) && facts.canonicalHosts.includes(bare)) continue
      const others = bareNames.get(bare)
      if (others === undefined) continue
      for (const { server, name } of answers) {
        const twin = others.find(other => isSameSite(deployment, server, other.server))
        if (twin === undefined || mayRedirectBehind(deployment, server)) continue
        yield {
          at: name.at,
          message: `nginx answers \`${www}\` with the same pages as \`${bare}\` instead of redirecting`,
          label: 'a second name for every page',
          related: [{ at: twin.name.at, message: 'the same site' }],
        }
      }
    }
  },
})

interface Answering {
  readonly server: NginxServer
  readonly name: ServerName
}

/** The servers that answer with pages for names of one kind, by name. */
function answering(
  servers: readonly NginxServer[],
  isMeant: (name: string) => boolean,
): ReadonlyMap<string, readonly Answering[]> {
  const found = new Map<string, Answering[]>()
  for (const server of servers) {
    for (const name of server.names) {
      if (!name.exact || !isMeant(name.name)) continue
      if (server.answer.kind !== 'content' || hasOpenNames(server)) continue
      const known = found.get(name.name)
      if (known === undefined) found.set(name.name, [{ server, name }])
      else known.push({ server, name })
    }
  }
  return found
}

/** A wildcard, a regular expression or the empty name: a server for tenants whose names nobody lists. */
function hasOpenNames(server: NginxServer): boolean {
  return server.names.some(({ exact, name }) => !exact && name !== '_')
}

/** One server, or two on a common socket that proxy to the same backend or hold the same files. */
function isSameSite(deployment: Deployment, a: NginxServer, b: NginxServer): boolean {
  if (a === b) return true
  const shareSocket = a.listens.some(x => b.listens.some(y => x.port === y.port && x.tls === y.tls))
  if (!shareSocket) return false
  const origins = new Set(originsOf(deployment, a))
  return originsOf(deployment, b).some(origin => origins.has(origin))
}

function originsOf(deployment: Deployment, server: NginxServer): readonly string[] {
  const backends = deployment.connections
    .httpOf(server)
    .map(({ upstream, targets }) => `backend ${upstream?.args[0]?.value ?? targets[0]?.written ?? ''}`)
  if (backends.length > 0) return backends
  return server.directive.children
    .filter(({ name }) => name === 'root')
    .map(({ args }) => `root ${args[0]?.value.replace(/\/+$/, '') ?? ''}`)
}
