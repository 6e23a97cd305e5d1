import type { NginxConnection } from '../../src/deployment/model.ts'
import { indentationAt, insertBefore, type Proposal, propose } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { upstreamConnections } from './_upstream-connections.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { isAtLeast } from '../../src/servers/version.ts'

const nginx = (keepalive: string, lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        upstream app {
            server 127.0.0.1:9000;
            ${keepalive} 16;
        }
        server {
            listen 80;
            server_name example.org;
            location / {
                proxy_pass http://app;
                proxy_set_header Host $host;
                ${lines}
            }
        }
    }
  `,
  '.auditrc': conf`
    versions:
      nginx: 1.22.1
  `,
})

export default defineRule({
  summary: 'Connections to the backend are kept, and never used again',
  severity: 'warning',
  otherSeverities: { info: 'where nobody says which nginx it is, as a newer one keeps them' },
  confidence: 'high',
  since: '0.1.0',
  why: '`keepalive` needs HTTP/1.1 and no `Connection: close`, which nginx before 1.29.7 sends unless told otherwise: each request still opens a connection of its own.',
  remedy: 'Add `proxy_http_version 1.1;` and `proxy_set_header Connection "";` to the location',
  references: ['https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive'],
  bad: [
    { title: 'keepalive alone', files: nginx('«keepalive»', '') },
    {
      title: 'of an nginx that may be newer',
      files: { 'etc/nginx/nginx.conf': nginx('«keepalive»', '')['etc/nginx/nginx.conf'] ?? '' },
    },
  ],
  good: [
    {
      title: 'with what it needs',
      files: nginx(
        'keepalive',
        conf`
          proxy_http_version 1.1;
          proxy_set_header Connection "";
        `,
      ),
    },
  ],
  *check({ connections }) {
    const byUpstream = new Map<NginxConnection['upstream'], NginxConnection[]>()
    for (const connection of connections.http) {
      if (connection.upstream === null) continue
      const known = byUpstream.get(connection.upstream)
      if (known === undefined) byUpstream.set(connection.upstream, [connection])
      else known.push(connection)
    }
    for (const group of byUpstream.values()) {
      const [first] = group
      if (first === undefined) continue
      const { version } = first.server.configuration
      // From 1.29.7 on it is the default; where nobody says the version it may be.
      const isAssumed = version.from === 'assumed'
      if ((!isAssumed && isAtLeast(version, '1.29.7')) || group.some(({ headers }) => headers.open)) continue
      const kept = upstreamConnections(first)
      if (kept === null || group.some(connection => upstreamConnections(connection)?.reused === true))
        continue
      yield {
        at: kept.at,
        severity: isAssumed ? ('info' as const) : ('warning' as const),
        message: `nginx${isAssumed ? ' before 1.29.7' : ''} closes its connections to \`${first.upstream?.args[0]?.value}\` after each request all the same`,
        related: [{ at: argumentPlace(first.pass, 0), message: 'proxied with HTTP/1.0' }],
        ...(group.length === 1 ? reuse(first) : {}),
      }
    }
  },
})

/** What a kept connection needs, beside the headers in force; nothing where some of it says otherwise. */
function reuse({ server, block, headers, pass }: NginxConnection): Proposal {
  const version = effective(server.configuration, block, 'proxy_http_version')
  const isOpen = !version.known || version.value.directives.length > 0
  if (isOpen || headers.written.some(({ name }) => name === 'connection')) return {}
  const beside = headers.written[0]?.directive ?? pass
  // An `if` takes neither of the two.
  if (beside.parent?.name === 'if') return {}
  const at = namePlace(beside)
  const indent = indentationAt(at)
  // With the worker and prefork MPMs a kept connection holds a worker, so its owner has to want it.
  return propose('Keep the connections open', 'unsafe', [
    insertBefore(at, `proxy_http_version 1.1;\n${indent}proxy_set_header Connection "";\n${indent}`),
  ])
}
