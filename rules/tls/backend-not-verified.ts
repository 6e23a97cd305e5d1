import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAtHand, isOnAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain } from '../_examples.ts'

const site = (lines: string): string =>
  nginxMain([
    conf`
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass https://127.0.0.1:8443;
              ${lines}
          }
      }
    `,
    conf`
      server {
          listen 127.0.0.1:8443 ssl;
          ssl_certificate /srv/tls/api.pem;
          ssl_certificate_key /srv/tls/api.key;
          return 200 "api";
      }
    `,
  ])

const ANOTHER = '/srv/tls/another-authority.pem'

export default defineRule({
  summary: 'An authority is named for the backend, and its certificate is not checked',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 5.9,
  cwe: [295],
  since: '0.1.0',
  why: '`proxy_ssl_verify` is off unless it is written: `proxy_ssl_trusted_certificate` alone checks nothing. Whoever can stand between nginx and the backend answers with a certificate of its own, and reads and changes what passes.',
  remedy:
    'Write `proxy_ssl_verify on;`, and `proxy_ssl_name` where the address is not the name of the certificate',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_verify'],
  bad: [
    {
      title: 'the authority alone',
      files: {
        'etc/nginx/nginx.conf': site(`«proxy_ssl_trusted_certificate» ${ANOTHER};`),
      },
    },
  ],
  good: [
    {
      title: 'checked',
      files: {
        'etc/nginx/nginx.conf': site(conf`
          proxy_ssl_trusted_certificate ${ANOTHER};
          proxy_ssl_verify on;
        `),
      },
    },
    { title: 'no authority', files: { 'etc/nginx/nginx.conf': site('proxy_ssl_session_reuse off;') } },
    {
      title: 'turned off by a line of its own',
      files: {
        'etc/nginx/nginx.conf': site(conf`
          proxy_ssl_trusted_certificate ${ANOTHER};
          proxy_ssl_verify off;
        `),
      },
    },
    {
      title: 'a backend without TLS',
      files: {
        'etc/nginx/nginx.conf': site(`proxy_ssl_trusted_certificate ${ANOTHER};`).replace(
          'https://127.0.0.1:8443',
          'http://127.0.0.1:9000',
        ),
      },
    },
  ],
  *check({ nginx, connections }) {
    const isNamed = nginx.some(({ occurrences }) =>
      PROTOCOLS.some(name => occurrences.has(`${name}_ssl_trusted_certificate`)),
    )
    if (!isNamed) return
    for (const { server, block, pass, protocol } of connections.nginx) {
      const name = pass.name.replace('_pass', '')
      if (!protocol.known || !/^(?:https|grpcs|suwsgi)$/.test(protocol.value)) continue
      const trusted = effectiveAtHand(server.configuration, block, `${name}_ssl_trusted_certificate`)
      const line = trusted.known ? trusted.value.directives[0] : undefined
      if (line === undefined) continue
      const verify = effectiveAtHand(server.configuration, block, `${name}_ssl_verify`)
      if (!verify.known || verify.value.directives.length > 0) continue
      const isOn = isOnAtHand(server.configuration, block, `${name}_ssl_verify`, false)
      if (!isOn.known || isOn.value) continue
      yield {
        at: namePlace(line),
        message: `\`${name}_ssl_verify\` is off, so the certificate of the backend is not checked against this authority`,
        label: 'checks nothing',
        related: [{ at: namePlace(pass), message: 'any certificate will do here' }],
      }
    }
  },
})

const PROTOCOLS = ['proxy', 'grpc', 'uwsgi'] as const
