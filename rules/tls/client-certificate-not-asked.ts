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
  why: '`ssl_client_certificate` names an authority, and alone asks nobody. With `ssl_verify_client optional` nginx asks, and lets in who has none: what comes of it is in `$ssl_client_verify`, which nothing reads here. With `optional_no_ca` it takes a certificate that anybody made for themselves, with whatever name they wrote into it.',
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
    {
      title: 'a name that anybody may write into a certificate',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          «ssl_verify_client» optional_no_ca;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header X-Client-Name $ssl_client_s_dn;
          }
        `),
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
    {
      title: 'the application compares the certificate itself',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_verify_client optional_no_ca;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header X-Client-Name $ssl_client_s_dn;
              proxy_set_header X-Client-Fingerprint $ssl_client_fingerprint;
          }
        `),
      },
    },
    {
      title: 'a name from a certificate of the authority',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_client_certificate /etc/ssl/certs/clients.pem;
          ssl_verify_client optional;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header X-Client-Name $ssl_client_s_dn;
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      if (!occurrences.has('ssl_client_certificate') && !occurrences.has('ssl_verify_client')) continue
      if (mayHoldUnread(configuration)) continue
      const isRead = reads(configuration, ANSWER)
      for (const line of occurrences.get('ssl_verify_client') ?? []) {
        const mode = line.args[0]?.value ?? ''
        if (!mode.startsWith('optional') || line.parent === null || line.context.startsWith('stream'))
          continue
        if (isRead && (mode !== 'optional_no_ca' || reads(configuration, PROVEN))) continue
        yield {
          at: namePlace(line),
          message: isRead
            ? 'a certificate that anybody made for themselves is taken, and its names believed, as nothing reads `$ssl_client_verify`'
            : 'who sends no certificate is let in, as nothing reads `$ssl_client_verify`',
        }
      }
      if (isRead) continue
      for (const line of occurrences.get('ssl_client_certificate') ?? []) {
        if (line.parent?.name !== 'server' || line.context !== 'server') continue
        const verify = effectiveAtHand(configuration, line.parent, 'ssl_verify_client')
        if (!verify.known || verify.value.directives.length > 0) continue
        yield { at: namePlace(line), message: 'no `ssl_verify_client` has clients asked for a certificate' }
      }
    }
  },
})

/** What nginx found out of the client’s certificate. */
const ANSWER = /\$\{?ssl_client_/

/** What nobody can write into a certificate of their own: the verdict, and the certificate itself. */
const PROVEN = /\$\{?ssl_client_(?:verify|fingerprint|cert|raw_cert|escaped_cert)\b/

/** True where any word has such a variable. */
function reads({ top, occurrences }: NginxConfiguration, variable: RegExp): boolean {
  if ([...occurrences.keys()].some(name => /lua|^js_|^perl/.test(name))) return true
  const names = ({ name, args, children }: NginxDirective): boolean =>
    // What stands in a log keeps nobody out.
    name !== 'log_format' && (args.some(({ value }) => variable.test(value)) || children.some(names))
  return top.some(names)
}
