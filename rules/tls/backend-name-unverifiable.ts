import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseHost } from '../../src/servers/address.ts'
import { effectiveAtHand, isOnAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain } from '../_examples.ts'

const site = (lines: string, backend = '127.0.0.1:8443'): string =>
  nginxMain([
    conf`
      upstream api {
          server 127.0.0.1:8443;
      }
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass https://${backend};
              proxy_ssl_trusted_certificate /srv/tls/api.pem;
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

export default defineRule({
  summary: 'The certificate of a backend is checked for a name that it does not have',
  severity: 'error',
  otherSeverities: { warning: 'where it is the name of an upstream, which a certificate may have by chance' },
  confidence: 'high',
  since: '0.1.0',
  why: 'With `proxy_ssl_verify on` the certificate has to have the name in `proxy_pass`. nginx compares names alone, so that no certificate fits an address, not even one that is made for it; and the name of an `upstream` block is none of the backend’s: 502, `upstream SSL certificate does not match`.',
  remedy: 'Write the name of the certificate: `proxy_ssl_name api.example.org;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_name'],
  bad: [
    {
      title: 'an address',
      files: { 'etc/nginx/nginx.conf': site('«proxy_ssl_verify» on;') },
    },
    {
      title: 'the name of an upstream',
      files: { 'etc/nginx/nginx.conf': site('«proxy_ssl_verify» on;', 'api') },
    },
  ],
  good: [
    {
      title: 'the name of the certificate',
      files: {
        'etc/nginx/nginx.conf': site(conf`
          proxy_ssl_verify on;
          proxy_ssl_name example.org;
        `),
      },
    },
    {
      title: 'a host by its name',
      files: { 'etc/nginx/nginx.conf': site('proxy_ssl_verify on;', 'localhost:8443') },
    },
    { title: 'nothing is checked', files: { 'etc/nginx/nginx.conf': site('proxy_ssl_verify off;') } },
  ],
  *check({ nginx, connections }) {
    const isAsked = nginx.some(({ occurrences }) =>
      PROTOCOLS.some(name => occurrences.has(`${name}_ssl_verify`)),
    )
    if (!isAsked) return
    for (const connection of connections.nginx) {
      const { server, block, pass, protocol, upstream } = connection
      const name = pass.name.replace('_pass', '')
      if (!protocol.known || !/^(?:https|grpcs|suwsgi)$/.test(protocol.value)) continue
      const verify = isOnAtHand(server.configuration, block, `${name}_ssl_verify`, false)
      const line = effectiveAtHand(server.configuration, block, `${name}_ssl_verify`)
      const own = effectiveAtHand(server.configuration, block, `${name}_ssl_name`)
      if (!verify.known || !verify.value || !line.known || !own.known) continue
      const directive = line.value.directives[0]
      const host = hostOf(connection)
      if (directive === undefined || own.value.directives.length > 0 || host === null) continue
      yield {
        at: namePlace(directive),
        severity: upstream === null ? 'error' : 'warning',
        message: `the certificate is checked for \`${host}\`, which is ${upstream === null ? 'an address and no name' : 'the name of the upstream'}`,
        label: 'no certificate fits',
        related: [{ at: argumentPlace(pass, 0), message: 'the name that is compared' }],
        help: `Write \`${name}_ssl_name\` with the name of the certificate`,
      }
    }
  },
})

const PROTOCOLS = ['proxy', 'grpc', 'uwsgi'] as const

/** The host that nginx compares, where it is surely no name of a certificate; null otherwise. */
function hostOf({ pass, upstream }: NginxConnection): string | null {
  const host = /^(?:[a-z]+:\/\/)?(\[[^\]]+\]|[^/:$]+)(?=[:/]|$)/.exec(pass.args[0]?.value ?? '')?.[1]
  if (host === undefined) return null
  if (upstream !== null) return host.includes('.') ? null : host
  return parseHost(host).kind === 'ip' ? host : null
}
