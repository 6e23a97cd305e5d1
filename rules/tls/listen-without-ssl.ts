import { formatEndpoint } from '../../src/servers/address.ts'
import type { NginxServer, ServerListen } from '../../src/deployment/model.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { once } from '../../parsers/collections/once.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { isBehindProxy } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseNginxListen } from '../../src/servers/addresses/nginx.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isOnAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { childrenNamed, mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain } from '../_examples.ts'

const KEYS = conf`
  ssl_certificate /etc/ssl/a.pem;
  ssl_certificate_key /etc/ssl/a.key;
`
const keyed = (name: string): string => conf`
  server {
      listen 443;
      server_name ${name}.example.org;
      ${KEYS}
  }
`
const mail = (lines: string): string => conf`
  events {
  }
  mail {
      auth_http 127.0.0.1:9000/verify;
      ${KEYS}
      server {
          listen 143;
          protocol imap;
          starttls on;
      }
      server {
          ${lines}
          protocol imap;
      }
  }
`

export default defineRule({
  summary: 'A port for TLS, such as 443 or 993, speaks plain text',
  severity: 'error',
  otherSeverities: {
    warning: 'where a part of the configuration is not in the audit',
    info: 'where another address of the same server has `ssl`, and a server that is not in the audit may ask for it here',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx does not guess TLS from the port, nor from a certificate: it answers a TLS handshake with 400 Bad Request in plain text, and every browser reports a broken connection. A server of `mail` answers it with a greeting, and one of `stream` hands it on as it is.',
  remedy: 'Write `listen 443 ssl;` and give the server its certificate',
  references: ['https://nginx.org/en/docs/http/configuring_https_servers.html'],
  bad: [
    {
      title: 'a certificate and no ssl',
      files: {
        'nginx.conf': conf`
          server {
              listen «443»;
              server_name example.org;
              ${KEYS}
          }
        `,
      },
    },
    {
      title: 'IMAP over TLS',
      files: { 'etc/nginx/nginx.conf': mail('listen «993»;') },
    },
    {
      title: 'a certificate in stream',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          stream {
              server {
                  listen «8883»;
                  ${KEYS}
                  proxy_pass 127.0.0.1:1883;
              }
          }
        `,
      },
    },
    {
      title: 'the version 6 twin forgotten',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              listen «[::]:443»;
              server_name example.org;
              ${KEYS}
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'mail with and without TLS',
      files: { 'etc/nginx/nginx.conf': mail('listen 993 ssl;') },
    },
    {
      title: 'TLS for a whole server of mail',
      files: {
        'etc/nginx/nginx.conf': mail(conf`
          listen 993;
          ssl on;
        `),
      },
    },
    {
      title: 'a certificate in stream, and TLS',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          stream {
              server {
                  listen 1883;
                  listen 8883 ssl;
                  ${KEYS}
                  proxy_pass 127.0.0.1:1884;
              }
          }
        `,
      },
    },
    {
      title: 'with ssl',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              server_name example.org;
              ${KEYS}
          }
        `,
      },
    },
    {
      title: 'the socket has TLS from another server that listens on it',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl default_server;
              server_name example.org;
              ${KEYS}
          }
          server {
              listen 443;
              server_name shop.example.org;
              ${KEYS}
          }
        `,
      },
    },
    {
      title: 'a file that is not here may bring the server that speaks TLS on this socket',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              listen 443;
              server_name example.org;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'sites that have TLS from a default server which is not here',
      files: { 'sites.conf': ['a', 'b', 'c'].map(keyed).join('\n') },
    },
    {
      title: 'the same, each a text of a file of variables',
      files: {
        'host_vars/web.yml': conf`
          sites:
            ${['a', 'b', 'c'].map(
              name => conf`
                ${name}.conf: |
                  ${keyed(name)}
              `,
            )}
        `,
      },
    },
    {
      title: 'all connections are closed',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80 default_server;
              listen 443;
              server_name _;
              return 444;
          }
        `),
      },
    },
    {
      title: 'TLS passed through',
      files: {
        'nginx.conf': conf`
          events {
          }
          stream {
              server {
                  listen 443;
                  proxy_pass 10.0.0.5:443;
              }
          }
        `,
      },
    },
    {
      title: 'loopback, behind what terminates TLS on this machine',
      files: {
        'nginx.conf': conf`
          server {
              listen 127.0.0.1:443;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'HTTP/3, which is TLS by itself',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              listen 443 quic;
              server_name example.org;
              ${KEYS}
          }
        `,
      },
    },
    {
      title: 'an outer proxy terminates TLS and says who the client is',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 proxy_protocol;
              set_real_ip_from 10.0.0.0/8;
              root /srv/www;
          }
        `,
      },
    },
  ],
  *check(deployment) {
    const { servers } = deployment
    const encrypted = once(() => encryptedEndpoints(servers))
    for (const server of servers) {
      const { listens, configuration } = server
      for (const listen of listens) {
        if (listen.port !== 443 || listen.directive === null || listen.tls || listen.quic) continue
        if (listen.loopback !== false || listen.proxyProtocol || isBehindProxy(deployment, server, listen))
          continue
        if (encrypted().has(formatEndpoint(listen))) continue
        const { directive } = listen
        const hasCertificate = hasKeys(server.directive)
        // Another server on the socket may ask for TLS in the part of the configuration that is missing here.
        const mayBeAsked = configuration.main === null || mayHoldUnread(configuration, 'listen')
        if (!hasCertificate && (mayBeAsked || closesAtOnce(server))) continue
        if (mayBeAsked && isHabit(servers)) continue
        yield {
          at: listen.at,
          ...(mayBeAsked ? ofPart(server, listen) : {}),
          message: `nginx speaks plain HTTP on ${formatEndpoint(listen)}, where clients begin with a TLS handshake${isTwin(server, listen) && mayBeAsked ? ', unless another server has `ssl` on this socket' : ''}`,
          label: 'no `ssl` on this socket',
          ...propose('Speak TLS on this socket', 'unsafe', [
            hasCertificate ? insertAfter(argumentPlace(directive, directive.args.length - 1), ' ssl') : null,
          ]),
        }
      }
    }
    for (const configuration of deployment.nginx) {
      const { occurrences } = configuration
      if (!occurrences.has('mail') && !occurrences.has('stream')) continue
      for (const line of occurrences.get('listen') ?? []) {
        const { parent, args } = line
        if (parent === null || args.some(({ value }) => value === 'ssl' || value === 'udp')) continue
        const protocol = plainOn(line, parent)
        if (protocol === null) continue
        const isOn = isOnAtHand(configuration, parent, 'ssl', false)
        if (!isOn.known || isOn.value) continue
        yield {
          at: argumentPlace(line, 0),
          message: `${protocol} on ${args[0]?.value}, where clients begin with a TLS handshake`,
          label: 'no `ssl` on this socket',
          ...propose('Speak TLS on this socket', 'unsafe', [
            insertAfter(argumentPlace(line, args.length - 1), ' ssl'),
          ]),
        }
      }
    }
  },
})

/** What is said of a server whose neighbours are not seen: `ssl` of one of them holds for all on the socket. */
function ofPart(server: NginxServer, listen: ServerListen) {
  return {
    severity: isTwin(server, listen) ? ('info' as const) : ('warning' as const),
    confidence: 'medium' as const,
  }
}

/** True where the server speaks TLS on the same port of another address: `443 ssl` beside `[::]:443`. */
function isTwin({ listens }: NginxServer, { port }: ServerListen): boolean {
  return listens.some(each => each.tls && each.port === port)
}

/**
 * True for a part of a configuration with many sites that have certificates, of which none speaks TLS by itself: whoever
 * keeps them knows that they do, by a default server that asks for it. A file of variables holds each as a text, which
 * is read alone.
 */
const isHabit = memo((servers: readonly NginxServer[]): boolean => {
  const keyed = servers.filter(
    ({ directive, listens }) => hasKeys(directive) && listens.some(({ port }) => port === 443),
  )
  if (keyed.length > 2) return keyed.every(({ listens }) => !listens.some(({ tls }) => tls))
  const [server] = keyed
  const text = server?.directive.source.text ?? ''
  return [...text.matchAll(PLAIN)].length > 2 && !/\blisten[ \t][^;\n]*\bssl\b/.test(text)
})

const PLAIN = /\blisten[ \t]+443[ \t]*;/g

function hasKeys({ children }: NginxDirective): boolean {
  return children.some(({ name }) => name === 'ssl_certificate')
}

/** Ports of mail that are for TLS from the first byte. */
const MAIL: ReadonlyMap<number, string> = new Map([
  [993, 'nginx speaks plain IMAP'],
  [995, 'nginx speaks plain POP3'],
  [465, 'nginx speaks plain SMTP'],
])

/** What a socket speaks that is meant for TLS: by its port in mail, by a certificate that is for nothing else in stream. */
function plainOn({ context, args }: NginxDirective, server: NginxDirective): string | null {
  if (context === 'mail server') return MAIL.get(parseNginxListen(args[0]?.value ?? '')?.port ?? 0) ?? null
  if (context !== 'stream server' || childrenNamed(server, 'ssl_certificate').length === 0) return null
  const isTlsElsewhere = childrenNamed(server, 'listen').some(listen =>
    listen.args.some(({ value }) => value === 'ssl'),
  )
  return isTlsElsewhere ? null : 'the certificate is not used, and nginx proxies what comes as it is'
}

/** True where no request gets an answer, over TLS or not. */
function closesAtOnce({ directive }: NginxServer): boolean {
  return directive.children.some(({ name, args }) => name === 'return' && args[0]?.value === '444')
}

function encryptedEndpoints(servers: readonly NginxServer[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { listens } of servers) {
    for (const listen of listens) if (listen.tls || listen.quic) found.add(formatEndpoint(listen))
  }
  return found
}
