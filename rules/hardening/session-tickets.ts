import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'
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
  summary: 'TLS sessions are resumed by tickets',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'The key of the tickets lives in memory until the server is reloaded, unless nginx 1.23.2 or later has a shared `ssl_session_cache`, where it changes with `ssl_session_timeout`. Whoever gets it reads all sessions of TLS 1.2 that were resumed with it, whatever forward secrecy their first handshake had.',
  remedy: 'Write `ssl_session_tickets off;` in nginx’s `http`, `SSLSessionTickets off` in Apache',
  controls: ['CIS nginx 4.1.12', 'dev-sec nginx-12', 'Mozilla intermediate'],
  references: [
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_tickets',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslsessiontickets',
    'https://wiki.mozilla.org/Security/Server_Side_TLS',
  ],
  unproven: 'No answer of HTTP tells how its session was resumed',
  bad: [
    {
      title: 'nginx’s default',
      files: { 'etc/nginx/nginx.conf': tlsServer('').replace('http', '«http»') },
    },
    {
      title: 'Apache’s default',
      files: { 'etc/apache2/apache2.conf': tlsHost('').replace('<VirtualHost', '<«VirtualHost»') },
    },
    {
      title: 'switched on',
      files: { 'etc/nginx/nginx.conf': tlsServer('ssl_session_tickets «on»;') },
    },
  ],
  good: [
    { title: 'off', files: { 'etc/nginx/nginx.conf': tlsServer('ssl_session_tickets off;') } },
    { title: 'off in Apache', files: { 'etc/apache2/apache2.conf': tlsHost('SSLSessionTickets off') } },
    {
      title: 'no TLS',
      files: { 'etc/nginx/nginx.conf': nginxMain(['server {', 'listen 80;', '}']) },
    },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment).filter(({ tls }) => tls)) {
      const line = nginxLine(server, 'ssl_session_tickets')
      if (line === undefined || !/^on$/i.test(line?.args[0]?.value ?? 'on')) continue
      const at = line === null ? httpPlace(server) : argumentPlace(line, 0)
      yield {
        at,
        per: 'servers',
        message: often => `nginx sends session tickets${often}`,
        ...(line !== null && propose('Send none', 'unsafe', [replacePlace(at, 'off')])),
      }
    }
    for (const asked of reachedHosts(deployment).filter(speaksTls)) {
      const line = apacheLine(asked, 'SSLSessionTickets')
      const at = line == null ? hostPlace(asked) : argumentPlace(line, 0)
      if (line === undefined || at === null || !/^on$/i.test(line?.args[0]?.value ?? 'on')) continue
      yield {
        at,
        ...(line === null && { cause: asked.configuration, also: 'and this one' }),
        per: 'virtual hosts',
        message: often => `Apache sends session tickets${often}`,
        ...(line !== null && propose('Send none', 'unsafe', [replacePlace(at, 'off')])),
      }
    }
  },
})
