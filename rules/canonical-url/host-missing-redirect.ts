import { backendsMayRedirect } from '../../src/deployment/backend-of-hop.ts'
import type { Deployment, NginxServer, ServerName } from '../../src/deployment/model.ts'
import { defineRule } from '../../src/engine/rule.ts'

const BACKEND = 'upstream app {\n    server 127.0.0.1:8000;\n}\n'

export default defineRule({
  summary: 'A site answers with and without www instead of redirecting one to the other',
  severity: 'warning',
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
        'nginx.conf':
          'server {\n    listen 80;\n    server_name example.org «www.example.org»;\n    root /srv/www;\n}\n',
      },
    },
    {
      title: 'two servers, one backend',
      files: {
        'nginx.conf': `${BACKEND}server {\n    listen 80;\n    server_name example.org;\n    location / {\n        proxy_pass http://app;\n    }\n}\nserver {\n    listen 80;\n    server_name «www.example.org»;\n    location / {\n        proxy_pass http://app;\n    }\n}\n`,
      },
    },
  ],
  good: [
    {
      title: 'one name redirects',
      files: {
        'nginx.conf':
          'server {\n    listen 80;\n    server_name www.example.org;\n    return 301 http://example.org$request_uri;\n}\nserver {\n    listen 80;\n    server_name example.org;\n    root /srv/www;\n}\n',
      },
    },
    {
      title: 'both names redirect to TLS',
      files: {
        'nginx.conf':
          'server {\n    listen 80;\n    server_name example.org www.example.org;\n    return 301 https://example.org$request_uri;\n}\n',
      },
    },
    {
      title: 'any tenant may have www',
      files: {
        'nginx.conf':
          'server {\n    listen 80;\n    server_name example.org www.example.org *.example.org;\n    root /srv/www;\n}\n',
      },
    },
    {
      title: 'two sites that only share a domain',
      files: {
        'nginx.conf':
          'server {\n    listen 80;\n    server_name example.org;\n    root /srv/intranet;\n}\nserver {\n    listen 80;\n    server_name www.example.org;\n    root /srv/www;\n}\n',
      },
    },
    {
      title: 'a condition redirects',
      files: {
        'nginx.conf':
          'server {\n    listen 80;\n    server_name example.org www.example.org;\n    if ($host = www.example.org) {\n        return 301 http://example.org$request_uri;\n    }\n    root /srv/www;\n}\n',
      },
    },
    {
      title: 'Apache redirects',
      files: {
        'nginx.conf': `upstream app {\n    server 127.0.0.1:9000;\n}\nserver {\n    listen 80;\n    server_name example.org www.example.org;\n    location / {\n        proxy_pass http://app;\n        proxy_set_header Host $host;\n    }\n}\n`,
        'ports.conf': 'Listen 127.0.0.1:9000\n',
        'site.conf':
          '<VirtualHost 127.0.0.1:9000>\n    ServerName example.org\n    ServerAlias www.example.org\n    RewriteEngine On\n    RewriteCond %{HTTP_HOST} ^www\\.\n    RewriteRule ^(.*)$ http://example.org$1 [R=301,L]\n</VirtualHost>\n',
      },
    },
    {
      title: 'the owner says both names are canonical',
      files: {
        'nginx.conf':
          'server {\n    listen 80;\n    server_name example.org www.example.org;\n    root /srv/www;\n}\n',
        '.auditrc': 'facts:\n  canonicalHosts: [example.org, www.example.org]\n',
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
        if (twin === undefined || backendsMayRedirect(deployment.hopsOf(server))) continue
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

/** One server, or two on a common socket that hand on to the same backend or hold the same files. */
function isSameSite(deployment: Deployment, a: NginxServer, b: NginxServer): boolean {
  if (a === b) return true
  const shareSocket = a.listens.some(x => b.listens.some(y => x.port === y.port && x.tls === y.tls))
  if (!shareSocket) return false
  const origins = new Set(originsOf(deployment, a))
  return originsOf(deployment, b).some(origin => origins.has(origin))
}

function originsOf(deployment: Deployment, server: NginxServer): readonly string[] {
  const backends = deployment
    .hopsOf(server)
    .map(({ upstream, targets }) => `backend ${upstream?.args[0]?.value ?? targets[0]?.written ?? ''}`)
  if (backends.length > 0) return backends
  return server.directive.children
    .filter(({ name }) => name === 'root')
    .map(({ args }) => `root ${args[0]?.value.replace(/\/+$/, '') ?? ''}`)
}
