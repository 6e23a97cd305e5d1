import { formatEndpoint } from '../../src/servers/address.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { once } from '../../parsers/collections/once.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'

const KEYS = '    ssl_certificate /etc/ssl/a.pem;\n    ssl_certificate_key /etc/ssl/a.key;\n'

export default defineRule({
  summary: 'Port 443 speaks plain HTTP',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx does not guess TLS from the port: it answers a TLS handshake with 400 Bad Request in plain text, and every browser reports a broken connection.',
  remedy: 'Write `listen 443 ssl;` and give the server its certificate',
  references: ['https://nginx.org/en/docs/http/configuring_https_servers.html'],
  bad: [
    {
      title: 'a certificate and no ssl',
      files: { 'nginx.conf': `server {\n    listen «443»;\n    server_name example.org;\n${KEYS}}\n` },
    },
    {
      title: 'the version 6 twin forgotten',
      files: {
        'nginx.conf': `server {\n    listen 443 ssl;\n    listen «[::]:443»;\n    server_name example.org;\n${KEYS}}\n`,
      },
    },
  ],
  good: [
    {
      title: 'with ssl',
      files: { 'nginx.conf': `server {\n    listen 443 ssl;\n    server_name example.org;\n${KEYS}}\n` },
    },
    {
      title: 'the socket has TLS from another server that listens on it',
      files: {
        'nginx.conf': `server {\n    listen 443 ssl default_server;\n    server_name example.org;\n${KEYS}}\nserver {\n    listen 443;\n    server_name shop.example.org;\n${KEYS}}\n`,
      },
    },
    {
      title: 'TLS passed through',
      files: {
        'nginx.conf':
          'events {\n}\nstream {\n    server {\n        listen 443;\n        proxy_pass 10.0.0.5:443;\n    }\n}\n',
      },
    },
    {
      title: 'loopback, behind what ends TLS on this machine',
      files: { 'nginx.conf': 'server {\n    listen 127.0.0.1:443;\n    root /srv/www;\n}\n' },
    },
    {
      title: 'HTTP/3, which is TLS by itself',
      files: {
        'nginx.conf': `server {\n    listen 443 ssl;\n    listen 443 quic;\n    server_name example.org;\n${KEYS}}\n`,
      },
    },
    {
      title: 'an outer proxy ends TLS and says who the client is',
      files: {
        'nginx.conf':
          'server {\n    listen 443 proxy_protocol;\n    set_real_ip_from 10.0.0.0/8;\n    root /srv/www;\n}\n',
      },
    },
  ],
  *check({ servers, facts }) {
    if (facts.outerProxies.length > 0) return
    const encrypted = once(() => encryptedEndpoints(servers))
    for (const { listens, configuration, directive: server } of servers) {
      if (configuration.occurrences.has('set_real_ip_from')) continue
      for (const listen of listens) {
        if (listen.port !== 443 || listen.directive === null || listen.tls || listen.quic) continue
        if (listen.loopback !== false || listen.proxyProtocol || encrypted().has(formatEndpoint(listen)))
          continue
        const { directive } = listen
        const hasCertificate = server.children.some(({ name }) => name === 'ssl_certificate')
        yield {
          at: listen.at,
          message: `nginx speaks plain HTTP on ${formatEndpoint(listen)}, where clients begin with a TLS handshake`,
          label: 'no `ssl` on this socket',
          // Another server on the socket may ask for TLS in the part of the configuration that is missing here.
          ...(configuration.main === null ? { severity: 'warning', confidence: 'medium' } : {}),
          ...propose('Speak TLS on this socket', 'unsafe', [
            hasCertificate ? insertAfter(argumentPlace(directive, directive.args.length - 1), ' ssl') : null,
          ]),
        }
      }
    }
  },
})

function encryptedEndpoints(servers: readonly NginxServer[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { listens } of servers) {
    for (const listen of listens) if (listen.tls || listen.quic) found.add(formatEndpoint(listen))
  }
  return found
}
