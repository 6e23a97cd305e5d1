import { argumentPlace, byText } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { isStrictTransport } from './_strict-transport.ts'
import { conf } from '../../src/engine/conf.ts'
import { directPlainListens } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

const server = (lines: string): string => conf`
  server {
      ${lines}
      server_name example.org;
  }
`
const HSTS = 'add_header «Strict-Transport-Security» "max-age=31536000" always;'
const KEYS = '    ssl_certificate /srv/tls/a.pem;\n    ssl_certificate_key /srv/tls/a.key;\n'

export default defineRule({
  summary: 'Strict-Transport-Security is sent in plain HTTP, where browsers ignore it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'RFC 6797 tells browsers to disregard the header on a plain connection, as anybody on the line could have written it. The site is not protected by it there.',
  remedy: 'Send the header from the TLS server',
  references: ['https://www.rfc-editor.org/rfc/rfc6797#section-8.1'],
  unproven: 'browsers ignore the header; no request to the servers shows it',
  bad: [
    {
      title: 'in the server that redirects',
      files: {
        'nginx.conf': server(conf`
          listen 80;
          ${HSTS}
          return 301 https://$host$request_uri;
        `),
      },
    },
  ],
  good: [
    {
      title: 'in the TLS server',
      files: {
        'nginx.conf': server(
          conf`
                listen 443 ssl;
            ${KEYS}    ${HSTS}
                root /srv/www;
          `,
        ),
      },
    },
    {
      title: 'a server on both ports',
      files: {
        'nginx.conf': server(
          conf`
                listen 80;
                listen 443 ssl;
            ${KEYS}    ${HSTS}
                root /srv/www;
          `,
        ),
      },
    },
    {
      title: 'behind a proxy that terminates TLS',
      files: {
        'nginx.conf': conf`
          set_real_ip_from 10.0.0.0/8;
          ${server(conf`
            listen 80;
            ${HSTS}
            root /srv/www;
          `)}
        `,
      },
    },
  ],
  *check(deployment) {
    const { nginx, servers } = deployment
    for (const { occurrences } of nginx) {
      for (const group of byText((occurrences.get('add_header') ?? []).filter(isStrictTransport))) {
        const [directive] = group
        const byDirective = serverIndex(servers)
        const homes = group.map(each => byDirective.get(enclosingServer(each) ?? each))
        // A snippet, or a line of http, that some TLS server sends as well is right there.
        const open = homes.map(home =>
          home === undefined || home.tls ? undefined : directPlainListens(deployment, home)[0],
        )
        const [listen] = open
        if (listen === undefined || open.includes(undefined)) continue
        yield {
          at: argumentPlace(directive, 0),
          message: 'nginx sends `Strict-Transport-Security` in plain HTTP, where browsers ignore it',
          related: [{ at: listen.at, message: 'this server speaks plain HTTP alone' }],
        }
      }
    }
  },
})
