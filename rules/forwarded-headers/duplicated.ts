import type { SentHeader, SentHeaders } from '../../src/deployment/model.ts'
import { propose, removeDirective } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const location = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          ${lines}
      }
  }
`

export default defineRule({
  summary: 'One header is set twice, and nginx sends both',
  severity: 'error',
  otherSeverities: {
    warning:
      'where two Host headers go to a backend that is not in the audit, or the same value is sent twice by another header',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Lines of one level do not replace each other. Apache joins the two values to `https, https`, which no test for `https` matches; two Host headers are a 400.',
  remedy: 'Keep one line for each header',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header'],
  bad: [
    {
      title: 'the scheme said twice',
      files: {
        'nginx.conf': location(
          conf`
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header «X-Forwarded-Proto» https;
          `,
        ),
      },
    },
    {
      title: 'a snippet that has the header already',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
          ${location(conf`
            include snippets/proxy.conf;
            proxy_set_header «host» $http_host;
          `)}
          }
        `,
        'etc/nginx/snippets/proxy.conf': conf`proxy_set_header Host $host;`,
      },
    },
  ],
  good: [
    {
      title: 'one line on each level: the inner one is in force',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              proxy_set_header Host $host;
              location / {
                  proxy_pass http://127.0.0.1:9000;
                  proxy_set_header Host example.org;
              }
          }
        `,
      },
    },
    {
      title: 'an empty value sends nothing',
      files: {
        'nginx.conf': location(
          conf`
            proxy_set_header Host $host;
            proxy_set_header Authorization "";
            proxy_set_header Authorization "Basic abc";
          `,
        ),
      },
    },
  ],
  *check({ connections }) {
    const levels = new Set<SentHeaders['level']>()
    for (const { headers, targets } of connections.http) {
      if (headers.level === null || !hasRepeats(headers.written) || levels.has(headers.level)) continue
      levels.add(headers.level)
      const first = new Map<string, SentHeader>()
      for (const header of headers.written) {
        if (header.state === 'cleared') continue
        const earlier = first.get(header.name)
        if (earlier === undefined) {
          first.set(header.name, header)
          continue
        }
        // What stands in the block itself is what its owner can change; a snippet serves others too.
        const inSnippet = ({ directive }: SentHeader): boolean => directive.source !== headers.level?.source
        const [fault, other] =
          inSnippet(header) && !inSnippet(earlier) ? [earlier, header] : [header, earlier]
        const name = fault.directive.args[0]?.value ?? ''
        const isHost = header.name === 'host'
        const isOfApache = targets.some(({ to }) => to.kind === 'listener')
        yield {
          at: argumentPlace(fault.directive, 0),
          message: isHost
            ? isOfApache
              ? 'nginx sends `Host` twice, and Apache answers such a request with 400'
              : 'nginx sends `Host` twice, which Apache and others answer with 400, while Node takes the first'
            : `nginx sends \`${name}\` twice, and a backend that joins the values reads \`${other.value}, ${fault.value}\``,
          label: 'the second of two',
          // Node and its like take the first and say nothing.
          ...((isHost ? !isOfApache : fault.value === other.value) ? { severity: 'warning' as const } : {}),
          related: [{ at: argumentPlace(other.directive, 0), message: 'set on the same level' }],
          ...(inSnippet(fault) || fault.value !== other.value
            ? {}
            : propose('Drop the second line', 'safe', [removeDirective(fault.directive)])),
        }
      }
    }
  },
})

function hasRepeats(headers: readonly SentHeader[]): boolean {
  return headers.some(({ name }, index) => {
    for (let later = index + 1; later < headers.length; later++)
      if (headers[later]?.name === name) return true
    return false
  })
}
