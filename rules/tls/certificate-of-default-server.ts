import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { answersAll } from '../../src/servers/nginx/queries/answers-all.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { sockets } from '../../src/servers/nginx/queries/sockets.ts'
import { nginxMain } from '../_examples.ts'
import { certificatesOf } from './_certificates.ts'

const PAIR = conf`
  ssl_certificate /etc/ssl/shop.pem;
  ssl_certificate_key /etc/ssl/shop.key;
`
const nginx = (lines: string, name = 'blog.example.net', first = 'shop.example.org'): string =>
  nginxMain([
    conf`
      server {
          listen 443 ssl;
          server_name ${first};
          ${PAIR}
          root /srv/shop;
      }
    `,
    conf`
      server {
          listen 443 ssl;
          server_name ${name};
          ${lines}
      }
    `,
  ])
const marked = (text: string): string =>
  text.replace('server_name blog.example.net', 'server_name «blog.example.net»')

export default defineRule({
  summary: 'A server with TLS has no certificate, and sends that of the default server',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx asks for a certificate in the default server of a socket alone. Another server without one starts, and clients that ask for its name get the certificate of the default server: browsers warn that it is for another site.',
  remedy: 'Give the server its own `ssl_certificate` and `ssl_certificate_key`',
  references: ['https://nginx.org/en/docs/http/configuring_https_servers.html#name_based_https_servers'],
  bad: [{ title: 'of another domain', files: { 'etc/nginx/nginx.conf': marked(nginx('root /srv/blog;')) } }],
  good: [
    {
      title: 'one of its own',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_certificate /etc/ssl/blog.pem;
          ssl_certificate_key /etc/ssl/blog.key;
          root /srv/blog;
        `),
      },
    },
    {
      title: 'names of one domain, for which one certificate may be',
      files: { 'etc/nginx/nginx.conf': nginx('root /srv/blog;', 'blog.example.org') },
    },
    {
      title: 'a certificate that certbot renews for both',
      files: {
        'etc/nginx/nginx.conf': nginx('root /srv/blog;').replace(
          PAIR.replace(/^/gm, '        ').trim(),
          'ssl_certificate /etc/letsencrypt/live/shop.example.org/fullchain.pem;\n' +
            'ssl_certificate_key /etc/letsencrypt/live/shop.example.org/privkey.pem;',
        ),
        'etc/letsencrypt/renewal/shop.example.org.conf': conf`
          [renewalparams]
          authenticator = webroot
          [[webroot_map]]
          shop.example.org = /srv/shop
          blog.example.net = /srv/blog
        `,
      },
    },
    {
      title: 'no connection comes about',
      files: { 'etc/nginx/nginx.conf': nginx('ssl_reject_handshake on;') },
    },
    {
      title: 'a default server for every name, whose certificate is for many',
      files: { 'etc/nginx/nginx.conf': nginx('root /srv/blog;', 'blog.example.net', '_') },
    },
    {
      title: 'a redirect',
      files: { 'etc/nginx/nginx.conf': nginx('return 301 https://shop.example.org$request_uri;') },
    },
    {
      title: 'one for all servers',
      files: {
        'etc/nginx/nginx.conf': nginx('root /srv/blog;')
          .replace(PAIR.replace(/^/gm, '        ').trim(), '')
          .replace('http {', `http {\n${PAIR}`),
      },
    },
  ],
  *check({ nginx: configurations, servers: all, filesOf }) {
    const byDirective = serverIndex(all)
    for (const configuration of configurations)
      for (const { ssl, quic, servers, defaultServer, complete } of sockets(configuration)) {
        if (!ssl || quic || !complete || !defaultServer.known || servers.length < 2) continue
        const first = defaultServer.value.server
        const certificate = certificateOf(configuration, first)
        const known = namesOf(first)
        const owner = byDirective.get(first)
        const shown = owner === undefined ? [] : certificatesOf(filesOf(configuration), owner)
        if (certificate === null || certificate === 'none' || known.length === 0) continue
        for (const { server } of servers) {
          if (server === first || certificateOf(configuration, server) !== 'none') continue
          if (server.children.some(line => answersAll(line) || line.name === 'ssl_reject_handshake')) continue
          const line = childrenNamed(server, 'server_name')[0]
          const names = namesOf(server)
          const index = names.findIndex(
            name =>
              known.every(other => domainOf(other) !== domainOf(name)) &&
              !shown.some(each => each.certificate?.covers(name) === true),
          )
          if (line === undefined || names.length === 0 || index === -1) continue
          yield {
            at: argumentPlace(
              line,
              line.args.findIndex(({ value }) => value === names[index]),
            ),
            message: `no \`ssl_certificate\` holds for \`${names[index]}\`, so nginx sends that of \`${known[0]}\``,
            label: 'without a certificate',
            related: [
              { at: argumentPlace(certificate, 0), message: 'sent to its clients' },
              { at: namePlace(first), message: 'the default server' },
            ],
          }
        }
      }
  },
})

/** The line of a server's certificate; null where that is not known. */
function certificateOf(
  configuration: NginxConfiguration,
  server: NginxDirective,
): NginxDirective | 'none' | null {
  const found = effective(configuration, server, 'ssl_certificate')
  if (!found.known || !found.value.complete || hasUnreadInclude(configuration, server)) return null
  return found.value.directives[0] ?? 'none'
}

/** The plain names of a server; none where one stands for others. */
function namesOf(server: NginxDirective): readonly string[] {
  const names = childrenNamed(server, 'server_name').flatMap(({ args }) => args.map(({ value }) => value))
  return names.every(name => /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(name)) ? names : []
}

/** What one certificate with a wildcard is for, or a name and its subdomains. */
function domainOf(name: string): string {
  return name.split('.').slice(-2).join('.').toLowerCase()
}
