import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { trustedBy } from './_trusted-headers.ts'
import { conf } from '../../src/engine/conf.ts'
import { directPlainListens } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { tlsInFront } from './_tls-in-front.ts'

const SCHEME = new Set(['x-forwarded-proto', 'x-forwarded-protocol', 'x-forwarded-scheme', 'x-forwarded-ssl'])
const nginx = (header: string, top = '', tls = ''): string => conf`
  ${top}
  server {
      listen 80;
      ${tls}
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:8000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto ${header};
      }
  }
`

export default defineRule({
  summary: 'nginx repeats what the client says of the scheme',
  severity: 'warning',
  otherSeverities: {
    info: 'where nginx has no TLS for the name, so that another proxy may stand in front of it',
  },
  confidence: 'medium',
  securitySeverity: 5.3,
  cwe: [348],
  since: '0.1.0',
  why: 'The line looks as if nginx vouched for the scheme, but sends the client’s own word: an application that believes the header takes a plain request for a secure one.',
  remedy:
    'Say what nginx saw, `$scheme`; behind another proxy, take its word only from its address, by `geo` or `map`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#var_http_'],
  bad: [
    {
      title: 'the client’s own header',
      files: {
        'nginx.conf': nginx(
          '«$http_x_forwarded_proto»',
          '',
          conf`
            listen 443 ssl;
            ssl_certificate /etc/ssl/a.pem;
            ssl_certificate_key /etc/ssl/a.key;
          `,
        ),
      },
    },
    { title: 'the same without TLS', files: { 'nginx.conf': nginx('«$http_x_forwarded_proto»') } },
  ],
  good: [
    { title: 'what nginx saw', files: { 'nginx.conf': nginx('$scheme') } },
    {
      title: 'the word of a proxy that is named',
      files: { 'nginx.conf': nginx('$http_x_forwarded_proto', 'set_real_ip_from 10.0.0.0/8;') },
    },
    {
      title: 'through a map that judges who says it',
      files: {
        'nginx.conf': nginx(
          '$told_scheme',
          conf`
            geo $realip_remote_addr $trusted {
                default 0;
                10.0.0.0/8 1;
            }
            map "$trusted:$http_x_forwarded_proto" $told_scheme {
                default $scheme;
                "1:https" https;
            }
          `,
        ),
      },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const { server } = connection
      if (directPlainListens(deployment, server).length === 0) continue
      // What comes from no client, but from the proxy of other containers.
      if (tlsInFront(deployment, deployment.programOf(server.configuration).machine) !== null) continue
      for (const header of connection.headers.written) {
        if (header.state !== 'passed' || !SCHEME.has(header.name) || connection.reachable !== true) continue
        // Where Apache is known to believe it, that is `proto-spoofable`.
        if (trustedBy(deployment, connection).some(({ trust }) => trust.header === header.name)) continue
        const at = argumentPlace(header.directive, 1)
        yield {
          at,
          severity: hasTls(deployment, server) ? 'warning' : 'info',
          per: 'locations',
          message: often =>
            `nginx repeats the client’s own \`${header.directive.args[0]?.value}\`${often} as if it had checked it`,
          label: 'the client decides',
          ...propose('Say what nginx saw', 'unsafe', [replacePlace(at, '$scheme')]),
        }
      }
    }
  },
})

/** True where nginx itself terminates TLS for a name of the server. */
function hasTls({ servers }: Deployment, { tls, names }: NginxServer): boolean {
  if (tls) return true
  const own = new Set(names.map(({ name }) => name))
  return servers.some(other => other.tls && other.names.some(({ name }) => own.has(name)))
}
