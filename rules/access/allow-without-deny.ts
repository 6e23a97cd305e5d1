import { indentationAt, insertAfter, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { effective, effectiveValue } from '../../src/servers/nginx/queries/effective.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

export default defineRule({
  summary: '`allow` without `deny` keeps nobody out',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: 'nginx goes through `allow` and `deny` until one matches, and lets in whom none matches. A list of addresses that are allowed restricts nothing without `deny all` at its end.',
  remedy: 'Write `deny all;` behind the last `allow`',
  references: ['https://nginx.org/en/docs/http/ngx_http_access_module.html'],
  bad: [
    {
      title: 'an office and nobody else, it says',
      files: {
        'nginx.conf': site(conf`
          location /admin/ {
              allow «192.0.2.0/24»;
          }
        `),
      },
    },
    {
      title: 'the `deny` of the enclosing block is replaced',
      files: {
        'nginx.conf': site(conf`
          deny all;
          location /admin/ {
              allow «192.0.2.0/24»;
              allow 198.51.100.7;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'everybody else is denied',
      files: {
        'nginx.conf': site(conf`
          location /admin/ {
              allow 192.0.2.0/24;
              deny all;
          }
        `),
      },
    },
    {
      title: 'open again below a block that denies',
      files: {
        'nginx.conf': site(conf`
          deny all;
          location /public/ {
              allow all;
          }
        `),
      },
    },
    {
      title: 'a socket of loopback, to which nobody else connects',
      files: {
        'nginx.conf': conf`
          server {
              listen 127.0.0.1:9999;
              allow 127.0.0.1;
              location /status {
                  stub_status;
              }
          }
        `,
      },
    },
    {
      title: 'an address in place of a password',
      files: {
        'nginx.conf': site(conf`
          location /admin/ {
              satisfy any;
              allow 192.0.2.0/24;
              auth_basic "Admins";
              auth_basic_user_file /etc/nginx/htpasswd;
          }
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: 'a snippet that denies',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              ${site(conf`
                allow 192.0.2.0/24;
                include deny.conf;
              `)}
          }
        `,
        'etc/nginx/deny.conf': conf`deny all;`,
      },
    },
  ],
  *check({ nginx, servers }) {
    if (!nginx.some(({ occurrences }) => occurrences.has('allow'))) return
    const byDirective = serverIndex(servers)
    for (const configuration of nginx) {
      const blocks = new Set<NginxDirective>()
      for (const allow of configuration.occurrences.get('allow') ?? []) {
        const { parent } = allow
        if (parent === null || blocks.has(parent)) continue
        blocks.add(parent)
        const home = enclosingServer(parent)
        if (home !== null && isOfLoopback(byDirective.get(home))) continue
        const found = restrictsNobody(configuration, parent)
        if (found === null) continue
        const [first, last, outer] = found
        yield {
          at: argumentPlace(first, 0),
          message: `no \`deny\` follows in this \`${parent.name}\`, so \`allow ${first.args[0]?.value}\` keeps nobody out`,
          label: 'every other address is let in too',
          ...(outer === null
            ? {}
            : { related: [{ at: argumentPlace(outer, 0), message: 'overridden by the `allow`' }] }),
          ...propose('Deny all others', 'unsafe', [
            last.source === parent.source
              ? insertAfter(
                  { source: last.source, start: last.node.start, end: last.node.end },
                  `\n${indentationAt({ source: last.source, start: last.node.start, end: last.node.end })}deny all;`,
                )
              : null,
          ]),
        }
      }
    }
  },
})

/** The first and last `allow` of a block that says nothing else, and the `deny` outside that they override. */
function restrictsNobody(
  configuration: NginxConfiguration,
  block: NginxDirective,
): readonly [NginxDirective, NginxDirective, NginxDirective | null] | null {
  const fact = effective(configuration, block, 'allow')
  if (!fact.known || !fact.value.complete) return null
  const { directives } = fact.value
  const [first] = directives
  const last = directives.at(-1)
  if (first === undefined || last === undefined) return null
  if (directives.some(({ name, args }) => name === 'deny' || args.some(({ value }) => isEverybody(value))))
    return null
  // Behind another way in, an address is what spares the password.
  const satisfy = effectiveValue(configuration, block, 'satisfy', 'all')
  if (satisfy.known ? satisfy.value === 'any' : configuration.main !== null) return null
  // A location inside may deny, having its own list; then the lines here are for the others.
  const outer = block.parent === null ? null : effective(configuration, block.parent, 'allow')
  const denied = outer?.known ? outer.value.directives.find(({ name }) => name === 'deny') : undefined
  return [first, last, denied ?? null]
}

/** True for a server whose sockets nobody reaches from another machine. */
function isOfLoopback(server: NginxServer | undefined): boolean {
  return server !== undefined && server.listens.length > 0 && server.listens.every(({ loopback }) => loopback)
}

function isEverybody(address: string): boolean {
  return isUnknownWord(address) || /^(?:all|0\.0\.0\.0\/0|::\/0)$/.test(address)
}
