import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sslProtocols } from '../../src/servers/apache/queries/server-settings.ts'
import { isAtLeast } from '../../src/servers/version.ts'
import { tlsHost, tlsServer } from './_examples.ts'
import {
  apacheLine,
  hostPlace,
  httpPlace,
  nginxLine,
  reachedHosts,
  reachedServers,
  speaksTls,
} from './_servers.ts'

export default defineRule({
  summary: 'Whether TLS older than 1.2 is spoken is left to OpenSSL',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'The server’s own list has TLS 1.0 and 1.1. OpenSSL 3 does not speak them at its usual level of security, older ones do.',
  remedy: 'Write `ssl_protocols TLSv1.2 TLSv1.3;`, or `SSLProtocol -all +TLSv1.2 +TLSv1.3`',
  controls: [
    'CIS nginx 4.1.4',
    'CIS Apache 7.4',
    'dev-sec nginx-12',
    'Lynis HTTP-6710',
    'Mozilla intermediate',
  ],
  references: [
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslprotocol',
  ],
  bad: [
    {
      title: 'Apache’s default',
      files: { 'etc/apache2/apache2.conf': tlsHost('').replace('<VirtualHost', '<«VirtualHost»') },
    },
    {
      title: 'as Debian ships it',
      files: { 'etc/apache2/apache2.conf': tlsHost('SSLProtocol «all» -SSLv3') },
    },
    {
      title: 'nginx before 1.27.3',
      files: {
        '.auditrc': 'versions: {nginx: 1.22.1}\n',
        'etc/nginx/nginx.conf': tlsServer('').replace('http', '«http»'),
      },
    },
  ],
  good: [
    {
      title: 'the two of today',
      files: { 'etc/apache2/apache2.conf': tlsHost('SSLProtocol -all +TLSv1.2 +TLSv1.3') },
    },
    {
      title: 'nginx since 1.27.3',
      files: { '.auditrc': 'versions: {nginx: 1.28.0}\n', 'etc/nginx/nginx.conf': tlsServer('') },
    },
    {
      title: 'a version that was written, which `tls/weak-protocol` reports',
      files: { 'etc/apache2/apache2.conf': tlsHost('SSLProtocol TLSv1.1 +TLSv1.2') },
    },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment).filter(({ tls }) => tls)) {
      if (nginxLine(server, 'ssl_protocols') !== null || isAtLeast(server.configuration.version, '1.27.3'))
        continue
      yield {
        at: httpPlace(server),
        per: 'servers',
        message: often => `without \`ssl_protocols\` this nginx offers \`TLSv1\` and \`TLSv1.1\`${often}`,
      }
    }
    for (const asked of reachedHosts(deployment).filter(speaksTls)) {
      const protocols = sslProtocols(asked.configuration, asked.host)
      if (!protocols.known || !(protocols.value.has('TLSv1') || protocols.value.has('TLSv1.1'))) continue
      const line = apacheLine(asked, 'SSLProtocol')
      const all = line?.args.findIndex(({ value }) => /^\+?all$/i.test(value)) ?? -1
      const at = line == null ? hostPlace(asked) : argumentPlace(line, all)
      if (line === undefined || at === null || (line !== null && all === -1)) continue
      yield {
        at,
        ...(line === null && { cause: asked.configuration, also: 'and this one' }),
        per: 'virtual hosts',
        message: often =>
          `${line === null ? 'the default `SSLProtocol all -SSLv3`' : '`SSLProtocol all`'} leaves \`TLSv1\` and \`TLSv1.1\` in${often}`,
      }
    }
  },
})
