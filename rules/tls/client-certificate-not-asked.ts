import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate /etc/ssl/certs/example.org.pem;
        ssl_certificate_key /etc/ssl/private/example.org.key;
        root /srv/www;
        ${lines}
    }
  `)

export default defineRule({
  summary: 'Clients get in without the certificate that they are to have',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 7.4,
  cwe: [306],
  since: '0.1.0',
  why: '`ssl_client_certificate` names an authority, and alone asks nobody. With `ssl_verify_client optional` nginx asks, and lets in who has none: what comes of it is in `$ssl_client_verify`, which nothing reads here.',
  remedy: 'Write `ssl_verify_client on;`, or refuse where `$ssl_client_verify` is not `SUCCESS`',
  references: ['https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client'],
  bad: [
    {
      title: 'asked, and let in without',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_client_certificate /etc/ssl/certs/clients.pem;
          «ssl_verify_client» optional;
        `),
      },
    },
    {
      title: 'an authority alone',
      files: {
        'etc/nginx/nginx.conf': nginx('«ssl_client_certificate» /etc/ssl/certs/clients.pem;'),
      },
    },
  ],
  good: [
    {
      title: 'asked for it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_client_certificate /etc/ssl/certs/clients.pem;
          ssl_verify_client on;
        `),
      },
    },
    {
      title: 'the application decides',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_client_certificate /etc/ssl/certs/clients.pem;
          ssl_verify_client optional;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header X-Client-Verify $ssl_client_verify;
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      if (!occurrences.has('ssl_client_certificate') && !occurrences.has('ssl_verify_client')) continue
      if (mayHoldUnread(configuration) || readsAnswer(configuration)) continue
      for (const line of occurrences.get('ssl_verify_client') ?? []) {
        if (
          !line.args[0]?.value.startsWith('optional') ||
          line.parent === null ||
          line.context.startsWith('stream')
        )
          continue
        yield {
          at: namePlace(line),
          message: 'who sends no certificate is let in, as nothing reads `$ssl_client_verify`',
        }
      }
      for (const line of occurrences.get('ssl_client_certificate') ?? []) {
        if (line.parent?.name !== 'server' || line.context !== 'server') continue
        const verify = effectiveAtHand(configuration, line.parent, 'ssl_verify_client')
        if (!verify.known || verify.value.directives.length > 0) continue
        yield { at: namePlace(line), message: 'no `ssl_verify_client` has clients asked for a certificate' }
      }
    }
  },
})

/** True where any word names what nginx found out of the client’s certificate. */
function readsAnswer({ top, occurrences }: NginxConfiguration): boolean {
  if ([...occurrences.keys()].some(name => /lua|^js_|^perl/.test(name))) return true
  return top.some(names)
}

function names({ name, args, children }: NginxDirective): boolean {
  // What stands in a log keeps nobody out.
  if (name === 'log_format') return false
  return (
    args.some(({ value }) => value.includes('$ssl_client_') || value.includes('${ssl_client_')) ||
    children.some(names)
  )
}
