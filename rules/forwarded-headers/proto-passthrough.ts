import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { SentHeader } from '../../src/deployment/model.ts'
import { repeatedWords } from './_repeated-words.ts'
import { trustedBy } from './_trusted-headers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'

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

const overTls = (header: string): string => conf`
  ssl_certificate /etc/ssl/a.pem;
  ssl_certificate_key /etc/ssl/a.key;
  location / {
      proxy_pass http://127.0.0.1:8000;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-Proto ${header};
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
  why: 'The line looks as if nginx vouched for the scheme, but sends the client’s own word: an application that believes the header takes a plain request for a secure one. Where nginx terminates TLS a browser sends no such header: the application takes a secure request for a plain one, redirects it to https again and again, or writes links with `http:`.',
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
    {
      title: 'over TLS alone, where no browser sends the header',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              return 301 https://$host$request_uri;
          }
          server {
              listen 443 ssl;
              server_name example.org;
              ${overTls('«$http_x_forwarded_proto»')}
          }
        `,
      },
    },
    { title: 'the same without TLS', files: { 'nginx.conf': nginx('«$http_x_forwarded_proto»') } },
  ],
  good: [
    { title: 'what nginx saw', files: { 'nginx.conf': nginx('$scheme') } },
    {
      title: 'over TLS behind a proxy, by its address or its header',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              server_name example.org;
              set_real_ip_from 10.0.0.0/8;
              ${overTls('$http_x_forwarded_proto')}
          }
          server {
              listen 443 ssl;
              server_name example.net;
              if ($http_x_forwarded_proto = http) {
                  return 301 https://$host$request_uri;
              }
              ${overTls('$http_x_forwarded_proto')}
          }
          server {
              listen 443 ssl proxy_protocol;
              server_name example.com;
              ${overTls('$http_x_forwarded_proto')}
          }
        `,
      },
    },
    {
      title: 'in a container to whose port nginx of the host alone connects',
      files: {
        'etc/nginx/nginx.conf': nginxMain(nginx('$scheme').replace(':8000', ':8080')),
        'srv/shop/compose.yaml': conf`
          services:
            web:
              image: nginx:1.27
              ports: ["127.0.0.1:8080:80"]
              volumes: ["./web.conf:/etc/nginx/conf.d/default.conf:ro"]
        `,
        'srv/shop/web.conf': nginx('$http_x_forwarded_proto'),
      },
    },
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
    const isScheme = ({ name, state }: SentHeader): boolean => state === 'passed' && SCHEME.has(name)
    for (const { connection, name, at, isPlain, severity } of repeatedWords(deployment, isScheme)) {
      // Where Apache is known to believe it, that is `proto-spoofable`.
      if (trustedBy(deployment, connection).some(({ trust }) => trust.header === name.toLowerCase())) continue
      yield {
        at,
        severity,
        per: 'locations',
        message: often =>
          isPlain
            ? `nginx repeats the client’s own \`${name}\`${often} as if it had checked it`
            : `nginx terminates TLS here and repeats the client’s own \`${name}\`${often}: no browser sends it, so the application takes every request for a plain one`,
        label: 'the client decides',
        ...propose('Say what nginx saw', 'unsafe', [replacePlace(at, '$scheme')]),
      }
    }
  },
})
